import type { IncusEvent } from '../incus/events.ts';
import {
  type Instance,
  type InstanceRef,
  keyOf,
  type Snapshot,
  type SnapshotName,
  type SnapshotRef,
} from '../model.ts';

/** What is known of an instance beyond its row: its snapshots come by a call of their own. */
export interface InstanceEntry {
  readonly instance: Instance;
  /** `named`: only `names` is known; `failed`: the snapshots could not be read, and that is not "none". */
  readonly details: 'pending' | 'named' | 'read' | 'failed';
  /** The snapshots as far as a cheap listing tells; in order of creation. */
  readonly names?: readonly SnapshotName[];
}

/** How many snapshots an instance has; `undefined` where that is not known. */
export function countOf({ instance, details, names }: InstanceEntry): number | undefined {
  if (details === 'named') return names?.length;
  return details === 'read' ? instance.snapshots?.length : undefined;
}

/** When its newest snapshot was made; `undefined` where it has none, or that is not known. */
export function newestOf({ instance, details, names }: InstanceEntry): Date | undefined {
  if (details === 'named') return names?.at(-1)?.createdAt;
  return details === 'read' ? instance.snapshots?.at(-1)?.createdAt : undefined;
}

interface Row extends InstanceEntry {
  /** The number of the newest question that it answers: an older answer that comes late is dropped. */
  readonly question: number;
  /** The same of the newest that told all of it, where events have told but a part since. */
  readonly whole: number;
}

/** An event that changes rows, rather than saying that something is under way. */
export type RowEvent = Exclude<IncusEvent, { kind: 'operation' | 'volumesChanged' }>;

/**
 * The instances of one remote. Answers and events overtake each other: each question has a number, an event counts as
 * the answer to a question of its own moment, and what is older than what is known changes nothing.
 */
export class Rows {
  readonly #rows = new Map<string, Row>();
  /** Instances that are known to be gone, by the moment since when. */
  readonly #gone = new Map<string, number>();
  /** Snapshots that have begun and not ended. */
  readonly #pending = new Set<string>();

  get entries(): Iterable<InstanceEntry> {
    return this.#rows.values();
  }

  get size(): number {
    return this.#rows.size;
  }

  get(ref: InstanceRef): InstanceEntry | undefined {
    return this.#rows.get(instanceKeyOf(ref));
  }

