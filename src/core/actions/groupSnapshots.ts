import pLimit from 'p-limit';
import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type Instance, type InstanceRef, keyOf, type Snapshot } from '../model.ts';
import type { OnFailure } from '../policy/groups/group.ts';
import { planFreeze } from '../policy/groups/plans.ts';
import { isTakenByAny } from '../policy/groups/sets.ts';
import { queueKey } from './actions.ts';
import { Freezer } from './freezer.ts';
import type { Debt, PauseJournal, Unwanted } from './pauseJournal.ts';
import type { KeyedQueue } from './queue.ts';

export interface GroupSnapshotWish {
  readonly members: readonly InstanceRef[];
  readonly snapshot: commands.NewSnapshot & { readonly name: string };
  /** Pause all that run, so that the set shows one moment. */
  readonly frozen: boolean;
  readonly onFailure: OnFailure;
}

export type GroupStep = 'check' | 'pause' | 'snapshot' | 'takeBack';

export interface MemberResult {
  readonly ref: InstanceRef;
  /**
   * `notMade`: nothing was tried, since another member had failed; `takenBack`: made, and deleted again for that reason;
   * `left`: was to be taken back, and is still there.
   */
  readonly state: 'made' | 'failed' | 'notMade' | 'takenBack' | 'left';
  readonly error?: IncusError;
}

export interface GroupSnapshotOutcome {
  /** In the order in which the members were named. */
  readonly results: readonly MemberResult[];
  /** Milliseconds; absent where none was paused. */
  readonly longestPause?: number;
  /** Members that could not be resumed; they are when their server can be reached again. */
  readonly stillPaused: readonly InstanceRef[];
  readonly wasCancelled: boolean;
}

/** What became of one member before anything is taken back. */
interface Attempt {
  readonly instance: Instance;
  readonly made?: Snapshot;
  readonly error?: IncusError;
}

/** Members of which one thing is done side by side, where nothing stands still meanwhile. */
const AT_ONCE = 4;

/** Milliseconds by which a server's clock may differ from ours for a snapshot to count as one of this run. */
const CLOCKS = 120_000;

/** Makes one snapshot of each member of a group, under one name. */
export class GroupSnapshots {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;
  readonly #journal: PauseJournal;
  readonly #freezer: Freezer;

  constructor(client: IncusClient, inventory: Inventory, queue: KeyedQueue, journal: PauseJournal) {
    this.#client = client;
    this.#inventory = inventory;
    this.#queue = queue;
    this.#journal = journal;
    this.#freezer = new Freezer(client, inventory);
  }

  /**
   * Takes the turns of all members in one order, so that groups that overlap do not wait in a circle.
   * @param signal resumes who is paused, and takes back what was made
   * @throws IncusError where nothing was begun: `exists` where a member has a snapshot of that name
   */
  run(wish: GroupSnapshotWish, signal: AbortSignal, onStep: (step: GroupStep) => void): Promise<GroupSnapshotOutcome> {
    const keys = wish.members.map((ref) => queueKey(this.#inventory, ref));
    return this.#queue.runAll(keys, signal, () => this.#perform(wish, signal, onStep));
  }

  async #perform(
    wish: GroupSnapshotWish,
    signal: AbortSignal,
    onStep: (step: GroupStep) => void,
  ): Promise<GroupSnapshotOutcome> {
    onStep('check');
    const { found, failed } = await this.#look(wish.members, signal);
    if (signal.aborted) throw new IncusError('cancelled', { text: 'cancelled before anything was done' });
    if (isTakenByAny(wish.snapshot.name, found)) {
      throw new IncusError('exists', { text: `a member has a snapshot ${wish.snapshot.name}` });
    }
    if (failed.length > 0 && (wish.onFailure === 'takeBack' || found.length === 0)) {
      const untouched = found.map(({ ref }): MemberResult => ({ ref, state: 'notMade' }));
      return { results: ordered(wish.members, [...failed, ...untouched]), stillPaused: [], wasCancelled: false };
    }
    const begun = Date.now();
    let debt: Debt = { paused: wish.frozen ? planFreeze(found).pause.map(({ ref }) => ref) : [], unwanted: [] };
    const id = await this.#journal.begin(debt.paused);
    try {
      const made = await this.#make(wish, found, signal, onStep);
      debt = { ...debt, paused: made.stillPaused };
      const wasCancelled = signal.aborted;
      const isWhole = failed.length === 0 && made.attempts.every(({ error }) => !error) && !wasCancelled;
      const back = await this.#clear(wish, made.attempts, isWhole, wasCancelled, begun, onStep);
      debt = { ...debt, unwanted: back.unwanted };
      const { longestPause, stillPaused } = made;
      const results = ordered(wish.members, [...failed, ...back.results]);
      return { results, stillPaused, wasCancelled, ...(longestPause !== undefined && { longestPause }) };
    } finally {
      await this.#journal.end(id, debt);
    }
  }

  /** Reads all members: one that is gone by now, or of which the snapshots are not known, has failed already. */
  async #look(
    members: readonly InstanceRef[],
    signal: AbortSignal,
  ): Promise<{ found: Instance[]; failed: MemberResult[] }> {
    const failed: MemberResult[] = [];
    const found = await pLimit(AT_ONCE).map([...members], async (ref) => {
      try {
        const instance = await this.#inventory.refreshInstance(ref, signal);
        if (instance.snapshots) return instance;
        throw new IncusError('memberDown', { text: 'its snapshots are not known' });
      } catch (error) {
        failed.push({ ref, state: 'failed', error: toIncusError(error) });
        return undefined;
      }
    });
    return { found: found.filter((instance) => instance !== undefined), failed };
  }

