import type { IncusClient } from '../incus/client.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { InstanceRef } from '../model.ts';
import { partsOf } from '../policy/groups/member.ts';
import { queueKey } from './actions.ts';
import { Freezer } from './freezer.ts';
import type { GroupMembers } from './groupMembers.ts';
import type { PauseJournal, Unwanted } from './pauseJournal.ts';
import type { KeyedQueue } from './queue.ts';

/** Pays what runs have left owing: resumes whom they paused, and deletes what they made and did not finish. */
export class GroupRecovery {
  readonly #inventory: Inventory;
  readonly #members: GroupMembers;
  readonly #queue: KeyedQueue;
  readonly #journal: PauseJournal;
  readonly #freezer: Freezer;
  #running: Promise<InstanceRef[]> | undefined;

  constructor(
    client: IncusClient,
    inventory: Inventory,
    members: GroupMembers,
    queue: KeyedQueue,
    journal: PauseJournal,
  ) {
    this.#inventory = inventory;
    this.#members = members;
    this.#queue = queue;
    this.#journal = journal;
    this.#freezer = new Freezer(client, inventory);
  }

  /** Whether anything is owed. */
  get isNeeded(): boolean {
    return this.#journal.orphans().length > 0;
  }

  /**
   * Does what can be done by now; what cannot (a server that is away) stays noted. Never rejects.
   * @returns instances that were found paused, and run again
   */
  recover(): Promise<InstanceRef[]> {
    this.#running ??= this.#pay().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #pay(): Promise<InstanceRef[]> {
    const resumed: InstanceRef[] = [];
    for (const { id, paused, unwanted } of this.#journal.orphans()) {
      const stillPaused = await left(paused, async (ref) => {
        if (await this.#resume(ref)) resumed.push(ref);
      });
      const stillThere = await left(unwanted, (one) => this.#remove(one));
      await this.#journal.end(id, { paused: stillPaused, unwanted: stillThere });
    }
    return resumed;
  }

  /** @returns whether it was paused */
  #resume(ref: InstanceRef): Promise<boolean> {
    return this.#queue.run(queueKey(this.#inventory, ref), undefined, async () => {
      const { status } = await this.#inventory.refreshInstance(ref);
      await this.#freezer.resume(ref);
      return status === 'Frozen' || status === 'Freezing';
    });
  }

  /** Deletes the snapshot where it is the one that is meant, and not one that was made since. */
  #remove({ ref, from, to }: Unwanted): Promise<void> {
    return this.#queue.run(this.#members.turnOf(ref), undefined, async () => {
      const snapshots = partsOf(await this.#members.refresh(ref));
      if (!snapshots) throw new IncusError('memberDown', { text: 'its snapshots are not known' });
      const found = snapshots.find((snapshot) => snapshot.ref.snapshot === ref.snapshot);
      const at = found?.createdAt.getTime() ?? Number.NaN;
      if (!(at >= from && at <= to)) return;
      await this.#members.deleteSnapshot(ref);
      await this.#members.refresh(ref);
    });
  }
}

const GONE: ReadonlySet<IncusError['kind']> = new Set([
  ...(['instanceMissing', 'volumeMissing', 'projectMissing', 'noSuchRemote'] as const),
]);

/** Those of which something is still to be done; what is gone from its server is done with. */
async function left<T>(things: readonly T[], work: (thing: T) => Promise<void>): Promise<T[]> {
  const kept: T[] = [];
  for (const thing of things) {
    try {
      await work(thing);
    } catch (error) {
      const { kind } = toIncusError(error);
      if (!GONE.has(kind)) kept.push(thing);
    }
  }
  return kept;
}
