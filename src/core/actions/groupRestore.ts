import pLimit from 'p-limit';
import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { restoreVolumeSnapshot } from '../incus/volumeCommands.ts';
import { type Instance, type InstanceRef, isRunning, keyOf, type VolumeRef } from '../model.ts';
import { isVolumeRef, memberKey, memberName, type MemberRef } from '../policy/groups/member.ts';
import { planGroupRestore } from '../policy/groups/plans.ts';
import type { RestorePlan } from '../policy/restore.ts';
import type { VolumeRestorePlan } from '../policy/volumes/volumeRestore.ts';
import { queueKey, type SeenSnapshot } from './actions.ts';
import type { KeyedQueue } from './queue.ts';
import type { Restore } from './restore.ts';
import { BLOCKS, type VolumeRestore } from './volumeRestore.ts';
import { type SeenVolumeSnapshot, volumeQueueKey } from './volumes.ts';

/** The snapshot of one instance, and what restoring it would do. */
export interface PlannedPart {
  readonly seen: SeenSnapshot;
  readonly plan: RestorePlan;
}

/** The snapshot of one volume, and what restoring it would do. */
export interface PlannedVolume {
  readonly seen: SeenVolumeSnapshot;
  readonly plan: VolumeRestorePlan;
}

export interface GroupRestorePlans {
  readonly parts: readonly PlannedPart[];
  readonly volumes: readonly PlannedVolume[];
  /** Instances that run on these volumes and are not restored themselves: they are stopped and started with the others. */
  readonly bystanders: readonly InstanceRef[];
}

export type GroupRestoreStep = 'check' | 'stop' | 'restore' | 'start';

export interface GroupRestoreOutcome {
  /** Members that are as they were in the set. */
  readonly restored: readonly MemberRef[];
  /** The first member that failed, and at what; where that was not the starting, none was started. */
  readonly failed: readonly {
    readonly ref: MemberRef;
    readonly step: GroupRestoreStep;
    readonly error: IncusError;
  }[];
  /** Instances that ran before and do not run now. */
  readonly stopped: readonly InstanceRef[];
}

/** Members that are restored side by side. */
const AT_ONCE = 4;

/**
 * Restores a set: all instances are stopped, those too that only use its volumes; all members are restored, and what ran is
 * started in the order in which the server starts it.
 */
export class GroupRestore {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;
  readonly #restore: Restore;
  readonly #volumeRestore: VolumeRestore;

  constructor(
    client: IncusClient,
    inventory: Inventory,
    queue: KeyedQueue,
    restore: Restore,
    volumeRestore: VolumeRestore,
  ) {
    this.#client = client;
    this.#inventory = inventory;
    this.#queue = queue;
    this.#restore = restore;
    this.#volumeRestore = volumeRestore;
  }

  /**
   * What restoring these snapshots would do, asked of the server afresh.
   * @throws IncusError
   */
  async plan(seen: readonly (SeenSnapshot | SeenVolumeSnapshot)[], signal?: AbortSignal): Promise<GroupRestorePlans> {
    const limit = pLimit(AT_ONCE);
    const [parts, volumes] = await Promise.all([
      limit.map(seen.filter(isOfInstance), async (one) => ({
        seen: one,
        plan: await this.#restore.plan(one, 'all', signal),
      })),
      limit.map(seen.filter(isOfVolume), async (one) => ({
        seen: one,
        plan: await this.#volumeRestore.plan(one, signal),
      })),
    ]);
    return { parts, volumes, bystanders: bystandersOf(parts, volumes) };
  }

