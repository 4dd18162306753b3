import { setTimeout as setTimer } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { IncusClient } from '../incus/client.ts';
import { classify, IncusError } from '../incus/errors.ts';
import { type IncusEvent, type OperationEvent, parseEvent } from '../incus/events.ts';
import type { Inventory, InventoryChange } from './inventory.ts';
import { Making } from './making.ts';
import type { InstanceEntry, RowEvent } from './rows.ts';
import { type InstanceRef, keyOf, type Remote, type SnapshotRef } from '../model.ts';

/** Milliseconds in which events are gathered, so that a burst is one update. */
const GATHER = 20;

/** Milliseconds between two attempts to reach a remote: doubled each time, up to the last. */
const BACKOFF = { first: 500, last: 60_000 } as const;

/** Milliseconds between two readings of everything, for what events miss; only while somebody looks. */
const SLOW_POLL = 10 * 60_000;

/** Instances of one remote that are read again side by side. */
const READS = 4;

/** Milliseconds until what could not be read is asked again: doubled each time, up to the last. */
const RETRY = { first: 1_000, last: 60_000 } as const;

/** Milliseconds for which events have to be heard for the next attempt to be a first one again. */
const STEADY = 10_000;

/** Operations whose success an event of its own tells in full. */
const TOLD: ReadonlySet<string> = new Set(['Renaming snapshot', 'Deleting snapshot']);

/** Operations whose success changes an instance without an event that says so: a copy has all it brings along. */
const UNTOLD = 'Creating instance';

/** Told of a snapshot that was begun and failed. */
export type OnFailedSnapshot = (ref: SnapshotRef, error: IncusError) => void;

/** Told that custom volumes changed: of one pool, or whatever may have been missed where none is named. */
export type OnVolumes = (remote: string, pool?: string) => void;

/** Keeps the inventory true: follows each remote's events, and finds those again that went away. */
export class Follower {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #onFailedSnapshot: OnFailedSnapshot;
  readonly #onVolumes: OnVolumes;
  readonly #streams = new Map<string, Stream>();
  #unsubscribe: (() => void) | undefined;
  #poll: NodeJS.Timeout | undefined;

  constructor(
    client: IncusClient,
    inventory: Inventory,
    onFailedSnapshot: OnFailedSnapshot,
    onVolumes: OnVolumes = () => undefined,
  ) {
    this.#client = client;
    this.#inventory = inventory;
    this.#onFailedSnapshot = onFailedSnapshot;
    this.#onVolumes = onVolumes;
  }

