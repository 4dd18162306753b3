import type { IncusClient } from '../incus/client.ts';
import type { IncusCommand, NewSnapshot } from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import * as commands from '../incus/volumeCommands.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { VolumeInventory } from '../inventory/volumes.ts';
import {
  type Config,
  isDependent,
  type TransferMode,
  type Volume,
  volumeKeyOf,
  type VolumeRef,
  type VolumeSnapshot,
  type VolumeSnapshotRef,
} from '../model.ts';
import { OWN_PREFIX } from '../policy/mirror/mirrorKeys.ts';
import { checkSnapshotUse, checkVolumeUse, type SnapshotOperation } from '../policy/names.ts';
import { seconds } from './actions.ts';
import type { KeyedQueue } from './queue.ts';

/** How often keys are set that somebody else's writing keeps from being set. */
const ATTEMPTS = 3;

/** A snapshot as the user saw it when it was chosen: the name alone could since belong to another one. */
export type SeenVolumeSnapshot = Pick<VolumeSnapshot, 'ref' | 'createdAt'>;

/**
 * What can be done to a custom volume and its snapshots. Every action waits for its turn on that volume, looks again
 * before it acts, and reads back afterwards what became of it. All methods throw `IncusError`.
 */
export class VolumeActions {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #volumes: VolumeInventory;
  readonly #queue: KeyedQueue;

  constructor(client: IncusClient, inventory: Inventory, volumes: VolumeInventory, queue: KeyedQueue) {
    this.#client = client;
    this.#inventory = inventory;
    this.#volumes = volumes;
    this.#queue = queue;
  }

  /** Makes a snapshot and returns it as the server has it: named by the server where no name was given. */
  createSnapshot(ref: VolumeRef, wish: Omit<NewSnapshot, 'stateful'>, signal?: AbortSignal): Promise<VolumeSnapshot> {
    return this.#inTurn(ref, signal, async () => {
      const before = await this.#volumes.refreshVolume(ref, signal);
      if (isDependent(before))
        throw new IncusError('dependentVolume', { text: `${ref.volume} goes with its instance` });
      const known = new Set(before.snapshots.map((s) => s.ref.snapshot));
      if (wish.name !== undefined && known.has(wish.name)) throw taken(wish.name);
      await this.#change(ref, commands.createVolumeSnapshot(ref, wish));
      const after = await this.#volumes.refreshVolume(ref);
      return found(after, (name) => (wish.name === undefined ? !known.has(name) : name === wish.name));
    });
  }

  /** @throws IncusError `exists` where the name is taken, which Incus finds out in the middle of it */
  renameSnapshot(seen: SeenVolumeSnapshot, name: string, signal?: AbortSignal): Promise<VolumeSnapshot> {
    return this.#onSnapshot(seen, 'rename', signal, async (volume) => {
      if (volume.snapshots.some(({ ref }) => ref.snapshot === name)) throw taken(name);
      await this.#change(seen.ref, commands.renameVolumeSnapshot(seen.ref, name));
      return found(await this.#volumes.refreshVolume(seen.ref), (other) => other === name);
    });
  }

  setSnapshotExpiry(seen: SeenVolumeSnapshot, expiresAt: Date | 'never', signal?: AbortSignal): Promise<void> {
    return this.#onSnapshot(seen, 'setExpiry', signal, async () => {
      await this.#change(seen.ref, commands.setVolumeSnapshotExpiry(seen.ref, expiresAt));
      const after = await this.#volumes.refreshVolume(seen.ref);
      const now = after.snapshots.find((s) => s.ref.snapshot === seen.ref.snapshot)?.expiresAt;
      const isSet = expiresAt === 'never' || now === 'never' ? now === expiresAt : seconds(now) === seconds(expiresAt);
      if (!isSet) throw new IncusError('changedMeanwhile', { text: 'the server shows another expiry afterwards' });
    });
  }

  deleteSnapshot(seen: SeenVolumeSnapshot, signal?: AbortSignal): Promise<void> {
    return this.#onSnapshot(seen, 'deleteByPath', signal, async () => {
      await this.#requireReached(seen.ref, signal);
      await this.#change(seen.ref, commands.deleteVolumeSnapshot(seen.ref));
      const after = await this.#volumes.refreshVolume(seen.ref);
      if (after.snapshots.some((s) => s.ref.snapshot === seen.ref.snapshot)) {
        throw new IncusError('other', { text: 'the snapshot is still in the list' });
      }
    });
  }

  /**
   * Sets keys of a volume's configuration; an empty value takes a key away.
   * @param seen what was shown of them: where a key is another one by now, nothing is written
   * @throws IncusError `changedMeanwhile`
   */
  configure(ref: VolumeRef, config: Config, signal?: AbortSignal, seen?: Config): Promise<Volume> {
    return this.#inTurn(ref, signal, async () => {
      if (seen) {
        const now = (await this.#volumes.refreshVolume(ref, signal)).config;
        const foreign = Object.keys(config).find((key) => (now[key] ?? '') !== (seen[key] ?? ''));
        if (foreign !== undefined) throw new IncusError('changedMeanwhile', { text: `${foreign} is another one` });
      }
      return this.#configure(ref, config);
    });
  }

  /**
   * Makes a volume of its own out of a snapshot, there or on another server, where a name that is taken is refused. Our
   * marks do not travel with it; on another server neither does the schedule.
   * @throws IncusError `exists`; `notVerified` where it is not there afterwards
   */
  copySnapshot(seen: SeenVolumeSnapshot, to: VolumeRef, mode?: TransferMode, signal?: AbortSignal): Promise<Volume> {
    const keys = [seen.ref, to].map((ref) => volumeQueueKey(this.#inventory, ref));
    return this.#queue.runAll(keys, signal, async () => {
      requireUsableVolume(to);
      const source = await this.#look(seen, 'copy', signal);
      await this.#change(to, commands.copyVolumeSnapshot(seen.ref, to, mode));
      const copy = await this.#volumes.refreshVolume(to).catch((cause: unknown) => {
        throw new IncusError('notVerified', { text: `${to.volume} is not there afterwards`, cause });
      });
      const isElsewhere = to.remote !== seen.ref.remote;
      const cleared = Object.keys(copy.config).filter(
        (key) => key.startsWith(OWN_PREFIX) || (isElsewhere && key === 'snapshots.schedule'),
      );
      if (copy.contentType !== source.contentType) {
        throw new IncusError('notVerified', { text: `${to.volume} is ${copy.contentType}` });
      }
      return cleared.length === 0 ? copy : this.#configure(to, Object.fromEntries(cleared.map((key) => [key, ''])));
    });
  }

  async #configure(ref: VolumeRef, config: Config): Promise<Volume> {
    // Whoever else writes the configuration at the same moment makes Incus refuse: the keys are not the same ones.
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#change(ref, commands.setVolumeConfig(ref, config));
        break;
      } catch (error) {
        if (attempt === ATTEMPTS || toIncusError(error).kind !== 'changedMeanwhile') throw error;
      }
    }
    const after = await this.#volumes.refreshVolume(ref);
    const wrong = Object.entries(config).find(([key, value]) => (after.config[key] ?? '') !== value);
    if (wrong) throw new IncusError('changedMeanwhile', { text: `the server shows another ${wrong[0]} afterwards` });
    return after;
  }

  /** As with instances: a path of our own could reach another snapshot, so it is asked first whom it reaches. */
  async #requireReached(ref: VolumeSnapshotRef, signal: AbortSignal | undefined): Promise<void> {
    if (!checkSnapshotUse(ref.snapshot, 'delete')) return;
    const reached = await this.#client.volumeSnapshotAt(ref, signal);
    if (reached !== ref.snapshot) throw new IncusError('unsafeName', { text: `${ref.snapshot}: reaches ${reached}` });
  }

  #inTurn<T>(ref: VolumeRef, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    return this.#queue.run(volumeQueueKey(this.#inventory, ref), signal, () => {
      requireUsableVolume(ref);
      return task();
    });
  }

  #onSnapshot<T>(
    seen: SeenVolumeSnapshot,
    operation: SnapshotOperation,
    signal: AbortSignal | undefined,
    task: (volume: Volume) => Promise<T>,
  ): Promise<T> {
    return this.#inTurn(seen.ref, signal, async () => {
      const volume = await this.#look(seen, operation, signal);
      if (isDependent(volume)) {
        throw new IncusError('dependentVolume', { text: `${seen.ref.volume} goes with its instance` });
      }
      return task(volume);
    });
  }

  async #look(seen: SeenVolumeSnapshot, operation: SnapshotOperation, signal?: AbortSignal): Promise<Volume> {
    requireUsableVolumeSnapshot(seen.ref, operation);
    const volume = await this.#volumes.refreshVolume(seen.ref, signal);
    requireSameVolumeSnapshot(volume, seen);
    return volume;
  }

  /** Changes something; where that fails, the row is read again all the same, since part of it may have happened. */
  async #change(ref: VolumeRef, command: IncusCommand): Promise<void> {
    try {
      await this.#client.change(command);
    } catch (error) {
      await this.#volumes.refreshVolume(ref).catch(() => undefined);
      throw error;
    }
  }
}

