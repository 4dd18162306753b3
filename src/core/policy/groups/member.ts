/** What can be a member of a group: an instance, or a custom volume. */
import {
  DEFAULT_PROJECT,
  type Instance,
  type InstanceRef,
  keyOf,
  type Snapshot,
  type Volume,
  volumeKeyOf,
  type VolumeRef,
  type VolumeSnapshot,
} from '../../model.ts';

export type Member = Instance | Volume;

export type MemberRef = InstanceRef | VolumeRef;

/** The snapshot of one member. */
export type Part = Snapshot | VolumeSnapshot;

export function isVolumeRef<V extends VolumeRef>(ref: InstanceRef | V): ref is V {
  return 'volume' in ref;
}

export function isVolumePart(part: Part): part is VolumeSnapshot {
  return isVolumeRef(part.ref);
}

function isVolumeMember(member: Member): member is Volume {
  return isVolumeRef(member.ref);
}

function isInstanceMember(member: Member): member is Instance {
  return !isVolumeMember(member);
}

export function instancesAmong(members: readonly Member[]): Instance[] {
  return members.filter(isInstanceMember);
}

export function volumesAmong(members: readonly Member[]): Volume[] {
  return members.filter(isVolumeMember);
}

/** Names one member and no other; that of a snapshot's reference is its member's. */
export function memberKey(ref: MemberRef): string {
  const { remote, project } = ref;
  if (!isVolumeRef(ref)) return keyOf({ remote, project, instance: ref.instance });
  const { pool, volume, location } = ref;
  return volumeKeyOf({ remote, project, pool, volume, ...(location !== undefined && { location }) });
}

/**
 * How a member is named where others of its group stand beside it: a volume with its pool, and the project only where it
 * is not the default one.
 */
export function memberName(ref: MemberRef): string {
  const name = isVolumeRef(ref) ? `${ref.pool}/${ref.volume}` : ref.instance;
  return ref.project === DEFAULT_PROJECT ? name : `${ref.project}/${name}`;
}

/** A member's snapshots; `undefined`: not known. */
export function partsOf({ snapshots }: Member): readonly Part[] | undefined {
  return snapshots;
}
