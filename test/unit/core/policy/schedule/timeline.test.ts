import { describe, expect, it } from 'vitest';
import { comingRuns, overdueSince, type ScheduleFacts } from '../../../../../src/core/policy/schedule/timeline.ts';

const facts = (more: Partial<ScheduleFacts> = {}): ScheduleFacts => ({
  schedule: '0 6 * * *',
  expiry: '',
  isServed: true,
  grammar: 'gronx',
  zone: 'UTC',
  now: new Date('2026-11-28T12:00Z'),
  made: [],
  ...more,
});
const times = (dates: readonly Date[]) => dates.map((date) => date.toISOString().slice(0, 16));

describe('runs to come', () => {
  it('are told by the clock of the server', () => {
    expect(times(comingRuns(facts())).slice(0, 2)).toEqual(['2026-11-29T06:00', '2026-11-30T06:00']);
    expect(times(comingRuns(facts({ zone: 'Asia/Kathmandu' }))).slice(0, 1)).toEqual(['2026-11-29T00:15']);
    expect(comingRuns(facts()).length).toBeLessThanOrEqual(40);
  });

  it('are none where the instance is not snapshotted, or only Incus knows the time', () => {
    expect(comingRuns(facts({ isServed: false }))).toEqual([]);
    expect(comingRuns(facts({ schedule: '@daily' }))).toEqual([]);
    expect(comingRuns(facts({ schedule: '@never' }))).toEqual([]);
    expect(comingRuns(facts({ schedule: '' }))).toEqual([]);
  });
});

describe('runs that are missing', () => {
  const since = (more: Partial<ScheduleFacts>) => overdueSince(facts(more))?.toISOString().slice(0, 16);

  it('are counted from the last snapshot of the schedule', () => {
    expect(since({ made: [new Date('2026-11-25T05:59:20Z'), new Date('2026-11-26T05:59:20Z')] })).toBe(
      '2026-11-27T06:00',
    );
    expect(since({ made: [new Date('2026-11-28T05:59:20Z')] })).toBeUndefined();
    // On a slow server it is made within its own minute.
    expect(since({ made: [new Date('2026-11-28T06:00:10Z')] })).toBeUndefined();
  });

  it('get some minutes before they are called missing', () => {
    const made = [new Date('2026-11-27T05:59:20Z')];
    expect(since({ made, now: new Date('2026-11-28T06:04Z') })).toBeUndefined();
    expect(since({ made, now: new Date('2026-11-28T06:06Z') })).toBe('2026-11-28T06:00');
  });

  it('are not spoken of where that cannot be known', () => {
    const made = [new Date('2026-11-20T05:59:20Z')];
    expect(since({ made: [] })).toBeUndefined();
    expect(since({ made, isServed: false })).toBeUndefined();
    expect(since({ made, schedule: '@daily' })).toBeUndefined();
    expect(since({ made, expiry: '3d' }), 'it would have expired').toBeUndefined();
    expect(since({ made, expiry: '30d' })).toBe('2026-11-21T06:00');
  });
});
