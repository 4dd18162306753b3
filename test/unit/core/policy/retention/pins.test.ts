import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setConfig } from '../../../../../src/core/incus/commands.ts';
import { refusalOf } from '../../../../../src/core/policy/guard/allowed.ts';
import {
  isPinned,
  pinSettings,
  retentionOf,
  retentionSettings,
  strayPins,
} from '../../../../../src/core/policy/retention/pins.ts';
import { NO_RETENTION } from '../../../../../src/core/policy/retention/retention.ts';

const made = (snapshot: string, time: number) => ({
  ref: { remote: 'r', project: 'p', instance: 'i', snapshot },
  createdAt: new Date(time),
});
const pairs = (config: Readonly<Record<string, string>>) =>
  Object.entries(config).map(([key, value]) => `${key}=${value}`);

describe('a pin', () => {
  it('holds its snapshot by the moment it was made, whatever it is called', () => {
    const config = pinSettings([made('before', 5)], true);
    expect(config).toEqual({ 'user.incus-snapshots.pin.5': 'true' });
    expect(isPinned({ config }, made('before', 5))).toBe(true);
    expect(isPinned({ config }, made('renamed', 5))).toBe(true);
    expect(isPinned({ config }, made('before', 6))).toBe(false);
    expect(pinSettings([made('before', 5)], false)).toEqual({ 'user.incus-snapshots.pin.5': '' });
  });

  it('that holds nothing any more is found', () => {
    const config = { ...pinSettings([made('a', 1), made('b', 2)], true), 'user.other': 'x' };
    expect(Object.keys(strayPins({ config, snapshots: undefined } as never))).toEqual([]);
    const snapshots = [made('b', 2)] as never;
    expect(strayPins({ config, snapshots })).toEqual({ 'user.incus-snapshots.pin.1': '' });
  });

  it('and a retention may be set on an instance by `config set`, and taken away', () => {
    const ref = { remote: 'r', project: 'p', instance: 'i' };
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), fc.nat({ max: 9999 }), (time, pinned, daily) => {
        const settings = {
          ...pinSettings([made('-', time)], pinned),
          ...retentionSettings({ ...NO_RETENTION, daily }),
        };
        expect(refusalOf(setConfig(ref, settings).argv)).toBeUndefined();
      }),
    );
  });
});

describe('a retention', () => {
  it('is read from the instance or its profiles, and set and taken away by one key', () => {
    const rules = { ...NO_RETENTION, hourly: 24, daily: 30 };
    const config = retentionSettings(rules);
    expect(retentionOf({ expandedConfig: config })).toEqual(rules);
    expect(retentionOf({ expandedConfig: {} })).toBeUndefined();
    expect(pairs(retentionSettings(NO_RETENTION))).toEqual(['user.incus-snapshots.retention=']);
  });
});
