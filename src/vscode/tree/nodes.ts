import { type InstanceRef, keyOf, type ProjectRef, type SnapshotRef } from '../../core/model.ts';

/**
 * Rows of the tree, as handles: they name what they stand for, and what it is like is asked of the inventory when the
 * row is drawn. Ids hold nothing that changes.
 */
export interface RemoteNode {
  readonly kind: 'remote';
  readonly id: string;
  readonly remote: string;
}

export interface ProjectNode {
  readonly kind: 'project';
  readonly id: string;
  readonly ref: ProjectRef;
}

export interface InstanceNode {
  readonly kind: 'instance';
  readonly id: string;
  readonly ref: InstanceRef;
}

export interface SnapshotNode {
  readonly kind: 'snapshot';
  readonly id: string;
  readonly ref: SnapshotRef;
}

/** Something that has to be said where rows would be. */
export interface NoteNode {
  readonly kind: 'note';
  readonly id: string;
  readonly note: Note;
}

export type Note =
  /** There are none, and the server may be believed. */
  | 'noInstances'
  /** There are some, and the filter shows none of them. */
  | 'noneFits'
  /** The server shows none, but this client's access may be limited. */
  | 'noInstancesVisible'
  | 'loading'
  /** The snapshots could not be read: that is not "none". */
  | 'snapshotsUnknown';

export type Node = RemoteNode | ProjectNode | InstanceNode | SnapshotNode | NoteNode;

export function remoteNode(remote: string): RemoteNode {
  return { kind: 'remote', id: keyOf({ remote }), remote };
}

export function projectNode({ remote, project }: ProjectRef): ProjectNode {
  return { kind: 'project', id: keyOf({ remote, project }), ref: { remote, project } };
}

export function instanceNode({ remote, project, instance }: InstanceRef): InstanceNode {
  const ref = { remote, project, instance };
  return { kind: 'instance', id: keyOf(ref), ref };
}

export function snapshotNode({ remote, project, instance, snapshot }: SnapshotRef): SnapshotNode {
  const ref = { remote, project, instance, snapshot };
  return { kind: 'snapshot', id: keyOf(ref), ref };
}

/** `?` stands in no id of another node: names are encoded in them. */
export function noteNode(parent: string, note: Note): NoteNode {
  return { kind: 'note', id: `${parent}?${note}`, note };
}
