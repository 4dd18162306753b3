import pLimit from 'p-limit';
import type { IncusClient } from '../incus/client.ts';
import type { NewSnapshot } from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { InstanceRef } from '../model.ts';
import type { OnFailure } from '../policy/groups/group.ts';
import { instancesAmong, type Member, memberKey, type MemberRef, type Part, partsOf } from '../policy/groups/member.ts';
import { planFreeze } from '../policy/groups/plans.ts';
import { isTakenByAny } from '../policy/groups/sets.ts';
import { Freezer } from './freezer.ts';
import type { GroupMembers } from './groupMembers.ts';
import type { Debt, PauseJournal, Unwanted } from './pauseJournal.ts';
import type { KeyedQueue } from './queue.ts';

export interface GroupSnapshotWish {
  readonly members: readonly MemberRef[];
  readonly snapshot: Omit<NewSnapshot, 'stateful'> & { readonly name: string };
  /** Pause all instances that run, so that the set shows one moment. */
  readonly frozen: boolean;
  readonly onFailure: OnFailure;
}

export type GroupStep = 'check' | 'pause' | 'snapshot' | 'takeBack';

export interface MemberResult {
  readonly ref: MemberRef;
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
  readonly member: Member;
  readonly made?: Part;
  readonly error?: IncusError;
}

/** Members of which one thing is done side by side, where nothing stands still meanwhile. */
const AT_ONCE = 4;

/** Milliseconds by which a server's clock may differ from ours for a snapshot to count as one of this run. */
const CLOCKS = 120_000;

/** Makes one snapshot of each member of a group, under one name. */
export class GroupSnapshots {
  readonly #members: GroupMembers;
  readonly #queue: KeyedQueue;
  readonly #journal: PauseJournal;
  readonly #freezer: Freezer;

  constructor(
    client: IncusClient,
    inventory: Inventory,
    members: GroupMembers,
    queue: KeyedQueue,
    journal: PauseJournal,
  ) {
    this.#members = members;
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
    const keys = wish.members.map((ref) => this.#members.turnOf(ref));
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
    let debt: Debt = {
      paused: wish.frozen ? planFreeze(instancesAmong(found)).pause.map(({ ref }) => ref) : [],
      unwanted: [],
    };
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
    members: readonly MemberRef[],
    signal: AbortSignal,
  ): Promise<{ found: Member[]; failed: MemberResult[] }> {
    const failed: MemberResult[] = [];
    const found = await pLimit(AT_ONCE).map([...members], async (ref) => {
      try {
        const member = await this.#members.refresh(ref, signal);
        if (member.snapshots) return member;
        throw new IncusError('memberDown', { text: 'its snapshots are not known' });
      } catch (error) {
        failed.push({ ref, state: 'failed', error: toIncusError(error) });
        return undefined;
      }
    });
    return { found: found.filter((member) => member !== undefined), failed };
  }

  async #make(
    wish: GroupSnapshotWish,
    members: readonly Member[],
    signal: AbortSignal,
    onStep: (step: GroupStep) => void,
  ): Promise<{ attempts: Attempt[]; stillPaused: readonly InstanceRef[]; longestPause?: number }> {
    onStep(wish.frozen ? 'pause' : 'snapshot');
    const create = async ({ ref }: Member) => {
      onStep('snapshot');
      await this.#members.createSnapshot(ref, wish.snapshot);
    };
    const limit = pLimit(AT_ONCE);
    const { results, ...rest } = wish.frozen
      ? await this.#freezer.together(members, create, signal)
      : { stillPaused: [], results: await settled(members, (one) => limit(() => create(one))) };
    const attempts = await limit.map([...members], (member) =>
      this.#readBack(member, wish.snapshot.name, results.get(memberKey(member.ref))),
    );
    return { attempts, ...rest };
  }

  /** A snapshot is made where its making said so and it is there. */
  async #readBack(member: Member, name: string, result: PromiseSettledResult<void> | undefined): Promise<Attempt> {
    const failure = result?.status === 'rejected' ? toIncusError(result.reason) : undefined;
    try {
      const made = partsOf(await this.#members.refresh(member.ref))?.find(({ ref }) => ref.snapshot === name);
      const error = failure ?? (made ? undefined : missing(name));
      return { member, ...(made && { made }), ...(error && { error }) };
    } catch (error) {
      return { member, error: failure ?? toIncusError(error) };
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
      const { ref } = attempt.member;
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
  async #takeBack({ member, made, error: cause }: Attempt, name: string): Promise<IncusError | undefined> {
    const { ref } = member;
    try {
      if (!made && isGone(cause)) return undefined;
      if (made) await this.#members.deleteSnapshot({ ...ref, snapshot: name });
      const isThere = partsOf(await this.#members.refresh(ref))?.some((snapshot) => snapshot.ref.snapshot === name);
      return isThere ? new IncusError('other', { text: 'the snapshot is still in the list' }) : undefined;
    } catch (failure) {
      const error = toIncusError(failure);
      return isGone(error) ? undefined : error;
    }
  }
}

/** The member itself, and its snapshot with it. */
function isGone(error: IncusError | undefined): boolean {
  return error?.kind === 'instanceMissing' || error?.kind === 'volumeMissing';
}

function missing(name: string): IncusError {
  return new IncusError('snapshotMissing', { text: `${name} is not in the list afterwards` });
}

async function settled(
  members: readonly Member[],
  work: (member: Member) => Promise<void>,
): Promise<Map<string, PromiseSettledResult<void>>> {
  const results = await Promise.allSettled(members.map(work));
  return new Map(
    members.map(({ ref }, at) => [memberKey(ref), results[at] ?? { status: 'rejected', reason: undefined }]),
  );
}

function ordered(members: readonly MemberRef[], results: readonly MemberResult[]): MemberResult[] {
  const byKey = new Map(results.map((result) => [memberKey(result.ref), result]));
  return members.flatMap((ref) => byKey.get(memberKey(ref)) ?? []);
}
