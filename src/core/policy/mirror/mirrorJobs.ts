/** Which instance is mirrored to where, and when a run counts as whole. */
import { type InstanceRef, keyOf, type Snapshot, type SnapshotServerPair, type TransferMode } from '../../model.ts';
import { compareSnapshots } from './compare.ts';

/** One instance, and where its mirror is. */
export interface MirrorJob {
  readonly source: InstanceRef;
  /** It bears the source's name. */
  readonly target: InstanceRef;
  readonly mode: TransferMode;
  /** Pool of the mirror's root disk, for a first run; absent: the one of that name, or of the target's profile. */
  readonly pool?: string;
  /** A way back: the source stands in for the target. */
  readonly isFailback?: boolean;
}

/** What a pair makes of an instance of its `from`. */
export function jobFor(pair: SnapshotServerPair, { project, instance }: InstanceRef): MirrorJob {
  return {
    source: { remote: pair.from, project, instance },
    target: { remote: pair.to, project: pair.targetProject ?? project, instance },
    mode: pair.mode,
    ...(pair.targetPool !== undefined && { pool: pair.targetPool }),
  };
}

/** Names a job and no other. */
export function jobKey({ source, target }: MirrorJob): string {
  return `${keyOf(source)} ${keyOf(target)}`;
}

/** What is wrong with a mirror's list of snapshots, by name. */
export interface ListFaults {
  readonly missing: readonly string[];
  /** There, and on no list of the source; or of another time than there. */
  readonly foreign: readonly string[];
}

/**
 * Holds a mirror's list against its source's, exactly: by name and second. A source lives on while it is sent: what it
 * made or lost meanwhile may be there or not.
 * @param before the source's list, as it was when the sending began
 * @param after the same, when it had ended
 */
export function listFaults(
  before: readonly Snapshot[],
  after: readonly Snapshot[],
  mirror: readonly Snapshot[],
): ListFaults {
  const throughout = compareSnapshots(before, after).present;
  const missing = compareSnapshots(throughout, mirror).sent;
  const known = [before, after].map((list) => new Set(compareSnapshots(list, mirror).deleted));
  const foreign = mirror.filter((one) => known.every((strangers) => strangers.has(one)));
  const names = (all: readonly Snapshot[]) => all.map(({ ref }) => ref.snapshot);
  return { missing: names(missing), foreign: names(foreign) };
}
