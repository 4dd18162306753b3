import { EventEmitter } from 'node:events';
import pLimit from 'p-limit';
import { type DetailsTarget, loadDetails } from './details.ts';
import type { IncusClient } from '../incus/client.ts';
import { IncusError, type IncusErrorKind, toIncusError } from '../incus/errors.ts';
import {
  type Instance,
  type InstanceRef,
  isOnThisMachine,
  keyOf,
  type Remote,
  type Server,
  type Snapshot,
  type SnapshotRef,
} from '../model.ts';
import { checkRemoteName } from '../policy/names.ts';
import { type InstanceEntry, type RowEvent, Rows } from './rows.ts';

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
  readonly #rows = new Map<string, Rows>();
  #state: ClientState = { kind: 'loading' };
  #generation = 0;
  #questions = 0;
  readonly #end = new AbortController();
  /** Instances that are read when there is time. */
  readonly #wanted = new Set<string>();
  readonly #later = pLimit(2);

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
    // Events can tell of some before the listing has told of all.
    if (this.#remotes.get(remote)?.state.kind !== 'ready') return [];
    return [...(this.#rows.get(remote)?.entries ?? [])]
      .filter((entry) => project === undefined || entry.instance.ref.project === project)
      .sort((a, b) => byName(a.instance.ref.instance, b.instance.ref.instance));
  }

  instance(ref: InstanceRef): InstanceEntry | undefined {
    return this.#rows.get(ref.remote)?.get(ref);
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
    await this.refreshRemotes();
    await Promise.all([...this.#remotes.keys()].map((name) => this.refreshRemote(name)));
  }

  /** Reads which remotes there are, and leaves what is on them as it is known. */
  async refreshRemotes(): Promise<void> {
    const generation = ++this.#generation;
    try {
      const remotes = await this.#client.remotes();
      if (generation !== this.#generation || this.#hasEnded()) return;
      this.#adopt(remotes);
      this.#state = { kind: 'ready' };
    } catch (error) {
      if (generation !== this.#generation || this.#hasEnded()) return;
      this.#clear();
      this.#state = { kind: 'failed', error: toIncusError(error) };
    }
    this.#emit({ kind: 'all' });
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
    for (;;) {
      const question = ++this.#questions;
      let instance: Instance;
      try {
        instance = await this.#client.instance(ref, signal);
      } catch (error) {
        this.#onUnread(ref, question, toIncusError(error).kind);
        throw error;
      }
      if (this.#put(instance, question)) return instance;
    }
  }

  /** Sees to it that everything is known of an instance whose branch is opened; later readings keep it so. */
  want(ref: InstanceRef): void {
    void this.#learn(ref);
  }

  /** As {@link want}, for many that nobody waits for: few at a time, each once. */
  wantLater(ref: InstanceRef): void {
    const key = keyOf(ref);
    if (this.#wanted.has(key)) return;
    this.#wanted.add(key);
    void this.#later(() => this.#learn(ref)).then(() => this.#wanted.delete(key));
  }

  /** Takes over an event. @returns whether the instance has to be read to know what it is like */
  apply(event: RowEvent): boolean {
    const rows = this.#rows.get(event.ref.remote);
    if (!rows || this.#hasEnded()) return false;
    const change = rows.apply(event, ++this.#questions);
    if (change === 'rows') this.#emit({ kind: 'remote', remote: event.ref.remote });
    if (change === 'instance') this.#emit({ kind: 'instance', ref: event.ref });
    return change === 'read';
  }

  /** Notes that a snapshot's making has ended, well or not. @returns whether it was under way */
  endSnapshot(ref: SnapshotRef): boolean {
    return this.#rows.get(ref.remote)?.endSnapshot(ref) ?? false;
  }

  /** Notes that events of a remote may have been missed: nothing is known of what was under way. */
  endSnapshots(remote: string): void {
    this.#rows.get(remote)?.endAll();
  }

  /** Resolves when every remote has answered or is known not to. */
  async settled(): Promise<void> {
    const isSettled = () => this.remotes.every(({ state }) => state.kind !== 'connecting');
    if (isSettled() || this.#hasEnded()) return;
    await new Promise<void>((resolve) => {
      const end = this.onDidChange(() => {
        if (!isSettled()) return;
        end();
        resolve();
      });
    });
  }

  /**
   * Asks a remote whether it is there, and nothing else; where it is not, its row says what is wrong.
   * @returns whether it is there
   */
  async probe(name: string): Promise<boolean> {
    try {
      const { trusted } = await this.#client.greet(name, this.#end.signal);
      if (!trusted) throw new IncusError('untrusted', { text: 'not authorized' });
      return true;
    } catch (error) {
      this.lose(name, toIncusError(error));
      return false;
    }
  }

  /** Notes that a remote cannot be reached, and why. */
  lose(name: string, error: IncusError): void {
    const entry = this.#remotes.get(name);
    if (entry && !this.#hasEnded()) this.#fail(entry.remote, problemOf(error), error);
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
      // Events are taken over from here on.
      this.#rowsOf(name);
      const question = ++this.#questions;
      const [access, projects, { instances, unread }] = await Promise.all([
        this.#client.access(name, greeting, signal),
        this.#client.projects(name, signal),
        this.#client.instances(name, signal),
      ]);
      if (signal.aborted || this.#hasEnded() || !this.#remotes.has(name)) return;
      const server = { ...greeting.server, access };
      const stale = this.#rowsOf(name).replace(instances, question);
      this.#remotes.set(name, { remote, state: { kind: 'ready', server, projects: projects.sort(byName), unread } });
      this.#emit({ kind: 'remote', remote: name });
      void this.#loadDetails(name, server, new Set(stale.map(keyOf)), signal);
    } catch (error) {
      const failure = toIncusError(error);
      if (!signal.aborted && !this.#hasEnded()) this.#fail(remote, problemOf(failure), failure);
    }
  }

  /** @param stale keys of instances that are to be read whatever was known of them */
  async #loadDetails(name: string, server: Server, stale: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const listed = this.instances(name).map(({ instance }) => instance);
    const target: DetailsTarget = {
      // A failure stands in the log, and the row says that its snapshots are not known.
      read: (ref) =>
        this.refreshInstance(ref, signal).then(
          () => undefined,
          () => undefined,
        ),
      ask: () => ++this.#questions,
      name: (ref, names, question) => {
        const isNews = this.#rows.get(name)?.name(ref, names, question);
        if (isNews) this.#emit({ kind: 'instance', ref });
      },
      fail: (ref, question) => {
        if (this.#rows.get(name)?.fail(ref, question)) this.#emit({ kind: 'instance', ref });
      },
      wasRead: (ref) => stale.has(keyOf(ref)) || this.instance(ref)?.details === 'read',
    };
    await loadDetails(this.#client, server, listed, target, signal);
  }

  #adopt(remotes: readonly Remote[]): void {
    const names = new Set(remotes.map(({ name }) => name));
    for (const name of this.#remotes.keys()) if (!names.has(name)) this.#forget(name);
    const known = new Map(this.#remotes);
    this.#remotes.clear();
    for (const remote of remotes.toSorted(byNearness)) {
      const before = known.get(remote.name);
      const isSame = before?.remote.address === remote.address;
      if (!isSame) this.#forget(remote.name);
      this.#remotes.set(remote.name, { remote, state: isSame ? before.state : { kind: 'connecting' } });
    }
  }

  #rowsOf(remote: string): Rows {
    const rows = this.#rows.get(remote) ?? new Rows();
    this.#rows.set(remote, rows);
    return rows;
  }

  /** @returns false where something newer is known, which may not be all: it is to be asked again */
  #put(instance: Instance, question: number): boolean {
    const { ref } = instance;
    const rows = this.#rows.get(ref.remote);
    if (!rows || this.#hasEnded()) return true;
    const isKnown = rows.get(ref) !== undefined;
    if (!rows.put(instance, instance.snapshots ? 'read' : 'failed', question)) return false;
    this.#emit(isKnown ? { kind: 'instance', ref } : { kind: 'remote', remote: ref.remote });
    return true;
  }

  async #learn({ remote, project, instance }: InstanceRef): Promise<void> {
    const ref = { remote, project, instance };
    if (this.#hasEnded() || this.instance(ref)?.details === 'read') return;
    await this.refreshInstance(ref, this.#end.signal).catch(() => undefined);
  }

  /** What a failed reading says of the instance. */
  #onUnread(ref: InstanceRef, question: number, kind: IncusErrorKind): void {
    if (kind === 'instanceMissing' || kind === 'projectMissing') this.#drop(ref, question);
    else if (kind !== 'cancelled' && this.#rows.get(ref.remote)?.fail(ref, question))
      this.#emit({ kind: 'instance', ref });
  }

  #drop(ref: InstanceRef, question: number): void {
    if (this.#rows.get(ref.remote)?.drop(ref, question)) this.#emit({ kind: 'remote', remote: ref.remote });
  }

  #fail(remote: Remote, problem: RemoteProblem, error: IncusError): void {
    const { state } = this.#remotes.get(remote.name) ?? {};
    if (state?.kind === 'failed' && state.problem === problem && state.error.text === error.text) return;
    this.#rows.delete(remote.name);
    this.#remotes.set(remote.name, { remote, state: { kind: 'failed', problem, error } });
    this.#emit({ kind: 'remote', remote: remote.name });
  }

  #forget(name: string): void {
    this.#readings.get(name)?.abort.abort();
    this.#readings.delete(name);
    this.#remotes.delete(name);
    this.#rows.delete(name);
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
    case 'configBeingWritten':
    case 'badProgram':
    case 'refusedCommand':
      return 'odd';
    default:
      return 'down';
  }
}

/** The server on this machine first, then by name. */
function byNearness(a: Remote, b: Remote): number {
  return Number(isOnThisMachine(b)) - Number(isOnThisMachine(a)) || byName(a.name, b.name);
}

const collator = new Intl.Collator('en', { numeric: true });

function byName(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : 1);
}
