import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NO_RETENTION,
  parseRetention,
  planRetention,
  type Protection,
  type Retention,
  retentionText,
  RULES,
} from '../../../../../src/core/policy/retention/retention.ts';

interface Made {
  readonly name: string;
  readonly createdAt: Date;
}

const at = (time: string): Made => ({ name: time, createdAt: new Date(time) });
const none = () => undefined;

/** What is kept, as `name: rule`, the newest first. */
function kept(
  made: readonly Made[],
  rules: Partial<Retention>,
  zone = 'UTC',
  protect: typeof none | ((one: Made) => Protection | undefined) = none,
) {
  return planRetention(made, { ...NO_RETENTION, ...rules }, zone, protect)
    .filter(({ keptBy }) => keptBy !== undefined)
    .map(({ snapshot, keptBy }) => `${snapshot.name}: ${keptBy}`);
}

describe('what is kept', () => {
  it('is, of copies whose times are cut to seconds, the last one', () => {
    const made = ['a', 'b', 'c'].map((name) => ({ name, createdAt: new Date(0) }));
    expect(kept(made, { last: 1 })).toEqual(['c: last']);
    expect(kept(made, { daily: 1 })).toEqual(['c: daily']);
  });

  it('are the last ones', () => {
    const made = ['2026-01-01T00:00Z', '2026-01-02T00:00Z', '2026-01-03T00:00Z'].map(at);
    expect(kept(made, { last: 2 })).toEqual(['2026-01-03T00:00Z: last', '2026-01-02T00:00Z: last']);
    expect(kept(made, { last: 9 })).toHaveLength(3);
  });

  it('is the newest of each day, for as many days as have any', () => {
    const made = [
      '2026-01-01T08:00Z',
      '2026-01-01T20:00Z',
      '2026-01-05T08:00Z',
      '2026-01-05T20:00Z',
      '2026-01-09T08:00Z',
    ].map(at);
    expect(kept(made, { daily: 2 })).toEqual(['2026-01-09T08:00Z: daily', '2026-01-05T20:00Z: daily']);
    expect(kept(made, { daily: 3 })).toHaveLength(3);
  });

  it('is decided by the shortest period first; later rules begin where it ends', () => {
    const hours = Array.from({ length: 96 }, (_, i) => at(new Date(Date.UTC(2026, 0, 1, i)).toISOString()));
    const result = kept(hours, { hourly: 24, daily: 2 });
    expect(result.filter((line) => line.endsWith('hourly'))).toHaveLength(24);
    expect(result.filter((line) => line.endsWith('daily'))).toEqual([
      '2026-01-03T23:00:00.000Z: daily',
      '2026-01-02T23:00:00.000Z: daily',
    ]);
  });

  it('lets the months of a year end it, and each rule keep the newest of its period', () => {
    const made = [
      '2026-03-01T10:00Z',
      '2026-02-28T10:00Z',
      '2026-02-15T10:00Z',
      '2026-02-01T10:00Z',
      '2026-01-15T10:00Z',
      '2025-12-31T10:00Z',
      '2025-06-01T10:00Z',
      '2024-06-01T10:00Z',
    ].map(at);
    expect(kept(made, { last: 1, monthly: 3, yearly: 2 })).toEqual([
      '2026-03-01T10:00Z: last',
      '2026-02-28T10:00Z: monthly',
      '2026-01-15T10:00Z: monthly',
      '2025-12-31T10:00Z: monthly',
      '2024-06-01T10:00Z: yearly',
    ]);
  });

  it('goes by the clock of the server', () => {
    const made = ['2026-01-01T22:30Z', '2026-01-01T23:30Z'].map(at);
    expect(kept(made, { daily: 9 }, 'UTC')).toHaveLength(1);
    expect(kept(made, { daily: 9 }, 'Europe/Berlin')).toHaveLength(2);
    // Summer time ends: two o'clock comes twice.
    const twice = ['2026-10-25T00:30Z', '2026-10-25T01:30Z'].map(at);
    expect(kept(twice, { hourly: 9 }, 'Europe/Berlin')).toHaveLength(2);
  });

  it('has weeks from Monday to Sunday, also around New Year', () => {
    const made = ['2025-12-29T12:00Z', '2026-01-04T12:00Z', '2026-01-05T12:00Z'].map(at);
    expect(kept(made, { weekly: 9 })).toEqual(['2026-01-05T12:00Z: weekly', '2026-01-04T12:00Z: weekly']);
  });

  it('is everything where nothing is asked', () => {
    const made = ['2026-01-01T00:00Z', '2026-01-02T00:00Z'].map(at);
    expect(kept(made, {})).toEqual(['2026-01-02T00:00Z: noRules', '2026-01-01T00:00Z: noRules']);
  });

  it('is what stands above the rules, which then do not count it', () => {
    const made = ['2026-01-01T00:00Z', '2026-01-02T00:00Z', '2026-01-03T00:00Z'].map(at);
    const pinned = (one: Made) => (one.name.startsWith('2026-01-03') ? 'pinned' : undefined);
    expect(kept(made, { last: 1 }, 'UTC', pinned)).toEqual(['2026-01-03T00:00Z: pinned', '2026-01-02T00:00Z: last']);
  });
});

