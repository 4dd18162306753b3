import { describe, expect, it } from 'vitest';
import type { Config, Instance, Snapshot } from '../../../../../src/core/model.ts';
import { checkHealth, isSerious } from '../../../../../src/core/policy/schedule/health.ts';
import type { ScheduleInput } from '../../../../../src/core/policy/schedule/overdue.ts';
import { SOURCE_KEY } from '../../../../../src/core/policy/mirror/mirrorKeys.ts';

const ref = { remote: 'local', project: 'default', instance: 'c1' };
const now = new Date('2026-11-28T10:30:20Z');

function instance(config: Config, snapshots: readonly Snapshot[] = [], more: Partial<Instance> = {}): Instance {
  return {
    ref,
    type: 'container',
    status: 'Running',
    ephemeral: false,
    architecture: 'x86_64',
    description: '',
    createdAt: new Date('2026-01-01T00:00:00Z'),
    lastUsedAt: new Date('2026-01-01T00:00:00Z'),
    profiles: [],
    config,
    expandedConfig: config,
    devices: {},
    expandedDevices: {},
    snapshots,
    ...more,
  };
}

const made = (at: string, config: Config, name = 'snap0'): Snapshot => ({
  ref: { ...ref, snapshot: name },
  createdAt: new Date(at),
  stateful: false,
  ephemeral: false,
  description: '',
  config,
  devices: {},
});

const check = (one: Instance, more: Partial<ScheduleInput> = {}) =>
  checkHealth({ instance: one, grammar: 'gronx', zone: 'UTC', now, ...more });
const kinds = (one: Instance, more: Partial<ScheduleInput> = {}) => check(one, more).map(({ kind }) => kind);

const daily = { 'snapshots.schedule': '0 6 * * *', 'snapshots.expiry': '2w' };

describe('a run that is missing', () => {
  const yesterday = made('2026-11-27T05:59:31Z', daily);

  it('is overdue where one before it is there', () => {
    const due = new Date('2026-11-28T06:00:00Z');
    expect(check(instance(daily, [yesterday]))).toEqual([{ kind: 'overdue', due, since: due }]);
  });

  it('tells since when runs are missing: from the last snapshot on, whoever made it, as far as it could come', () => {
    const old = made('2026-11-20T05:59:31Z', daily);
    const since = (one: Instance) =>
      check(one).map((problem) => (problem.kind === 'overdue' ? problem.since : problem));
    expect(since(instance(daily, [old]))).toEqual([new Date('2026-11-21T06:00:00Z')]);
    const byHand = made('2026-11-24T12:00:00Z', daily, 'by-hand');
    expect(since(instance(daily, [old, byHand]))).toEqual([new Date('2026-11-25T06:00:00Z')]);
    // It was started again in between.
    const lastUsedAt = new Date('2026-11-26T12:00:00Z');
    expect(since(instance(daily, [old], { lastUsedAt }))).toEqual([new Date('2026-11-27T06:00:00Z')]);
    // The earlier ones would have expired.
    const config = { ...daily, 'snapshots.expiry': '3d' };
    const kept = { ...made('2026-11-20T05:59:31Z', config), createdAt: old.createdAt };
    expect(since(instance(config, [kept]))).toEqual([new Date('2026-11-28T06:00:00Z')]);
    const aliased = { 'snapshots.schedule': '@daily' };
    expect(since(instance(aliased, [made('2026-11-20T17:13:00Z', aliased)]))).toContainEqual(
      new Date('2026-11-21T00:00:00Z'),
    );
  });

  it('is not, where its snapshot is there, or one was made since', () => {
    for (const at of ['2026-11-28T05:59:01Z', '2026-11-28T06:09:59Z', '2026-11-28T10:00:00Z']) {
      expect(kinds(instance(daily, [yesterday, made(at, daily, 'snap1')]))).toEqual([]);
    }
    expect(kinds(instance(daily, [yesterday, made('2026-11-28T05:58:00Z', daily, 'snap1')]))).toEqual(['overdue']);
  });

  it('is not, before its ten minutes are over', () => {
    const at = (time: string) => ({ now: new Date(`2026-11-28T${time}Z`) });
    expect(kinds(instance(daily, [yesterday]), at('06:09:59'))).toEqual([]);
    expect(kinds(instance(daily, [yesterday]), at('06:10:00'))).toEqual(['overdue']);
  });

  it('is not, where the instance did not run then, or was not there', () => {
    const late = new Date('2026-11-28T07:00:00Z');
    expect(kinds(instance(daily, [yesterday], { lastUsedAt: late }))).toEqual([]);
    expect(kinds(instance(daily, [yesterday], { createdAt: late }))).toEqual([]);
  });

  it('is not, where it would have expired by now', () => {
    const config = { ...daily, 'snapshots.expiry': '4H' };
    expect(kinds(instance(config, [made('2026-11-27T05:59:31Z', config)]))).toEqual([]);
  });

  it('is not called overdue where nothing says that the schedule was in force', () => {
    expect(check(instance(daily))).toEqual([{ kind: 'neverRan', due: new Date('2026-11-28T06:00:00Z') }]);
    // By hand, or by another schedule.
    expect(kinds(instance(daily, [made('2026-11-27T05:59:31Z', daily, 'by-hand')]))).toEqual(['neverRan']);
    expect(kinds(instance(daily, [made('2026-11-27T05:59:31Z', {})]))).toEqual(['neverRan']);
    expect(kinds(instance(daily), { scheduledSince: new Date('2026-11-28T05:00:00Z') })).toEqual(['overdue']);
    expect(kinds(instance(daily), { scheduledSince: new Date('2026-11-28T07:00:00Z') })).toEqual(['neverRan']);
  });

  it('is reckoned by the clock of the server', () => {
    const one = instance(daily, [made('2026-11-27T04:59:31Z', daily), made('2026-11-28T04:59:31Z', daily, 'snap1')]);
    expect(kinds(one, { zone: 'Europe/Berlin' })).toEqual([]);
  });

  it('of an alias is one of a whole day that is over', () => {
    const config = { 'snapshots.schedule': '@daily', 'snapshots.expiry': '2w' };
    const two = made('2026-11-26T17:13:00Z', config);
    expect(kinds(instance(config, [two]))).toEqual(['overdue']);
    expect(kinds(instance(config, [two, made('2026-11-27T17:13:00Z', config, 'snap1')]))).toEqual([]);
  });

  it('is not known where the snapshots are not', () => {
    const { snapshots: _, ...unknown } = instance(daily);
    expect(kinds(unknown)).toEqual([]);
  });
});

