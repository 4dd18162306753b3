import { describe, expect, it } from 'vitest';
import { comingRuns, comingSpans, type ScheduleFacts } from '../../../../../src/core/policy/schedule/timeline.ts';

const facts = (more: Partial<ScheduleFacts> = {}): ScheduleFacts => ({
  schedule: '0 6 * * *',
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

describe('runs of an alias', () => {
  const spans = (more: Partial<ScheduleFacts>) =>
    comingSpans(facts(more)).map(({ from, to }) => times([from, to]).join(' to '));

  it('are times in which one comes, since Incus picks the moment', () => {
    expect(spans({ schedule: '@daily' }).slice(0, 2)).toEqual([
      '2026-11-28T00:00 to 2026-11-29T00:00',
      '2026-11-29T00:00 to 2026-11-30T00:00',
    ]);
    expect(spans({ schedule: '@hourly' })[0]).toBe('2026-11-28T12:00 to 2026-11-28T13:00');
    expect(spans({ schedule: '@midnight' })[0]).toBe('2026-11-29T00:00 to 2026-11-29T01:00');
    expect(spans({ schedule: '@weekly', zone: 'Asia/Kathmandu' })[0]).toBe('2026-11-28T18:15 to 2026-11-29T18:15');
    expect(spans({ schedule: '@hourly, @daily' }).length).toBeLessThanOrEqual(40);
  });

  it('do not come again in a time in which one was made', () => {
    const made = [new Date('2026-11-28T03:17:00Z')];
    expect(spans({ schedule: '@daily', made })[0]).toBe('2026-11-29T00:00 to 2026-11-30T00:00');
    // Within the minute before.
    expect(spans({ schedule: '@daily', made: [new Date('2026-11-27T23:59:20Z')] })[0]).toMatch(/^2026-11-29/);
  });

  it('are none where nothing is made', () => {
    expect(spans({ schedule: '@daily', isServed: false })).toEqual([]);
    expect(spans({ schedule: '0 6 * * *' })).toEqual([]);
    expect(spans({ schedule: '@never' })).toEqual([]);
  });
});
