import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instance, Pool, Snapshot } from '../../../../src/core/model.ts';
import { planRestore, type RestoreInput } from '../../../../src/core/policy/restore.ts';

const ref = { remote: 'local', project: 'default', instance: 'c1' };

function snapshot(name: string, more: Partial<Snapshot> = {}): Snapshot {
  return {
    ref: { ...ref, snapshot: name },
    createdAt: new Date(0),
    stateful: false,
    ephemeral: false,
    config: {},
    devices: {},
    description: '',
    ...more,
  };
}

const s0 = snapshot('s0');
const s1 = snapshot('s1');
const s2 = snapshot('s2');

function instance(more: Partial<Instance> = {}): Instance {
  return {
    ref,
    type: 'container',
    status: 'Running',
    ephemeral: false,
    architecture: 'x86_64',
    description: '',
    createdAt: new Date(0),
    profiles: ['default'],
    config: {},
    devices: {},
    expandedConfig: {},
    expandedDevices: { root: { type: 'disk', path: '/', pool: 'default' } },
    snapshots: [s0, s1, s2],
    ...more,
  };
}

const pool = (driver: string, config: Pool['config'] = {}): Pool => ({ name: 'default', driver, config });

function plan(more: Partial<RestoreInput> = {}) {
  return planRestore({
    instance: instance(),
    snapshot: s0,
    pool: pool('dir'),
    extensions: new Set(),
    mode: 'all',
    ...more,
  });
}

const DISK_ONLY = new Set(['instance_snapshot_disk_only_restore']);
const DEPENDENT = new Set(['dependent']);

describe('newer snapshots', () => {
  it.each(['dir', 'btrfs', 'lvm', 'ceph', 'lvmcluster'])('stay on %s', (driver) => {
    expect(plan({ pool: pool(driver) })).toMatchObject({ lostSnapshots: [], endangeredSnapshots: [] });
    expect(plan({ pool: pool(driver) }).blockedBy).toBeUndefined();
  });

  it.each(['zfs', 'linstor', 'truenas'])(
    'stand against the restore on %s, as long as it may not drop them',
    (driver) => {
      const setting = `${driver}.remove_snapshots`;
      for (const value of [{}, { [`volume.${setting}`]: 'false' }, { [`volume.${setting}`]: '' }]) {
        const { blockedBy, lostSnapshots } = plan({ pool: pool(driver, value) });
        expect(blockedBy).toEqual({ reason: 'newerSnapshots', setting, snapshots: [s1, s2] });
        expect(lostSnapshots).toEqual([]);
      }
    },
  );

  it.each(['zfs', 'linstor', 'truenas'])('are told as lost on %s where it may drop them', (driver) => {
    for (const value of ['true', 'YES', '1']) {
      const told = plan({ pool: pool(driver, { [`volume.${driver}.remove_snapshots`]: value }), snapshot: s1 });
      expect(told.lostSnapshots).toEqual([s2]);
      expect(told.blockedBy).toBeUndefined();
    }
  });

  it('are no matter for the newest snapshot', () => {
    for (const config of [{}, { 'volume.zfs.remove_snapshots': 'true' }]) {
      expect(plan({ pool: pool('zfs', config), snapshot: s2 })).toMatchObject({ lostSnapshots: [] });
      expect(plan({ pool: pool('zfs', config), snapshot: s2 }).blockedBy).toBeUndefined();
    }
  });

  it('are judged by the volume before the pool', () => {
    const may = { 'zfs.remove_snapshots': 'true' };
    const mayNot = { 'zfs.remove_snapshots': '' };
    expect(plan({ pool: pool('zfs'), rootVolumeConfig: may }).lostSnapshots).toEqual([s1, s2]);
    const yes = pool('zfs', { 'volume.zfs.remove_snapshots': 'true' });
    expect(plan({ pool: yes, rootVolumeConfig: mayNot }).blockedBy?.reason).toBe('newerSnapshots');
    expect(plan({ pool: yes, rootVolumeConfig: {} }).lostSnapshots).toEqual([s1, s2]);
  });

  it('are a chain on lvmcluster only in qcow2 volumes', () => {
    const cluster = pool('lvmcluster', { 'volume.block.type': 'qcow2' });
    expect(plan({ pool: cluster }).blockedBy?.reason).toBe('newerSnapshots');
    expect(plan({ pool: cluster, rootVolumeConfig: {} }).blockedBy).toBeUndefined();
    const drops = { 'block.type': 'qcow2', 'lvmcluster.remove_snapshots': 'true' };
    expect(plan({ pool: pool('lvmcluster'), rootVolumeConfig: drops }).lostSnapshots).toEqual([s1, s2]);
  });

  it('are told as endangered where nothing is known of the pool', () => {
    expect(plan({ pool: undefined })).toMatchObject({ lostSnapshots: [], endangeredSnapshots: [s1, s2] });
    expect(plan({ pool: undefined, snapshot: s2 }).endangeredSnapshots).toEqual([]);
  });

  it('that are not known stop the restore where they could be lost, and only there', () => {
    const { snapshots: _, ...unread } = instance();
    expect(plan({ instance: unread, pool: pool('zfs') }).blockedBy).toEqual({ reason: 'snapshotsUnknown' });
    expect(plan({ instance: unread, pool: undefined }).blockedBy).toEqual({ reason: 'snapshotsUnknown' });
    expect(plan({ instance: unread, pool: pool('btrfs') }).blockedBy).toBeUndefined();
    expect(plan({ snapshot: snapshot('gone'), pool: pool('zfs') }).blockedBy).toEqual({ reason: 'snapshotsUnknown' });
  });

  it('stand against it on any pool where volumes depend on the instance', () => {
    const expandedDevices = {
      ...instance().expandedDevices,
      data: { type: 'disk', pool: 'p', source: 'v', path: '/data', dependent: 'true' },
    };
    const bound = instance({ expandedDevices });
    expect(plan({ instance: bound, extensions: DEPENDENT }).blockedBy).toEqual({
      reason: 'dependentDisks',
      snapshots: [s1, s2],
      devices: ['data'],
    });
    expect(plan({ instance: bound, extensions: DEPENDENT, snapshot: s2 }).blockedBy).toBeUndefined();
    expect(plan({ instance: bound }).blockedBy).toBeUndefined();
  });
});

