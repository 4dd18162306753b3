import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instance, Snapshot } from '../../../../../src/core/model.ts';
import { compareSnapshots, mirroredState } from '../../../../../src/core/policy/mirror/compare.ts';
import { planMirror } from '../../../../../src/core/policy/mirror/mirror.ts';
import { keyMatcher, type MirrorInput, type MirrorTarget } from '../../../../../src/core/policy/mirror/mirrorBlocks.ts';
import { incomingName, isIncomingName, keptNames } from '../../../../../src/core/policy/mirror/mirrorNames.ts';
import {
  brokenOverrides,
  doubtfulNames,
  isMirrorOf,
  keptConfig,
  mirrorSourceOf,
  originConfig,
  sendingText,
  sourceText,
  verifiedAt,
} from '../../../../../src/core/policy/mirror/mirrorKeys.ts';
import { checkNewInstanceName } from '../../../../../src/core/policy/names.ts';

const REF = { remote: 'local', project: 'default', instance: 'c1' };
const HERE = 'a'.repeat(64);
const THERE = 'b'.repeat(64);
const IDENTITY = { fingerprint: HERE, project: 'default', instance: 'c1' };
const MINE = { 'user.incus-snapshots.source': sourceText(IDENTITY) };

/** @param at second of its creation */
function snapshot(name: string, at: number, more: Partial<Snapshot> = {}): Snapshot {
  return {
    ref: { ...REF, snapshot: name },
    createdAt: new Date(at * 1000),
    ...{ stateful: false, ephemeral: false, config: {}, devices: {}, description: '' },
    ...more,
  };
}

function instance(snapshots: readonly Snapshot[] | undefined, more: Partial<Instance> = {}): Instance {
  return {
    ref: REF,
    ...{ type: 'container', status: 'Stopped', ephemeral: false, architecture: 'x86_64', description: '' },
    createdAt: new Date(0),
    profiles: ['default'],
    ...{ config: {}, devices: {}, expandedConfig: more.config ?? {}, expandedDevices: {} },
    ...(snapshots && { snapshots }),
    ...more,
  };
}

const mirror = (snapshots: readonly Snapshot[] | undefined, more: Partial<Instance> = {}) =>
  instance(snapshots, { ...more, config: { ...MINE, ...more.config } });

function target(more: Partial<MirrorTarget> = {}): MirrorTarget {
  return {
    fingerprint: THERE,
    extensions: new Set(),
    project: 'default',
    ...{ instance: undefined, incoming: undefined },
    ...{ projects: ['default'], profiles: ['default'], pools: ['default'] },
    knowsKey: () => true,
    ...more,
  };
}

function plan(source: Instance, to: Partial<MirrorTarget> = {}, more: Partial<MirrorInput> = {}) {
  const sourcePool = { name: 'default', driver: 'btrfs', config: {} };
  return planMirror({ source, fingerprint: HERE, sourcePool, target: target(to), takesOver: false, ...more });
}

const names = (snapshots: readonly Snapshot[]) => snapshots.map(({ ref }) => ref.snapshot);
const reasons = ({ blocks }: ReturnType<typeof plan>) => blocks.map(({ reason }) => reason);

