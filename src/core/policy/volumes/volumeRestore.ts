/**
 * What restoring a snapshot of a custom volume would do, told before it is done.
 *
 * Read from Incus: `RestoreCustomVolume` in `internal/server/storage/backend.go`; that it refuses while a running instance
 * uses the volume, and what it says of dependent ones, was measured (6.0.4, 7.0.2).
 */
import {
  type Instance,
  type InstanceRef,
  isDependent,
  isRunning,
  type Pool,
  type Volume,
  type VolumeSnapshot,
} from '../../model.ts';
import { stopDeletes } from '../lifecycle.ts';
import { removalSetting } from '../restore.ts';

export interface VolumeRestoreInput {
  /** Read afresh, with its snapshots. */
  readonly volume: Volume;
  readonly snapshot: VolumeSnapshot;
  /** `undefined`: not known, or not to be read by this client. */
  readonly pool: Pool | undefined;
  /** The instances that use it, read afresh. */
  readonly users: readonly Instance[];
}

/** An instance that uses the volume. */
export interface VolumeUser {
  readonly ref: InstanceRef;
  /** It executes, a frozen one included: it is to be stopped for the restore, and started again. */
  readonly isRunning: boolean;
  readonly isFrozen: boolean;
}

/** Why it cannot be done. */
export type VolumeRestoreBlock =
  /** It goes with an instance: restoring that, to its newest snapshot, brings it back. */
  | { readonly reason: 'dependent'; readonly instances: readonly InstanceRef[] }
  /** Stopping these for it would delete them. */
  | { readonly reason: 'ephemeral'; readonly instances: readonly InstanceRef[] }
  /** The pool restores the newest snapshot only; `setting` is the key that would have it delete the newer ones. */
  | { readonly reason: 'newerSnapshots'; readonly setting: string; readonly snapshots: readonly string[] };

export interface VolumeRestorePlan {
  /** By project and name. */
  readonly users: readonly VolumeUser[];
  /** Names of snapshots newer than this one that the pool deletes. */
  readonly lostSnapshots: readonly string[];
  /** The same, where the pool is not known and may be of the kind that does so. */
  readonly endangeredSnapshots: readonly string[];
  readonly blockedBy?: VolumeRestoreBlock;
  /** Whether a snapshot made just before survives, and does not itself stand against the restore. */
  readonly safetySnapshotHelps: boolean;
}

/** What restoring the snapshot would do. */
export function planVolumeRestore({ volume, snapshot, pool, users }: VolumeRestoreInput): VolumeRestorePlan {
  const newer = newerThan(snapshot, volume.snapshots).map(({ ref }) => ref.snapshot);
  const setting = pool && removalSetting(pool, volume.config);
  const blockedBy = blockOf(volume, users, newer, setting);
  return {
    users: users.map((user) => ({ ref: user.ref, isRunning: isRunning(user), isFrozen: user.status === 'Frozen' })),
    lostSnapshots: setting?.removes ? newer : [],
    endangeredSnapshots: pool ? [] : newer,
    ...(blockedBy && { blockedBy }),
    safetySnapshotHelps: pool !== undefined && !setting,
  };
}

function blockOf(
  volume: Volume,
  users: readonly Instance[],
  newer: readonly string[],
  setting: ReturnType<typeof removalSetting>,
): VolumeRestoreBlock | undefined {
  if (isDependent(volume)) return { reason: 'dependent', instances: users.map(({ ref }) => ref) };
  const ephemeral = users.filter((user) => isRunning(user) && stopDeletes(user));
  if (ephemeral.length > 0) return { reason: 'ephemeral', instances: ephemeral.map(({ ref }) => ref) };
  if (!setting || setting.removes || newer.length === 0) return undefined;
  return { reason: 'newerSnapshots', setting: setting.key, snapshots: newer };
}

function newerThan(snapshot: VolumeSnapshot, all: readonly VolumeSnapshot[]): readonly VolumeSnapshot[] {
  const index = all.findIndex((other) => other.ref.snapshot === snapshot.ref.snapshot);
  return index < 0 ? [] : all.slice(index + 1);
}
