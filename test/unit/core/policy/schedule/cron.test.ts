import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCron, cronTimes, grammarOf } from '../../../../../src/core/policy/schedule/cron.ts';
import { runsAfter, runsBefore, take, triggersOf } from '../../../../../src/core/policy/schedule/runs.ts';
import { checkSchedule } from '../../../../../src/core/policy/schedule/schedule.ts';

const server = (version: string, ...extensions: string[]) => ({ version, extensions: new Set(extensions) });

describe('which grammar a server has', () => {
  it.each([
    [server('6.0.4'), 'robfig'],
    [server('6.0.5', 'snapshot_manual_expiry'), 'gronx'],
    [server('6.11'), 'robfig'],
    [server('6.12'), 'gronx'],
    [server('6.13'), 'gronx'],
    [server('7.0.2', 'snapshot_manual_expiry'), 'gronx'],
    [server(''), 'robfig'],
  ])('%j: %s', (one, grammar) => {
    expect(grammarOf(one)).toBe(grammar);
  });
});

describe('what Incus says to a cron expression', () => {
  it.each([
    ['0 6 * * 1-5', 'accepted', 'accepted'],
    ['0 6 * * 7', 'refused', 'accepted'],
    ['30 * * * * *', 'refused', 'accepted'],
    ['0 6 * * 5L', 'refused', 'accepted'],
    ['0 6 1/2/3 * *', 'refused', 'refused'],
    ['1,,2 * * * *', 'accepted', 'refused'],
    ['*,99 * * * *', 'refused', 'accepted'],
    ['0 6 0 * *', 'refused', 'refused'],
    ['5,99 * * * *', 'refused', 'unsettled'],
    ['*-x * * * *', 'accepted', 'refused'],
    ['0 6 * mon jan', 'refused', 'accepted'],
    ['@reboot', 'refused', 'refused'],
  ])('%j: robfig %s, gronx %s', (text, robfig, gronx) => {
    expect(checkCron(text, 'robfig')).toBe(robfig);
    expect(checkCron(text, 'gronx')).toBe(gronx);
  });

  it('holds for any text', () => {
    const any = fc.string({ unit: fc.constantFrom(...Array.from('*/,- 0159@LW#?jan')) });
    fc.assert(
      fc.property(any, fc.constantFrom('robfig' as const, 'gronx' as const), (text, grammar) => {
        const verdict = checkCron(text, grammar);
        // What is accepted can be told when it fires; of what is not, nothing is promised.
        if (verdict === 'accepted') expect(cronTimes(text, grammar)).toBeDefined();
        else if (grammar === 'gronx') expect(cronTimes(text, grammar)).toBeUndefined();
      }),
    );
  });
});

describe('what Incus says to a schedule', () => {
  it.each([
    ['', 'accepted'],
    [' ', 'refused'],
    ['@Daily', 'accepted'],
    ['@hourly, 0 6 * * *', 'accepted'],
    ['@hourly,@daily', 'refused'],
    ['@startup, @never', 'accepted'],
    ['@daily, ', 'refused'],
  ])('%j: %s', (text, verdict) => {
    for (const grammar of ['robfig', 'gronx'] as const) expect(checkSchedule(text, grammar)).toBe(verdict);
  });
});

const after = new Date('2026-11-28T10:30:20Z');
const next = (schedule: string, zone = 'UTC', from = after, grammar: 'robfig' | 'gronx' = 'gronx') => {
  const times = triggersOf(schedule, grammar).flatMap((one) => (one.kind === 'cron' ? [one.times] : []));
  return take(runsAfter(times, from, zone), 3).map((run) => run.toISOString().slice(0, 16));
};

