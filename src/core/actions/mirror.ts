import pLimit, { type LimitFunction } from 'p-limit';
import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type Instance, type InstanceRef, rootPoolOf, type Server, type Snapshot } from '../model.ts';
import { isHalfMirror, type MirrorPlan, planMirror } from '../policy/mirror/mirror.ts';
import type { MirrorBlock } from '../policy/mirror/mirrorBlocks.ts';
import { incomingName, keptNames } from '../policy/mirror/mirrorNames.ts';
import {
  isMirrorOf,
  isParted,
  keptConfig,
  type MirrorSource,
  SENDING_KEY,
  sendingText,
} from '../policy/mirror/mirrorKeys.ts';
import { jobKey, type MirrorJob } from '../policy/mirror/mirrorJobs.ts';
import { proposeSnapshotName } from '../policy/names.ts';
import { queueKey, type SeenSnapshot } from './actions.ts';
import type { MirrorHistory } from './mirrorHistory.ts';
import { MirrorLanding } from './mirrorLanding.ts';
import { MirrorPlaces } from './mirrorPlaces.ts';
import { removeHalfMirror, type Temporaries } from './temporary.ts';
import { insist, MirrorTransfer, type Transfer } from './mirrorTransfer.ts';
import type { Operations } from './operations.ts';
import type { KeyedQueue } from './queue.ts';

/** Runs side by side from one server to another; more gain nothing (measured: 10.7 per second at four and at eight). */
const SIDE_BY_SIDE = 4;

/** Why a run was not begun. */
export class MirrorBlocked extends IncusError {
  readonly blocks: readonly MirrorBlock[];

  constructor(blocks: readonly MirrorBlock[]) {
    super('mirrorBlocked', { text: blocks.map(({ reason }) => reason).join(', ') });
    this.blocks = blocks;
  }
}

/** The steps of a run, in the order in which they come; those that are not needed are left out. */
export type MirrorStep = 'check' | 'snapshot' | 'keep' | 'clear' | 'send' | 'verify';

/** @param sent how far the sending is, as the server words it: `52.28MB (52.28MB/s)` */
export type OnMirrorStep = (step: MirrorStep, sent?: string) => void;

export interface MirrorWish {
  readonly job: MirrorJob;
  /** What the user was shown and agreed to lose on the target: a run that would delete more is not begun. */
  readonly agreed: readonly SeenSnapshot[];
  /** The user has said, by its name, that what is there may be overwritten. */
  readonly takesOver: boolean;
  /** Make instances of their own of what would be deleted, before that. */
  readonly keeps: boolean;
  /** The user was shown that the old mirror is set aside and another one made. */
  readonly replaces?: boolean;
  /** Make a snapshot of the source first, where later runs would find none to build on. */
  readonly snapshotFirst: boolean;
}

export interface MirrorOutcome {
  /** What was done. */
  readonly plan: MirrorPlan;
  /** Instances on the target's side that keep what was deleted. */
  readonly kept: readonly string[];
  /** The name under which a mirror was set aside whose place this one took. */
  readonly replaced?: string;
  /** The snapshot that was made first. */
  readonly made?: string;
  /** When the mirror was found whole. */
  readonly verifiedAt: Date;
}

/** Both sides of a run, as they were found. */
interface Sides {
  readonly source: Instance;
  readonly sourceServer: Server;
  readonly targetServer: Server;
  readonly target: Instance | undefined;
  readonly incoming: Instance | undefined;
}

/** Mirrors instances: looks at both sides, does what was agreed, and calls nothing mirrored that was not read back. */
export class Mirrors {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;
  readonly #history: MirrorHistory;
  readonly #transfer: MirrorTransfer;
  readonly #landing: MirrorLanding;
  readonly #limits = new Map<string, LimitFunction>();
  readonly #running = new Set<string>();

  constructor(
    client: IncusClient,
    inventory: Inventory,
    queue: KeyedQueue,
    operations: Operations,
    history: MirrorHistory,
    temporaries: Temporaries,
  ) {
    this.#client = client;
    this.#inventory = inventory;
    this.#queue = queue;
    this.#history = history;
    this.#transfer = new MirrorTransfer(client, inventory, operations);
    this.#landing = new MirrorLanding(client, inventory, temporaries);
  }

