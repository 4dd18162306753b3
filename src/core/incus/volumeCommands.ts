import type { Config, TransferMode, VolumeRef, VolumeSnapshotRef } from '../model.ts';
import { checkSnapshotUse, snapshotPathSegment } from '../policy/names.ts';
import {
  apiPath,
  changes,
  type IncusCommand,
  inProject,
  type NewSnapshot,
  type Query,
  send,
  wireTime,
} from './commands.ts';

/**
 * Argvs about custom volumes and their snapshots. None can delete or overwrite a volume that is there: deleting takes the
 * snapshots along, and Incus' own `snapshot delete VOLUME ..` does just that (7.0.2).
 */

const poolOf = (ref: VolumeRef): string => `${ref.remote}:${ref.pool}`;
const onMember = ({ location }: VolumeRef): string[] => (location === undefined ? [] : ['--target', location]);

function placeQuery({ project, location }: VolumeRef): Query {
  return { project, ...(location !== undefined && { target: location }) };
}

/** Path of a custom volume. */
export function volumePath(ref: VolumeRef, query: Query = {}): string {
  return apiPath(['storage-pools', ref.pool, 'volumes', 'custom', ref.volume], { ...placeQuery(ref), ...query });
}

/** Path of the list of a custom volume's snapshots. */
export function volumeSnapshotsPath(ref: VolumeRef, query: Query = {}): string {
  const segments = ['storage-pools', ref.pool, 'volumes', 'custom', ref.volume, 'snapshots'];
  return apiPath(segments, { ...placeQuery(ref), ...query });
}

/** Path of one snapshot of a custom volume. */
export function volumeSnapshotPath(ref: VolumeSnapshotRef): string {
  const snapshots = apiPath(['storage-pools', ref.pool, 'volumes', 'custom', ref.volume, 'snapshots']);
  const search = new URLSearchParams(placeQuery(ref)).toString();
  return `${snapshots}/${snapshotPathSegment(ref.snapshot)}?${search}`;
}

/** Makes a snapshot. With an expiry it goes through the API, since the 6.0 client has no flag for it. */
export function createVolumeSnapshot(ref: VolumeRef, snapshot: Omit<NewSnapshot, 'stateful'>): IncusCommand {
  if (snapshot.expiresAt) {
    return send(ref.remote, 'POST', volumeSnapshotsPath(ref), {
      ...(snapshot.name !== undefined && { name: snapshot.name }),
      expires_at: wireTime(snapshot.expiresAt),
    });
  }
  const names = [poolOf(ref), ref.volume, ...(snapshot.name === undefined ? [] : [snapshot.name])];
  return changes('storage', 'volume', 'snapshot', 'create', ...inProject(ref), ...onMember(ref), '--', ...names);
}

/**
 * Brings a volume back to one of its snapshots. Incus refuses while a running instance uses it, and looks no further than
 * that: it must be known that the snapshot is there.
 */
export function restoreVolumeSnapshot(ref: VolumeSnapshotRef): IncusCommand {
  const names = [poolOf(ref), ref.volume, ref.snapshot];
  return changes('storage', 'volume', 'snapshot', 'restore', ...inProject(ref), ...onMember(ref), '--', ...names);
}

/** Gives a snapshot another name. */
export function renameVolumeSnapshot(ref: VolumeSnapshotRef, name: string): IncusCommand {
  const names = [poolOf(ref), ref.volume, ref.snapshot, name];
  return changes('storage', 'volume', 'snapshot', 'rename', ...inProject(ref), ...onMember(ref), '--', ...names);
}

/** Deletes one snapshot, and nothing else; by a path where the CLI's own verb would hand the name over as another one. */
export function deleteVolumeSnapshot(ref: VolumeSnapshotRef): IncusCommand {
  if (checkSnapshotUse(ref.snapshot, 'delete')) {
    return changes('query', '--raw', '--wait', '-X', 'DELETE', '--', `${ref.remote}:${volumeSnapshotPath(ref)}`);
  }
  const names = [poolOf(ref), ref.volume, ref.snapshot];
  return changes('storage', 'volume', 'snapshot', 'delete', ...inProject(ref), ...onMember(ref), '--', ...names);
}

/** Sets when a snapshot expires. */
export function setVolumeSnapshotExpiry(ref: VolumeSnapshotRef, expiresAt: Date | 'never'): IncusCommand {
  return send(ref.remote, 'PATCH', volumeSnapshotPath(ref), { expires_at: wireTime(expiresAt) });
}

/** Sets keys of a volume's configuration; an empty value takes the key away. */
export function setVolumeConfig(ref: VolumeRef, config: Config): IncusCommand {
  const pairs = Object.entries(config).map(([key, value]) => `${key}=${value}`);
  const names = [poolOf(ref), ref.volume, ...pairs];
  return changes('storage', 'volume', 'set', ...inProject(ref), ...onMember(ref), '--', ...names);
}

/**
 * Makes a volume of its own out of a snapshot, there or elsewhere; where the name is taken, Incus refuses. It has the
 * configuration of the volume, its schedule and our marks too: nothing can be said of that in the same call.
 */
export function copyVolumeSnapshot(from: VolumeSnapshotRef, to: VolumeRef, mode?: TransferMode): IncusCommand {
  const flags = [
    ...(to.project === from.project ? [] : ['--target-project', to.project]),
    ...(mode === undefined ? [] : ['--mode', mode]),
    ...onMember(from),
    ...(to.location === undefined ? [] : ['--destination-target', to.location]),
  ];
  const names = [`${poolOf(from)}/${from.volume}/${from.snapshot}`, `${poolOf(to)}/${to.volume}`];
  return changes('storage', 'volume', 'copy', ...inProject(from), '-q', ...flags, '--', ...names);
}
