/** In which order the members of a group are worked on. */
import { type Instance, isRunning } from '../../model.ts';
import { canPause } from '../lifecycle.ts';

export interface FreezePlan {
  /** Those that are paused, and resumed in the end, in the order in which that begins. What starts last pauses first. */
  readonly pause: readonly Instance[];
  /** The rest: stopped ones, and those that somebody else has paused and that stay so. */
  readonly still: readonly Instance[];
}

/** Who is paused for a snapshot of all members at one moment. */
export function planFreeze(members: readonly Instance[]): FreezePlan {
  const ordered = startOrder(members).toReversed();
  return { pause: ordered.filter(canPause), still: ordered.filter((member) => !canPause(member)) };
}

/**
 * The order in which Incus starts instances with its server: those of the highest `boot.autostart.priority` first, and
 * by name among equals (`instancesStart` in `cmd/incusd/instances.go`).
 */
function startOrder(members: readonly Instance[]): Instance[] {
  return members.toSorted(
    (a, b) =>
      priorityOf(b) - priorityOf(a) || (a.ref.instance < b.ref.instance ? -1 : a.ref.instance > b.ref.instance ? 1 : 0),
  );
}

/** An integer, as Incus reads it; what is none counts as 0. */
function priorityOf({ expandedConfig }: Instance): number {
  const text = expandedConfig['boot.autostart.priority'] ?? '';
  return /^-?\d{1,15}$/.test(text) ? Number(text) : 0;
}

export interface GroupRestorePlan {
  /** Those that run, in the order in which they are stopped: what starts first stops last. */
  readonly stop: readonly Instance[];
  /** Those that ran, in the order in which they are started again. */
  readonly start: readonly Instance[];
}

/** Who is stopped and who is started around the restore of a set. */
export function planGroupRestore(members: readonly Instance[]): GroupRestorePlan {
  const start = startOrder(members.filter(isRunning));
  return { start, stop: start.toReversed() };
}
