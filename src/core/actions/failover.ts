import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type Config, type Instance, type InstanceRef, isRunning } from '../model.ts';
import {
  isPartedBy,
  newestWhole,
  mirrorAgainConfig,
  retiredConfig,
  returnedConfig,
  standInConfig,
  standsFor,
} from '../policy/mirror/failover.ts';
import { asideName } from '../policy/mirror/mirrorNames.ts';
import { stopDeletes } from '../policy/lifecycle.ts';
import type { MirrorPlan } from '../policy/mirror/mirror.ts';
import type { MirrorJob } from '../policy/mirror/mirrorJobs.ts';
import { mirrorSourceOf } from '../policy/mirror/mirrorKeys.ts';
import { proposeSnapshotName } from '../policy/names.ts';
import { queueKey } from './actions.ts';
import type { Mirrors, MirrorStep } from './mirror.ts';
import { insist } from './mirrorTransfer.ts';
import type { KeyedQueue } from './queue.ts';

/** The steps of a failover, a failback and a migration; those that are not needed are left out. */
export type FailoverStep =
  | 'stopOriginal'
  | 'prepare'
  | 'startMirror'
  | 'stopMirror'
  | 'snapshots'
  | 'setAside'
  | MirrorStep
  | 'startOriginal'
  | 'mirrorAgain';

/** @param sent how far a sending is, as the server words it */
export type OnFailoverStep = (step: FailoverStep, sent?: string) => void;

export interface FailbackWish {
  /** From what stands in to the original. */
  readonly job: MirrorJob;
  readonly stop: commands.StopMode;
}

/** Lets a mirror stand in for its original, and goes back. All methods throw `IncusError`. */
export class Failovers {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;
  readonly #mirrors: Mirrors;

  constructor(client: IncusClient, inventory: Inventory, queue: KeyedQueue, mirrors: Mirrors) {
    this.#client = client;
    this.#inventory = inventory;
    this.#queue = queue;
    this.#mirrors = mirrors;
  }

