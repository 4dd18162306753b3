import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { InstanceRef, Volume } from '../model.ts';
import { instancesAmong, type Member, memberKey, volumesAmong } from '../policy/groups/member.ts';
import { planFreeze } from '../policy/groups/plans.ts';

/** Programs side by side. */
const AT_ONCE = 16;

/** Milliseconds that pausing or resuming one instance may take before it counts as failed. */
const LIMIT = 30_000;

/** How often an instance that does not resume is tried again, and the milliseconds before that. */
const PAUSES = [100, 300, 1_000];

/** Milliseconds between two looks at an instance that is about to freeze, and how many there are. */
const FREEZING = { pause: 200, looks: 50 } as const;

/** What a server says to whoever pauses what somebody else has paused. */
const NOT_OURS = /already frozen/i;

export interface Standstill<T> {
  /** By {@link memberKey}: what came of the work, or why it was not done. */
  readonly results: ReadonlyMap<string, PromiseSettledResult<T>>;
  /** Milliseconds for which the one that was paused longest was so; absent where none was. */
  readonly longestPause?: number;
  /** Those that could not be resumed, in the order of the members. */
  readonly stillPaused: readonly InstanceRef[];
}

/**
 * Pauses instances together, so that there is one moment at which all of them stand still, and resumes each of them,
 * whatever happens. What is done to one can begin when it stands still itself, since it stays as it is until it is
 * resumed; none is resumed before all stand still. A volume is worked on while those among the instances that use it stand
 * still, and these stay so until that is done.
 */
export class Freezer {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;

  constructor(client: IncusClient, inventory: Inventory) {
    this.#client = client;
    this.#inventory = inventory;
  }

  /**
   * @param members as they are; the instances that run are paused
   * @param signal resumes them at once, whatever is still being done to them
   */
  async together<T>(
    members: readonly Member[],
    work: (member: Member) => Promise<T>,
    signal: AbortSignal,
  ): Promise<Standstill<T>> {
    const { pause, still } = planFreeze(instancesAmong(members));
    const volumes = volumesAmong(members);
    const [pausing, working, resuming] = [pLimit(AT_ONCE), pLimit(AT_ONCE), pLimit(AT_ONCE)];
    const results = new Map<string, PromiseSettledResult<T>>();
    const stillPaused = new Set<Member>();
    let longestPause: number | undefined;
    const pauses = pause.map((member) => pausing(() => this.#pause(member.ref)));
    const allStand = Promise.allSettled(pauses);
    const settle = async (member: Member, ready: Promise<unknown>): Promise<void> => {
      const [result] = await Promise.allSettled([ready.then(() => working(() => work(member)))]);
      results.set(memberKey(member.ref), result);
    };
    const pauseOf = new Map(pause.map(({ ref }, at) => [memberKey(ref), pauses[at]]));
    const worked = volumes.map((volume) => ({
      users: usersOf(volume),
      done: settle(volume, Promise.all(usersOf(volume).flatMap((user) => pauseOf.get(user) ?? []))),
    }));
    const underPause = async (
      member: Member & { readonly ref: InstanceRef },
      paused: Promise<number>,
    ): Promise<void> => {
      const user = memberKey(member.ref);
      const itsVolumes = worked.filter(({ users }) => users.includes(user));
      const done = Promise.all([settle(member, paused), ...itsVolumes.map((volume) => volume.done)]);
      const [outcome] = await Promise.allSettled([paused]);
      await Promise.race([Promise.all([done, allStand]), aborted(signal)]);
      await allStand;
      if (outcome.status === 'rejected' && NOT_OURS.test(toIncusError(outcome.reason).text)) {
        await done;
        return;
      }
      if (!(await resuming(() => this.#resumeNow(member.ref, outcome.status === 'fulfilled')))) {
        stillPaused.add(member);
      }
      if (outcome.status === 'fulfilled') {
        longestPause = Math.max(longestPause ?? 0, performance.now() - outcome.value);
      }
      await done;
    };
    await Promise.all([
      ...pause.map((member, at) => underPause(member, pauses[at] ?? Promise.reject(new Error('not paused')))),
      ...still.map((member) => settle(member, allStand)),
      ...worked.map(({ done }) => done),
    ]);
    const left = instancesAmong(members).filter((member) => stillPaused.has(member));
    return { results, stillPaused: left.map(({ ref }) => ref), ...(longestPause !== undefined && { longestPause }) };
  }

  /**
   * Resumes an instance where it is paused; one that is not is well resumed.
   * @throws IncusError
   */
  async resume(ref: InstanceRef): Promise<void> {
    for (let look = 1; ; look++) {
      const { status } = await this.#inventory.refreshInstance(ref);
      // An instance that is about to freeze cannot be resumed yet, and is not to be left so.
      if (status === 'Freezing' && look < FREEZING.looks) {
        await delay(FREEZING.pause);
        continue;
      }
      if (status !== 'Frozen' && status !== 'Freezing') return;
      await this.#client.change(commands.startInstance(ref), AbortSignal.timeout(LIMIT));
      await this.#inventory.refreshInstance(ref);
      return;
    }
  }

  /** @returns since when it stands still at the earliest, by `performance.now()` */
  async #pause(ref: InstanceRef): Promise<number> {
    const begun = performance.now();
    await this.#client.change(commands.pauseInstance(ref), AbortSignal.timeout(LIMIT));
    return begun;
  }

  /** @returns whether it is known not to be paused any more */
  async #resumeNow(ref: InstanceRef, isPaused: boolean): Promise<boolean> {
    if (isPaused) {
      try {
        await this.#client.change(commands.startInstance(ref), AbortSignal.timeout(LIMIT));
        return true;
      } catch {
        // Looked at more closely below.
      }
    }
    for (const pause of PAUSES) {
      try {
        await this.resume(ref);
        return true;
      } catch (error) {
        if (toIncusError(error).kind === 'instanceMissing') return true;
        await delay(pause);
      }
    }
    return false;
  }
}

/** Who uses a volume, as {@link memberKey} names them. */
function usersOf({ usedBy }: Volume): string[] {
  return usedBy.map(memberKey);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