describe('what a run will send and delete', () => {
  it('is all on a first run', () => {
    const first = plan(instance([snapshot('s1', 1), snapshot('s2', 2)]));
    expect(first.kind).toBe('first');
    expect(names(first.sent)).toEqual(['s1', 's2']);
    expect(first.deleted).toEqual([]);
    expect(first.blocks).toEqual([]);
    expect(first.isUpToDate).toBe(false);
  });

  it('is the difference of the lists, by name and second', () => {
    const source = instance([snapshot('same', 1.9), snapshot('again', 5), snapshot('new', 6)]);
    const to = mirror([snapshot('same', 1), snapshot('again', 2), snapshot('only-there', 3)]);
    const refresh = plan(source, { instance: to });
    expect(refresh.kind).toBe('refresh');
    expect(names(refresh.present)).toEqual(['same']);
    expect(names(refresh.sent)).toEqual(['again', 'new']);
    expect(names(refresh.deleted)).toEqual(['again', 'only-there']);
    expect(refresh.differing.map((one) => names([one.source, one.target]))).toEqual([['again', 'again']]);
  });

  it('leaves out what is still being made', () => {
    expect(names(plan(instance([snapshot('s1', 1), snapshot('s2', 2, { pending: true })])).sent)).toEqual(['s1']);
  });

  it('sends again what a run that broke off left, and calls it neither there nor lost', () => {
    const sending = { 'user.incus-snapshots.sending': sendingText(['s2']) };
    const to = mirror([snapshot('s1', 1), snapshot('s2', 2)], { config: sending });
    const resumed = plan(instance([snapshot('s1', 1), snapshot('s2', 2)]), { instance: to });
    expect(resumed.isResumed).toBe(true);
    expect(names(resumed.present)).toEqual(['s1']);
    expect(names(resumed.sent)).toEqual(['s2']);
    expect(names(resumed.doubtful)).toEqual(['s2']);
    expect(resumed.deleted).toEqual([]);
    expect(resumed.isUpToDate).toBe(false);
  });

  it('takes nothing of a first run that broke off for there, and what was whole for whole', () => {
    const ref = { ...REF, instance: 'c1-incoming' };
    const sending = { 'user.incus-snapshots.sending': sendingText(['s1']) };
    const half = plan(instance([snapshot('s1', 1)]), {
      incoming: mirror([snapshot('s1', 1)], { config: sending, ref }),
    });
    expect([half.kind, half.isResumed, half.blocks]).toEqual(['first', true, []]);
    expect(names(half.sent)).toEqual(['s1']);
    expect(half.doubtful).toEqual([]);
    const whole = plan(instance([snapshot('s1', 1)]), { incoming: mirror([snapshot('s1', 1)], { ref }) });
    expect([whole.kind, whole.isResumed, names(whole.present)]).toEqual(['first', false, ['s1']]);
  });

  it('afterwards both lists are the same, whatever they were', () => {
    const list = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ min: 1, max: 3 })), {
      selector: ([name]) => name,
    });
    const text = (all: readonly Snapshot[]) =>
      all.map((one) => `${one.ref.snapshot}@${one.createdAt.getTime()}`).sort();
    fc.assert(
      fc.property(list, list, fc.subarray(['a', 'b', 'c', 'd', 'e']), (here, there, doubtful) => {
        const source = here.map(([name, at]) => snapshot(name, at));
        const on = there.map(([name, at]) => snapshot(name, at));
        const lists = compareSnapshots(source, on, doubtful);
        const gone = new Set([...lists.deleted, ...lists.doubtful]);
        const after = [...on.filter((one) => !gone.has(one)), ...lists.sent];
        expect(text(after)).toEqual(text(source));
        expect(text([...lists.sent, ...lists.present])).toEqual(text(source));
        // What is lost is on no list of the source: nothing else may ever be lost.
        for (const one of lists.deleted) expect(text(source)).not.toContain(text([one])[0]);
      }),
    );
  });
});

describe('whether a run is needed', () => {
  const source = instance([snapshot('s1', 1)], { config: { 'boot.autostart': 'true', 'limits.cpu': '2' } });
  const { overrides } = plan(source);

  it('is told by the lists and by what is overridden', () => {
    expect(plan(source, { instance: mirror([snapshot('s1', 1)], { config: overrides }) }).isUpToDate).toBe(true);
    const started = { ...overrides, 'boot.autostart': 'true' };
    expect(plan(source, { instance: mirror([snapshot('s1', 1)], { config: started }) }).isUpToDate).toBe(false);
    expect(plan(source, { instance: mirror([], { config: overrides }) }).isUpToDate).toBe(false);
  });
});

