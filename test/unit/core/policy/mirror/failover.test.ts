import { describe, expect, it } from 'vitest';
import {
  isPartedBy,
  mirrorAgainConfig,
  modeBack,
  newestWhole,
  retiredConfig,
  returnedConfig,
  standInConfig,
  standsFor,
} from '../../../../../src/core/policy/mirror/failover.ts';
import {
  asideName,
  isAsideName,
  isReplacedName,
  replacedName,
} from '../../../../../src/core/policy/mirror/mirrorNames.ts';
import { checkNewInstanceName } from '../../../../../src/core/policy/names.ts';
import {
  isParted,
  mirrorSourceOf,
  overridesFor,
  replacedConfig,
  VERIFIED_KEY,
} from '../../../../../src/core/policy/mirror/mirrorKeys.ts';

const identity = { fingerprint: 'f'.repeat(64), project: 'default', instance: 'c1' };
const extensions = new Set(['instance_protection_start']);
const own = { 'boot.autostart': 'true', 'snapshots.schedule': '@daily', 'limits.cpu': '2' };
const withProfile = (config: Record<string, string>) => ({ config, expandedConfig: config });

/** As Incus sets keys: an empty value takes one away. */
function set(config: Readonly<Record<string, string>>, more: Readonly<Record<string, string>>) {
  return Object.fromEntries(Object.entries({ ...config, ...more }).filter(([, value]) => value !== ''));
}

const mirror = set(own, overridesFor({ source: withProfile(own), identity, extensions }));
const standIn = set(mirror, standInConfig({ config: mirror }));

describe('what stands in for its original', () => {
  it('has the values of the original, and is nobody’s mirror, so that no run writes over it', () => {
    expect(mirrorSourceOf({ config: standIn })).toBeUndefined();
    expect(standsFor({ config: standIn })).toEqual(identity);
    const plain = Object.fromEntries(Object.entries(standIn).filter(([key]) => !key.startsWith('user.')));
    expect(plain).toEqual(own);
  });

  it('is asked for twice without losing whose place it has', () => {
    expect(standsFor({ config: mirror })).toBeUndefined();
    expect(standsFor({ config: { 'user.incus-snapshots.stands-for': 'x/y' } })).toBeUndefined();
  });

  it('becomes the mirror again that it was', () => {
    const at = new Date('2026-01-02T03:04:05Z');
    const again = set(
      standIn,
      mirrorAgainConfig(withProfile(standIn), withProfile(own), identity, extensions, at, false),
    );
    expect(again).toEqual({ ...mirror, [VERIFIED_KEY]: at.toISOString() });
  });
});

describe('a mirror that no run can build on', () => {
  const parted = { 'user.incus-snapshots.parted': 'true' };
  const broken = { ...parted, 'user.incus-snapshots.sending': '["s3"]' };
  const at = (name: string, second: number) => ({
    ref: { remote: 'snap', project: 'default', instance: 'c1', snapshot: name },
    createdAt: new Date(second * 1000),
    ...{ stateful: false, ephemeral: false, config: {}, devices: {}, description: '' },
  });
  const found = (config: Record<string, string>, ...snapshots: ReturnType<typeof at>[]) => ({
    ref: { remote: 'snap', project: 'default', instance: 'c1' },
    ...{ type: 'container' as const, status: 'Stopped', ephemeral: false, architecture: 'x86_64', description: '' },
    ...{ createdAt: new Date(0), profiles: [], config, devices: {}, expandedConfig: config, expandedDevices: {} },
    snapshots,
  });

  it('is restored to its newest whole snapshot before it stands in, if a run left it without its disk', () => {
    const all = [at('s2', 2), at('s1', 1), at('s3', 3)];
    expect(newestWhole(found(broken, ...all))?.ref.snapshot).toBe('s2');
    expect(newestWhole(found(parted, ...all))).toBeUndefined();
    expect(newestWhole(found({ 'user.incus-snapshots.sending': '["s3"]' }, ...all))).toBeUndefined();
    expect(newestWhole(found(broken))).toBeUndefined();
  });

  it('is what has gone back from btrfs to btrfs, or from who knows where', () => {
    expect(isPartedBy(['btrfs', 'btrfs'])).toBe(true);
    expect(isPartedBy(['btrfs', undefined])).toBe(true);
    expect(isPartedBy(['btrfs', 'dir'])).toBe(false);
    expect(isPartedBy(['zfs', 'zfs'])).toBe(false);
    const verified = new Date(0);
    const said = mirrorAgainConfig(withProfile(standIn), withProfile(own), identity, extensions, verified, true);
    expect(isParted({ config: set(standIn, said) })).toBe(true);
    expect(isParted({ config: set({ ...standIn, ...parted }, { ...said, ...replacedConfig(identity) }) })).toBe(false);
  });
});

describe('the original', () => {
  it('does not start by itself while another stands in for it', () => {
    expect(retiredConfig({ config: {} })).toEqual({ 'boot.autostart': 'false' });
    expect(retiredConfig({ config: { 'boot.autostart': 'false' } })).toEqual({});
  });

  it('is after the way back what it was, with what was set on it, and without a mark of the run', () => {
    const back = { ...identity, fingerprint: 'e'.repeat(64) };
    const written = set(
      standIn,
      set(overridesFor({ source: withProfile(standIn), identity: back, extensions }), { [VERIFIED_KEY]: 'x' }),
    );
    // A refresh writes the source's configuration; our keys on it are taken away by the run.
    delete written['user.incus-snapshots.stands-for'];
    const before = { ...own, 'user.incus-snapshots.pin.s1': '1', 'user.incus-snapshots.sending': '["s1"]' };
    expect(set(written, returnedConfig({ config: written }, before))).toEqual({
      ...own,
      'user.incus-snapshots.pin.s1': '1',
    });
    expect(set(written, returnedConfig({ config: written }, undefined))).toEqual(own);
  });
});

describe('the way back', () => {
  it('opens the connection from the same side as the way there', () => {
    expect([modeBack('pull'), modeBack('push'), modeBack('relay')]).toEqual(['push', 'pull', 'relay']);
  });
});

describe('an original that is set aside', () => {
  it('gets a name that is free, valid, and known again', () => {
    const long = 'x'.repeat(63);
    expect(asideName('c1', [])).toBe('c1-before-failback');
    expect(asideName('c1', ['c1-before-failback'])).toBe('c1-before-failback-2');
    for (const name of [asideName(long, []), asideName(long, [asideName(long, [])])]) {
      expect(checkNewInstanceName(name, [])).toBeUndefined();
      expect(isAsideName(name)).toBe(true);
    }
    expect(replacedName('c1', ['c1-kept-mirror'])).toBe('c1-kept-mirror-2');
    expect(isReplacedName(replacedName(long, [replacedName(long, [])]))).toBe(true);
    expect(isReplacedName('c1')).toBe(false);
    expect(isAsideName('c1')).toBe(false);
    expect(isAsideName('-before-failback')).toBe(false);
  });
});
