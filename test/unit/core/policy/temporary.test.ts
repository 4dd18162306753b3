import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../../src/core/policy/guard/allowed.ts';
import { checkNewInstanceName } from '../../../../src/core/policy/names.ts';
import {
  isTemporary,
  isTemporaryName,
  ownerOfTemporary,
  TEMPORARY_KEY,
  temporaryMark,
  temporaryName,
  temporarySettings,
} from '../../../../src/core/policy/temporary.ts';

const maker = { client: 'a1', window: 'b2' };
const mark = temporaryMark(maker, 'drill');
const unique = fc.stringMatching(/^[a-z0-9]{8}$/);
const instance = (name: string, config: Record<string, string>) => ({
  ref: { remote: 'local', project: 'default', instance: name },
  config,
});

describe('a temporary copy', () => {
  it('is what bears both the name and the key', () => {
    fc.assert(
      fc.property(unique, (text) => {
        expect(isTemporary(instance(temporaryName(text), { [TEMPORARY_KEY]: mark }))).toBe(true);
        expect(checkNewInstanceName(temporaryName(text), [])).toBeUndefined();
      }),
    );
  });

  it('is nothing else, whatever its name or whatever its keys', () => {
    const names = fc.oneof(fc.string(), unique.map(temporaryName), fc.constantFrom('incus-snapshots-tmp-', 'web'));
    const keys = fc.dictionary(fc.oneof(fc.string(), fc.constant(TEMPORARY_KEY)), fc.string());
    fc.assert(
      fc.property(names, keys, (name, config) => {
        const bears = /^incus-snapshots-tmp-[a-z0-9]+$/.test(name) && (config[TEMPORARY_KEY] ?? '').includes('/');
        if (!bears) expect(isTemporary(instance(name, config))).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    '',
    'incus-snapshots-tmp-',
    'incus-snapshots-tmp-Web1',
    'incus-snapshots-tmp-a-b',
    'x-incus-snapshots-tmp-0f3a',
  ])('has another name than %j', (name) => {
    expect(isTemporaryName(name)).toBe(false);
  });

  it('alone can be deleted: no other name passes the guard', () => {
    const names = fc.oneof(fc.string(), fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/), unique.map(temporaryName));
    fc.assert(
      fc.property(names, fc.array(fc.constantFrom('--force', '-f', '--', 'local:web')), (name, more) => {
        const argv = ['delete', '--project', 'default', '--', `local:${name}`, ...more];
        if (!isTemporaryName(name) || more.length > 0) expect(refusalOf(argv)).toBeDefined();
      }),
      { numRuns: 5_000 },
    );
  });

  it('tells whose it is', () => {
    const made = (by: string) => instance(temporaryName('0f3a'), { [TEMPORARY_KEY]: by });
    expect(ownerOfTemporary(made(mark), maker)).toBe('window');
    expect(ownerOfTemporary(made(temporaryMark({ ...maker, window: 'c3' }, 'files')), maker)).toBe('client');
    expect(ownerOfTemporary(made(temporaryMark({ client: 'z', window: 'b2' }, 'trial')), maker)).toBe('other');
    expect(ownerOfTemporary(made(''), maker)).toBeUndefined();
    expect(ownerOfTemporary(instance('web', { [TEMPORARY_KEY]: mark }), maker)).toBeUndefined();
  });
});

describe('what it is made with', () => {
  const source = {
    config: { 'user.incus-snapshots.source': 'x', 'user.mine': 'y', 'security.protection.delete': 'true' },
    devices: {
      root: { type: 'disk', path: '/', pool: 'default' },
      data: { type: 'disk', path: '/data', pool: 'default', source: 'v1' },
      eth0: { type: 'nic', network: 'incusbr0' },
      web: { type: 'proxy', listen: 'tcp:0.0.0.0:80', connect: 'tcp:127.0.0.1:80' },
      off: { type: 'none' },
    },
  };

  it('keeps it still and apart: no start by itself, no device but its root disk, no mark of its source', () => {
    expect(temporarySettings(source, mark, new Set())).toEqual({
      config: {
        'user.incus-snapshots.source': '',
        'boot.autostart': 'false',
        'snapshots.schedule': '',
        'security.protection.delete': 'false',
        [TEMPORARY_KEY]: mark,
      },
      without: ['data', 'eth0', 'web'],
    });
  });

  it('lets it start where the server knows a protection against that, and names the key nowhere else', () => {
    const { config } = temporarySettings(source, mark, new Set(['instance_protection_start']));
    expect(config['security.protection.start']).toBe('false');
  });

  it('passes the guard, whatever the source has', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^user\.incus-snapshots\.[a-z]+$/), fc.string()), (config) => {
        const { config: keys } = temporarySettings({ ...source, config }, mark, new Set());
        const flags = Object.entries(keys).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
        const argv = ['copy', '--project', 'p', ...flags, '--', 'local:c1/s1', `local:${temporaryName('0f3a')}`];
        expect(refusalOf(argv)).toBeUndefined();
        expect(keys[TEMPORARY_KEY]).toBe(mark);
      }),
    );
  });
});
