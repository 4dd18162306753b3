import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDuration, isExpirySetting } from '../../../../../src/core/policy/schedule/expiry.ts';
import {
  forecast,
  type ForecastInput,
  type ScheduleSettings,
} from '../../../../../src/core/policy/schedule/forecast.ts';

const now = new Date('2026-11-28T10:30:20Z');
const told = (settings: Partial<ScheduleSettings>, more: Partial<ForecastInput> = {}) =>
  forecast({
    settings: { schedule: '', pattern: '', expiry: '', stopped: false, ...settings },
    grammar: 'gronx',
    zone: 'UTC',
    now,
    snapshots: [],
    ...more,
  });
const kinds = (settings: Partial<ScheduleSettings>, more: Partial<ForecastInput> = {}) =>
  told(settings, more).warnings.map(({ kind }) => kind);

describe('what a schedule will come to', () => {
  it('tells the next five: when, under which name, until when', () => {
    const { runs } = told({ schedule: '0 6 * * *', pattern: 'day-{{ creation_date|date:"0102" }}', expiry: '1w' });
    expect(runs).toHaveLength(5);
    // Made within the minute before.
    expect(runs[0]).toEqual({
      at: new Date('2026-11-29T06:00Z'),
      name: { kind: 'name', name: 'day-1129' },
      expiresAt: new Date('2026-12-06T05:59Z'),
    });
  });

  it('names midnight by the day before, as Incus does', () => {
    const { runs } = told({ schedule: '0 0 * * *', pattern: '{{ creation_date|date:"0102" }}' });
    expect(runs[0]).toMatchObject({ at: new Date('2026-11-29T00:00Z'), name: { name: '1128' } });
  });

  it('goes on counting from one to the next, without those that will be gone', () => {
    const snapshots = [{ name: 'snap4', createdAt: now, expiresAt: new Date('2026-11-29T00:00Z') }];
    const names = told({ schedule: '0 6 * * *' }, { snapshots }).runs.map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual([
      { kind: 'name', name: 'snap0' },
      { kind: 'name', name: 'snap1' },
    ]);
  });

  it.each([
    ['0 6 * * *', '1w', { kind: 'between', least: 6, most: 7 }],
    ['0 6 * * 1-5', '1d', { kind: 'between', least: 0, most: 1 }],
    ['@hourly', '1d', { kind: 'between', least: 23, most: 24 }],
    ['@daily', '4w', { kind: 'between', least: 27, most: 28 }],
    ['* * * * *', '1y', { kind: 'about', count: 525_600 }],
    ['@daily', '', { kind: 'growing' }],
    ['@startup', '1d', { kind: 'none' }],
    ['', '1d', { kind: 'none' }],
  ])('%j, kept for %j: %j', (schedule, expiry, settled) => {
    expect(told({ schedule, expiry }).settled).toEqual(settled);
  });

  it.each([
    [{ schedule: '@daily' }, {}, ['noExpiry']],
    [{ schedule: '@startup' }, {}, ['noExpiry']],
    [{ schedule: '' }, {}, []],
    [{ schedule: '@never' }, {}, []],
    [{ schedule: '@daily', expiry: '12H' }, {}, ['expiryTooShort']],
    [{ schedule: '@daily', expiry: '0d' }, {}, ['expiresAtOnce']],
    [{ schedule: '@daily', expiry: '9999y' }, {}, ['expiryTooFar']],
    [{ schedule: '@hourly', expiry: '1w', pattern: '{{ creation_date|date:"0102" }}' }, {}, ['repeats']],
    [{ schedule: '@hourly', expiry: '1w', pattern: 'two words' }, {}, ['patternRefused']],
    [{ schedule: '@hourly', expiry: '1w', pattern: 'a+%d' }, {}, ['oddName']],
    [{ schedule: '0 6,18 * * *, @weekly', expiry: '8w' }, {}, ['deadPart', 'deadPart']],
    [{ schedule: '0 6 31 2 *', expiry: '1w' }, {}, ['neverFires']],
    [{ schedule: '@daily', expiry: '1w' }, { anyStopped: true }, ['notWhileStopped']],
    [{ schedule: '@daily', expiry: '1w', stopped: true }, { anyStopped: true }, []],
    [{ schedule: '@daily', expiry: '1w' }, { anyMirror: true }, ['mirror']],
  ])('warns of what is wrong with %j %j: %j', (settings, more, warnings) => {
    expect(kinds(settings, more)).toEqual(warnings);
  });

  it('says where past snapshots speak for another zone', () => {
    const snapshots = ['2026-11-26', '2026-11-27', '2026-11-28'].map((day) => ({
      name: `s${day}`,
      createdAt: new Date(`${day}T04:59:31Z`),
    }));
    const settings = { schedule: '0 6 * * *', expiry: '1w' };
    expect(told(settings, { snapshots }).warnings).toEqual([{ kind: 'otherZone', offset: 60 }]);
    expect(told(settings, { snapshots, zone: 'Europe/Berlin' }).warnings).toEqual([]);
    expect(told({ ...settings, schedule: '*/5 * * * *' }, { snapshots }).warnings).toEqual([]);
    expect(told(settings, { snapshots: snapshots.slice(1, 2) }).warnings).toEqual([]);
  });

  it('stands any text', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from('*/, 0159@dHmS{}%-|:"\'')) });
    fc.assert(
      fc.property(text, text, text, (schedule, pattern, expiry) => {
        const { schedule: verdict, runs } = told({ schedule, pattern, expiry });
        if (verdict !== 'accepted') expect(runs).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('an expiry as a setting', () => {
  it.each(['', ' ', '0d 1d', '1d', '\t1d\n', '9223372036854775807S'])('%j is accepted', (text) => {
    expect(isExpirySetting(text)).toBe(true);
  });
  it.each(['1d  3H', '1D', '1d 0d', '9223372036854775808S', '\ufeff1d'])('%j is refused', (text) => {
    expect(isExpirySetting(text)).toBe(false);
  });

  it('ends by the calendar of the server', () => {
    const from = new Date('2027-03-27T12:00:00.500Z');
    expect(addDuration(from, { d: 1 }, 'Europe/Berlin').toISOString()).toBe('2027-03-28T11:00:00.500Z');
    expect(addDuration(from, { H: 24 }, 'Europe/Berlin').toISOString()).toBe('2027-03-28T12:00:00.500Z');
  });
});