  /**
   * Starts a mirror in its original's place.
   * @param original stopped first, and kept from starting by itself; `undefined`: it cannot be reached, or is gone
   * @throws IncusError; nothing was started then, unless the last step failed
   */
  async failOver(
    mirror: InstanceRef,
    original: InstanceRef | undefined,
    stop: commands.StopMode,
    onStep: OnFailoverStep,
  ): Promise<Instance> {
    if (original) await this.retire(original, stop, onStep);
    return this.#inTurn(mirror, async () => {
      const now = await this.#inventory.refreshInstance(mirror);
      const isIt = mirrorSourceOf(now) ?? standsFor(now);
      if (!isIt) throw new IncusError('changedMeanwhile', { text: `${mirror.instance} is no mirror` });
      if (mirrorSourceOf(now)) {
        onStep('prepare');
        await this.#revive(now);
        await this.#set(mirror, standInConfig(now));
      }
      onStep('startMirror');
      if (!isRunning(now)) await this.#client.change(commands.startInstance(mirror));
      return this.#mustRun(mirror);
    });
  }

  /**
   * Brings back the disk of a mirror whose last run left it without: its snapshots are whole. Incus reports a failure where
   * nothing is left to be replaced, and has restored it (6.0.4); whether it starts tells.
   */
  async #revive(mirror: Instance): Promise<void> {
    const newest = newestWhole(mirror);
    if (!newest) return;
    const restored = this.#client.change(commands.restoreSnapshot(newest.ref, {}));
    await restored.catch(() => undefined);
  }

  /** Stops an original, if it runs, and keeps it from starting by itself. */
  retire(original: InstanceRef, stop: commands.StopMode, onStep: OnFailoverStep): Promise<void> {
    return this.#inTurn(original, async () => {
      const now = await this.#inventory.refreshInstance(original);
      if (isRunning(now)) {
        onStep('stopOriginal');
        await this.#stop(now, stop);
      }
      const config = retiredConfig(now);
      if (Object.keys(config).length > 0) await this.#set(original, config);
    });
  }

  /**
   * Mirrors an instance, stops it, mirrors what changed meanwhile, and starts it there; the original stays stopped. Where
   * that fails before the mirror was started, an original that ran is started again.
   * @returns the name under which what arrived is kept beside; `undefined`: it is what was started
   */
  async migrate(
    job: MirrorJob,
    { deleted: agreed, replaces }: Pick<MirrorPlan, 'deleted' | 'replaces'>,
    stop: commands.StopMode,
    onStep: OnFailoverStep,
  ): Promise<string | undefined> {
    const { signal } = new AbortController();
    const wish = { job, agreed, replaces, takesOver: false, keeps: false, snapshotFirst: true };
    const before = await this.#inventory.refreshInstance(job.source);
    await this.#mirrors.run(wish, signal, onStep);
    const last = { ...wish, agreed: [], replaces: false, snapshotFirst: false };
    let kept: string | undefined;
    try {
      if (isRunning(before)) {
        onStep('stopOriginal');
        await this.#inTurn(job.source, () => this.#stop(before, stop));
      }
      await this.#mirrors.run(last, signal, onStep);
      kept = await this.#mirrors.makeOwn(job);
    } catch (error) {
      if (isRunning(before)) await this.#client.change(commands.startInstance(job.source)).catch(() => undefined);
      await this.#inventory.refreshInstance(job.source).catch(() => undefined);
      throw error;
    }
    await this.failOver(job.target, job.source, stop, onStep);
    return kept;
  }

  /** What a way back would do, asked of both servers afresh. */
  planBack(job: MirrorJob, signal?: AbortSignal): Promise<MirrorPlan> {
    return this.#mirrors.plan({ ...job, isFailback: true }, true, undefined, signal);
  }

  /**
   * Goes back: stops what stands in and the original, makes a snapshot of both, sets the original aside under another
   * name, sends everything, starts what arrived, and makes a mirror again of what stood in. The original is made anew and
   * not written over: btrfs refuses to go back onto it by more than one snapshot (`cannot find parent subvolume`, 6.0.4),
   * and nothing it holds is lost. Where it fails before the end of the sending, the original gets its name back, and what
   * stood in and ran is started again.
   * @returns the name under which the original was set aside; `undefined`: it was gone
   */
  async failBack({ job, stop }: FailbackWish, onStep: OnFailoverStep): Promise<string | undefined> {
    const { source, target } = job;
    const standIn = await this.#inventory.refreshInstance(source);
    const before = await this.#optional(target);
    const taken = this.#inventory.instances(target.remote, target.project).map((one) => one.instance.ref.instance);
    const aside = before && { ...target, instance: asideName(target.instance, taken) };
    try {
      await this.#haltAndSnapshot(standIn, before, stop, onStep);
      if (aside) await this.#rename(target, aside, onStep);
      const wish = { agreed: [], takesOver: true, keeps: false, snapshotFirst: false };
      const signal = new AbortController().signal;
      const { verifiedAt } = await this.#mirrors.run({ ...wish, job: { ...job, isFailback: true } }, signal, onStep);
      await this.#comeBack(job, before?.config, verifiedAt, onStep);
      return aside?.instance;
    } catch (error) {
      await this.#resume(job, aside, isRunning(standIn));
      throw error;
    }
  }

  async #haltAndSnapshot(
    standIn: Instance,
    original: Instance | undefined,
    stop: commands.StopMode,
    onStep: OnFailoverStep,
  ): Promise<void> {
    for (const [step, one] of [['stopMirror', standIn] as const, ['stopOriginal', original] as const]) {
      if (!one || !isRunning(one)) continue;
      onStep(step);
      await this.#inTurn(one.ref, () => this.#stop(one, stop));
    }
    onStep('snapshots');
    const sides = [standIn, ...(original ? [original] : [])];
    const taken = sides.flatMap(({ snapshots }) => snapshots?.map(({ ref }) => ref.snapshot) ?? []);
    const name = proposeSnapshotName('before-failback', taken);
    for (const { ref } of sides) {
      await this.#inTurn(ref, () => this.#client.change(commands.createSnapshot(ref, { name })));
    }
  }

  #rename(from: InstanceRef, to: InstanceRef, onStep: OnFailoverStep): Promise<void> {
    onStep('setAside');
    return this.#inTurn(from, async () => {
      await this.#client.change(commands.renameInstance(from, to.instance));
      await this.#inventory.refreshInstance(to);
      await this.#optional(from);
    });
  }

  async #comeBack(
    { source, target }: MirrorJob,
    before: Config | undefined,
    verified: Date,
    onStep: OnFailoverStep,
  ): Promise<void> {
    await this.#inTurn(target, async () => {
      await this.#set(target, returnedConfig(await this.#inventory.refreshInstance(target), before));
      onStep('startOriginal');
      await this.#client.change(commands.startInstance(target));
      await this.#mustRun(target);
    });
    onStep('mirrorAgain');
    await this.#inTurn(source, async () => {
      const [standIn, original] = await Promise.all(
        [source, target].map((ref) => this.#inventory.refreshInstance(ref)),
      );
      const server = this.#inventory.server(target.remote);
      const { extensions = new Set<string>() } = this.#inventory.server(source.remote) ?? {};
      if (!standIn || !original || server?.fingerprint === undefined) return;
      const identity = { fingerprint: server.fingerprint, project: target.project, instance: target.instance };
      const isParted = isPartedBy(await Promise.all([standIn, original].map((one) => this.#mirrors.driverOf(one))));
      await this.#set(source, mirrorAgainConfig(standIn, original, identity, extensions, verified, isParted));
    });
  }

  /** Everything as it was, unless the original is there anew already. */
  async #resume({ source, target }: MirrorJob, aside: InstanceRef | undefined, ran: boolean): Promise<void> {
    const ignored = () => undefined;
    const isAnew = async () => Boolean(await this.#optional(target));
    if (aside && !(await isAnew().catch(() => true))) {
      await this.#client.change(commands.renameInstance(aside, target.instance)).catch(ignored);
      for (const ref of [aside, target]) await this.#optional(ref).catch(ignored);
    }
    const original = await this.#optional(target).catch(ignored);
    if (ran && !(original && isRunning(original))) {
      await this.#client.change(commands.startInstance(source)).catch(ignored);
    }
    await this.#optional(source).catch(ignored);
  }

  async #stop(instance: Instance, stop: commands.StopMode): Promise<void> {
    const { ref } = instance;
    if (stopDeletes(instance)) throw new IncusError('ephemeral', { text: 'stopping would delete the instance' });
    // A frozen instance does not hear the request to shut down.
    if (instance.status === 'Frozen' && !stop.force) await this.#client.change(commands.startInstance(ref));
    await this.#client.change(commands.stopInstance(ref, stop));
    if (isRunning(await this.#inventory.refreshInstance(ref))) {
      throw new IncusError('running', { text: `${ref.instance} still runs` });
    }
  }

  async #mustRun(ref: InstanceRef): Promise<Instance> {
    const now = await this.#inventory.refreshInstance(ref);
    if (!isRunning(now)) throw new IncusError('notRunning', { text: `${ref.instance} was started and does not run` });
    return now;
  }

  async #set(ref: InstanceRef, config: Config): Promise<void> {
    await insist(() => this.#client.change(commands.setConfig(ref, config)));
    const now = await this.#inventory.refreshInstance(ref);
    const wrong = Object.entries(config).filter(([key, value]) => (now.config[key] ?? '') !== value);
    if (wrong.length > 0)
      throw new IncusError('notVerified', { text: `not set: ${wrong.map(([key]) => key).join(', ')}` });
  }

  async #optional(ref: InstanceRef): Promise<Instance | undefined> {
    try {
      return await this.#inventory.refreshInstance(ref);
    } catch (error) {
      if (toIncusError(error).kind === 'instanceMissing') return undefined;
      throw error;
    }
  }

  #inTurn<T>(ref: InstanceRef, task: () => Promise<T>): Promise<T> {
    return this.#queue.run(queueKey(this.#inventory, ref), undefined, task);
  }
}