  /**
   * Takes over a listing. The snapshots that are known stay until their own call answers; what came to be known after
   * the listing was asked for stays as it is.
   * @returns the instances of which events have told but a part since, so that the rest is out of date
   */
  replace(listed: readonly Instance[], question: number): InstanceRef[] {
    const before = new Map(this.#rows);
    this.#rows.clear();
    for (const instance of listed) {
      const key = keyOf(instance.ref);
      const known = before.get(key);
      before.delete(key);
      if ((this.#gone.get(key) ?? 0) > question) continue;
      if (known && known.question > question) this.#rows.set(key, known);
      else this.#rows.set(key, withKnown(instance, known, question));
    }
    for (const [key, row] of before) if (row.question > question) this.#rows.set(key, row);
    for (const [key, since] of this.#gone) if (since <= question) this.#gone.delete(key);
    return [...this.#rows.values()]
      .filter((row) => row.question > question && row.whole < question)
      .map(({ instance }) => instance.ref);
  }

  /** Takes over what was read of one instance. @returns false where something newer is known */
  put(instance: Instance, details: InstanceEntry['details'], question: number): boolean {
    const key = keyOf(instance.ref);
    const newest = Math.max(this.#rows.get(key)?.question ?? 0, this.#gone.get(key) ?? 0);
    if (newest > question) return false;
    this.#gone.delete(key);
    this.#rows.set(key, { instance: this.#marked(instance), details, question, whole: question });
    return true;
  }

  /** Takes over the names of an instance's snapshots, unless more is known. @returns whether that changed anything */
  name(ref: InstanceRef, names: readonly SnapshotName[], question: number): boolean {
    const row = this.#rows.get(instanceKeyOf(ref));
    if (!row || row.details === 'read' || row.question > question) return false;
    this.#rows.set(keyOf(row.instance.ref), { ...row, details: 'named', names, question });
    return true;
  }

  /** Notes that an instance could not be read. @returns whether that is news: a newer question may have been answered */
  fail(ref: InstanceRef, question: number): boolean {
    const row = this.#rows.get(instanceKeyOf(ref));
    if (!row || row.whole > question) return false;
    this.#rows.set(keyOf(row.instance.ref), { ...row, details: 'failed' });
    return true;
  }

  /** Takes an instance away. @returns whether there was one */
  drop(ref: InstanceRef, question: number): boolean {
    const key = instanceKeyOf(ref);
    if ((this.#rows.get(key)?.question ?? 0) > question) return false;
    this.#gone.set(key, question);
    return this.#rows.delete(key);
  }

  /**
   * Takes over an event, as far as it says all.
   * @returns `read` where the instance has to be read to know what it is like, `rows` where rows came or went,
   * `instance` where one of them changed, `nothing` where it did not
   */
  apply(event: RowEvent, question: number): 'read' | 'rows' | 'instance' | 'nothing' {
    switch (event.kind) {
      case 'instanceChanged':
        return 'read';
      case 'instanceDeleted':
        return this.drop(event.ref, question) ? 'rows' : 'nothing';
      case 'instanceRenamed':
        return this.#renameInstance(event.ref, event.from, question);
      case 'instanceStatus':
        return this.#change(event.ref, question, (instance) => ({ ...instance, status: event.status }));
      case 'snapshotBegun':
        this.#pending.add(keyOf(event.ref));
        return this.#changeSnapshots(event.ref, question, (all) => [
          ...without(all, event.ref),
          begun(event.ref, event.at),
        ]);
      case 'snapshotDeleted':
        this.#pending.delete(keyOf(event.ref));
        return this.#changeSnapshots(event.ref, question, (all) => without(all, event.ref));
      case 'snapshotRenamed':
        return this.#changeSnapshots(event.ref, question, (all) =>
          all.map((one) => (one.ref.snapshot === event.from ? { ...one, ref: event.ref } : one)),
        );
    }
  }

  /**
   * Notes that a snapshot's making has ended; whether it is there is for a reading to say.
   * @returns whether it was under way
   */
  endSnapshot(ref: SnapshotRef): boolean {
    return this.#pending.delete(keyOf(ref));
  }

  /** What was under way may have ended unheard: whatever the next readings show is there. */
  endAll(): void {
    this.#pending.clear();
  }

  #changeSnapshots(ref: InstanceRef, question: number, change: (all: readonly Snapshot[]) => readonly Snapshot[]) {
    const known = this.get(ref)?.instance.snapshots;
    // Where the others are not known, one alone would look like all.
    if (!known) return 'read';
    return this.#change(ref, question, (instance) => ({ ...instance, snapshots: change(known) }));
  }

  #change(ref: InstanceRef, question: number, change: (instance: Instance) => Instance): 'read' | 'instance' {
    const row = this.#rows.get(instanceKeyOf(ref));
    if (!row) return 'read';
    this.#rows.set(keyOf(row.instance.ref), { ...row, instance: change(row.instance), question });
    return 'instance';
  }

  #renameInstance(ref: InstanceRef, from: string, question: number): 'read' | 'rows' {
    const old = { ...ref, instance: from };
    const row = this.#rows.get(instanceKeyOf(old));
    this.drop(old, question);
    if (!row) return 'read';
    const { remote, project, instance } = ref;
    const snapshots = row.instance.snapshots?.map((one) => ({ ...one, ref: { ...one.ref, instance } }));
    const renamed = { ...row.instance, ref: { remote, project, instance }, ...(snapshots && { snapshots }) };
    this.#rows.set(keyOf(renamed.ref), { ...row, instance: renamed, question });
    return 'rows';
  }

  /** A reading shows a snapshot from the moment it begins; it is not there before it has ended. */
  #marked(instance: Instance): Instance {
    if (this.#pending.size === 0 || !instance.snapshots) return instance;
    const snapshots = instance.snapshots.map((one): Snapshot =>
      this.#pending.has(keyOf(one.ref)) ? { ...one, pending: true } : one,
    );
    return { ...instance, snapshots };
  }
}

function withKnown(instance: Instance, known: Row | undefined, question: number): Row {
  const { snapshots } = known?.instance ?? {};
  if (snapshots) return { instance: { ...instance, snapshots }, details: 'read', question, whole: question };
  if (known?.names) return { instance, details: 'named', names: known.names, question, whole: question };
  return { instance, details: 'pending', question, whole: question };
}

function without(all: readonly Snapshot[], { snapshot }: SnapshotRef): Snapshot[] {
  return all.filter(({ ref }) => ref.snapshot !== snapshot);
}

function begun(ref: SnapshotRef, createdAt: Date): Snapshot {
  return { ref, createdAt, stateful: false, pending: true, ephemeral: false, config: {}, devices: {}, description: '' };
}

function instanceKeyOf({ remote, project, instance }: InstanceRef): string {
  return keyOf({ remote, project, instance });
}