describe('what a restore brings back', () => {
  const today = instance({
    config: {
      'limits.memory': '2GiB',
      'snapshots.schedule': '@daily',
      'user.same': 'x',
      'volatile.eth0.hwaddr': '00:16:3e:00:00:01',
      'volatile.uuid.generation': 'a',
      'volatile.last_state.power': 'RUNNING',
    },
    devices: { d1: { type: 'disk', source: '/a', path: '/a' }, d2: { type: 'none' }, same: { type: 'none' } },
    description: 'today',
  });
  const then = snapshot('s0', {
    config: {
      'snapshots.expiry': '1w',
      'snapshots.pattern': '',
      'user.same': 'x',
      'volatile.uuid.generation': 'b',
      'volatile.eth0.hwaddr': '00:16:3e:00:00:02',
      'volatile.idmap.base': '0',
    },
    devices: {
      d1: { type: 'disk', source: '/b', path: '/a', readonly: 'true' },
      d3: { type: 'none' },
      same: { type: 'none' },
    },
    description: 'then',
  });
  const told = plan({ instance: today, snapshot: then });

  it('is every key that changes, and nothing of what Incus keeps for itself', () => {
    expect(told.configChanges).toEqual([
      { key: 'limits.memory', from: '2GiB' },
      { key: 'snapshots.expiry', to: '1w' },
      { key: 'snapshots.schedule', from: '@daily' },
      { key: 'volatile.eth0.hwaddr', from: '00:16:3e:00:00:01', to: '00:16:3e:00:00:02' },
    ]);
  });

  it('is every device', () => {
    expect(told.deviceChanges).toEqual([
      {
        device: 'd1',
        kind: 'changed',
        keys: [
          { key: 'readonly', to: 'true' },
          { key: 'source', from: '/a', to: '/b' },
        ],
      },
      { device: 'd2', kind: 'removed', keys: [{ key: 'type', from: 'none' }] },
      { device: 'd3', kind: 'added', keys: [{ key: 'type', to: 'none' }] },
    ]);
  });

  it('is the description', () => {
    expect(told.otherChanges).toEqual([{ field: 'description', from: 'today', to: 'then' }]);
  });

  it("can be undone for the snapshots' own settings", () => {
    expect(told.scheduleKeys).toEqual(['snapshots.expiry', 'snapshots.schedule']);
    expect(told.keepSettings).toEqual({ 'snapshots.expiry': '', 'snapshots.schedule': '@daily' });
  });

  it('is the disk alone if that is asked for', () => {
    const disk = plan({ instance: today, snapshot: then, mode: 'diskOnly', extensions: DISK_ONLY });
    expect(disk).toMatchObject({
      configChanges: [],
      deviceChanges: [],
      otherChanges: [],
      scheduleKeys: [],
      keepSettings: {},
    });
    expect(disk.blockedBy).toBeUndefined();
  });

  it('is not asked of a server that would restore everything instead', () => {
    expect(plan({ mode: 'diskOnly' }).blockedBy).toEqual({ reason: 'diskOnlyUnsupported' });
    expect(plan().offersDiskOnly).toBe(false);
    expect(plan({ extensions: DISK_ONLY }).offersDiskOnly).toBe(true);
  });

  it('can always be put right: with the kept settings set afterwards, all of `snapshots.*` is as today', () => {
    const config = fc.dictionary(
      fc.constantFrom('snapshots.schedule', 'snapshots.expiry', 'snapshots.pattern', 'user.x'),
      fc.constantFrom('', 'a', 'b'),
    );
    const snapshotKeys = (values: Record<string, string>) =>
      Object.entries(values)
        .filter(([key, value]) => key.startsWith('snapshots.') && value !== '')
        .toSorted();
    fc.assert(
      fc.property(config, config, (before, after) => {
        const { keepSettings } = plan({
          instance: instance({ config: before }),
          snapshot: snapshot('s0', { config: after }),
        });
        expect(snapshotKeys({ ...after, ...keepSettings })).toEqual(snapshotKeys(before));
      }),
    );
  });

  it('is told the same way however the server orders its keys', () => {
    const turned = (config: Record<string, string>) => Object.fromEntries(Object.entries(config).toReversed());
    const again = plan({
      instance: { ...today, config: turned(today.config), devices: { ...today.devices } },
      snapshot: { ...then, config: turned(then.config) },
    });
    expect(JSON.stringify(again)).toBe(JSON.stringify(told));
  });
});

