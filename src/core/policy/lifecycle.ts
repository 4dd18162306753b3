/**
 * What can be done to an instance in the state that it is in. States are `shared/api/status_code.go` of Incus.
 */
import { type Instance, isRunning } from '../model.ts';

/** `Ready` is a running instance whose guest has told Incus that it is (`/dev/incus`). */
const AWAKE: ReadonlySet<string> = new Set(['Running', 'Ready']);

/** What `util.IsTrue` of Incus takes for true. */
const TRUE: ReadonlySet<string> = new Set(['true', '1', 'yes', 'on']);

/**
 * True where stopping would **delete** the instance, with all its snapshots: Incus does so with ephemeral ones,
 * whoever stops them. Restarting and restoring are safe: Incus takes the mark off for as long as they last
 * (measured).
 */
export function stopDeletes(instance: Pick<Instance, 'ephemeral'>): boolean {
  return instance.ephemeral;
}

/** Whether it can be started, or resumed: `incus start` does both. */
export function canStart(instance: Pick<Instance, 'status'>): boolean {
  return instance.status === 'Stopped' || instance.status === 'Frozen';
}

/** Whether it can be stopped **and is still there afterwards**; never so for an ephemeral one. */
export function canStop(instance: Pick<Instance, 'status' | 'ephemeral'>): boolean {
  return isRunning(instance) && !stopDeletes(instance);
}

/** Whether it can be restarted. A frozen one cannot (`Instance is not running`), unless by force; resume it first. */
export function canRestart(instance: Pick<Instance, 'status'>): boolean {
  return AWAKE.has(instance.status);
}

/** Whether it can be paused: it runs, and nobody has paused it. */
export function canPause(instance: Pick<Instance, 'status'>): boolean {
  return AWAKE.has(instance.status);
}

/** Whether a program can be run in it. In a virtual machine that takes the agent as well, of which nothing is known. */
export function canOpenShell(instance: Pick<Instance, 'status'>): boolean {
  return AWAKE.has(instance.status);
}

/**
 * Whether a snapshot with memory can be asked for: it runs, and `migration.stateful` is on. A container needs CRIU on
 * the server too, which a client cannot see.
 */
export function canSnapshotStatefully(instance: Pick<Instance, 'status' | 'expandedConfig'>): boolean {
  const stateful = instance.expandedConfig['migration.stateful'] ?? '';
  return AWAKE.has(instance.status) && TRUE.has(stateful.toLowerCase());
}