describe('what no run can build on', () => {
  const source = instance([snapshot('s1', 1), snapshot('s2', 2)]);
  const parted = { 'user.incus-snapshots.parted': 'true' };

  it('is a mirror that says so: all is sent beside it, and nothing on it is deleted', () => {
    const found = plan(source, { instance: mirror([snapshot('s1', 1), snapshot('x', 3)], { config: parted }) });
    expect(found).toMatchObject({ kind: 'first', replaces: true, isKnown: true, isUpToDate: false, blocks: [] });
    expect(names(found.sent)).toEqual(['s1', 's2']);
    expect(found.deleted).toEqual([]);
  });

  it('is on btrfs whatever else is taken over: it is kept as well, and not written over', () => {
    const foreign = instance([snapshot('x', 3)]);
    for (const driver of ['btrfs', undefined]) {
      const found = plan(source, { instance: foreign, driver }, { takesOver: true });
      expect(found).toMatchObject({ kind: 'first', replaces: true, deleted: [], blocks: [] });
    }
    expect(plan(source, { instance: foreign, driver: 'zfs' }, { takesOver: true }).replaces).toBe(false);
  });

  it('is not replaced while it runs, or where the name for the time being is another’s', () => {
    const running = mirror([snapshot('s1', 1)], { config: parted, status: 'Running' });
    expect(reasons(plan(source, { instance: running }))).toEqual(['targetRunning']);
    const incoming = instance([], { ref: { ...REF, instance: 'c1-incoming' } });
    expect(reasons(plan(source, { instance: mirror([], { config: parted }), incoming }))).toEqual(['incomingTaken']);
  });

  it('is no matter for another source’s mirror', () => {
    const other = instance([], { config: { ...parted, 'user.incus-snapshots.source': `${HERE}/default/c2` } });
    expect(plan(source, { instance: other })).toMatchObject({ replaces: false });
    expect(reasons(plan(source, { instance: other }))).toEqual(['notItsMirror']);
  });
});

describe('what stands against a run', () => {
  const source = instance([snapshot('s1', 1)]);

  it('is an instance that is not this source’s mirror, unless the user says so by its name', () => {
    const foreign = instance([], { config: { 'user.incus-snapshots.source': `${HERE}/default/c2` } });
    expect(plan(source, { instance: foreign }).blocks).toEqual([
      { reason: 'notItsMirror', of: { ...IDENTITY, instance: 'c2' } },
    ]);
    expect(plan(source, { instance: instance([]) }).blocks).toEqual([{ reason: 'notItsMirror', of: undefined }]);
    const said = plan(source, { instance: foreign, driver: 'dir' }, { takesOver: true });
    expect(said.blocks).toEqual([]);
    expect(said).toMatchObject({ isKnown: false, kind: 'refresh', replaces: false });
  });

  it('is that it would go onto its own original, outside of a way back', () => {
    const copy = instance([], { config: { 'user.incus-snapshots.source': `${THERE}/default/c1` } });
    expect(reasons(plan(copy, { instance: mirror([]) }))).toEqual(['ontoItsOrigin']);
    expect(plan(copy, { instance: mirror([]) }, { isFailback: true }).blocks).toEqual([]);
    expect(reasons(plan(source, { fingerprint: HERE, instance: mirror([]) }))).toEqual(['ontoItself']);
    expect(plan(source, { fingerprint: HERE, project: 'copies', projects: ['copies'] }).blocks).toEqual([]);
  });

  it.each(['Running', 'Frozen', 'Ready'])('is a target that is %s', (status) => {
    expect(reasons(plan(source, { instance: mirror([], { status }) }))).toEqual(['targetRunning']);
  });

  it('is that it is not known what is there: that is not "nothing"', () => {
    expect(reasons(plan(instance(undefined)))).toEqual(['snapshotsUnknown']);
    expect(reasons(plan(source, { instance: mirror(undefined) }))).toEqual(['snapshotsUnknown']);
    expect(reasons(plan(source, { fingerprint: undefined }))).toEqual(['identityUnknown']);
  });

  it('is what the target lacks', () => {
    const needy = instance([], {
      profiles: ['default', 'web'],
      devices: {
        root: { type: 'disk', path: '/', pool: 'fast' },
        data: { type: 'disk', path: '/srv', pool: 'big', source: 'vol' },
      },
    });
    expect(plan(needy).blocks).toEqual([
      { reason: 'profilesMissing', profiles: ['web'] },
      { reason: 'poolsMissing', pools: ['big'] },
    ]);
    expect(plan(needy, { profiles: undefined, pools: undefined }).blocks).toEqual([]);
    expect(reasons(plan(needy, { project: 'nope' }))).toEqual(['projectMissing']);
  });

  it('is a key that the target does not know, wherever it stands', () => {
    const knowsKey = (key: string) => key !== 'snapshots.expiry.manual';
    const config = { 'snapshots.expiry.manual': '3d', 'user.x': '1' };
    const block = { reason: 'unknownKeys', keys: ['snapshots.expiry.manual'] };
    expect(plan(instance([snapshot('s1', 1)], { config }), { knowsKey }).blocks).toEqual([
      { ...block, onInstance: true, snapshots: [] },
    ]);
    expect(plan(instance([snapshot('s1', 1, { config })]), { knowsKey }).blocks).toEqual([
      { ...block, onInstance: false, snapshots: ['s1'] },
    ]);
  });

  it('is somebody else’s instance under the name that a first run takes', () => {
    const incoming = { ...instance([]), ref: { ...REF, instance: 'c1-incoming' } };
    expect(plan(source, { incoming }).blocks).toEqual([{ reason: 'incomingTaken', name: 'c1-incoming' }]);
  });
});