describe('an ephemeral instance', () => {
  it('must not be stopped while it runs; Incus keeps its settings itself', () => {
    const told = plan({
      instance: instance({ ephemeral: true, config: { 'snapshots.schedule': '@daily' } }),
      snapshot: s2,
    });
    expect(told).toMatchObject({ wasRunning: true, stopWouldDelete: true, configChanges: [], otherChanges: [] });
  });

  it('becomes a lasting one if it does not run, which is told', () => {
    const told = plan({ instance: instance({ ephemeral: true, status: 'Stopped' }), snapshot: s2 });
    expect(told).toMatchObject({ wasRunning: false, stopWouldDelete: false });
    expect(told.otherChanges).toEqual([{ field: 'ephemeral', from: true, to: false }]);
  });
});

describe('our own marks on the instance', () => {
  const mark = 'user.incus-snapshots.pin.5';

  it('outlast a restore, and are none of the changes that a user is asked about', () => {
    const told = plan({ instance: instance({ config: { [mark]: 'true' } }), snapshot: snapshot('s0') });
    expect(told).toMatchObject({ configChanges: [], keepMarks: { [mark]: 'true' } });
  });

  it('are not brought back by it either', () => {
    const told = plan({ snapshot: snapshot('s0', { config: { [mark]: 'true' } }) });
    expect(told).toMatchObject({ configChanges: [], keepMarks: { [mark]: '' } });
    expect(plan({ snapshot: snapshot('s0', { config: { [mark]: 'true' } }), mode: 'diskOnly' }).keepMarks).toEqual({});
  });
});

describe('the rest', () => {
  it.each([
    ['Running', true],
    ['Ready', true],
    ['Frozen', true],
    ['Stopped', false],
    ['Error', false],
  ])('an instance that is %s was running: %s', (status, wasRunning) => {
    expect(plan({ instance: instance({ status }) }).wasRunning).toBe(wasRunning);
  });

  it('names the volumes whose contents stay as they are', () => {
    const expandedDevices = {
      root: { type: 'disk', path: '/', pool: 'default' },
      b: { type: 'disk', path: '/b', pool: 'p', source: 'vol2' },
      a: { type: 'disk', path: '/a', pool: 'p', source: 'vol1' },
      again: { type: 'disk', path: '/again', pool: 'p', source: 'vol1' },
      bound: { type: 'disk', path: '/c', pool: 'p', source: 'vol3', dependent: 'true' },
      host: { type: 'disk', path: '/tmp', source: '/tmp' },
      eth0: { type: 'nic', network: 'incusbr0' },
    };
    const bound = instance({ expandedDevices });
    expect(plan({ instance: bound, snapshot: s2 }).attachedVolumes).toEqual(['p/vol1', 'p/vol2', 'p/vol3']);
    expect(plan({ instance: bound, snapshot: s2, extensions: DEPENDENT }).attachedVolumes).toEqual([
      'p/vol1',
      'p/vol2',
    ]);
  });
});