  /** Reads the remotes and begins to follow them; those that appear later too, those that vanish no longer. */
  async start(): Promise<void> {
    this.#unsubscribe ??= this.#inventory.onDidChange((change) => {
      if (change.kind === 'all') this.#attend();
      else this.#streams.get(change.kind === 'remote' ? change.remote : change.ref.remote)?.notice(change);
    });
    await this.#inventory.refreshRemotes();
  }

  /** While somebody looks, everything is read again now and then. */
  setVisible(visible: boolean): void {
    clearInterval(this.#poll);
    this.#poll = visible ? setInterval(() => void this.#inventory.refresh(), SLOW_POLL) : undefined;
  }

  /** Lets go of every connection: each remote is heard anew, by whichever program and way are wanted from here on. */
  reconnect(): void {
    if (this.#streams.size === 0) return;
    for (const [name, stream] of this.#streams) {
      stream.stop();
      this.#client.close(name);
    }
    this.#streams.clear();
    this.#attend();
  }

  dispose(): void {
    this.#unsubscribe?.();
    clearInterval(this.#poll);
    for (const stream of this.#streams.values()) stream.stop();
    this.#streams.clear();
  }

  #attend(): void {
    const remotes = new Map(
      this.#inventory.remotes
        .filter(({ state }) => state.kind !== 'failed' || state.problem !== 'badName')
        .map(({ remote }) => [remote.name, remote]),
    );
    for (const [name, stream] of this.#streams) {
      if (remotes.get(name)?.address === stream.remote.address) continue;
      stream.stop();
      this.#client.close(name);
      this.#streams.delete(name);
    }
    for (const [name, remote] of remotes) {
      if (this.#streams.has(name)) continue;
      const stream = new Stream(remote, this.#client, this.#inventory, this.#onFailedSnapshot, this.#onVolumes);
      this.#streams.set(name, stream);
      void stream.run();
    }
  }
}

/** The events of one remote. */
class Stream {
  readonly remote: Remote;
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #onFailedSnapshot: OnFailedSnapshot;
  readonly #onVolumes: OnVolumes;
  readonly #end = new AbortController();
  readonly #making = new Making();
  readonly #reads = pLimit(READS);
  /** Instances that are to be read again, and those that are being read. */
  readonly #dirty = new Map<string, InstanceRef>();
  readonly #reading = new Set<string>();
  /** Instances that could not be read, and the whole remote, with how often that was tried. */
  readonly #failed = new Map<string, { attempts: number; timer: NodeJS.Timeout | undefined }>();
  #gathered: IncusEvent[] = [];
  #gathering: NodeJS.Timeout | undefined;
  #wake = new AbortController();
  /** Whether its events are heard. */
  #isOpen = false;

  constructor(
    remote: Remote,
    client: IncusClient,
    inventory: Inventory,
    onFailedSnapshot: OnFailedSnapshot,
    onVolumes: OnVolumes,
  ) {
    this.remote = remote;
    this.#client = client;
    this.#inventory = inventory;
    this.#onFailedSnapshot = onFailedSnapshot;
    this.#onVolumes = onVolumes;
  }

  stop(): void {
    this.#end.abort();
    clearTimeout(this.#gathering);
    for (const { timer } of this.#failed.values()) clearTimeout(timer);
    this.#failed.clear();
  }

  /**
   * Follows until `stop`. A remote is read when its events are heard, so that nothing falls between; when they end, it
   * is asked what is wrong, and found again with growing pauses.
   */
  async run(): Promise<void> {
    const { name } = this.remote;
    const { signal } = this.#end;
    for (let attempt = 0; !this.#hasEnded(); attempt++) {
      let since: number | undefined;
      const onOpen = () => {
        since ??= performance.now();
        this.#onOpen();
      };
      const reason = await this.#client.listen(name, { onOpen, onMessage: this.#onMessage }, signal);
      this.#isOpen = false;
      if (this.#hasEnded()) return;
      if (reason.kind === 'timedOut') this.#inventory.lose(name, reason);
      else if ((await this.#inventory.probe(name)) && since === undefined) await this.#readUnheard();
      if (since !== undefined && performance.now() - since > STEADY) attempt = 0;
      this.#wake = new AbortController();
      await pause(backoff(BACKOFF, attempt), AbortSignal.any([signal, this.#wake.signal]));
    }
  }

  /** Told of what has changed in the inventory. */
  notice(change: Exclude<InventoryChange, { kind: 'all' }>): void {
    if (change.kind === 'instance') {
      this.#look(change.ref);
      return;
    }
    // Somebody found it before its next attempt.
    if (this.#inventory.server(change.remote)) this.#wake.abort();
    // A reading failed, though its events go on: they will not say when it is well again.
    else if (this.#isOpen) this.#relistLater();
    for (const { instance, details } of this.#inventory.instances(change.remote)) {
      if (details === 'failed') this.#look(instance.ref);
    }
  }

  /** A server that does not let its events be heard can be read all the same. */
  async #readUnheard(): Promise<void> {
    if (!this.#inventory.server(this.remote.name)) await this.#inventory.refreshRemote(this.remote.name);
  }

  #onOpen(): void {
    this.#isOpen = true;
    this.#making.clear();
    this.#inventory.endSnapshots(this.remote.name);
    void this.#inventory.refreshRemote(this.remote.name).then(() => {
      this.#onVolumes(this.remote.name);
    });
  }

  readonly #onMessage = (message: string): void => {
    const event = parseEvent(message, this.remote.name);
    if (!event || this.#hasEnded()) return;
    this.#gathered.push(event);
    this.#gathering ??= setTimeout(this.#flush, GATHER);
  };

  readonly #flush = (): void => {
    this.#gathering = undefined;
    const events = this.#gathered;
    this.#gathered = [];
    for (const event of events) {
      if (event.kind === 'operation') this.#onOperation(event);
      else if (event.kind === 'volumesChanged') this.#onVolumes(event.remote, event.pool);
      else this.#onRowEvent(event);
    }
  };

  #onRowEvent(event: RowEvent): void {
    if (event.kind === 'snapshotDeleted') this.#making.forget(event.ref);
    const isThere = event.kind === 'snapshotBegun' && !this.#making.begin(event.ref);
    if (isThere || this.#inventory.apply(event)) this.#read(event.ref);
    if (event.kind === 'instanceDeleted') this.#forgive(keyOf(event.ref));
    if (event.kind !== 'instanceRenamed') return;
    // What was to be read under the old name is not there any more.
    const { remote, project } = event.ref;
    const old = keyOf({ remote, project, instance: event.from });
    if (this.#dirty.has(old) || this.#reading.has(old) || this.#failed.has(old)) this.#read(event.ref);
    this.#forgive(old);
  }

  /** What an operation made or changed is known when it has ended. */
  #onOperation(operation: OperationEvent): void {
    const { state, description, instances, snapshots, error } = operation;
    const made = this.#making.step(operation);
    if (state === 'running') return;
    for (const ref of made) {
      const wasPending = this.#inventory.endSnapshot(ref);
      if (state === 'failure' && wasPending) {
        this.#onFailedSnapshot(ref, new IncusError(classify(error), { text: error }));
      }
      this.#read(ref);
    }
    // Changing an expiry sends no event of its own, and a failure may have left anything.
    const isUntold = (snapshots.length > 0 && !TOLD.has(description)) || description === UNTOLD;
    if (isUntold || state === 'failure') for (const ref of instances) this.#read(ref);
  }

  /** Reads an instance again: once, however often it is asked for before that, and once more if it is asked meanwhile. */
  #read({ remote, project, instance }: InstanceRef): void {
    const ref = { remote, project, instance };
    const key = keyOf(ref);
    this.#dirty.set(key, ref);
    if (this.#reading.has(key)) return;
    this.#reading.add(key);
    void this.#reads(async () => {
      while (this.#dirty.delete(key) && !this.#hasEnded()) {
        // A failure stands in the log, and is noticed by what the row says.
        await this.#inventory.refreshInstance(ref, this.#end.signal).catch(() => undefined);
      }
      this.#reading.delete(key);
    });
  }

  /** Sees to it that what could not be read is asked again, and the longer after the more often that was in vain. */
  #look({ remote, project, instance }: InstanceRef): void {
    const ref = { remote, project, instance };
    const entry = this.#inventory.instance(ref);
    const key = keyOf(ref);
    if (entry?.details !== 'failed') {
      this.#forgive(key);
    } else if (this.#isAway(entry)) this.#relistLater();
    else
      this.#again(key, () => {
        this.#read(ref);
      });
  }

  /** No event tells that a cluster's member is back; one listing tells it of all that is on it. */
  #isAway({ instance }: InstanceEntry): boolean {
    return instance.status === 'Error' && this.#inventory.server(this.remote.name)?.clustered === true;
  }

  #relistLater(): void {
    this.#again(keyOf({ remote: this.remote.name }), () => this.#relist());
  }

  async #relist(): Promise<void> {
    const { name } = this.remote;
    await this.#inventory.refreshRemote(name);
    if (!this.#inventory.server(name)) {
      if (this.#isOpen) this.#relistLater();
      return;
    }
    if (!this.#inventory.instances(name).some((entry) => this.#isAway(entry))) this.#forgive(keyOf({ remote: name }));
  }

  #again(key: string, work: () => unknown): void {
    const failed = this.#failed.get(key) ?? { attempts: 0, timer: undefined };
    // About to be asked already.
    if (failed.timer || this.#hasEnded()) return;
    failed.timer = setTimeout(
      () => {
        failed.timer = undefined;
        work();
      },
      backoff(RETRY, failed.attempts++),
    );
    this.#failed.set(key, failed);
  }

  #forgive(key: string): void {
    clearTimeout(this.#failed.get(key)?.timer);
    this.#failed.delete(key);
  }

  /** A question, since the answer can change while something is awaited. */
  #hasEnded(): boolean {
    return this.#end.signal.aborted;
  }
}

/** Milliseconds to wait, with jitter, so that not all windows come back at once. */
function backoff({ first, last }: { first: number; last: number }, attempt: number): number {
  const full = Math.min(first * 2 ** attempt, last);
  return full * (0.5 + Math.random() / 2);
}

async function pause(duration: number, signal: AbortSignal): Promise<void> {
  // An end that comes while it waits is no failure.
  await setTimer(duration, undefined, { signal }).catch(() => undefined);
}