describe('what holds on a mirror', () => {
  const config = { 'boot.autostart': 'true', 'snapshots.schedule': '@daily', 'limits.cpu': '2' };

  it('is said on every run, and the original’s own values stand beside it', () => {
    const { overrides } = plan(instance([], { config }), { extensions: new Set(['instance_protection_start']) });
    expect(overrides).toEqual({
      'boot.autostart': 'false',
      'snapshots.schedule': '',
      'security.protection.delete': 'true',
      'security.protection.start': 'true',
      'user.incus-snapshots.source': `${HERE}/default/c1`,
      'user.incus-snapshots.origin.boot.autostart': 'true',
      'user.incus-snapshots.origin.snapshots.schedule': '@daily',
    });
  });

  it('says nothing that the target does not know', () => {
    expect(plan(instance([])).overrides).not.toHaveProperty('security.protection.start');
  });

  it('is never a profile’s schedule', () => {
    const source = instance([], { config: {}, expandedConfig: { 'snapshots.schedule': '@daily' } });
    expect(plan(source).overrides['snapshots.schedule']).toBe('@never');
    const to = mirror([], { config: { 'snapshots.schedule': '@never' } });
    expect(plan(instance([]), { instance: to }).overrides['snapshots.schedule']).toBe('@never');
  });

  it('is nothing of what is said of the source as a mirror of its own', () => {
    const chained = instance([], {
      config: {
        'user.incus-snapshots.source': `${THERE}/default/c0`,
        'user.incus-snapshots.verified': '2020-01-01T00:00:00Z',
        'user.incus-snapshots.origin.boot.autostart': 'true',
      },
    });
    const { overrides } = plan(chained);
    expect(overrides['user.incus-snapshots.source']).toBe(sourceText(IDENTITY));
    expect(overrides['user.incus-snapshots.verified']).toBe('');
    expect(overrides['user.incus-snapshots.origin.boot.autostart']).toBe('');
  });

  it('keeps when it was last found whole, until the next run is', () => {
    const verified = { 'user.incus-snapshots.verified': '2026-01-02T03:04:05.000Z' };
    const { overrides } = plan(instance([]), { instance: mirror([], { config: verified }) });
    expect(overrides).toMatchObject(verified);
    expect(verifiedAt({ config: overrides })?.getUTCFullYear()).toBe(2026);
    expect(verifiedAt({ config: { 'user.incus-snapshots.verified': 'yesterday' } })).toBeUndefined();
  });

  it('is undone by the values that stand beside it, whatever they were', () => {
    const value = fc.string({ minLength: 1 });
    const some = fc.record(
      {
        'boot.autostart': value,
        'snapshots.schedule': value,
        'security.protection.delete': value,
        'limits.cpu': value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(some, fc.boolean(), (own, canProtect) => {
        const source = instance([], { config: own });
        const extensions = new Set(canProtect ? ['instance_protection_start'] : []);
        const apply = (to: Record<string, string>, what: Record<string, string>) =>
          Object.fromEntries(Object.entries({ ...to, ...what }).filter(([, one]) => one !== ''));
        const onMirror = apply(own, plan(source, { extensions }).overrides);
        expect(brokenOverrides({ config: onMirror }, plan(source, { extensions }).overrides)).toEqual([]);
        const back = apply(onMirror, originConfig({ config: onMirror }));
        const plain = Object.fromEntries(Object.entries(back).filter(([key]) => !key.startsWith('user.')));
        expect(plain).toEqual(own);
      }),
    );
  });

  it('names what was changed by somebody else', () => {
    const { overrides } = plan(instance([], { config }));
    expect(brokenOverrides({ config: { ...overrides, 'boot.autostart': 'true' } }, overrides)).toEqual([
      'boot.autostart',
    ]);
  });
});

describe('whose mirror an instance is', () => {
  it('is read as it was written', () => {
    expect(mirrorSourceOf(mirror([]))).toEqual(IDENTITY);
    expect(isMirrorOf(mirror([]), IDENTITY)).toBe(true);
    expect(isMirrorOf(mirror([]), { ...IDENTITY, project: 'other' })).toBe(false);
  });

  it.each(['', 'a', 'a/b', 'a/b/c/d', '//', 'a//c'])('is nobody’s by %j', (value) => {
    expect(mirrorSourceOf({ config: { 'user.incus-snapshots.source': value } })).toBeUndefined();
  });

  it.each([
    ['', []],
    ['["a","b"]', ['a', 'b']],
    ['["a",1]', ['a']],
    ['a,b', []],
    ['{}', []],
  ])('and %j is in doubt there: %j', (value, doubtful) => {
    expect(doubtfulNames({ config: { 'user.incus-snapshots.sending': value } })).toEqual(doubtful);
  });
});

describe('how a snapshot stands with its mirror', () => {
  const sending = { 'user.incus-snapshots.sending': sendingText(['half']) };
  const to = mirror([snapshot('same', 1), snapshot('other', 1), snapshot('half', 1)], { config: sending });

  it.each([
    ['same', 1, 'mirrored'],
    ['other', 2, 'differing'],
    ['half', 1, 'doubtful'],
    ['none', 1, 'missing'],
  ] as const)('%s at %d: %s', (name, at, state) => {
    expect(mirroredState(snapshot(name, at), to)).toBe(state);
  });

  it('is not known where the list is not', () => {
    expect(mirroredState(snapshot('same', 1), mirror(undefined))).toBeUndefined();
  });
});

describe('names', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'z', '0', '9', '-'), maxLength: 61 });
  const instanceName = letters.map((middle) => `a${middle}z`);

  it('of a first run are valid and known again', () => {
    fc.assert(
      fc.property(instanceName, (name) => {
        expect(checkNewInstanceName(incomingName(name), [])).toBeUndefined();
        expect(isIncomingName(incomingName(name))).toBe(true);
      }),
    );
    expect(isIncomingName('c1')).toBe(false);
  });

  it('of what is kept are valid, free and different', () => {
    const snapshots = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(instanceName, snapshots, (name, all) => {
        const taken = [`${name}-kept-a`];
        const kept = keptNames(
          name,
          all.map((one) => snapshot(one, 1)),
          taken,
        );
        const given = [...kept.values()];
        expect(new Set(given).size).toBe(all.length);
        for (const one of given) expect(checkNewInstanceName(one, taken)).toBeUndefined();
      }),
    );
  });

  it('tell what is kept', () => {
    const kept = keptNames('c1', [snapshot('before upgrade', 1)], ['c1-kept-before-upgrade']);
    expect(kept.get('before upgrade')).toBe('c1-kept-before-upgrade-2');
  });
});

describe('an instance that keeps a snapshot', () => {
  it('is no mirror, and does nothing by itself', () => {
    const config = keptConfig(IDENTITY, 's1', { ...MINE, 'boot.autostart': 'true' }, new Set());
    expect(config).toEqual({
      'user.incus-snapshots.source': '',
      'boot.autostart': 'false',
      'snapshots.schedule': '@never',
      'security.protection.delete': 'true',
      'user.incus-snapshots.kept': `${HERE}/default/c1/s1`,
    });
  });
});

describe('documented keys', () => {
  it('stand for themselves, or for all that begin so', () => {
    const knows = keyMatcher(['boot.autostart', 'user.*', 'limits.kernel.*']);
    expect(['boot.autostart', 'user.x', 'limits.kernel.nofile'].every(knows)).toBe(true);
    expect(knows('boot.autostart.delay')).toBe(false);
  });
});