  /** What kind of pool an instance's root disk is on; `undefined`: it is not known. */
  driverOf(instance: Instance): Promise<string | undefined> {
    return this.#landing.driverOf(instance);
  }

  get history(): MirrorHistory {
    return this.#history;
  }

  /** Whether a run of this program is at work on it, or waits for its turn. */
  isRunning(job: MirrorJob): boolean {
    return this.#running.has(jobKey(job));
  }

  /**
   * What a run would do, asked of both servers afresh.
   * @param places what is asked but once for several plans
   * @throws IncusError
   */
  async plan(
    job: MirrorJob,
    takesOver = false,
    places = new MirrorPlaces(this.#client),
    signal?: AbortSignal,
  ): Promise<MirrorPlan> {
    return this.#planFor(job, await this.#look(job, signal), takesOver, places, signal);
  }

  /**
   * Does what was agreed. Leaves by `signal` are heard until the mirror is whole; what was sent by then is sent again by
   * the next run.
   * @throws IncusError, of which `MirrorBlocked` and `changedMeanwhile` mean that nothing was done
   */
  async run(
    wish: MirrorWish,
    signal: AbortSignal,
    onStep: OnMirrorStep,
    places = new MirrorPlaces(this.#client),
  ): Promise<MirrorOutcome> {
    const { job } = wish;
    const key = jobKey(job);
    const keys = [job.source, job.target].map((ref) => queueKey(this.#inventory, ref));
    this.#running.add(key);
    try {
      return await this.#limitFor(job)(() =>
        this.#queue.runAll(keys, signal, async () => {
          await this.#history.note(job, 'running');
          return this.#noted(job, this.#perform(wish, signal, onStep, places));
        }),
      );
    } finally {
      this.#running.delete(key);
    }
  }

  async #noted(job: MirrorJob, work: Promise<MirrorOutcome>): Promise<MirrorOutcome> {
    try {
      const outcome = await work;
      await this.#history.note(job, 'done');
      return outcome;
    } catch (error) {
      const { kind, text } = toIncusError(error);
      await this.#history.note(job, kind === 'cancelled' ? 'cancelled' : 'failed', { kind, text });
      throw error;
    }
  }

