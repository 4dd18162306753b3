import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import { createVolumeSnapshot, restoreVolumeSnapshot } from '../incus/volumeCommands.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { VolumeInventory } from '../inventory/volumes.ts';
import { type Instance, type InstanceRef, isRunning, keyOf, rootPoolOf } from '../model.ts';
import { planRestore, type RestoreInput, type RestorePlan } from '../policy/restore.ts';
import type { VolumeRestorePlan } from '../policy/volumes/volumeRestore.ts';
import { queueKey, requireSame, requireUsable, type SeenSnapshot } from './actions.ts';
import type { KeyedQueue } from './queue.ts';
import type { VolumeRestore } from './volumeRestore.ts';
import { type SeenVolumeSnapshot, volumeQueueKey } from './volumes.ts';

/** The steps of a restore, in the order in which they run; those that are not needed are left out. */
export type RestoreStep =
  'check' | 'safetySnapshot' | 'resume' | 'stop' | 'restore' | 'volumes' | 'keepSettings' | 'start';

/** A volume of the instance that goes back with it, and what that would do as the user was shown it. */
export interface VolumeWithIt {
  readonly seen: SeenVolumeSnapshot;
  readonly agreed: VolumeRestorePlan;
}

export interface RestoreRequest {
  readonly seen: SeenSnapshot;
  readonly mode: RestoreInput['mode'];
  /** Bring back the memory as well. */
  readonly stateful: boolean;
  /** Put today's `snapshots.*` keys back afterwards, as our own marks are in any case. */
  readonly keepSettings: boolean;
  /** Name of a snapshot to make first. */
  readonly safetySnapshot?: string;
  /** What the user was shown and agreed to: if it is no longer so, nothing is done. */
  readonly agreed: RestorePlan;
  readonly stop: commands.StopMode;
  /** Go back while the instance is stopped. */
  readonly volumes?: readonly VolumeWithIt[];
}

export interface RestoreOutcome {
  /** The steps that were done. */
  readonly done: readonly RestoreStep[];
  /** Where it ended, unless it came to its end. */
  readonly failed?: { readonly step: RestoreStep; readonly error: IncusError };
  /** Set where the instance ran before: whether it runs afterwards; `undefined`: could not be found out. */
  readonly running?: { readonly now: boolean | undefined };
}

/** Restores snapshots in the book's order: stop, restore, start again if it ran. */
export class Restore {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;
  readonly #volumes: VolumeInventory;
  readonly #volumeRestore: VolumeRestore;

  constructor(
    client: IncusClient,
    inventory: Inventory,
    queue: KeyedQueue,
    volumes: VolumeInventory,
    volumeRestore: VolumeRestore,
  ) {
    this.#client = client;
    this.#inventory = inventory;
    this.#queue = queue;
    this.#volumes = volumes;
    this.#volumeRestore = volumeRestore;
  }

  /**
   * What a restore would do, asked of the server afresh.
   * @throws IncusError
   */
  async plan(seen: SeenSnapshot, mode: RestoreInput['mode'], signal?: AbortSignal): Promise<RestorePlan> {
    requireUsable(seen.ref, 'restore');
    const instance = await this.#inventory.refreshInstance(seen.ref, signal);
    return this.#planFor(instance, seen, mode, signal);
  }

