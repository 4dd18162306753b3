import { randomBytes } from 'node:crypto';
import * as z from 'zod/mini';
import type { InstanceRef, SnapshotRef, VolumeSnapshotRef } from '../model.ts';

/** Where something is kept from one start to the next, by keys that can be listed; VS Code's `Memento` is one. */
export interface ListedStorage {
  keys(): readonly string[];
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/** A snapshot that is to go: it bears this name, and was made between these times (milliseconds since 1970). */
export interface Unwanted {
  readonly ref: SnapshotRef | VolumeSnapshotRef;
  readonly from: number;
  readonly to: number;
}

/** What a run owes: whom it paused, and what it made that must not stay. */
export interface Debt {
  readonly paused: readonly InstanceRef[];
  readonly unwanted: readonly Unwanted[];
}

const instance = z.object({ remote: z.string(), project: z.string(), instance: z.string() });
const snapshot = z.object({ ...instance.shape, snapshot: z.string() });
const volumeSnapshot = z.pipe(
  z.object({
    ...{ remote: z.string(), project: z.string(), pool: z.string(), volume: z.string(), snapshot: z.string() },
    location: z.optional(z.string()),
  }),
  z.transform(({ location, ...ref }): VolumeSnapshotRef => ({ ...ref, ...(location !== undefined && { location }) })),
);
const record = z.object({
  by: z.string(),
  paused: z.array(instance),
  unwanted: z.array(z.object({ ref: z.union([snapshot, volumeSnapshot]), from: z.number(), to: z.number() })),
});

const PREFIX = 'groupRun ';

/**
 * Which instances are paused by whom, written before the first of them is: whoever finds an entry whose writer is gone
 * resumes them. A key for each run, so that no window writes over another's.
 */
export class PauseJournal {
  readonly #storage: ListedStorage;
  readonly #self: string;
  readonly #isAlive: (by: string) => boolean;

  /** @param self names this program and no other, nor an earlier one */
  constructor(storage: ListedStorage, self: string, isAlive: (by: string) => boolean) {
    this.#storage = storage;
    this.#self = self;
    this.#isAlive = isAlive;
  }

  /** Notes who is going to be paused. @returns the entry's name */
  async begin(paused: readonly InstanceRef[]): Promise<string> {
    const id = `${PREFIX}${randomBytes(8).toString('hex')}`;
    await this.#storage.update(id, { by: this.#self, paused, unwanted: [] });
    return id;
  }

  /** Ends an entry; what is still owed is left to whoever comes first. */
  async end(id: string, { paused, unwanted }: Debt): Promise<void> {
    const isPaid = paused.length + unwanted.length === 0;
    await this.#storage.update(id, isPaid ? undefined : { by: '', paused, unwanted });
  }

  /** Entries whose writers are at it no longer. */
  orphans(): (Debt & { readonly id: string })[] {
    return this.#storage.keys().flatMap((id) => {
      if (!id.startsWith(PREFIX)) return [];
      const parsed = record.safeParse(this.#storage.get(id));
      if (!parsed.success) return [];
      const { by, paused, unwanted } = parsed.data;
      return by === this.#self || (by !== '' && this.#isAlive(by)) ? [] : [{ id, paused, unwanted }];
    });
  }
}
