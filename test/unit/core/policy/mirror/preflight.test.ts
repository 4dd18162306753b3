import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createProfile, createProject, createTrial } from '../../../../../src/core/incus/serverCommands.ts';
import type { Instance } from '../../../../../src/core/model.ts';
import { refusalOf } from '../../../../../src/core/policy/guard/allowed.ts';
import {
  adaptProfile,
  checksOf,
  couldMirror,
  type PreflightFacts,
  projectFeatures,
} from '../../../../../src/core/policy/mirror/preflight.ts';

function instance(name: string, more: Partial<Instance> = {}): Instance {
  return {
    ref: { remote: 'local', project: 'default', instance: name },
    ...{ type: 'container', status: 'Stopped', ephemeral: false, architecture: '', description: '' },
    ...{
      createdAt: new Date(0),
      profiles: ['default'],
      config: {},
      devices: {},
      expandedConfig: {},
      expandedDevices: {},
    },
    ...more,
  };
}

function facts(more: Partial<PreflightFacts> = {}): PreflightFacts {
  return {
    ...{ source: { remote: 'local', version: '6.0' }, target: { remote: 'backup', version: '7.0' } },
    ...{ instances: [instance('c1')], others: [], knowsKey: () => true, tried: [{ mode: 'pull' }] },
    ...{ projects: ['default'], pools: ['default'], used: [] },
    networks: new Map([['default', ['incusbr0']]]),
    profiles: new Map([['default', ['default']]]),
    ...more,
  };
}

const states = (more: Partial<PreflightFacts>) =>
  Object.fromEntries(checksOf(facts(more)).map(({ kind, state }) => [kind, state]));

describe('the preflight', () => {
  it('finds nothing where nothing is missing', () => {
    const checks = checksOf(facts({ free: 5 }));
    expect(checks.every(({ state }) => state === 'good')).toBe(true);
    expect(couldMirror(checks)).toBe(true);
    expect(checks).toHaveLength(10);
  });

  it('tells no more where a server cannot be used', () => {
    const checks = checksOf(facts({ target: { remote: 'backup', problem: 'refused' } }));
    expect(checks.map(({ kind, state }) => [kind, state])).toEqual([
      ['answers', 'good'],
      ['answers', 'bad'],
    ]);
    expect(couldMirror(checks)).toBe(false);
  });

  const nic = { eth0: { type: 'nic', network: 'lan', 'ipv4.address': '192.0.2.5' } };
  it.each<[string, Partial<PreflightFacts>, object]>([
    ['a project', { projects: [] }, { project: 'bad' }],
    ['a profile', { instances: [instance('c1', { profiles: ['x'] })] }, { profiles: 'bad' }],
    [
      'a pool',
      { instances: [instance('c1', { devices: { d: { type: 'disk', path: '/d', pool: 'x' } } })] },
      { pools: 'bad' },
    ],
    ['a network', { instances: [instance('c1', { expandedDevices: nic })] }, { networks: 'warning' }],
    ['a way', { tried: [{ mode: 'pull', failure: 'no' }] }, { transfer: 'bad' }],
    ['a key', { instances: [instance('c1', { config: { k: '1' } })], knowsKey: () => false }, { keys: 'bad' }],
    [
      'an address that is free',
      { instances: [instance('c1', { expandedDevices: nic })], others: [instance('c2', { expandedDevices: nic })] },
      { addresses: 'warning' },
    ],
  ])('finds that %s is missing', (_, more, found) => {
    expect(states(more)).toMatchObject(found);
    expect(couldMirror(checksOf(facts(more)))).toBe(!Object.values(found).includes('bad'));
  });

  it('looks for a network in the project where the mirror will be', () => {
    const instances = [instance('c1', { expandedDevices: nic })];
    const networks = new Map([
      ['default', ['incusbr0']],
      ['other', ['lan']],
    ]);
    expect(checksOf(facts({ instances, networks }))).toContainEqual({
      ...{ kind: 'networks', state: 'warning', missing: [{ project: 'default', network: 'lan' }] },
    });
    const there = { targetProject: 'other', projects: ['default', 'other'] };
    expect(states({ instances, networks, ...there })).toMatchObject({ networks: 'good' });
  });

  it('holds what is free against what is used, and counts what is not known', () => {
    const space = (used: PreflightFacts['used']) =>
      checksOf(facts({ free: 100, used })).find(({ kind }) => kind === 'space');
    expect(space([40, 60])).toEqual({ kind: 'space', state: 'good', free: 100, needed: 100, unknown: 0 });
    expect(space([undefined, 60, undefined])).toMatchObject({ state: 'good', needed: 60, unknown: 2 });
    expect(space([101, undefined])).toMatchObject({ state: 'warning', unknown: 1 });
    expect(couldMirror(checksOf(facts({ free: 0, used: [1] })))).toBe(true);
  });

  it('does not take a mirror for an instance that has its address', () => {
    const one = instance('c1', { expandedDevices: nic });
    expect(states({ instances: [one], others: [one] })).toMatchObject({ addresses: 'good' });
  });

  it('does not take what it may not read for what is missing', () => {
    const unread = {
      projects: undefined,
      pools: undefined,
      networks: new Map<string, never>(),
      profiles: new Map<string, never>(),
    };
    expect(couldMirror(checksOf(facts({ ...unread, instances: [instance('c1', { profiles: ['x'] })] })))).toBe(true);
  });
});

