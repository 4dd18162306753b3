import { keyOf, volumeKeyOf, type VolumeRef, type VolumeSnapshotRef } from '../../core/model.ts';

/** Rows of the view of volumes, as handles: what they are like is asked of the inventory when they are drawn. */
export type VolumeNode =
  | { readonly kind: 'volumeRemote'; readonly id: string; readonly remote: string }
  | { readonly kind: 'pool'; readonly id: string; readonly remote: string; readonly pool: string }
  | { readonly kind: 'volume'; readonly id: string; readonly ref: VolumeRef }
  | { readonly kind: 'volumeSnapshot'; readonly id: string; readonly ref: VolumeSnapshotRef }
  | { readonly kind: 'volumeNote'; readonly id: string; readonly note: VolumeNote };

export type VolumeNote = 'loading' | 'failed' | 'noVolumes';

export function volumeRemoteNode(remote: string): VolumeNode {
  return { kind: 'volumeRemote', id: keyOf({ remote }), remote };
}

export function poolNode(remote: string, pool: string): VolumeNode {
  return { kind: 'pool', id: keyOf({ remote, project: 'storage', instance: pool }), remote, pool };
}

export function volumeNode(at: VolumeRef): VolumeNode & { kind: 'volume' } {
  const ref = volumeRefOf(at);
  return { kind: 'volume', id: volumeKeyOf(ref), ref };
}

export function volumeSnapshotNode(at: VolumeSnapshotRef): VolumeNode {
  const ref = { ...volumeRefOf(at), snapshot: at.snapshot };
  return { kind: 'volumeSnapshot', id: volumeKeyOf(ref), ref };
}

export function volumeNoteNode(parent: string, note: VolumeNote): VolumeNode {
  return { kind: 'volumeNote', id: `${parent}?${note}`, note };
}

function volumeRefOf({ remote, project, pool, volume, location }: VolumeRef): VolumeRef {
  return { remote, project, pool, volume, ...(location !== undefined && { location }) };
}
