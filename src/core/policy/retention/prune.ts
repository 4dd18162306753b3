/** What pruning an instance would delete, and what stands against it. */
import type { Instance, Snapshot } from '../../model.ts';
import { isSameTime } from '../mirror/compare.ts';
import { mirrorSourceOf } from '../mirror/mirrorKeys.ts';
import { checkSnapshotUse } from '../names.ts';
import { isPinned } from './pins.ts';
import { type Mark, planRetention, type Protection, type Retention } from './retention.ts';

export interface PruneInput {
  /** Read afresh, with its snapshots. */
  readonly instance: Instance;
  /** Of a mirror: its original with its snapshots; `undefined`: it is gone, or cannot be seen. */
  readonly original: Instance | undefined;
  readonly rules: Retention;
  /** The time zone of the instance's server. */
  readonly zone: string;
}

/** Marks the snapshots, the newest first; `undefined` where it is not known which there are. */
export function planPrune({ instance, original, rules, zone }: PruneInput): Mark<Snapshot>[] | undefined {
  const { snapshots } = instance;
  return snapshots && planRetention(snapshots, rules, zone, (one) => protectionOf(one, instance, original));
}

/** Whether a snapshot would be deleted. Deleting some of those that would changes nothing for the others. */
export function isToGo(input: PruneInput, { ref, createdAt }: Pick<Snapshot, 'ref' | 'createdAt'>): boolean {
  return (planPrune(input) ?? []).some(
    ({ snapshot, keptBy }) =>
      keptBy === undefined &&
      snapshot.ref.snapshot === ref.snapshot &&
      snapshot.createdAt.getTime() === createdAt.getTime(),
  );
}

function protectionOf(snapshot: Snapshot, instance: Instance, original: Instance | undefined): Protection | undefined {
  if (snapshot.pending) return 'pending';
  if (isPinned(instance, snapshot)) return 'pinned';
  if (checkSnapshotUse(snapshot.ref.snapshot, 'deleteByPath')) return 'oddName';
  if (!mirrorSourceOf(instance)) return undefined;
  const isAtOriginal = original?.snapshots?.some(
    (one) => one.ref.snapshot === snapshot.ref.snapshot && isSameTime(one, snapshot) && !one.pending,
  );
  return isAtOriginal ? undefined : 'onlyHere';
}