  /**
   * The attached volumes that have a snapshot of the same name and can go back with the instance. One that cannot be read
   * is none of them, and does not stand against the restore.
   */
  async volumesWith({ ref }: SeenSnapshot, { attachedVolumes }: RestorePlan): Promise<VolumeWithIt[]> {
    const find = async (name: string): Promise<VolumeWithIt[]> => {
      const [pool = '', volume = ''] = name.split('/');
      const at = { remote: ref.remote, project: ref.project, pool, volume };
      const seen = (await this.#volumes.refreshVolume(at)).snapshots.find((s) => s.ref.snapshot === ref.snapshot);
      const agreed = seen && (await this.#volumeRestore.plan(seen));
      return agreed && goesWith(agreed, ref) ? [{ seen, agreed }] : [];
    };
    const found = await Promise.all(attachedVolumes.map((name) => find(name).catch(() => [])));
    return found.flat();
  }

  /**
   * Does what was agreed. A failing step ends it; an instance that ran before is started again in any case.
   * @param signal leaves the queue, and is heard until the instance is stopped; from then on there is no way back
   * @param onStep told of each step as it begins
   * @throws IncusError only where nothing was begun
   */
  run(request: RestoreRequest, signal: AbortSignal, onStep: (step: RestoreStep) => void): Promise<RestoreOutcome> {
    const { ref } = request.seen;
    const volumes = (request.volumes ?? []).map(({ seen }) => volumeQueueKey(this.#inventory, seen.ref));
    return this.#queue.runAll([queueKey(this.#inventory, ref), ...volumes], signal, async () => {
      requireUsable(ref, 'restore');
      onStep('check');
      const instance = await this.#inventory.refreshInstance(ref, signal);
      const plan = await this.#planFor(instance, request.seen, request.mode, signal);
      if (JSON.stringify(plan) !== JSON.stringify(request.agreed)) {
        throw new IncusError('changedMeanwhile', {
          text: 'the instance or its snapshots changed since the plan was shown',
        });
      }
      if (plan.blockedBy) throw new IncusError('newerSnapshots', { text: plan.blockedBy.reason });
      await this.#requireVolumes(request, plan, signal);
      return this.#perform(request, instance, plan, signal, onStep);
    });
  }

  /** @throws IncusError `changedMeanwhile` where a volume is not as it was shown, or cannot go back with the instance */
  async #requireVolumes({ volumes = [], seen, stateful }: RestoreRequest, plan: RestorePlan, signal: AbortSignal) {
    for (const { seen: volume, agreed } of volumes) {
      const now = await this.#volumeRestore.plan(volume, signal);
      const isFine = goesWith(now, seen.ref) && !plan.stopWouldDelete && !stateful;
      if (!isFine || JSON.stringify(now) !== JSON.stringify(agreed)) {
        throw new IncusError('changedMeanwhile', { text: `${volume.ref.volume} changed since the plan was shown` });
      }
    }
  }

  async #planFor(
    instance: Instance,
    seen: SeenSnapshot,
    mode: RestoreInput['mode'],
    signal: AbortSignal | undefined,
  ): Promise<RestorePlan> {
    const snapshot = requireSame(instance, seen);
    const { remote } = seen.ref;
    const poolName = rootPoolOf(instance);
    const [pool, rootVolumeConfig] = await Promise.all([
      poolName === undefined ? undefined : readable(this.#client.pool(remote, poolName, signal)),
      poolName === undefined ? undefined : readable(this.#client.rootVolumeConfig(instance, poolName, signal)),
    ]);
    const extensions = this.#inventory.server(remote)?.extensions ?? new Set<string>();
    return planRestore({ instance, snapshot, pool, extensions, mode, rootVolumeConfig });
  }

  async #perform(
    request: RestoreRequest,
    instance: Instance,
    plan: RestorePlan,
    signal: AbortSignal,
    onStep: (step: RestoreStep) => void,
  ): Promise<RestoreOutcome> {
    const steps = this.#steps(request, instance, plan);
    const done: RestoreStep[] = [];
    let failed: RestoreOutcome['failed'];
    for (const [step, command] of steps) {
      try {
        if (signal.aborted && !done.includes('stop') && !done.includes('restore')) {
          throw new IncusError('cancelled', { text: 'cancelled before the instance was touched' });
        }
        onStep(step);
        await this.#client.change(command);
        done.push(step);
      } catch (error) {
        failed = { step, error: toIncusError(error) };
        break;
      }
    }
    const running = plan.wasRunning ? { now: await this.#leaveRunning(request, failed !== undefined) } : undefined;
    if (!running) await this.#inventory.refreshInstance(instance.ref).catch(() => undefined);
    return { done, ...(failed && { failed }), ...(running && { running }) };
  }

  #steps(request: RestoreRequest, instance: Instance, plan: RestorePlan): [RestoreStep, commands.IncusCommand][] {
    const { seen, stateful, mode } = request;
    const { ref } = instance;
    const { status } = instance;
    // Incus deletes an ephemeral instance when it stops; its own restore takes care of that, ours could not.
    const stopsFirst = plan.wasRunning && !plan.stopWouldDelete;
    const steps: [RestoreStep, commands.IncusCommand][] = [];
    const volumes = request.volumes ?? [];
    const name = request.safetySnapshot;
    if (name !== undefined) {
      steps.push(['safetySnapshot', commands.createSnapshot(ref, { name })]);
      for (const volume of volumes) steps.push(['safetySnapshot', createVolumeSnapshot(volume.seen.ref, { name })]);
    }
    // A frozen instance does not hear the request to shut down.
    if (stopsFirst && status === 'Frozen') steps.push(['resume', commands.startInstance(ref)]);
    if (stopsFirst) steps.push(['stop', commands.stopInstance(ref, request.stop)]);
    steps.push(['restore', commands.restoreSnapshot(seen.ref, { stateful, diskOnly: mode === 'diskOnly' })]);
    for (const volume of volumes) steps.push(['volumes', restoreVolumeSnapshot(volume.seen.ref)]);
    const kept = { ...(request.keepSettings && plan.keepSettings), ...plan.keepMarks };
    if (Object.keys(kept).length > 0) steps.push(['keepSettings', commands.setConfig(ref, kept)]);
    if (stopsFirst && !stateful) steps.push(['start', commands.startInstance(ref)]);
    return steps;
  }

  /** Sees to it that an instance that ran before runs, and tells whether it does. */
  async #leaveRunning(request: RestoreRequest, failed: boolean): Promise<boolean | undefined> {
    const { ref } = request.seen;
    try {
      const instance = await this.#inventory.refreshInstance(ref);
      if (isRunning(instance) || !failed) return isRunning(instance);
      await this.#client.change(commands.startInstance(ref));
      return isRunning(await this.#inventory.refreshInstance(ref));
    } catch {
      return this.#inventory.refreshInstance(ref).then(isRunning, () => undefined);
    }
  }
}

/** What a client may not be allowed to read is not known; a server that hangs or is gone is a failure all the same. */
export async function readable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (toIncusError(error).kind === 'untrusted' || toIncusError(error).kind === 'forbiddenProject') return undefined;
    throw error;
  }
}

/** Whether a volume can go back while the instance is stopped for its own restore: nobody else runs on it, nothing is lost. */
function goesWith(plan: VolumeRestorePlan, instance: InstanceRef): boolean {
  const { remote, project, instance: name } = instance;
  const own = keyOf({ remote, project, instance: name });
  const isAlone = plan.users.every(({ ref, isRunning }) => !isRunning || keyOf(ref) === own);
  return isAlone && !plan.blockedBy && plan.lostSnapshots.length + plan.endangeredSnapshots.length === 0;
}
