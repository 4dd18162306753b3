import { EventEmitter } from 'node:events';
import pLimit from 'p-limit';
import type { IncusClient } from './incus/client.ts';
import { IncusError, toIncusError } from './incus/errors.ts';
import {
  type Instance,
  type InstanceRef,
  keyOf,
  type Remote,
  type Server,
  type Snapshot,
  type SnapshotRef,
} from './model.ts';
import { checkRemoteName } from './policy/names.ts';

/** What is known of an instance beyond its row: its snapshots come by a call of their own. */
export interface InstanceEntry {
  readonly instance: Instance;
  /** `failed`: the snapshots could not be read; that is not "none". */
  readonly details: 'pending' | 'read' | 'failed';
  /** The number of the question that this answers: an older answer that comes late is dropped. */
  readonly question: number;
}

export type RemoteProblem = 'down' | 'hangs' | 'untrusted' | 'badName' | 'odd';

export type RemoteState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'ready'; readonly server: Server; readonly projects: readonly string[]; readonly unread: number }
  | { readonly kind: 'failed'; readonly problem: RemoteProblem; readonly error: IncusError };

export interface RemoteEntry {
  readonly remote: Remote;
  readonly state: RemoteState;
}

/** The client's own state: without a working `incus` there are no remotes to speak of. */
export type ClientState =
  { readonly kind: 'loading' } | { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly error: IncusError };

/** What changed: everything, one remote with all that is below it, or one instance. */
export type InventoryChange =
  | { readonly kind: 'all' }
  | { readonly kind: 'remote'; readonly remote: string }
  | { readonly kind: 'instance'; readonly ref: InstanceRef };

/** Calls for details that run side by side on one remote; more gain nothing on the server. */
const DETAIL_CALLS = 4;

/** The reading of one remote: what runs, what waits for it, and how to break off the details. */
interface Reading {
  running: Promise<void>;
  queued: Promise<void> | undefined;
  abort: AbortController;
}

/** What exists now, on all remotes. Each remote is loaded by itself, so that none waits for another. */
export class Inventory {
  readonly #client: IncusClient;
  readonly #changes = new EventEmitter<{ change: [InventoryChange] }>();
  readonly #readings = new Map<string, Reading>();
  readonly #remotes = new Map<string, RemoteEntry>();
  readonly #instances = new Map<string, Map<string, InstanceEntry>>();
  #state: ClientState = { kind: 'loading' };
  #generation = 0;
  #questions = 0;
  readonly #end = new AbortController();

  constructor(client: IncusClient) {
    this.#client = client;
  }

  get state(): ClientState {
    return this.#state;
  }