  async #make(
    wish: GroupSnapshotWish,
    members: readonly Instance[],
    signal: AbortSignal,
    onStep: (step: GroupStep) => void,
  ): Promise<{ attempts: Attempt[]; stillPaused: readonly InstanceRef[]; longestPause?: number }> {
    onStep(wish.frozen ? 'pause' : 'snapshot');
    const create = async ({ ref }: Instance) => {
      onStep('snapshot');
      await this.#client.change(commands.createSnapshot(ref, wish.snapshot));
    };
    const limit = pLimit(AT_ONCE);
    const { results, ...rest } = wish.frozen
      ? await this.#freezer.together(members, create, signal)
      : { stillPaused: [], results: await settled(members, (one) => limit(() => create(one))) };
    const attempts = await limit.map([...members], (member) =>
      this.#readBack(member, wish.snapshot.name, results.get(keyOf(member.ref))),
    );
    return { attempts, ...rest };
  }

  /** A snapshot is made where its making said so and it is there. */
  async #readBack(instance: Instance, name: string, result: PromiseSettledResult<void> | undefined): Promise<Attempt> {
    const failure = result?.status === 'rejected' ? toIncusError(result.reason) : undefined;
    try {
      const after = await this.#inventory.refreshInstance(instance.ref);
      const made = after.snapshots?.find(({ ref }) => ref.snapshot === name);
      const error = failure ?? (made ? undefined : missing(name));
      return { instance, ...(made && { made }), ...(error && { error }) };
    } catch (error) {
      return { instance, error: failure ?? toIncusError(error) };
    }
  }

  /**
   * Deletes what must not stay: what is there though its making failed, since nobody knows what is in it, and all of it
   * where the user would have all or nothing.
   */
  async #clear(
    wish: GroupSnapshotWish,
    attempts: readonly Attempt[],
    isWhole: boolean,
    wasCancelled: boolean,
    begun: number,
    onStep: (step: GroupStep) => void,
  ): Promise<{ results: MemberResult[]; unwanted: Unwanted[] }> {
    const keepsGood = isWhole || (wish.onFailure === 'keep' && !wasCancelled);
    const unwanted: Unwanted[] = [];
    const results = await pLimit(AT_ONCE).map([...attempts], async (attempt): Promise<MemberResult> => {
      const { ref } = attempt.instance;
      if (!attempt.error && keepsGood) return { ref, state: 'made' };
      onStep('takeBack');
      const snapshot = { ...ref, snapshot: wish.snapshot.name };
      const left = await this.#takeBack(attempt, snapshot.snapshot);
      if (left) {
        const at = attempt.made?.createdAt.getTime();
        unwanted.push({ ref: snapshot, from: at ?? begun - CLOCKS, to: at ?? Date.now() + CLOCKS });
      }
      if (attempt.error) return { ref, state: 'failed', error: attempt.error };
      return left ? { ref, state: 'left', error: left } : { ref, state: 'takenBack' };
    });
    return { results, unwanted };
  }

  /** @returns why it could not be seen to be gone */
  async #takeBack({ instance, made, error }: Attempt, name: string): Promise<IncusError | undefined> {
    const { ref } = instance;
    try {
      if (!made && error?.kind === 'instanceMissing') return undefined;
      if (made) await this.#client.change(commands.deleteSnapshot({ ...ref, snapshot: name }));
      const after = await this.#inventory.refreshInstance(ref);
      const isThere = after.snapshots?.some((snapshot) => snapshot.ref.snapshot === name);
      return isThere ? new IncusError('other', { text: 'the snapshot is still in the list' }) : undefined;
    } catch (failure) {
      return toIncusError(failure).kind === 'instanceMissing' ? undefined : toIncusError(failure);
    }
  }
}

function missing(name: string): IncusError {
  return new IncusError('snapshotMissing', { text: `${name} is not in the list afterwards` });
}

async function settled(
  members: readonly Instance[],
  work: (member: Instance) => Promise<void>,
): Promise<Map<string, PromiseSettledResult<void>>> {
  const results = await Promise.allSettled(members.map(work));
  return new Map(members.map(({ ref }, at) => [keyOf(ref), results[at] ?? { status: 'rejected', reason: undefined }]));
}

function ordered(members: readonly InstanceRef[], results: readonly MemberResult[]): MemberResult[] {
  const byKey = new Map(results.map((result) => [keyOf(result.ref), result]));
  return members.flatMap((ref) => byKey.get(keyOf(ref)) ?? []);
}
