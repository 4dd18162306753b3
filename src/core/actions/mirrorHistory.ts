import type { IncusErrorKind } from '../incus/errors.ts';
import { jobKey, type MirrorJob } from '../policy/mirror/mirrorJobs.ts';

/** What is kept of the last run of one job. */
export interface MirrorRecord {
  readonly state: 'running' | 'done' | 'cancelled' | 'failed';
  /** When it came to this state, in milliseconds since 1970. */
  readonly at: number;
  /** Who runs it, or ran it. */
  readonly by: string;
  /** What went wrong: the kind, and Incus' own words. */
  readonly error?: { readonly kind: IncusErrorKind; readonly text: string };
}

/** Keeps records over the end of the program. */
export interface MirrorStore {
  get(key: string): MirrorRecord | undefined;
  set(key: string, record: MirrorRecord): Promise<void>;
}

/** Tells whether whoever a record names is still at it. */
export type IsAlive = (by: string) => boolean;

/** The last run of each job: noted before anything is sent, so that one which breaks off is known to have begun. */
export class MirrorHistory {
  readonly #store: MirrorStore;
  readonly #self: string;
  readonly #isAlive: IsAlive;

  /** @param self names this program and no other, nor an earlier one */
  constructor(store: MirrorStore, self: string, isAlive: IsAlive) {
    this.#store = store;
    this.#self = self;
    this.#isAlive = isAlive;
  }

  note(job: MirrorJob, state: MirrorRecord['state'], error?: MirrorRecord['error']): Promise<void> {
    return this.#store.set(jobKey(job), { state, at: Date.now(), by: this.#self, ...(error && { error }) });
  }

  /** The last run; `unfinished` where whoever ran it is gone and left no result. */
  lastOf(job: MirrorJob): (Omit<MirrorRecord, 'state'> & { state: MirrorRecord['state'] | 'unfinished' }) | undefined {
    const record = this.#store.get(jobKey(job));
    if (record?.state !== 'running' || record.by === this.#self || this.#isAlive(record.by)) return record;
    return { ...record, state: 'unfinished' };
  }
}
