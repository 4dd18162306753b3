import { setTimeout as setTimer } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { IncusClient } from '../incus/client.ts';
import { classify, IncusError } from '../incus/errors.ts';
import { type IncusEvent, type OperationEvent, parseEvent } from '../incus/events.ts';
import type { EventListener } from '../incus/transport.ts';
import type { Inventory } from './inventory.ts';
import { type InstanceRef, keyOf, type SnapshotRef } from '../model.ts';

/** Milliseconds in which events are gathered, so that a burst is one update. */
const GATHER = 20;

/** Milliseconds between two attempts to reach a remote: doubled each time, up to the last. */
const BACKOFF = { first: 500, last: 60_000 } as const;

/** Milliseconds between two readings of everything, for what events miss; only while somebody looks. */
const SLOW_POLL = 10 * 60_000;

/** Instances of one remote that are read again side by side. */
const READS = 4;

/** Operations whose end is remembered, since their beginning may come later. */
const REMEMBERED = 500;

/** Operations whose success an event of its own tells in full. */
const TOLD: ReadonlySet<string> = new Set(['Renaming snapshot', 'Deleting snapshot']);

/** Told of a snapshot that was begun and failed. */
export type OnFailedSnapshot = (ref: SnapshotRef, error: IncusError) => void;

/** Keeps the inventory true: follows each remote's events, and finds those again that went away. */
export class Follower {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #onFailedSnapshot: OnFailedSnapshot;
  readonly #streams = new Map<string, Stream>();
  #unsubscribe: (() => void) | undefined;
  #poll: NodeJS.Timeout | undefined;

  constructor(client: IncusClient, inventory: Inventory, onFailedSnapshot: OnFailedSnapshot) {
    this.#client = client;
    this.#inventory = inventory;
    this.#onFailedSnapshot = onFailedSnapshot;
  }

  /** Reads the remotes and begins to follow them; those that appear later too, those that vanish no longer. */
  async start(): Promise<void> {
    this.#unsubscribe ??= this.#inventory.onDidChange(({ kind }) => {
      if (kind === 'all') this.#attend();
    });
    await this.#inventory.refreshRemotes();
  }

  /** While somebody looks, everything is read again now and then. */
  setVisible(visible: boolean): void {
    clearInterval(this.#poll);
    this.#poll = visible ? setInterval(() => void this.#inventory.refresh(), SLOW_POLL) : undefined;
  }

  dispose(): void {
    this.#unsubscribe?.();
    clearInterval(this.#poll);
    for (const stream of this.#streams.values()) stream.stop();
    this.#streams.clear();
  }

  #attend(): void {
    const names = new Set(
      this.#inventory.remotes
        .filter(({ state }) => state.kind !== 'failed' || state.problem !== 'badName')
        .map(({ remote }) => remote.name),
    );
    for (const [name, stream] of this.#streams) {
      if (names.has(name)) continue;
      stream.stop();
      this.#client.close(name);
      this.#streams.delete(name);
    }
    for (const name of names) {
      if (this.#streams.has(name)) continue;
      const stream = new Stream(name, this.#client, this.#inventory, this.#onFailedSnapshot);
      this.#streams.set(name, stream);
      void stream.run();
    }
  }
}

/** The events of one remote. */
class Stream {
  readonly #remote: string;
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #onFailedSnapshot: OnFailedSnapshot;
  readonly #end = new AbortController();
  /** Ends of operations, by what they made: the event of the beginning may come after them. */
  readonly #ended = new Map<string, OperationEvent['state']>();
  readonly #reads = pLimit(READS);
  /** Instances that are to be read again, and those that are being read. */
  readonly #dirty = new Map<string, InstanceRef>();
  readonly #reading = new Set<string>();
  #gathered: IncusEvent[] = [];
  #gathering: NodeJS.Timeout | undefined;

  constructor(remote: string, client: IncusClient, inventory: Inventory, onFailedSnapshot: OnFailedSnapshot) {
    this.#remote = remote;
    this.#client = client;
    this.#inventory = inventory;
    this.#onFailedSnapshot = onFailedSnapshot;
  }

  stop(): void {
    this.#end.abort();
    clearTimeout(this.#gathering);
  }

  /**
   * Follows until `stop`. A remote is read when its events are heard, so that nothing falls between; when they end, it
   * is asked what is wrong, and found again with growing pauses.
   */
  async run(): Promise<void> {
    const { signal } = this.#end;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const start = performance.now();
      const reason = await this.#client.listen(this.#remote, this.#listener(), signal);
      if (reason.kind === 'cancelled') return;
      if (reason.kind === 'timedOut') this.#inventory.lose(this.#remote, reason);
      else await this.#inventory.probe(this.#remote);
      if (performance.now() - start > BACKOFF.last) attempt = 0;
      await pause(backoff(attempt), signal);
    }
  }

  #listener(): EventListener {
    return {
      onOpen: () => void this.#inventory.refreshRemote(this.#remote),
      onMessage: (message) => {
        const event = parseEvent(message, this.#remote);
        if (!event) return;
        this.#gathered.push(event);
        this.#gathering ??= setTimeout(this.#flush, GATHER);
      },
    };
  }

  readonly #flush = (): void => {
    this.#gathering = undefined;
    const events = this.#gathered;
    this.#gathered = [];
    for (const event of events) {
      if (event.kind === 'operation') this.#onOperation(event);
      else if (event.kind === 'snapshotBegun' && this.#ended.has(keyOf(event.ref))) this.#read(event.ref);
      else if (this.#inventory.apply(event)) this.#read(event.ref);
    }
  };

  /** What an operation made or changed is known when it has ended. */
  #onOperation({ state, description, instances, snapshots, error }: OperationEvent): void {
    if (state === 'running') return;
    for (const ref of snapshots) {
      this.#remember(keyOf(ref), state);
      const wasPending = this.#inventory.endSnapshot(ref);
      if (state === 'failure' && wasPending) {
        this.#onFailedSnapshot(ref, new IncusError(classify(error), { text: error }));
      }
    }
    // Changing an expiry sends no event of its own, and a failure may have left anything.
    const isUntold = snapshots.length > 0 && !TOLD.has(description);
    if (isUntold || state === 'failure') for (const ref of instances) this.#read(ref);
  }

  #remember(key: string, state: OperationEvent['state']): void {
    this.#ended.delete(key);
    this.#ended.set(key, state);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > REMEMBERED && oldest !== undefined) this.#ended.delete(oldest);
  }

  /** Reads an instance again: once, however often it is asked for before that, and once more if it is asked meanwhile. */
  #read({ remote, project, instance }: InstanceRef): void {
    const ref = { remote, project, instance };
    const key = keyOf(ref);
    this.#dirty.set(key, ref);
    if (this.#reading.has(key)) return;
    this.#reading.add(key);
    void this.#reads(async () => {
      while (this.#dirty.delete(key) && !this.#end.signal.aborted) {
        // A failure stands in the log; if the remote is gone, its stream finds out.
        await this.#inventory.refreshInstance(ref, this.#end.signal).catch(() => undefined);
      }
      this.#reading.delete(key);
    });
  }
}

/** Milliseconds to wait, with jitter, so that not all windows come back at once. */
function backoff(attempt: number): number {
  const full = Math.min(BACKOFF.first * 2 ** attempt, BACKOFF.last);
  return full * (0.5 + Math.random() / 2);
}

async function pause(duration: number, signal: AbortSignal): Promise<void> {
  // An end that comes while it waits is no failure.
  await setTimer(duration, undefined, { signal }).catch(() => undefined);
}
