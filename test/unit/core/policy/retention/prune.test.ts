import { describe, expect, it } from 'vitest';
import type { Instance, Snapshot } from '../../../../../src/core/model.ts';
import { SOURCE_KEY, sourceText } from '../../../../../src/core/policy/mirror/mirrorKeys.ts';
import { pinSettings } from '../../../../../src/core/policy/retention/pins.ts';
import { isToGo, planPrune } from '../../../../../src/core/policy/retention/prune.ts';
import { NO_RETENTION } from '../../../../../src/core/policy/retention/retention.ts';
import { tierSettings } from '../../../../../src/core/policy/retention/tiers.ts';

const ref = { remote: 'local', project: 'default', instance: 'c1' };

const snapshot = (name: string, time: number, more: Partial<Snapshot> = {}): Snapshot => ({
  ref: { ...ref, snapshot: name },
  createdAt: new Date(time),
  stateful: false,
  ephemeral: false,
  config: {},
  devices: {},
  description: '',
  ...more,
});

const instance = (snapshots: Snapshot[] | undefined, config: Record<string, string> = {}): Instance => ({
  ref,
  type: 'container',
  status: 'Running',
  ephemeral: false,
  architecture: 'x86_64',
  description: '',
  createdAt: new Date(0),
  profiles: [],
  config,
  devices: {},
  expandedConfig: config,
  expandedDevices: {},
  ...(snapshots && { snapshots }),
});

const rules = { ...NO_RETENTION, last: 1 };
const verdicts = (of: Instance, original?: Instance) =>
  planPrune({ instance: of, original, rules, zone: 'UTC' })?.map(({ snapshot: { ref: one }, keptBy }) => [
    one.snapshot,
    keptBy ?? 'goes',
  ]);

describe('pruning an instance', () => {
  it('leaves alone what is pinned, in the making, or has a name that could hit another', () => {
    const all = [
      snapshot('pinned', 1000),
      snapshot('..', 2000),
      snapshot('old', 3000),
      snapshot('kept', 4000),
      snapshot('begun', 5000, { pending: true }),
    ];
    expect(verdicts(instance(all, { ...pinSettings([all[0]!], true) }))).toEqual([
      ['begun', 'pending'],
      ['kept', 'last'],
      ['old', 'goes'],
      ['..', 'oddName'],
      ['pinned', 'pinned'],
    ]);
  });

  it('plans nothing where it is not known which snapshots there are', () => {
    expect(verdicts(instance(undefined))).toBeUndefined();
    const seen = snapshot('a', 1);
    expect(isToGo({ instance: instance(undefined), original: undefined, rules, zone: 'UTC' }, seen)).toBe(false);
  });

  it('leaves alone on a mirror what its original has no more, and everything where that cannot be seen', () => {
    const source = { fingerprint: 'f'.repeat(64), project: 'default', instance: 'c1' };
    const config = { [SOURCE_KEY]: sourceText(source) };
    const all = [snapshot('gone', 1000), snapshot('other', 2000), snapshot('both', 3000), snapshot('newest', 4000)];
    // A copied snapshot's time is cut to seconds; another one of its name is another one.
    const original = instance([snapshot('other', 60_000), snapshot('both', 3456), snapshot('newest', 4000)]);
    expect(verdicts(instance(all, config), original)).toEqual([
      ['newest', 'last'],
      ['both', 'goes'],
      ['other', 'onlyHere'],
      ['gone', 'onlyHere'],
    ]);
    expect(verdicts(instance(all, config))?.every(([, verdict]) => verdict === 'onlyHere')).toBe(true);
    expect(verdicts(instance(all))?.filter(([, verdict]) => verdict === 'goes')).toHaveLength(3);
  });

  it('lets go only the very snapshot that was looked at', () => {
    const input = { instance: instance([snapshot('a', 1), snapshot('b', 2)]), original: undefined, rules, zone: 'UTC' };
    expect(isToGo(input, snapshot('a', 1))).toBe(true);
    expect(isToGo(input, snapshot('a', 3))).toBe(false);
    expect(isToGo(input, snapshot('b', 2))).toBe(false);
  });
});

describe('tiers', () => {
  it('take the schedule of the shortest period, and an expiry behind the end of the longest', () => {
    expect(tierSettings({ ...NO_RETENTION, hourly: 24, daily: 30 })).toEqual({
      'snapshots.schedule': '@hourly',
      'snapshots.expiry': '31d',
      'user.incus-snapshots.retention': 'hourly=24 daily=30',
    });
    expect(tierSettings({ ...NO_RETENTION, weekly: 4 })).toMatchObject({ 'snapshots.expiry': '5w' });
    expect(tierSettings({ ...NO_RETENTION, last: 3 })).toEqual({ 'user.incus-snapshots.retention': 'last=3' });
  });
});