  async #perform(
    wish: MirrorWish,
    signal: AbortSignal,
    onStep: OnMirrorStep,
    places: MirrorPlaces,
  ): Promise<MirrorOutcome> {
    const { job, takesOver } = wish;
    onStep('check');
    let sides = await this.#look(job, signal);
    let plan = await this.#planFor(job, sides, takesOver, places, signal);
    requireAgreed(plan, wish);
    let made: string | undefined;
    if (wish.snapshotFirst && plan.helpsSnapshotFirst) {
      onStep('snapshot');
      made = await this.#snapshotFirst(sides.source);
      sides = await this.#look(job, signal);
      plan = await this.#planFor(job, sides, takesOver, places, signal);
      requireAgreed(plan, wish);
    }
    const kept = wish.keeps ? await this.#keep(job, plan, sides, onStep) : [];
    const isFirst = plan.kind === 'first';
    const base: InstanceRef = isFirst ? { ...job.target, instance: incomingName(job.target.instance) } : job.target;
    if (signal.aborted) throw new IncusError('cancelled', { text: 'cancelled before anything was sent' });
    await this.#clear(base, plan, sides, onStep);
    const sending = {
      ...plan.overrides,
      // What is half is good for nothing, and has to go before the next attempt.
      ...(isFirst && { 'security.protection.delete': 'false' }),
      [SENDING_KEY]: sendingText(plan.sent.map(({ ref }) => ref.snapshot)),
    };
    const isMade = isFirst && (!sides.incoming || isHalfMirror(sides.incoming, plan.identity));
    const clear = async () => {
      await this.#transfer.settle(base, signal);
      if (await this.#optional(base, signal)) await this.#clearHalf(base, plan.identity);
    };
    await this.#landing.sending(job, sides.source, async (from, more) => {
      const config = { ...sending, ...more };
      const transfer = { job, base, from, config, source: sides.source, ...(isMade && { clear }) };
      await this.#send(transfer, isFirst, signal, onStep);
    });
    const verifiedAt = new Date();
    const replaced = await this.#landing.finish(job, base, plan, verifiedAt);
    return { plan, kept, ...(made !== undefined && { made }), ...(replaced !== undefined && { replaced }), verifiedAt };
  }

  async #send(transfer: Transfer, isFirst: boolean, signal: AbortSignal, onStep: OnMirrorStep): Promise<void> {
    onStep('send');
    try {
      await this.#transfer.send(transfer, signal, (text) => {
        onStep('send', text);
      });
    } catch (error) {
      if (!isFirst) await this.#landing.noteParted(error, transfer.base);
      throw error;
    }
    onStep('verify');
    await this.#transfer.verify(transfer, signal);
  }

  /**
   * Makes of a whole mirror what can be mirrored on from where it is.
   * @returns the name under which the mirror itself is kept; `undefined`: it is the mirror
   */
  makeOwn(job: MirrorJob): Promise<string | undefined> {
    const keys = [job.source, job.target].map((ref) => queueKey(this.#inventory, ref));
    return this.#queue.runAll(keys, undefined, () => this.#landing.makeOwn(job));
  }

  /** Reads both sides. What is not there is not; whatever else goes wrong is a failure. */
  async #look({ source, target }: MirrorJob, signal: AbortSignal | undefined): Promise<Sides> {
    const sourceServer = this.#serverOf(source.remote);
    const targetServer = this.#serverOf(target.remote);
    const [here, there] = await Promise.all([
      this.#inventory.refreshInstance(source, signal),
      this.#optional(target, signal),
    ]);
    const arriving = { ...target, instance: incomingName(target.instance) };
    const identity = {
      fingerprint: sourceServer.fingerprint ?? '',
      project: source.project,
      instance: source.instance,
    };
    const isBuiltOn = there && isMirrorOf(there, identity) && !isParted(there);
    const incoming = isBuiltOn ? undefined : await this.#optional(arriving, signal);
    return { source: here, sourceServer, targetServer, target: there, incoming };
  }

  async #optional(ref: InstanceRef, signal: AbortSignal | undefined): Promise<Instance | undefined> {
    try {
      return await this.#inventory.refreshInstance(ref, signal);
    } catch (error) {
      const { kind } = toIncusError(error);
      // Of a missing project the plan tells.
      if (kind === 'instanceMissing' || kind === 'projectMissing') return undefined;
      throw error;
    }
  }

  /** @throws IncusError where the remote is not there, for the reason that its row says */
  #serverOf(remote: string): Server {
    const server = this.#inventory.server(remote);
    if (server) return server;
    const state = this.#inventory.remote(remote)?.state;
    if (state?.kind === 'failed') throw state.error;
    throw new IncusError('noSuchRemote', { text: `The remote "${remote}" is not known` });
  }

  async #planFor(
    { source: { remote }, target, isFailback = false }: MirrorJob,
    sides: Sides,
    takesOver: boolean,
    places: MirrorPlaces,
    signal: AbortSignal | undefined,
  ): Promise<MirrorPlan> {
    const { source, sourceServer, targetServer } = sides;
    const pool = rootPoolOf(source);
    const projects = this.#projectsOf(target.remote);
    const isThere = projects?.includes(target.project) ?? true;
    const [driver, sourcePool, profiles, pools, knowsKey] = await Promise.all([
      takesOver && sides.target ? this.#landing.driverOf(sides.target, signal) : undefined,
      pool === undefined ? undefined : this.#client.pool(remote, pool, signal).catch(() => undefined),
      isThere ? places.profiles(target.remote, target.project, signal) : undefined,
      places.pools(target.remote, signal),
      places.keysOf({ remote, server: sourceServer }, { remote: target.remote, server: targetServer }, signal),
    ]);
    return planMirror({
      ...{ source, sourcePool, takesOver, isFailback, fingerprint: sourceServer.fingerprint },
      target: {
        ...{ fingerprint: targetServer.fingerprint, extensions: targetServer.extensions, project: target.project },
        ...{ instance: sides.target, driver, incoming: sides.incoming, projects, profiles, pools, knowsKey },
      },
    });
  }

  /** `undefined` where this client may not see all of them. */
  #projectsOf(remote: string): readonly string[] | undefined {
    const state = this.#inventory.remote(remote)?.state;
    return state?.kind === 'ready' && state.server.access === 'full' ? state.projects : undefined;
  }

  async #snapshotFirst(source: Instance): Promise<string> {
    const taken = source.snapshots?.map(({ ref }) => ref.snapshot) ?? [];
    const name = proposeSnapshotName('mirror', taken);
    await this.#client.change(commands.createSnapshot(source.ref, { name }));
    return name;
  }

  /** Makes a stopped instance of each snapshot that the run will delete, and looks that it is there. */
  async #keep(job: MirrorJob, plan: MirrorPlan, sides: Sides, onStep: OnMirrorStep): Promise<string[]> {
    if (plan.deleted.length === 0) return [];
    onStep('keep');
    const { remote, project } = job.target;
    const taken = this.#inventory.instances(remote, project).map(({ instance }) => instance.ref.instance);
    const names = keptNames(job.target.instance, plan.deleted, taken);
    const { extensions } = sides.targetServer;
    for (const snapshot of plan.deleted) {
      const to = { remote, project, instance: names.get(snapshot.ref.snapshot) ?? '' };
      const config = keptConfig(plan.identity, snapshot.ref.snapshot, snapshot.config, extensions);
      await this.#client.change(commands.copySnapshot(snapshot.ref, to, { config }));
      await this.#inventory.refreshInstance(to);
    }
    return [...names.values()];
  }

  /** Marks what is about to be sent, and deletes what an earlier run left in doubt. */
  async #clear(base: InstanceRef, plan: MirrorPlan, sides: Sides, onStep: OnMirrorStep): Promise<void> {
    const exists = plan.kind === 'first' ? sides.incoming : sides.target;
    if (!exists) return;
    if (plan.isResumed && (await this.#client.isBeingMade(base, 'Creating instance'))) {
      throw new IncusError('busy', { text: 'another run onto it is under way' });
    }
    if (plan.kind === 'first' && isHalfMirror(exists, plan.identity)) {
      onStep('clear');
      await this.#clearHalf(base, plan.identity);
      return;
    }
    const names = [...plan.sent, ...plan.doubtful].map(({ ref }) => ref.snapshot);
    const mark = commands.setConfig(base, { [SENDING_KEY]: sendingText([...new Set(names)]) });
    await insist(() => this.#client.change(mark));
    if (plan.doubtful.length === 0) return;
    onStep('clear');
    for (const { ref } of plan.doubtful) await this.#client.change(commands.deleteSnapshot(ref));
  }

  /**
   * Deletes what a broken first run left. On 7.0.2 a server that died can hold its disk as busy until the machine is
   * started again; then its snapshots are deleted, and it is written over.
   */
  async #clearHalf(base: InstanceRef, identity: MirrorSource): Promise<void> {
    try {
      await removeHalfMirror(this.#client, base, identity);
    } catch (error) {
      const half = await this.#client.instance(base);
      if (!isHalfMirror(half, identity)) throw error;
      for (const { ref } of half.snapshots ?? []) await this.#client.change(commands.deleteSnapshot(ref));
    }
    await this.#inventory.refreshInstance(base).catch(() => undefined);
  }

  #limitFor({ source, target }: MirrorJob): LimitFunction {
    const [from, to] = [source, target].map(({ remote }) => this.#inventory.server(remote)?.fingerprint ?? remote);
    const key = `${from} ${to}`;
    const limit = this.#limits.get(key) ?? pLimit(SIDE_BY_SIDE);
    this.#limits.set(key, limit);
    return limit;
  }
}

/**
 * @throws MirrorBlocked where something stands against it
 * @throws IncusError `changedMeanwhile` where it would cost more than what was agreed to
 */
function requireAgreed(plan: MirrorPlan, { agreed, takesOver, replaces = false }: MirrorWish): void {
  if (plan.blocks.length > 0) throw new MirrorBlocked(plan.blocks);
  const nameOf = ({ ref, createdAt }: SeenSnapshot) => `${createdAt.getTime()} ${ref.snapshot}`;
  const known = new Set(agreed.map(nameOf));
  const more = plan.deleted.filter((one) => !known.has(nameOf(one)));
  if (more.length === 0 && (plan.isKnown || takesOver) && (!plan.replaces || replaces)) return;
  throw new IncusError('changedMeanwhile', { text: `would delete ${more.map((one: Snapshot) => nameOf(one)).join()}` });
}
