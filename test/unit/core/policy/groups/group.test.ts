import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config, Instance, Volume } from '../../../../../src/core/model.ts';
import { refusalOf } from '../../../../../src/core/policy/guard/allowed.ts';
import {
  checkGroup,
  checkNewGroupName,
  type Group,
  isLabelKey,
  isLabelSetting,
  labelOf,
  matches,
  membersOf as allOf,
} from '../../../../../src/core/policy/groups/group.ts';

import { isVolumeRef, type Member, memberName } from '../../../../../src/core/policy/groups/member.ts';

const GROUP: Group = {
  ...{ name: 'shop', remote: 'local', projects: ['default'], matchLabels: { 'user.app': 'shop' } },
  ...{ attachedVolumes: false, frozen: true, onFailure: 'keep' },
};

function instance(name: string, labels: Config, more: Partial<Instance> = {}, project = 'default'): Instance {
  const nothing = { expandedDevices: {}, devices: {}, profiles: [], description: '', architecture: 'x86_64' };
  return {
    ref: { remote: 'local', project, instance: name },
    ...{ type: 'container', status: 'Running', ephemeral: false, createdAt: new Date(0) },
    ...nothing,
    ...{ config: labels, expandedConfig: labels },
    ...more,
  };
}

function volume(name: string, labels: Config, more: Partial<Volume> = {}, pool = 'default'): Volume {
  return {
    ref: { remote: 'local', project: 'default', pool, volume: name },
    ...{ contentType: 'filesystem', description: '', createdAt: new Date(0), usedBy: [], snapshots: [] },
    config: labels,
    ...more,
  };
}

const membersOf = (group: Group, instances: readonly Instance[]) => allOf(group, instances, []);
const names = (members: readonly Member[]) =>
  members.map(({ ref }) => (isVolumeRef(ref) ? memberName(ref) : `${ref.project}/${ref.instance}`));
const labels = fc.dictionary(
  fc.string({ minLength: 1 }).map((key) => `user.${key}`),
  fc.string(),
);

describe('who belongs to a group', () => {
  it('is whoever has every label with its value, in its projects and on its remote', () => {
    const shop = { 'user.app': 'shop' };
    const all = [
      instance('b', { ...shop, 'user.tier': 'db' }),
      instance('a', shop),
      instance('c', { 'user.app': 'Shop' }),
      instance('d', {}),
      instance('e', shop, {}, 'other'),
      { ...instance('f', shop), ref: { remote: 'there', project: 'default', instance: 'f' } },
    ];
    expect(names(membersOf(GROUP, all))).toEqual(['default/a', 'default/b']);
    expect(names(membersOf({ ...GROUP, projects: ['other', 'default'] }, all))).toEqual([
      'default/a',
      'default/b',
      'other/e',
    ]);
    const both = { ...GROUP, matchLabels: { ...shop, 'user.tier': 'db' } };
    expect(names(membersOf(both, all))).toEqual(['default/b']);
  });

  it('is told by labels of profiles too', () => {
    expect(membersOf(GROUP, [instance('a', {}, { expandedConfig: { 'user.app': 'shop' } })])).toHaveLength(1);
  });

  it('is neither a temporary copy nor a mirror, though both have the labels of what they were made of', () => {
    const source = { 'user.incus-snapshots.source': `${'a'.repeat(64)}/default/c1` };
    const shop = { 'user.app': 'shop' };
    const all = [instance('incus-snapshots-tmp-0f3a9c1e', shop), instance('c1', { ...shop, ...source })];
    expect(membersOf(GROUP, all)).toEqual([]);
  });

  it('is nobody where nothing matches, and a thousand where they do', () => {
    const many = Array.from({ length: 1000 }, (_, at) => instance(`c${at}`, { 'user.app': at % 2 ? 'shop' : 'x' }));
    expect(membersOf(GROUP, many)).toHaveLength(500);
    expect(membersOf({ ...GROUP, matchLabels: { 'user.app': 'nobody' } }, many)).toEqual([]);
    expect(membersOf({ ...GROUP, matchLabels: {} }, many)).toEqual([]);
  });

  it('does not depend on odd characters, nor on words that JavaScript has for itself', () => {
    fc.assert(
      fc.property(labels, fc.string(), (some, other) => {
        fc.pre(Object.keys(some).length > 0);
        expect(matches({ matchLabels: some }, { ...some, 'user.else': other })).toBe(true);
        const [[key, value] = ['', '']] = Object.entries(some);
        expect(matches({ matchLabels: some }, { ...some, [key]: `${value}!` })).toBe(false);
      }),
    );
    expect(matches({ matchLabels: { constructor: 'x' } }, {})).toBe(false);
  });
});