  /**
   * Does what was agreed. Where a member cannot be stopped, nothing is restored and all run again; where one cannot be
   * restored, none is started, since they would run with data of different times.
   * @param signal is heard until the first member is stopped
   * @throws IncusError where nothing was begun
   */
  run(
    agreed: GroupRestorePlans,
    stop: commands.StopMode,
    signal: AbortSignal,
    onStep: (step: GroupRestoreStep) => void,
  ): Promise<GroupRestoreOutcome> {
    const users = agreed.volumes.flatMap(({ plan }) => plan.users);
    const keys = [
      ...[...agreed.parts.map(({ seen }) => seen), ...users].map(({ ref }) => queueKey(this.#inventory, ref)),
      ...agreed.volumes.map(({ seen }) => volumeQueueKey(this.#inventory, seen.ref)),
    ];
    return this.#queue.runAll(keys, signal, async () => {
      onStep('check');
      const now = await this.plan(
        [...agreed.parts, ...agreed.volumes].map(({ seen }) => seen),
        signal,
      );
      requireAgreed(now, agreed);
      const members = [...now.parts.map(({ seen }) => seen.ref), ...now.bystanders].flatMap(
        (ref) => this.#inventory.instance(ref)?.instance ?? [],
      );
      if (signal.aborted) throw new IncusError('cancelled', { text: 'cancelled before any member was touched' });
      const outcome = await this.#perform(now, members, stop, onStep);
      const stopped = await this.#notRunning(members.filter(isRunning));
      return { ...outcome, stopped };
    });
  }

  async #perform(
    plans: GroupRestorePlans,
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
    const results = await pLimit(AT_ONCE).map(this.#restores(plans), async ({ ref, work }) => {
      try {
        await work();
        return { ref };
      } catch (error) {
        return { ref, failure: { ref, step: 'restore' as const, error: toIncusError(error) } };
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

  /** What is to be done to each member while all stand. */
  #restores({ parts, volumes }: GroupRestorePlans): { ref: MemberRef; work: () => Promise<void> }[] {
    return [
      ...parts.map(({ seen: { ref }, plan }) => {
        const member: InstanceRef = { remote: ref.remote, project: ref.project, instance: ref.instance };
        const work = async () => {
          await this.#client.change(commands.restoreSnapshot(ref, {}));
          if (Object.keys(plan.keepMarks).length > 0) {
            await this.#client.change(commands.setConfig(member, plan.keepMarks));
          }
        };
        return { ref: member, work };
      }),
      ...volumes.map(({ seen: { ref } }) => {
        const { snapshot: _, ...volume } = ref;
        return { ref: volume satisfies VolumeRef, work: () => this.#client.change(restoreVolumeSnapshot(ref)) };
      }),
    ];
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

function isOfVolume(seen: SeenSnapshot | SeenVolumeSnapshot): seen is SeenVolumeSnapshot {
  return isVolumeRef(seen.ref);
}

function isOfInstance(seen: SeenSnapshot | SeenVolumeSnapshot): seen is SeenSnapshot {
  return !isOfVolume(seen);
}

function bystandersOf(parts: readonly PlannedPart[], volumes: readonly PlannedVolume[]): InstanceRef[] {
  const restored = new Set(parts.map(({ seen }) => memberKey(seen.ref)));
  const running = volumes.flatMap(({ plan }) => plan.users.filter((user) => user.isRunning));
  const byKey = new Map(running.map(({ ref }) => [memberKey(ref), ref]));
  return [...byKey].filter(([key]) => !restored.has(key)).map(([, ref]) => ref);
}

/**
 * @throws IncusError `changedMeanwhile` where it would do something else by now; `newerSnapshots`, `ephemeral` or
 * `dependentVolume` where a member cannot be restored in this way
 */
function requireAgreed(now: GroupRestorePlans, agreed: GroupRestorePlans): void {
  const keyOfSeen = ({ ref }: SeenSnapshot | SeenVolumeSnapshot) =>
    keyOf({ remote: memberKey(ref), project: ref.snapshot });
  const all = [...now.parts, ...now.volumes];
  const known = new Map(
    [...agreed.parts, ...agreed.volumes].map(({ seen, plan }) => [keyOfSeen(seen), JSON.stringify(plan)]),
  );
  const changed = all.find(({ seen, plan }) => known.get(keyOfSeen(seen)) !== JSON.stringify(plan));
  if (changed) {
    throw new IncusError('changedMeanwhile', { text: `${memberName(changed.seen.ref)} is not as it was shown` });
  }
  for (const { seen, plan } of now.parts) {
    if (plan.blockedBy)
      throw new IncusError('newerSnapshots', { text: `${seen.ref.instance}: ${plan.blockedBy.reason}` });
    if (plan.stopWouldDelete) throw new IncusError('ephemeral', { text: seen.ref.instance });
  }
  for (const { seen, plan } of now.volumes) {
    if (!plan.blockedBy) continue;
    const { reason } = plan.blockedBy;
    throw new IncusError(BLOCKS[reason], { text: `${memberName(seen.ref)}: ${reason}` });
  }
}
