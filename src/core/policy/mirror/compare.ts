/**
 * Two lists of snapshots side by side, as a refresh sees them: it deletes those that only the target has, whatever its
 * flags say, and takes two for the same where name and second of creation are (`created_at` of a copied one is cut to
 * seconds). Read from `CreateInstanceFromMigration` in `internal/server/storage/backend.go` of Incus, and measured on
 * 6.0.4 and 7.0.2.
 */
import type { Instance, Snapshot } from '../../model.ts';
import { doubtfulNames } from './mirrorKeys.ts';

/** A name that both sides have, for two snapshots of different times. */
export interface Differing {
  readonly source: Snapshot;
  readonly target: Snapshot;
}

export interface SnapshotLists {
  /** Of the source, in order of creation. */
  readonly sent: readonly Snapshot[];
  readonly present: readonly Snapshot[];
  /** Of the target, without those that are sent again. **They are gone afterwards.** */
  readonly deleted: readonly Snapshot[];
  /** Names with two times: the target's is among `deleted`, the source's among `sent`. */
  readonly differing: readonly Differing[];
  /** Of the target: left by a run that broke off, and hollow perhaps. They are deleted and sent again. */
  readonly doubtful: readonly Snapshot[];
}

/**
 * Lays two lists of snapshots side by side, as a refresh does.
 * @param doubtful names on the target that are not to be relied on
 */
export function compareSnapshots(
  source: readonly Snapshot[],
  target: readonly Snapshot[],
  doubtful: readonly string[] = [],
): SnapshotLists {
  const inDoubt = new Set(doubtful);
  // What is being made is not there yet: the next run finds it.
  const there = source.filter(({ pending }) => !pending);
  const onTarget = new Map(target.map((one) => [one.ref.snapshot, one]));
  const onSource = new Map(there.map((one) => [one.ref.snapshot, one]));
  const isSent = (one: Snapshot) => {
    const other = onTarget.get(one.ref.snapshot);
    return !other || inDoubt.has(one.ref.snapshot) || !isSameTime(one, other);
  };
  const again = (one: Snapshot) => {
    const other = onSource.get(one.ref.snapshot);
    return other !== undefined && isSameTime(one, other);
  };
  return {
    sent: there.filter(isSent),
    present: there.filter((one) => !isSent(one)),
    deleted: target.filter((one) => !again(one)),
    differing: there.flatMap((one) => {
      const other = onTarget.get(one.ref.snapshot);
      return other && !isSameTime(one, other) ? [{ source: one, target: other }] : [];
    }),
    doubtful: target.filter((one) => inDoubt.has(one.ref.snapshot)),
  };
}

/** As Incus compares them: in whole seconds. */
export function isSameTime(a: Pick<Snapshot, 'createdAt'>, b: Pick<Snapshot, 'createdAt'>): boolean {
  return Math.floor(a.createdAt.getTime() / 1000) === Math.floor(b.createdAt.getTime() / 1000);
}

/** How a snapshot of a source stands with its mirror. */
export type SnapshotMirrored = 'mirrored' | 'missing' | 'differing' | 'doubtful';

/** How a snapshot of a source stands with a mirror, as far as the mirror's list is known. */
export function mirroredState(snapshot: Snapshot, mirror: Instance): SnapshotMirrored | undefined {
  if (!mirror.snapshots) return undefined;
  const other = mirror.snapshots.find(({ ref }) => ref.snapshot === snapshot.ref.snapshot);
  if (!other) return 'missing';
  if (doubtfulNames(mirror).includes(snapshot.ref.snapshot)) return 'doubtful';
  return isSameTime(snapshot, other) ? 'mirrored' : 'differing';
}