/** The queue's key: a volume, by whichever of its server's remotes. */
export function volumeQueueKey(inventory: Inventory, ref: VolumeRef): string {
  const { remote, project, pool, volume, location } = ref;
  const server = inventory.server(remote)?.fingerprint ?? remote;
  return volumeKeyOf({ remote: server, project, pool, volume, ...(location !== undefined && { location }) });
}

/** @throws IncusError `unsafeName` where a name cannot be handed to Incus without meaning something else */
export function requireUsableVolume({ pool, volume }: VolumeRef): void {
  for (const name of [pool, volume]) {
    const problem = checkVolumeUse(name);
    if (problem) throw new IncusError('unsafeName', { text: `${name}: ${problem}` });
  }
}

/** @throws IncusError `unsafeName` */
export function requireUsableVolumeSnapshot(ref: VolumeSnapshotRef, operation: SnapshotOperation): void {
  requireUsableVolume(ref);
  const problem = checkSnapshotUse(ref.snapshot, operation);
  if (problem) throw new IncusError('unsafeName', { text: `${ref.snapshot}: ${problem}` });
}

/**
 * The snapshot as the server has it.
 * @throws IncusError `snapshotMissing`, or `changedMeanwhile` where another one bears its name
 */
export function requireSameVolumeSnapshot(volume: Volume, seen: SeenVolumeSnapshot): VolumeSnapshot {
  const now = volume.snapshots.find((s) => s.ref.snapshot === seen.ref.snapshot);
  if (!now) throw new IncusError('snapshotMissing', { text: `Snapshot ${seen.ref.snapshot} does not exist` });
  if (now.createdAt.getTime() !== seen.createdAt.getTime()) {
    throw new IncusError('changedMeanwhile', { text: `${seen.ref.snapshot} was made again in the meantime` });
  }
  return now;
}

function found(volume: Volume, isIt: (name: string) => boolean): VolumeSnapshot {
  const snapshot = volume.snapshots.findLast(({ ref }) => isIt(ref.snapshot));
  if (!snapshot) throw new IncusError('snapshotMissing', { text: 'the snapshot is not in the list afterwards' });
  return snapshot;
}

function taken(name: string): IncusError {
  return new IncusError('exists', { text: `Snapshot "${name}" already in use` });
}