describe('which volumes belong to a group', () => {
  const shop = { 'user.app': 'shop' };
  const [one, two] = [instance('c1', shop), instance('c2', {})];
  const users = { usedBy: [one.ref] };
  const volumesOf = (group: Partial<Group>, volumes: readonly Volume[]) =>
    names(allOf({ ...GROUP, ...group }, [one, two], volumes).slice(1));

  it('are those with its labels, after its instances, in its projects and on its remote', () => {
    const all = [
      volume('b', shop),
      volume('a', shop, {}, 'fast'),
      volume('a', shop),
      volume('c', { 'user.app': 'other' }),
      volume('d', shop, { ref: { remote: 'local', project: 'other', pool: 'default', volume: 'd' } }),
      volume('e', shop, { ref: { remote: 'there', project: 'default', pool: 'default', volume: 'e' } }),
    ];
    expect(names(allOf(GROUP, [two, one], all))).toEqual(['default/c1', 'default/a', 'default/b', 'fast/a']);
  });

  it('are those that its instances have where they come along, each once, of whatever project', () => {
    const elsewhere = { remote: 'local', project: 'data', pool: 'default', volume: 'far' };
    const all = [
      volume('labelled', shop, users),
      volume('mine', {}, { usedBy: [two.ref, one.ref] }),
      volume('others', {}, { usedBy: [two.ref] }),
      volume('far', {}, { ...users, ref: elsewhere }),
    ];
    expect(volumesOf({ attachedVolumes: false }, all)).toEqual(['default/labelled']);
    expect(volumesOf({ attachedVolumes: true }, all)).toEqual(['data/default/far', 'default/labelled', 'default/mine']);
  });

  it('are none that cannot be snapshotted by themselves', () => {
    const all = [
      volume('goes-with', { ...shop, dependent: 'true' }, users),
      volume('image', shop, { ...users, contentType: 'iso' }),
      volume('incus-snapshots-tmp-0f3a9c1e', shop, users),
    ];
    expect(volumesOf({ attachedVolumes: true }, all)).toEqual([]);
  });

  it('take no labels from words that JavaScript has for itself, nor a like name on another member of a cluster for one', () => {
    const at = (location: string) => ({ remote: 'local', project: 'default', pool: 'default', volume: 'v', location });
    expect(volumesOf({ matchLabels: { constructor: 'x' } }, [volume('v', {})])).toEqual([]);
    expect(volumesOf({}, [volume('v', shop, { ref: at('m2') }), volume('v', shop, { ref: at('m1') })])).toHaveLength(2);
  });
});

describe('a group as it is written down', () => {
  it.each([
    ['nothing', {}, undefined],
    ['an empty name', { name: ' ' }, 'name'],
    ['a name without end', { name: 'x'.repeat(65) }, 'name'],
    ['a remote that is read as a flag', { remote: '-r' }, 'remote'],
    ['no project', { projects: [] }, 'projects'],
    ['a project that is a path', { projects: ['a/b'] }, 'projects'],
    ['no label, which would match all', { matchLabels: {} }, 'noLabels'],
    ['a label that is no label', { matchLabels: { 'security.privileged': 'true' } }, 'label'],
    ['a mark of ours', { matchLabels: { 'user.incus-snapshots.source': 'x' } }, 'label'],
  ])('with %s wrong', (_, change, problem) => {
    expect(checkGroup({ ...GROUP, ...change })).toBe(problem);
  });

  it.each(['shop', 'a', 'web-shop-2', 'x'.repeat(40)])('may be called %s', (name) => {
    expect(checkNewGroupName(name, [])).toBeUndefined();
    expect(checkNewGroupName(name, [name])).toBe('taken');
  });

  it.each(['', 'Shop', '-a', 'a-', 'a b', 'a.b', 'a=b', 'ä', 'x'.repeat(41), 'a\n'])(
    'may not be made as %j',
    (name) => {
      expect(checkNewGroupName(name, [])).toBe('badName');
    },
  );
});

describe('labels', () => {
  const setting = (pair: string) => refusalOf(['config', 'set', '--project', 'default', '--', 'local:c1', pair]);

  it('that a group is made with may be set and taken away', () => {
    for (const [key, value] of Object.entries(labelOf('web-shop'))) {
      expect(setting(`${key}=${value}`)).toBeUndefined();
      expect(setting(`${key}=`)).toBeUndefined();
    }
  });

  it('of a group may be set on a volume, and no other key of it', () => {
    const on = (pair: string) =>
      refusalOf(['storage', 'volume', 'set', '--project', 'default', '--', 'local:default', 'v1', pair]);
    for (const [key, value] of Object.entries(labelOf('web-shop'))) {
      expect(on(`${key}=${value}`)).toBeUndefined();
      expect(on(`${key}=`)).toBeUndefined();
    }
    for (const pair of ['user.app=x', 'size=1', 'user.snapshot-group.a=-']) expect(on(pair)).toBeDefined();
  });

  it.each(['user.user-data', 'user.vendor-data', 'user.network-config', 'user.meta-data'])(
    'are not %s, which cloud-init runs',
    (key) => {
      expect(isLabelKey(key)).toBe(false);
    },
  );

  it('never let another key through', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, value) => {
        const pair = `${key}=${value}`;
        if (isLabelSetting(pair)) expect(pair).toMatch(/^user\.snapshot-group\.[a-z0-9-]+=(true)?$/);
      }),
    );
    for (const pair of [
      'user.a=x',
      'user.snapshot-group.=true',
      'user.snapshot-group.a=x',
      'user.snapshot-group.a=-',
      'raw.lxc=x',
    ])
      expect(setting(pair)).toBeDefined();
  });
});