const times = fc.uniqueArray(fc.integer({ min: 0, max: 4e12 }), { maxLength: 60 });
const count = fc.integer({ min: 0, max: 12 });
const rules = fc.record({ last: count, hourly: count, daily: count, weekly: count, monthly: count, yearly: count });
const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia');
const protections = fc.constantFrom(undefined, undefined, undefined, 'pinned', 'pending', 'onlyHere', 'oddName');
const fleets = times.chain((all) =>
  fc.record({
    made: fc.constant(all.map((time) => ({ name: String(time), createdAt: new Date(time) }))),
    protect: fc.array(protections, { minLength: all.length, maxLength: all.length }),
  }),
);

describe('pruning, whatever there is and whatever is asked', () => {
  it('never deletes the newest, nor what is protected; marks each once, the newest first', () => {
    fc.assert(
      fc.property(fleets, rules, zones, ({ made, protect }, asked, zone) => {
        const of = (one: Made) => protect[made.indexOf(one)] as Protection | undefined;
        const marks = planRetention(made, asked, zone, of);
        expect(marks.map(({ snapshot }) => snapshot.createdAt.getTime())).toEqual(
          made.map(({ createdAt }) => createdAt.getTime()).toSorted((a, b) => b - a),
        );
        for (const { snapshot, keptBy } of marks) if (of(snapshot)) expect(keptBy).toBe(of(snapshot));
        const whole = marks.filter(({ keptBy }) => keptBy !== 'pending');
        if (whole[0]) expect(whole[0].keptBy).toBeDefined();
      }),
    );
  });

  it('keeps by each rule no more than it says, and as many as there are periods for', () => {
    fc.assert(
      fc.property(times, rules, zones, (all, asked, zone) => {
        const made = all.map((time) => ({ name: String(time), createdAt: new Date(time) }));
        const marks = planRetention(made, asked, zone, none);
        for (const rule of RULES) {
          expect(marks.filter(({ keptBy }) => keptBy === rule).length).toBeLessThanOrEqual(asked[rule]);
        }
        const total = RULES.reduce((sum, rule) => sum + asked[rule], 0);
        if (total > 0 && asked.last >= made.length) expect(marks.every(({ keptBy }) => keptBy)).toBe(true);
      }),
    );
  });

  it('comes to the same in whatever order the snapshots come, and does nothing more the second time', () => {
    fc.assert(
      fc.property(times, rules, zones, (all, asked, zone) => {
        const made = all.map((time) => ({ name: String(time), createdAt: new Date(time) }));
        const first = planRetention(made, asked, zone, none);
        expect(planRetention(made.toReversed(), asked, zone, none)).toEqual(first);
        const left = first.filter(({ keptBy }) => keptBy).map(({ snapshot }) => snapshot);
        expect(planRetention(left, asked, zone, none).filter(({ keptBy }) => !keptBy)).toEqual([]);
      }),
    );
  });

  it('leaves the others to go, and the kept ones kept, where only some of those to go are deleted', () => {
    fc.assert(
      fc.property(times, rules, zones, fc.infiniteStream(fc.boolean()), (all, asked, zone, coin) => {
        const made = all.map((time) => ({ name: String(time), createdAt: new Date(time) }));
        const first = planRetention(made, asked, zone, none);
        const isGone = new Set(first.filter(({ keptBy }) => !keptBy && coin.next().value === true));
        const left = first.filter((mark) => !isGone.has(mark));
        const again = planRetention(
          left.map(({ snapshot }) => snapshot),
          asked,
          zone,
          none,
        );
        expect(again).toEqual(left);
      }),
    );
  });

  it('deletes nothing that a greater number would not let it delete', () => {
    fc.assert(
      fc.property(times, count, fc.constantFrom(...RULES), zones, (all, number, rule, zone) => {
        const made = all.map((time) => ({ name: String(time), createdAt: new Date(time) }));
        const keeps = (most: number) =>
          planRetention(made, { ...NO_RETENTION, [rule]: most }, zone, none).filter(({ keptBy }) => keptBy).length;
        expect(keeps(number + 2)).toBeGreaterThanOrEqual(keeps(number + 1));
      }),
    );
  });
});

describe('rules as a text', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(
        rules.filter((asked) => RULES.some((rule) => asked[rule] > 0)),
        (asked) => {
          expect(parseRetention(retentionText(asked))).toEqual(asked);
        },
      ),
    );
    expect(retentionText({ ...NO_RETENTION, hourly: 24, daily: 30 })).toBe('hourly=24 daily=30');
  });

  it.each(['', 'daily', 'daily=0', 'daily=-1', 'daily=1 daily=2', 'day=1', 'daily=1.5', 'daily=10000', 'DAILY=1'])(
    'are not read where they are wrong: %j',
    (text) => {
      expect(parseRetention(text)).toBeUndefined();
    },
  );
});
