import pLimit from 'p-limit';
import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type Instance, type InstanceRef, isRunning, keyOf } from '../model.ts';
import { planGroupRestore } from '../policy/groups/plans.ts';
import type { RestorePlan } from '../policy/restore.ts';
import { queueKey, type SeenSnapshot } from './actions.ts';
import type { KeyedQueue } from './queue.ts';
import type { Restore } from './restore.ts';

/** The snapshot of one member, and what restoring it would do. */
export interface PlannedPart {
  readonly seen: SeenSnapshot;
  readonly plan: RestorePlan;
}

export type GroupRestoreStep = 'check' | 'stop' | 'restore' | 'start';

export interface GroupRestoreOutcome {
  /** Members that are as they were in the set. */
  readonly restored: readonly InstanceRef[];
  /** The first member that failed, and at what; where that was not the starting, none was started. */
  readonly failed: readonly {
    readonly ref: InstanceRef;
    readonly step: GroupRestoreStep;
    readonly error: IncusError;
  }[];
  /** Members that ran before and do not run now. */
  readonly stopped: readonly InstanceRef[];
}

/** Members that are restored side by side. */
const AT_ONCE = 4;

/** Restores a set: all members are stopped, all are restored, and started in the order in which the server starts them. */
export class GroupRestore {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;
  readonly #restore: Restore;

  constructor(client: IncusClient, inventory: Inventory, queue: KeyedQueue, restore: Restore) {
    this.#client = client;
    this.#inventory = inventory;
    this.#queue = queue;
    this.#restore = restore;
  }

  /**
   * What restoring these snapshots would do, asked of the server afresh.
   * @throws IncusError
   */
  plan(parts: readonly SeenSnapshot[], signal?: AbortSignal): Promise<PlannedPart[]> {
    return pLimit(AT_ONCE).map([...parts], async (seen) => ({
      seen,
      plan: await this.#restore.plan(seen, 'all', signal),
    }));
  }

  /**
   * Does what was agreed. Where a member cannot be stopped, nothing is restored and all run again; where one cannot be
   * restored, none is started, since they would run with data of different times.
   * @param signal is heard until the first member is stopped
   * @throws IncusError where nothing was begun
   */
  run(
    agreed: readonly PlannedPart[],
    stop: commands.StopMode,
    signal: AbortSignal,
    onStep: (step: GroupRestoreStep) => void,
  ): Promise<GroupRestoreOutcome> {
    const keys = agreed.map(({ seen }) => queueKey(this.#inventory, seen.ref));
    return this.#queue.runAll(keys, signal, async () => {
      onStep('check');
      const now = await this.plan(
        agreed.map(({ seen }) => seen),
        signal,
      );
      requireAgreed(now, agreed);
      const members = now.flatMap(({ seen }) => this.#inventory.instance(seen.ref)?.instance ?? []);
      if (signal.aborted) throw new IncusError('cancelled', { text: 'cancelled before any member was touched' });
      const outcome = await this.#perform(now, members, stop, onStep);
      const stopped = await this.#notRunning(members.filter(isRunning));
      return { ...outcome, stopped };
    });
  }

  async #perform(
    parts: readonly PlannedPart[],
    members: readonly Instance[],
    mode: commands.StopMode,
    onStep: (step: GroupRestoreStep) => void,
  ): Promise<Omit<GroupRestoreOutcome, 'stopped'>> {
    const { start, stop } = planGroupRestore(members);
    onStep('stop');
    const unstopped = await this.#oneByOne(stop, 'stop', (member) => this.#stop(member, mode));
    if (unstopped) {
      // What was stopped by then is to run again; what still runs says so, and is well as it is.
      for (const { ref } of start) await this.#client.change(commands.startInstance(ref)).catch(() => undefined);
      return { restored: [], failed: [unstopped] };
    }
    onStep('restore');
    const results = await pLimit(AT_ONCE).map([...parts], async ({ seen: { ref }, plan }) => {
      const member: InstanceRef = { remote: ref.remote, project: ref.project, instance: ref.instance };
      try {
        await this.#client.change(commands.restoreSnapshot(ref, {}));
        if (Object.keys(plan.keepMarks).length > 0) {
          await this.#client.change(commands.setConfig(member, plan.keepMarks));
        }
        return { ref: member };
      } catch (error) {
        return { ref: member, failure: { ref: member, step: 'restore' as const, error: toIncusError(error) } };
      }
    });
    const restored = results.filter(({ failure }) => !failure).map(({ ref }) => ref);
    const failed = results.flatMap(({ failure }) => failure ?? []);
    if (failed.length > 0) return { restored, failed };
    onStep('start');
    const unstarted = await this.#oneByOne(start, 'start', ({ ref }) =>
      this.#client.change(commands.startInstance(ref)),
    );
    return { restored, failed: unstarted ? [unstarted] : [] };
  }

  /** @returns what failed; nothing is done to those after it */
  async #oneByOne(
    members: readonly Instance[],
    step: GroupRestoreStep,
    work: (member: Instance) => Promise<void>,
  ): Promise<GroupRestoreOutcome['failed'][number] | undefined> {
    for (const member of members) {
      try {
        await work(member);
      } catch (error) {
        return { ref: member.ref, step, error: toIncusError(error) };
      }
    }
    return undefined;
  }

  async #stop({ ref, status }: Instance, mode: commands.StopMode): Promise<void> {
    // A frozen instance does not hear the request to shut down.
    if (status === 'Frozen') await this.#client.change(commands.startInstance(ref));
    await this.#client.change(commands.stopInstance(ref, mode));
  }

  /** Reads all that ran before again. One of which nothing is known is not said to run. */
  async #notRunning(ran: readonly Instance[]): Promise<InstanceRef[]> {
    const states = await pLimit(AT_ONCE).map([...ran], async ({ ref }) => ({
      ref,
      runs: await this.#inventory.refreshInstance(ref).then(isRunning, () => false),
    }));
    return states.filter(({ runs }) => !runs).map(({ ref }) => ref);
  }
}

/**
 * @throws IncusError `changedMeanwhile` where it would do something else by now; `newerSnapshots` or `ephemeral` where
 * a member cannot be restored in this way
 */
function requireAgreed(now: readonly PlannedPart[], agreed: readonly PlannedPart[]): void {
  const known = new Map(agreed.map(({ seen, plan }) => [keyOf(seen.ref), JSON.stringify(plan)]));
  const changed = now.find(({ seen, plan }) => known.get(keyOf(seen.ref)) !== JSON.stringify(plan));
  if (changed)
    throw new IncusError('changedMeanwhile', { text: `${changed.seen.ref.instance} is not as it was shown` });
  for (const { seen, plan } of now) {
    if (plan.blockedBy)
      throw new IncusError('newerSnapshots', { text: `${seen.ref.instance}: ${plan.blockedBy.reason}` });
    if (plan.stopWouldDelete) throw new IncusError('ephemeral', { text: seen.ref.instance });
  }
}
