import type { IncusClient } from '../incus/client.ts';
import { startInstance, stopInstance, type IncusCommand, type StopMode } from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import { createVolumeSnapshot, restoreVolumeSnapshot } from '../incus/volumeCommands.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { VolumeInventory } from '../inventory/volumes.ts';
import { type InstanceRef, isRunning } from '../model.ts';
import { planVolumeRestore, type VolumeRestorePlan, type VolumeUser } from '../policy/volumes/volumeRestore.ts';
import { queueKey } from './actions.ts';
import type { KeyedQueue } from './queue.ts';
import { readable } from './restore.ts';
import {
  requireSameVolumeSnapshot,
  requireUsableVolumeSnapshot,
  type SeenVolumeSnapshot,
  volumeQueueKey,
} from './volumes.ts';

/** The steps of a volume's restore, in the order in which they run; those that are not needed are left out. */
export type VolumeRestoreStep = 'check' | 'safetySnapshot' | 'stop' | 'restore' | 'start';

export interface VolumeRestoreRequest {
  readonly seen: SeenVolumeSnapshot;
  /** Name of a snapshot to make first. */
  readonly safetySnapshot?: string;
  /** What the user was shown and agreed to, stopping the instances included: if it is no longer so, nothing is done. */
  readonly agreed: VolumeRestorePlan;
  readonly stop: StopMode;
}

export interface VolumeRestoreOutcome {
  readonly done: readonly VolumeRestoreStep[];
  /** Where it ended, unless it came to its end; `instance`: whose stop or start failed. */
  readonly failed?: { readonly step: VolumeRestoreStep; readonly error: IncusError; readonly instance?: InstanceRef };
  /** The instances that ran before, and whether they run afterwards; `undefined`: could not be found out. */
  readonly users: readonly { readonly ref: InstanceRef; readonly runs: boolean | undefined }[];
}

interface Step {
  readonly step: VolumeRestoreStep;
  readonly commands: readonly IncusCommand[];
  readonly instance?: InstanceRef;
}

/** Restores snapshots of volumes; running instances that use them are stopped for it, and started again in any case. */
export class VolumeRestore {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #volumes: VolumeInventory;
  readonly #queue: KeyedQueue;

  constructor(client: IncusClient, inventory: Inventory, volumes: VolumeInventory, queue: KeyedQueue) {
    this.#client = client;
    this.#inventory = inventory;
    this.#volumes = volumes;
    this.#queue = queue;
  }

  /**
   * What a restore would do, asked of the server afresh.
   * @throws IncusError
   */
  async plan(seen: SeenVolumeSnapshot, signal?: AbortSignal): Promise<VolumeRestorePlan> {
    requireUsableVolumeSnapshot(seen.ref, 'restore');
    const volume = await this.#volumes.refreshVolume(seen.ref, signal);
    const snapshot = requireSameVolumeSnapshot(volume, seen);
    const [pool, users] = await Promise.all([
      readable(this.#client.pool(seen.ref.remote, seen.ref.pool, signal)),
      Promise.all(volume.usedBy.map((ref) => this.#inventory.refreshInstance(ref, signal))),
    ]);
    return planVolumeRestore({ volume, snapshot, pool, users });
  }

  /**
   * Does what was agreed, in the turns of the volume and of all that use it.
   * @param signal leaves the queue, and is heard until the first instance is stopped; from then on there is no way back
   * @param onStep told of each step as it begins
   * @throws IncusError only where nothing was begun
   */
  run(
    request: VolumeRestoreRequest,
    signal: AbortSignal,
    onStep: (step: VolumeRestoreStep) => void,
  ): Promise<VolumeRestoreOutcome> {
    const { seen, agreed } = request;
    const keys = [
      volumeQueueKey(this.#inventory, seen.ref),
      ...agreed.users.map(({ ref }) => queueKey(this.#inventory, ref)),
    ];
    return this.#queue.runAll(keys, signal, async () => {
      onStep('check');
      const plan = await this.plan(seen, signal);
      if (JSON.stringify(plan) !== JSON.stringify(agreed)) {
        throw new IncusError('changedMeanwhile', {
          text: 'the volume or its instances changed since the plan was shown',
        });
      }
      if (plan.blockedBy) throw new IncusError(BLOCKS[plan.blockedBy.reason], { text: plan.blockedBy.reason });
      return this.#perform(request, plan, signal, onStep);
    });
  }

  async #perform(
    request: VolumeRestoreRequest,
    plan: VolumeRestorePlan,
    signal: AbortSignal,
    onStep: (step: VolumeRestoreStep) => void,
  ): Promise<VolumeRestoreOutcome> {
    const done: VolumeRestoreStep[] = [];
    let failed: VolumeRestoreOutcome['failed'];
    for (const { step, commands, instance } of steps(request, plan)) {
      try {
        if (signal.aborted && (done.length === 0 || done.at(-1) === 'safetySnapshot')) {
          throw new IncusError('cancelled', { text: 'cancelled before anything was touched' });
        }
        onStep(step);
        for (const command of commands) await this.#client.change(command);
        done.push(step);
      } catch (error) {
        failed = { step, error: toIncusError(error), ...(instance && { instance }) };
        break;
      }
    }
    const running = plan.users.filter((user) => user.isRunning);
    if (running.length > 0 && failed?.error.kind !== 'cancelled') onStep('start');
    const users = await Promise.all(running.map((user) => this.#leaveRunning(user)));
    await this.#volumes.refreshVolume(request.seen.ref).catch(() => undefined);
    const stopped = users.find(({ runs }) => runs !== true);
    if (!failed && stopped) {
      failed = {
        step: 'start',
        error: stopped.error ?? new IncusError('notRunning', { text: `${stopped.ref.instance} is not running` }),
        instance: stopped.ref,
      };
    }
    return { done, ...(failed && { failed }), users: users.map(({ ref, runs }) => ({ ref, runs })) };
  }

  /** Sees to it that an instance that ran before runs, and tells whether it does. */
  async #leaveRunning({
    ref,
  }: VolumeUser): Promise<{ ref: InstanceRef; runs: boolean | undefined; error?: IncusError }> {
    try {
      if (isRunning(await this.#inventory.refreshInstance(ref))) return { ref, runs: true };
      await this.#client.change(startInstance(ref));
      return { ref, runs: isRunning(await this.#inventory.refreshInstance(ref)) };
    } catch (error) {
      const runs = await this.#inventory.refreshInstance(ref).then(isRunning, () => undefined);
      return { ref, runs, error: toIncusError(error) };
    }
  }
}

/** What a block is called as an error. */
export const BLOCKS = {
  dependent: 'dependentVolume',
  ephemeral: 'ephemeral',
  newerSnapshots: 'newerSnapshots',
} as const;

/** Starting is no step: it is seen to whatever failed. */
function steps({ seen, safetySnapshot, stop }: VolumeRestoreRequest, { users }: VolumeRestorePlan): Step[] {
  return [
    ...(safetySnapshot === undefined
      ? []
      : [{ step: 'safetySnapshot', commands: [createVolumeSnapshot(seen.ref, { name: safetySnapshot })] } as const]),
    ...users
      .filter((user) => user.isRunning)
      .map(({ ref, isFrozen }): Step => ({
        step: 'stop',
        // A frozen instance does not hear the request to shut down.
        commands: [...(isFrozen && !stop.force ? [startInstance(ref)] : []), stopInstance(ref, stop)],
        instance: ref,
      })),
    { step: 'restore', commands: [restoreVolumeSnapshot(seen.ref)] },
  ];
}