  get remotes(): readonly RemoteEntry[] {
    return [...this.#remotes.values()];
  }

  remote(name: string): RemoteEntry | undefined {
    return this.#remotes.get(name);
  }

  /** What the remote says of itself; `undefined` unless it is ready. */
  server(name: string): Server | undefined {
    const state = this.#remotes.get(name)?.state;
    return state?.kind === 'ready' ? state.server : undefined;
  }

  /** The instances of one remote, or of one of its projects, in the order of their names. */
  instances(remote: string, project?: string): InstanceEntry[] {
    return [...(this.#instances.get(remote)?.values() ?? [])]
      .filter((entry) => project === undefined || entry.instance.ref.project === project)
      .sort((a, b) => byName(a.instance.ref.instance, b.instance.ref.instance));
  }

  instance(ref: InstanceRef): InstanceEntry | undefined {
    return this.#instances.get(ref.remote)?.get(keyOf(instanceRef(ref)));
  }

  snapshot(ref: SnapshotRef): Snapshot | undefined {
    return this.instance(ref)?.instance.snapshots?.find((snapshot) => snapshot.ref.snapshot === ref.snapshot);
  }

  /** @returns a function that ends the subscription */
  onDidChange(listener: (change: InventoryChange) => void): () => void {
    this.#changes.on('change', listener);
    return () => void this.#changes.off('change', listener);
  }

  /** Reads the remotes and all that is on them again. Resolves when the rows are there. */
  async refresh(): Promise<void> {
    const generation = ++this.#generation;
    let remotes: Remote[];
    try {
      remotes = await this.#client.remotes();
    } catch (error) {
      if (generation !== this.#generation || this.#hasEnded()) return;
      this.#clear();
      this.#state = { kind: 'failed', error: toIncusError(error) };
      this.#emit({ kind: 'all' });
      return;
    }
    if (generation !== this.#generation || this.#hasEnded()) return;
    this.#adopt(remotes);
    this.#state = { kind: 'ready' };
    this.#emit({ kind: 'all' });
    await Promise.all(remotes.map((remote) => this.refreshRemote(remote.name)));
  }

  /**
   * Reads one remote again; resolves when its rows are there. While one listing runs, any number of calls wait for
   * one further listing: a server never has two of ours at a time, and each caller sees what is true after its call.
   */
  refreshRemote(name: string): Promise<void> {
    const known = this.#readings.get(name);
    const reading: Reading = known ?? { running: Promise.resolve(), queued: undefined, abort: new AbortController() };
    if (!known) this.#readings.set(name, reading);
    reading.queued ??= reading.running.then(() => {
      reading.queued = undefined;
      reading.abort.abort();
      reading.abort = new AbortController();
      reading.running = this.#load(name, reading.abort.signal);
      return reading.running;
    });
    return reading.queued;
  }

  /**
   * Reads one instance with its snapshots again. An instance that is gone loses its row.
   * @throws IncusError where it could not be read
   */
  async refreshInstance(ref: InstanceRef, signal?: AbortSignal): Promise<Instance> {
    const question = ++this.#questions;
    try {
      const instance = await this.#client.instance(ref, signal);
      this.#put({ instance, details: instance.snapshots ? 'read' : 'failed', question });
      return instance;
    } catch (error) {
      if (toIncusError(error).kind === 'instanceMissing') this.#drop(ref);
      throw error;
    }
  }

  /** Ends what is under way; nothing is reported after it. */
  dispose(): void {
    this.#end.abort();
    for (const { abort } of this.#readings.values()) abort.abort();
    this.#changes.removeAllListeners();
  }

  /** Loads one remote's rows, and sees to the details afterwards. Never rejects: a failure is the remote's state. */
  async #load(name: string, signal: AbortSignal): Promise<void> {
    const remote = this.#remotes.get(name)?.remote;
    if (!remote || this.#hasEnded()) return;
    if (checkRemoteName(name)) {
      this.#fail(remote, 'badName', new IncusError('badName', { text: name }));
      return;
    }
    try {
      const greeting = await this.#client.greet(name, signal);
      if (!greeting.trusted) throw new IncusError('untrusted', { text: 'not authorized' });
      const question = ++this.#questions;
      const [access, projects, { instances, unread }] = await Promise.all([
        this.#client.access(name, greeting, signal),
        this.#client.projects(name, signal),
        this.#client.instances(name, signal),
      ]);
      if (signal.aborted || this.#hasEnded() || !this.#remotes.has(name)) return;
      const server = { ...greeting.server, access };
      this.#replace(name, instances, question);
      this.#remotes.set(name, { remote, state: { kind: 'ready', server, projects: projects.sort(byName), unread } });
      this.#emit({ kind: 'remote', remote: name });
      void this.#loadDetails(instances, signal);
    } catch (error) {
      const failure = toIncusError(error);
      if (!signal.aborted && !this.#hasEnded()) this.#fail(remote, problemOf(failure), failure);
    }
  }

  async #loadDetails(instances: readonly Instance[], signal: AbortSignal): Promise<void> {
    const limit = pLimit(DETAIL_CALLS);
    await limit.map([...instances], async ({ ref }) => {
      if (signal.aborted || this.#hasEnded()) return;
      try {
        await this.refreshInstance(ref, signal);
      } catch (error) {
        // The call stands in the log; the row says that its snapshots are not known.
        const entry = this.instance(ref);
        if (entry && toIncusError(error).kind !== 'cancelled') this.#put({ ...entry, details: 'failed' });
      }
    });
  }

  #adopt(remotes: readonly Remote[]): void {
    const names = new Set(remotes.map(({ name }) => name));
    for (const name of this.#remotes.keys()) if (!names.has(name)) this.#forget(name);
    const known = new Map(this.#remotes);
    this.#remotes.clear();
    for (const remote of remotes.toSorted(byNearness)) {
      this.#remotes.set(remote.name, { remote, state: known.get(remote.name)?.state ?? { kind: 'connecting' } });
    }
  }

  /** Takes over the rows; the snapshots that are known stay until their own call answers. */
  #replace(remote: string, instances: readonly Instance[], question: number): void {
    const known = this.#instances.get(remote);
    const rows = instances.map((row): [string, InstanceEntry] => {
      const key = keyOf(row.ref);
      const entry = known?.get(key);
      if (entry && entry.question > question) return [key, entry];
      const snapshots = entry?.instance.snapshots;
      return snapshots
        ? [key, { instance: { ...row, snapshots }, details: 'read', question }]
        : [key, { instance: row, details: 'pending', question }];
    });
    this.#instances.set(remote, new Map(rows));
  }

  #put(entry: InstanceEntry): void {
    const { ref } = entry.instance;
    const rows = this.#instances.get(ref.remote);
    const key = keyOf(ref);
    if (!rows || this.#hasEnded() || (rows.get(key)?.question ?? 0) > entry.question) return;
    const known = rows.has(key);
    rows.set(key, entry);
    this.#emit(known ? { kind: 'instance', ref } : { kind: 'remote', remote: ref.remote });
  }

  #drop(ref: InstanceRef): void {
    if (!this.#instances.get(ref.remote)?.delete(keyOf(instanceRef(ref)))) return;
    this.#emit({ kind: 'remote', remote: ref.remote });
  }

  #fail(remote: Remote, problem: RemoteProblem, error: IncusError): void {
    this.#instances.delete(remote.name);
    this.#remotes.set(remote.name, { remote, state: { kind: 'failed', problem, error } });
    this.#emit({ kind: 'remote', remote: remote.name });
  }

  #forget(name: string): void {
    this.#readings.get(name)?.abort.abort();
    this.#readings.delete(name);
    this.#remotes.delete(name);
    this.#instances.delete(name);
  }

  #clear(): void {
    for (const name of [...this.#remotes.keys()]) this.#forget(name);
  }

  /** A question, since the answer can change while something is awaited. */
  #hasEnded(): boolean {
    return this.#end.signal.aborted;
  }

  #emit(change: InventoryChange): void {
    if (!this.#hasEnded()) this.#changes.emit('change', change);
  }
}

/** Which of the things that can be wrong with a remote this is, as its row says it. */
function problemOf(error: IncusError): RemoteProblem {
  switch (error.kind) {
    case 'timedOut':
      return 'hangs';
    case 'untrusted':
    case 'forbiddenProject':
    case 'noClientCertificate':
    case 'certificateChanged':
      return 'untrusted';
    case 'garbage':
    case 'badProgram':
    case 'refusedCommand':
      return 'odd';
    default:
      return 'down';
  }
}

function instanceRef({ remote, project, instance }: InstanceRef): InstanceRef {
  return { remote, project, instance };
}

/** The server on this machine first, then by name. */
function byNearness(a: Remote, b: Remote): number {
  const isLocal = ({ address }: Remote) => address.startsWith('unix:');
  return Number(isLocal(b)) - Number(isLocal(a)) || byName(a.name, b.name);
}

const collator = new Intl.Collator('en', { numeric: true });

function byName(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : 1);
}
