import { describe, expect, it } from 'vitest';
import type { Instance, Pool, Volume } from '../../../../../src/core/model.ts';
import { planVolumeRestore } from '../../../../../src/core/policy/volumes/volumeRestore.ts';

const ref = { remote: 'local', project: 'default', pool: 'default', volume: 'data' };
const snapshots = ['one', 'two', 'three'].map((snapshot, i) => ({
  ...{ ref: { ...ref, snapshot }, createdAt: new Date(2026, 0, 1 + i), description: '', config: {} },
}));

function volume(config: Record<string, string> = {}): Volume {
  return {
    ...{ ref, contentType: 'filesystem', description: '', createdAt: new Date(0), config, usedBy: [], snapshots },
  };
}

function user(instance: string, status: string, ephemeral = false): Instance {
  return {
    ...{ ref: { remote: 'local', project: 'default', instance }, type: 'container', status, ephemeral },
    ...{ architecture: '', description: '', createdAt: new Date(0), profiles: [] },
    ...{ config: {}, devices: {}, expandedConfig: {}, expandedDevices: {} },
  };
}

const btrfs: Pool = { name: 'default', driver: 'btrfs', config: {} };
const zfs: Pool = { name: 'default', driver: 'zfs', config: {} };
const plan = (more: Partial<Parameters<typeof planVolumeRestore>[0]> = {}) =>
  planVolumeRestore({ volume: volume(), snapshot: snapshots[1]!, pool: btrfs, users: [], ...more });

describe('what restoring a volume would do', () => {
  it('costs nothing on a pool that keeps newer snapshots', () => {
    expect(plan()).toEqual({ users: [], lostSnapshots: [], endangeredSnapshots: [], safetySnapshotHelps: true });
  });

  it('names those that run, a frozen one among them, beside those that do not', () => {
    const users = [user('a', 'Running'), user('b', 'Frozen'), user('c', 'Stopped')];
    expect(plan({ users }).users.map((one) => [one.ref.instance, one.isRunning, one.isFrozen])).toEqual([
      ['a', true, false],
      ['b', true, true],
      ['c', false, false],
    ]);
  });

  it('is not done where an instance would have to be stopped that deletes itself then', () => {
    const users = [user('a', 'Running', true), user('b', 'Stopped', true)];
    expect(plan({ users }).blockedBy).toEqual({ reason: 'ephemeral', instances: [users[0]!.ref] });
    expect(plan({ users: users.slice(1) }).blockedBy).toBeUndefined();
  });

  it('is not done by itself where the volume goes with its instance', () => {
    const users = [user('a', 'Running')];
    expect(plan({ volume: volume({ dependent: 'true' }), users }).blockedBy).toEqual({
      reason: 'dependent',
      instances: [users[0]!.ref],
    });
  });

  it('goes back to the newest snapshot only on some pools, unless newer ones may go', () => {
    const blocked = plan({ pool: zfs });
    expect(blocked.blockedBy).toEqual({
      reason: 'newerSnapshots',
      setting: 'zfs.remove_snapshots',
      snapshots: ['three'],
    });
    expect(plan({ pool: zfs, snapshot: snapshots[2]! }).blockedBy).toBeUndefined();
    const removing = plan({ pool: zfs, volume: volume({ 'zfs.remove_snapshots': 'true' }) });
    expect(removing.blockedBy).toBeUndefined();
    expect(removing.lostSnapshots).toEqual(['three']);
    expect(removing.safetySnapshotHelps).toBe(false);
  });

  it('says what is in danger where nothing is known of the pool', () => {
    expect(plan({ pool: undefined }).endangeredSnapshots).toEqual(['three']);
    expect(plan({ pool: undefined }).safetySnapshotHelps).toBe(false);
  });
});