describe('what else is wrong', () => {
  const config = (more: Config) => ({ ...daily, ...more });
  const scheduledSince = now;
  it.each([
    ['no schedule', instance({}), ['noSchedule']],
    ['never', instance({ 'snapshots.schedule': '@never' }), ['noSchedule']],
    ['stopped', instance(daily, [], { status: 'Stopped' }), ['notWhileStopped']],
    [
      'stopped, and made all the same',
      instance(config({ 'snapshots.schedule.stopped': 'true' }), [made('2026-11-28T05:59:40Z', {})], {
        status: 'Stopped',
      }),
      [],
    ],
    ['no expiry', instance(config({ 'snapshots.expiry': '' }), [made('2026-11-28T05:59:40Z', {})]), ['noExpiry']],
    ['a pattern', instance(config({ 'snapshots.pattern': 'a b' })), ['badPattern']],
    ['an expiry', instance(config({ 'snapshots.expiry': '1D' })), ['badExpiry']],
    ['a schedule', instance(config({ 'snapshots.schedule': '0 6' })), ['badSchedule']],
    ['a member that is down', instance(daily, [], { status: 'Error' }), []],
  ] as const)('%s', (_, one, expected) => {
    expect(kinds(one, { scheduledSince })).toEqual(expected);
  });

  it('of a mirror is that it makes snapshots itself, or starts by itself', () => {
    const mirror = { [SOURCE_KEY]: `${'a'.repeat(64)}/default/c1` };
    expect(kinds(instance(mirror))).toEqual([]);
    expect(kinds(instance({ ...mirror, ...daily, 'boot.autostart': 'true' }))).toEqual([
      'mirrorSchedule',
      'mirrorAutostart',
    ]);
    expect(kinds(instance({ ...mirror, 'snapshots.schedule': '@never', 'boot.autostart': 'false' }))).toEqual([]);
  });

  it('is serious where snapshots are missing or will be', () => {
    expect(isSerious({ kind: 'noSchedule' })).toBe(false);
    expect(isSerious({ kind: 'notWhileStopped' })).toBe(false);
    expect(isSerious({ kind: 'overdue', due: now, since: now })).toBe(true);
    expect(isSerious({ kind: 'mirrorSchedule' })).toBe(true);
  });
});
