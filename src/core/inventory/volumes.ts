import { EventEmitter } from 'node:events';
import type { IncusClient } from '../incus/client.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import {
  keyOf,
  type Pool,
  type Volume,
  volumeKeyOf,
  type VolumeRef,
  type VolumeSnapshot,
  type VolumeSnapshotRef,
} from '../model.ts';
import { isVolume } from '../policy/restore.ts';
import type { Inventory } from './inventory.ts';

/** Milliseconds in which events are gathered, so that a burst is one listing. */
const GATHER = 50;

/** Milliseconds until a pool that could not be listed is asked again. */
const RETRY = 10_000;

/** One pool of a remote, with its custom volumes in the order of their names. */
export interface PoolEntry {
  readonly pool: Pool;
  readonly volumes: readonly Volume[];
  /** Set where the last listing failed; the volumes are those that were known before. */
  readonly error?: IncusError;
}

/** What is known of a remote's custom volumes. */
export type VolumesState =
  | { readonly kind: 'unread' }
  | { readonly kind: 'ready'; readonly pools: readonly PoolEntry[] }
  | { readonly kind: 'failed'; readonly error: IncusError };

/** What one reading said of a volume, newer than any listing that began before; `undefined`: it is gone. */
interface Told {
  readonly question: number;
  readonly volume: Volume | undefined;
}

/** One reading at a time, and at most one that waits: whoever asks meanwhile waits for that one. */
interface Turn {
  running: Promise<void>;
  queued: Promise<void> | undefined;
}

/**
 * The custom volumes of all remotes. They are read while somebody looks (see {@link watch}), one listing for each pool,
 * and again when events say that something changed there.
 */
export class VolumeInventory {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #changes = new EventEmitter<{ change: [string] }>();
  readonly #states = new Map<string, VolumesState>();
  readonly #told = new Map<string, Told>();
  readonly #wanted = new Map<string, VolumeRef>();
  readonly #turns = new Map<string, Turn>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Which volumes the instances of a remote have, as it was when they were last listed. */
  readonly #attached = new Map<string, string>();
  readonly #end = new AbortController();
  readonly #unsubscribe: () => void;
  #questions = 0;
  #watchers = 0;