describe('the runs to come', () => {
  it('are in the time of the server', () => {
    expect(next('0 6 * * *')).toEqual(['2026-11-29T06:00', '2026-11-30T06:00', '2026-12-01T06:00']);
    expect(next('0 6 * * *', 'Asia/Kolkata')).toEqual(['2026-11-29T00:30', '2026-11-30T00:30', '2026-12-01T00:30']);
  });

  it('join the two fields for days as each parser does', () => {
    expect(next('0 6 13 * 5')).toEqual(['2026-12-04T06:00', '2026-12-11T06:00', '2026-12-13T06:00']);
    expect(next('0 6 */2 * 1', 'UTC', after, 'robfig')[0]).toBe('2026-11-29T06:00');
    expect(next('0 6 */2 * 1', 'UTC', after, 'gronx')[0]).toBe('2026-12-07T06:00');
  });

  it('know the last day, the nearest working day and the second Friday', () => {
    expect(next('0 6 L * *').slice(0, 2)).toEqual(['2026-11-30T06:00', '2026-12-31T06:00']);
    expect(next('0 6 15W * *')[1]).toBe('2027-01-15T06:00');
    expect(next('0 6 * * 5#2')[0]).toBe('2026-12-11T06:00');
    expect(next('0 6 * * 5L')[0]).toBe('2026-12-25T06:00');
  });

  it('are none where Incus never gets to one', () => {
    expect(next('0 6 31 2 *')).toEqual([]);
    expect(next('30 * * * * *')).toEqual([]);
    expect(next('0,30 * * * * *')).toEqual([]);
    expect(next('0 0 1 1 * 2020')).toEqual([]);
    expect(next('0 6 29 2 *')[0]).toBe('2028-02-29T06:00');
    expect(next('0 15 6 * * *')[0]).toBe('2026-11-29T06:15');
  });

  it('leave out an hour that the clock is put over, and have twice the one that comes twice', () => {
    const berlin = 'Europe/Berlin';
    expect(next('30 2 * * *', berlin, new Date('2027-03-27T12:00Z'))[0]).toBe('2027-03-29T00:30');
    expect(next('30 2 * * *', berlin, new Date('2027-10-30T12:00Z')).slice(0, 2)).toEqual([
      '2027-10-31T00:30',
      '2027-10-31T01:30',
    ]);
  });

  it('are cut at each comma of a list, as Incus cuts it', () => {
    expect(triggersOf('0 6,18 * * *, @weekly', 'gronx')).toMatchObject([
      { kind: 'dead', text: '0 6' },
      { kind: 'dead', text: '18 * * *' },
      { kind: 'alias', alias: 'weekly' },
    ]);
    expect(next('0 6 * * 1,3, @daily')[0]).toBe('2026-11-30T06:00');
    expect(triggersOf('@startup, 0 6 * * *', 'robfig').map(({ kind }) => kind)).toEqual(['cron', 'startup']);
    expect(triggersOf('@never', 'robfig')).toEqual([{ kind: 'never' }]);
    expect(triggersOf(' ', 'robfig')).toEqual([]);
  });

  const within = (min: number, max: number) => {
    const value = fc.integer({ min, max });
    const range = fc.tuple(value, value).map((ends) => ends.toSorted((a, b) => a - b).join('-'));
    return fc.oneof(
      fc.constant('*'),
      value.map(String),
      range,
      fc.array(value, { minLength: 2, maxLength: 3 }).map(String),
    );
  };

  it('are those that croner tells, where no clock is put forward or back', () => {
    const fields = fc.tuple(within(0, 59), within(0, 23), within(1, 31), within(1, 12), fc.constant('*'));
    fc.assert(
      fc.property(fields, fc.constantFrom('robfig' as const, 'gronx' as const), ([...parts], grammar) => {
        const expression = parts.join(' ');
        const theirs = new Cron(expression, { timezone: 'UTC', paused: true }).nextRuns(3, after);
        expect(next(expression, 'UTC', after, grammar)).toEqual(
          theirs.map((run) => run.toISOString().slice(0, 16)).slice(0, next(expression, 'UTC', after, grammar).length),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('are the same backwards', () => {
    const times = triggersOf('15,45 */6 * * 1-5', 'robfig').flatMap((one) => (one.kind === 'cron' ? [one.times] : []));
    const zone = 'America/New_York';
    const forward = take(runsAfter(times, new Date('2027-03-01T00:00Z'), zone), 200);
    const back = take(runsBefore(times, forward.at(-1) ?? after, zone), 200);
    expect(back.toReversed()).toEqual(forward);
  });
});