describe('a profile on another server', () => {
  const profile = {
    ...{ description: 'd', config: { 'limits.cpu': '1' } },
    devices: {
      root: { type: 'disk', path: '/', pool: 'fast' },
      eth0: { type: 'nic', network: 'lan' },
      gpu: { type: 'gpu' },
    },
  };

  it('gets the pool that is there, and loses devices whose network is not', () => {
    expect(adaptProfile(profile, { pools: ['slow'], networks: [] }, 'slow')).toEqual({
      ...{ description: 'd', config: { 'limits.cpu': '1' } },
      devices: { root: { type: 'disk', path: '/', pool: 'slow' }, gpu: { type: 'gpu' } },
      pools: [{ was: 'fast', is: 'slow' }],
      without: ['eth0'],
    });
  });

  it('is the same where all is there, or nothing is known', () => {
    const same = { ...profile, pools: [], without: [] };
    expect(adaptProfile(profile, { pools: ['fast'], networks: ['lan'] }, 'slow')).toEqual(same);
    expect(adaptProfile(profile, { pools: undefined, networks: undefined }, undefined)).toEqual(same);
  });
});

describe('what is made on a server', () => {
  const ref = { remote: 'backup', project: 'default' };

  it('may be a project, a profile and a trial', () => {
    expect(refusalOf(createProject({ ...ref, project: 'p' }, { 'features.images': 'false' }).argv)).toBeUndefined();
    const { argv, input } = createProfile(
      { ...ref, profile: 'p' },
      { description: '', config: { a: 'secret' }, devices: {} },
    );
    expect(refusalOf(argv)).toBeUndefined();
    expect(argv.join(' ')).not.toContain('secret');
    expect(JSON.parse(input ?? '')).toEqual({ description: '', config: { a: 'secret' }, devices: {} });
    const trial = { ...ref, instance: 'incus-snapshots-tmp-abcd1234' };
    expect(refusalOf(createTrial(trial, 'default', 'a/b/trial').argv)).toBeUndefined();
  });

  it.each([
    ['a trial without its mark', ['init', '--project', 'p', '--empty', '--', 'r:incus-snapshots-tmp-abcd1234']],
    ['an instance of another name', createTrial({ ...ref, instance: 'c1' }, 'default', 'a/b/trial').argv],
    [
      'an instance that is not empty',
      ['init', '--project', 'p', '-c', 'user.incus-snapshots.temporary=a/b/c', '--', 'r:incus-snapshots-tmp-abcd1234'],
    ],
    ['a project with limits', ['project', 'create', '-c', 'limits.cpu=1', '--', 'r:p']],
    ['a project that goes', ['project', 'delete', '--', 'r:p']],
    ['a profile that goes', ['profile', 'delete', '--project', 'p', '--', 'r:p']],
    ['a profile that is changed', ['profile', 'edit', '--project', 'p', '--', 'r:p']],
  ])('may not be %s', (_, argv) => {
    expect(refusalOf(argv)).toBeDefined();
  });

  it('takes over nothing of a project but its features', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (config) => {
        const features = projectFeatures({ ...config, 'features.images': 'true' });
        expect(refusalOf(createProject({ ...ref, project: 'p' }, features).argv)).toBeUndefined();
      }),
    );
  });
});