  constructor(client: IncusClient, inventory: Inventory) {
    this.#client = client;
    this.#inventory = inventory;
    this.#unsubscribe = inventory.onDidChange((change) => {
      if (change.kind === 'all') {
        for (const { remote } of inventory.remotes)
          this.#later(`look ${remote.name}`, GATHER, () => {
            this.#look(remote.name);
          });
        return;
      }
      const remote = change.kind === 'remote' ? change.remote : change.ref.remote;
      this.#later(`look ${remote}`, GATHER, () => {
        this.#look(remote);
      });
    });
  }

  /** @returns a function that ends the subscription; the listener is told of the remote whose volumes changed */
  onDidChange(listener: (remote: string) => void): () => void {
    this.#changes.on('change', listener);
    return () => void this.#changes.off('change', listener);
  }

  /** Says that somebody looks: everything is read, and kept true until the returned function is called. */
  watch(): () => void {
    if (this.#watchers++ === 0) for (const { remote } of this.#inventory.remotes) this.touch(remote.name);
    let isOver = false;
    return () => {
      if (!isOver) this.#watchers--;
      isOver = true;
    };
  }

  state(remote: string): VolumesState {
    return this.#inventory.server(remote) ? (this.#states.get(remote) ?? { kind: 'unread' }) : { kind: 'unread' };
  }

  /** The remote's pools that are known, with their volumes. */
  pools(remote: string): readonly PoolEntry[] {
    const state = this.state(remote);
    return state.kind === 'ready' ? state.pools : [];
  }

  /** All volumes of a remote that are known. */
  volumes(remote: string): Volume[] {
    return this.pools(remote).flatMap(({ volumes }) => volumes);
  }

  volume(ref: VolumeRef): Volume | undefined {
    const key = keyOfVolume(ref);
    const entry = this.pools(ref.remote).find(({ pool }) => pool.name === ref.pool);
    return entry?.volumes.find((volume) => volumeKeyOf(volume.ref) === key);
  }

  snapshot(ref: VolumeSnapshotRef): VolumeSnapshot | undefined {
    return this.volume(ref)?.snapshots.find((snapshot) => snapshot.ref.snapshot === ref.snapshot);
  }

  /** Reads a remote's pools and volumes again; resolves when they are there. A failure is the state. */
  refreshRemote(remote: string): Promise<void> {
    return this.#inTurn(keyOf({ remote }), () => this.#loadRemote(remote));
  }

  /**
   * Reads one volume with all of its snapshots again. One that is gone loses its row.
   * @throws IncusError
   */
  async refreshVolume(ref: VolumeRef, signal?: AbortSignal): Promise<Volume> {
    const question = ++this.#questions;
    const place = placeOf(ref);
    try {
      const volume = await this.#client.customVolume(place, signal);
      // A project without volumes of its own shows those of the default one.
      this.#tell(volume.ref, { question, volume });
      return volume;
    } catch (error) {
      if (toIncusError(error).kind === 'volumeMissing') this.#tell(place, { question, volume: undefined });
      throw error;
    }
  }

  /** Sees to it that all is known of a volume whose branch is opened: listings of 6.0 do not tell when snapshots expire. */
  want(ref: VolumeRef): void {
    const place = placeOf(ref);
    this.#wanted.set(volumeKeyOf(place), place);
    this.#learn(place);
  }

  /** Notes that volumes of a remote, or of one of its pools, changed; they are read again while somebody looks. */
  touch(remote: string, pool?: string): void {
    if (this.#watchers === 0 || this.#end.signal.aborted || !this.#inventory.server(remote)) return;
    const known = pool !== undefined && this.pools(remote).some((entry) => entry.pool.name === pool);
    if (known) this.#later(`pool ${keyOf({ remote, project: pool })}`, GATHER, () => this.#refreshPool(remote, pool));
    else this.#later(`remote ${remote}`, GATHER, () => this.refreshRemote(remote));
  }

  dispose(): void {
    this.#end.abort();
    this.#unsubscribe();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#changes.removeAllListeners();
  }

  /** Reads again where a remote has come back, or its instances have got or lost volumes: those have no event of their own. */
  #look(remote: string): void {
    if (!this.#inventory.server(remote)) {
      if (this.#states.delete(remote)) this.#emit(remote);
      this.#attached.delete(remote);
      return;
    }
    if (this.#watchers === 0) return;
    const attached = this.#attachedOn(remote);
    if (this.#states.has(remote) && this.#attached.get(remote) === attached) return;
    this.#attached.set(remote, attached);
    this.touch(remote);
  }

  #attachedOn(remote: string): string {
    const disks = this.#inventory.instances(remote).flatMap(({ instance: { ref, expandedDevices } }) =>
      Object.values(expandedDevices)
        .filter(isVolume)
        .map((device) => [ref.project, ref.instance, device['pool'], device['source']]),
    );
    return JSON.stringify(disks);
  }

  async #loadRemote(remote: string): Promise<void> {
    const server = this.#inventory.server(remote);
    if (!server) return;
    this.#attached.set(remote, this.#attachedOn(remote));
    try {
      const pools = await this.#client.poolList(remote, this.#end.signal);
      const entries = await Promise.all(pools.toSorted(byName).map((pool) => this.#list(remote, pool)));
      this.#set(remote, { kind: 'ready', pools: entries });
    } catch (error) {
      this.#set(remote, { kind: 'failed', error: toIncusError(error) });
    }
  }

  #refreshPool(remote: string, name: string): Promise<void> {
    return this.#inTurn(keyOf({ remote, project: name }), async () => {
      const known = this.pools(remote).find(({ pool }) => pool.name === name);
      if (!known) return;
      const entry = await this.#list(remote, known.pool);
      const pools = this.pools(remote).map((other) => (other.pool.name === name ? entry : other));
      this.#set(remote, { kind: 'ready', pools });
    });
  }

  async #list(remote: string, pool: Pool): Promise<PoolEntry> {
    const server = this.#inventory.server(remote);
    const question = ++this.#questions;
    try {
      if (!server) throw new IncusError('unreachable', { text: 'the remote is not there' });
      const place = { remote, pool: pool.name };
      const listed = await this.#client.customVolumes(place, server, this.#end.signal);
      return { pool, volumes: this.#merged(remote, pool.name, listed, question) };
    } catch (error) {
      this.#later(`pool ${keyOf({ remote, project: pool.name })}`, RETRY, () => {
        if (this.#watchers > 0) void this.#refreshPool(remote, pool.name);
      });
      const known = this.pools(remote).find((entry) => entry.pool.name === pool.name);
      return { pool, volumes: known?.volumes ?? [], error: toIncusError(error) };
    }
  }

  /** What a listing says, but for volumes of which a reading that began later has told. */
  #merged(remote: string, pool: string, listed: readonly Volume[], question: number): Volume[] {
    const volumes = new Map(listed.map((volume) => [volumeKeyOf(volume.ref), volume]));
    for (const [key, told] of this.#told) {
      const ref = told.volume?.ref;
      if (ref && (ref.remote !== remote || ref.pool !== pool)) continue;
      if (told.question < question) {
        // A key of another pool is not in this listing, whatever is told of it.
        if (ref || volumes.has(key)) this.#told.delete(key);
      } else if (told.volume) volumes.set(key, told.volume);
      else volumes.delete(key);
    }
    for (const volume of volumes.values()) this.#keepExpiries(volume, volumes);
    return [...volumes.values()].sort((a, b) => byText(a.ref.volume, b.ref.volume));
  }

  /** What was known of an opened volume's expiries is shown until it has been read again. */
  #keepExpiries(volume: Volume, into: Map<string, Volume>): void {
    const key = volumeKeyOf(volume.ref);
    if (!this.#wanted.has(key) || knowsExpiries(volume)) return;
    const before = new Map(this.volume(volume.ref)?.snapshots.map((s) => [s.ref.snapshot, s]));
    const snapshots = volume.snapshots.map((snapshot) => {
      const known = before.get(snapshot.ref.snapshot);
      const isSame = known?.createdAt.getTime() === snapshot.createdAt.getTime();
      return isSame && known.expiresAt !== undefined ? { ...snapshot, expiresAt: known.expiresAt } : snapshot;
    });
    into.set(key, { ...volume, snapshots });
    void this.refreshVolume(volume.ref, this.#end.signal).catch(() => undefined);
  }

  #learn(ref: VolumeRef): void {
    const volume = this.volume(ref);
    if (!volume || knowsExpiries(volume) || this.#end.signal.aborted) return;
    void this.refreshVolume(ref, this.#end.signal).catch(() => undefined);
  }

  /** Takes over what a reading said of one volume, where nothing newer is known. */
  #tell(ref: VolumeRef, told: Told): void {
    const key = volumeKeyOf(ref);
    if (this.#end.signal.aborted || (this.#told.get(key)?.question ?? 0) > told.question) return;
    this.#told.set(key, told);
    const state = this.state(ref.remote);
    if (state.kind !== 'ready') return;
    const pools = state.pools.map((entry) => {
      if (entry.pool.name !== ref.pool) return entry;
      const others = entry.volumes.filter((volume) => volumeKeyOf(volume.ref) !== key);
      const volumes = [...others, ...(told.volume ? [told.volume] : [])];
      return { ...entry, volumes: volumes.sort((a, b) => byText(a.ref.volume, b.ref.volume)) };
    });
    this.#set(ref.remote, { kind: 'ready', pools });
  }

  #set(remote: string, state: VolumesState): void {
    if (this.#end.signal.aborted || !this.#inventory.server(remote)) return;
    this.#states.set(remote, state);
    this.#emit(remote);
  }

  #inTurn(key: string, work: () => Promise<void>): Promise<void> {
    const turn: Turn = this.#turns.get(key) ?? { running: Promise.resolve(), queued: undefined };
    this.#turns.set(key, turn);
    turn.queued ??= turn.running.then(() => {
      turn.queued = undefined;
      turn.running = work();
      return turn.running;
    });
    return turn.queued;
  }

  #later(key: string, delay: number, work: () => unknown): void {
    if (this.#timers.has(key) || this.#end.signal.aborted) return;
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      work();
    }, delay);
    this.#timers.set(key, timer);
  }

  #emit(remote: string): void {
    if (!this.#end.signal.aborted) this.#changes.emit('change', remote);
  }
}

/** Without what else a reference may carry. */
function placeOf({ remote, project, pool, volume, location }: VolumeRef): VolumeRef {
  return { remote, project, pool, volume, ...(location !== undefined && { location }) };
}

function keyOfVolume(ref: VolumeRef): string {
  return volumeKeyOf(placeOf(ref));
}

function knowsExpiries({ snapshots }: Volume): boolean {
  return snapshots.every(({ expiresAt }) => expiresAt !== undefined);
}

const collator = new Intl.Collator('en', { numeric: true });

function byText(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : 1);
}

function byName(a: Pool, b: Pool): number {
  return byText(a.name, b.name);
}
