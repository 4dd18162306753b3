/**
 * Which snapshots of a group's members are one set: those of one name. A set is whole only where every member has its
 * part, made in the same run; a name that an older snapshot happens to have makes nothing whole.
 */
import { isVolumePart, type Member, memberKey, type MemberRef, type Part, partsOf } from './member.ts';

export type SetState =
  /** Every member has its part. */
  | 'complete'
  /** Members have none, and all that there is is known. */
  | 'incomplete'
  /** All have one, made so far from each other that no run made them together. */
  | 'apart'
  /** Parts are still being made. */
  | 'pending'
  /** Of some member it is not known which snapshots it has. */
  | 'unknown';

export interface SnapshotSet {
  readonly name: string;
  readonly state: SetState;
  /** The parts that are there, in the order of the members. */
  readonly parts: readonly Part[];
  readonly missing: readonly MemberRef[];
  /** Members of which nothing is known. None: it is not known who belongs to it. */
  readonly unknown: readonly MemberRef[];
  /** When its newest part was made. */
  readonly createdAt: Date;
  /** Milliseconds between its oldest and its newest part. */
  readonly span: number;
}

/** Milliseconds within which one run makes its parts, those of a schedule among them. */
const ONE_RUN = 3_600_000;

/** Members that must have a snapshot of a name for it to be more than one of theirs. */
const SEVERAL = 2;

/** The sets of a group, newest first. `snapshots` that are not known leave a set unknown, not whole. */
export function setsOf(members: readonly Member[]): SnapshotSet[] {
  const names = new Map<string, Part[]>();
  for (const member of members) {
    for (const snapshot of partsOf(member) ?? []) {
      const { snapshot: name } = snapshot.ref;
      names.set(name, [...(names.get(name) ?? []), snapshot]);
    }
  }
  const atLeast = Math.min(SEVERAL, members.length);
  return [...names]
    .filter(([, parts]) => parts.length >= atLeast)
    .map(([name, parts]) => setOf(name, parts, members))
    .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
}

/** One set by its name, whatever its parts; `undefined` where no member has any. */
export function setNamed(name: string, members: readonly Member[]): SnapshotSet | undefined {
  const parts = members.flatMap((member) => (partsOf(member) ?? []).filter(({ ref }) => ref.snapshot === name));
  return parts.length === 0 ? undefined : setOf(name, parts, members);
}

function setOf(name: string, parts: readonly Part[], members: readonly Member[]): SnapshotSet {
  const has = new Set(parts.map(({ ref }) => memberKey(ref)));
  const without = members.filter(({ ref }) => !has.has(memberKey(ref)));
  const missing = without.filter(({ snapshots }) => snapshots).map(({ ref }) => ref);
  const unknown = without.filter(({ snapshots }) => !snapshots).map(({ ref }) => ref);
  const times = parts.map(({ createdAt }) => createdAt.getTime());
  const span = Math.max(...times) - Math.min(...times);
  const state = stateOf(parts, missing.length, unknown.length, span);
  return { name, state, parts, missing, unknown, createdAt: new Date(Math.max(...times)), span };
}

function stateOf(parts: readonly Part[], missing: number, unknown: number, span: number): SetState {
  if (parts.some(isPending)) return 'pending';
  if (unknown > 0) return 'unknown';
  if (missing > 0) return 'incomplete';
  return span > ONE_RUN ? 'apart' : 'complete';
}

/** Volumes are listed with what is there alone. */
export function isPending(part: Part): boolean {
  return !isVolumePart(part) && part.pending === true;
}

/** The set as it is to be taken where members may be missing of which nobody has heard: it is not to pass for whole. */
export function unsure(set: SnapshotSet): SnapshotSet {
  return set.state === 'complete' ? { ...set, state: 'unknown' } : set;
}

/** Whether any member has a snapshot of this name, so that a set of that name would not be one run's. */
export function isTakenByAny(name: string, members: readonly Member[]): boolean {
  return members.some((member) => partsOf(member)?.some(({ ref }) => ref.snapshot === name));
}
