import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type Config, type Instance, type InstanceRef, keyOf, type Snapshot, type SnapshotRef } from '../model.ts';
import { stopDeletes } from '../policy/lifecycle.ts';
import { checkSnapshotUse, type SnapshotOperation } from '../policy/names.ts';
import type { KeyedQueue } from './queue.ts';

/** How often keys are set that somebody else's writing keeps from being set. */
const ATTEMPTS = 3;

/** A snapshot as the user saw it when it was chosen: the name alone could since belong to another one. */
export type SeenSnapshot = Pick<Snapshot, 'ref' | 'createdAt'>;

/**
 * What can be done to an instance and its snapshots. Every action waits for its turn on that instance, looks again
 * before it acts, and reads back afterwards what became of it. All methods throw `IncusError`.
 */
export class Actions {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;

  constructor(client: IncusClient, inventory: Inventory, queue: KeyedQueue) {
    this.#client = client;
    this.#inventory = inventory;
    this.#queue = queue;
  }

  /** Makes a snapshot and returns it as the server has it: named by the server where no name was given. */
  createSnapshot(ref: InstanceRef, snapshot: commands.NewSnapshot, signal?: AbortSignal): Promise<Snapshot> {
    return this.#inTurn(ref, signal, async () => {
      const before = await this.#inventory.refreshInstance(ref, signal);
      const known = new Set(before.snapshots?.map((s) => s.ref.snapshot));
      await this.#change(ref, commands.createSnapshot(ref, snapshot));
      const after = await this.#inventory.refreshInstance(ref);
      const made = after.snapshots?.findLast((s) =>
        snapshot.name === undefined ? !known.has(s.ref.snapshot) : s.ref.snapshot === snapshot.name,
      );
      if (!made) throw new IncusError('snapshotMissing', { text: 'the snapshot is not in the list afterwards' });
      return made;
    });
  }

  renameSnapshot(seen: SeenSnapshot, name: string, signal?: AbortSignal): Promise<Snapshot> {
    return this.#onSnapshot(seen, 'rename', signal, async () => {
      await this.#change(seen.ref, commands.renameSnapshot(seen.ref, name));
      const after = await this.#inventory.refreshInstance(seen.ref);
      const renamed = after.snapshots?.find((s) => s.ref.snapshot === name);
      if (!renamed) throw new IncusError('snapshotMissing', { text: 'the snapshot is not in the list afterwards' });
      return renamed;
    });
  }

  setSnapshotExpiry(seen: SeenSnapshot, expiresAt: Date | 'never', signal?: AbortSignal): Promise<void> {
    return this.#onSnapshot(seen, 'setExpiry', signal, async () => {
      await this.#change(seen.ref, commands.setSnapshotExpiry(seen.ref, expiresAt));
      const after = await this.#inventory.refreshInstance(seen.ref);
      const now = after.snapshots?.find((s) => s.ref.snapshot === seen.ref.snapshot)?.expiresAt;
      if (seconds(now) !== seconds(expiresAt === 'never' ? undefined : expiresAt)) {
        throw new IncusError('changedMeanwhile', { text: 'the server shows another expiry afterwards' });
      }
    });
  }

  /**
   * @param mayGo asked of the instance as it is just before; where it says no, nothing is done
   * @throws IncusError `changedMeanwhile` where it said no
   */
  deleteSnapshot(seen: SeenSnapshot, signal?: AbortSignal, mayGo?: (instance: Instance) => boolean): Promise<void> {
    return this.#onSnapshot(seen, 'deleteByPath', signal, async (instance) => {
      if (mayGo?.(instance) === false) {
        throw new IncusError('changedMeanwhile', { text: `${seen.ref.snapshot} is to stay` });
      }
      await this.#requireReached(seen.ref, signal);
      await this.#change(seen.ref, commands.deleteSnapshot(seen.ref));
      const after = await this.#inventory.refreshInstance(seen.ref);
      if (after.snapshots?.some((s) => s.ref.snapshot === seen.ref.snapshot)) {
        throw new IncusError('other', { text: 'the snapshot is still in the list' });
      }
    });
  }

  /** Sets keys of an instance's own configuration; an empty value takes a key away. */
  configure(ref: InstanceRef, config: Config, signal?: AbortSignal): Promise<Instance> {
    return this.#inTurn(ref, signal, async () => {
      // Whoever else writes the configuration at the same moment makes Incus refuse: the keys are not the same ones.
      for (let attempt = 1; ; attempt++) {
        try {
          await this.#change(ref, commands.setConfig(ref, config));
          break;
        } catch (error) {
          if (attempt === ATTEMPTS || toIncusError(error).kind !== 'changedMeanwhile') throw error;
        }
      }
      const after = await this.#inventory.refreshInstance(ref);
      const wrong = Object.entries(config).find(([key, value]) => (after.config[key] ?? '') !== value);
      if (wrong) throw new IncusError('changedMeanwhile', { text: `the server shows another ${wrong[0]} afterwards` });
      return after;
    });
  }

  /** Makes a stopped instance out of a snapshot, beside its instance. Incus lets nobody cancel such a copy. */
  createInstance(seen: SeenSnapshot, name: string, signal?: AbortSignal): Promise<Instance> {
    const { remote, project } = seen.ref;
    return this.#onSnapshot(seen, 'copy', signal, async () => {
      const made = { remote, project, instance: name };
      await this.#change(seen.ref, commands.copySnapshot(seen.ref, made));
      return this.#inventory.refreshInstance(made);
    });
  }

  startInstance(ref: InstanceRef, signal?: AbortSignal): Promise<Instance> {
    return this.#power(ref, signal, () => [commands.startInstance(ref)]);
  }

  /** @throws IncusError `ephemeral` on an ephemeral instance, which Incus would delete when it stops */
  stopInstance(ref: InstanceRef, mode: commands.StopMode, signal?: AbortSignal): Promise<Instance> {
    return this.#power(ref, signal, (instance) => {
      if (stopDeletes(instance)) throw new IncusError('ephemeral', { text: 'stopping would delete the instance' });
      // A frozen instance does not hear the request to shut down.
      const isDeaf = instance.status === 'Frozen' && !mode.force;
      return [...(isDeaf ? [commands.startInstance(ref)] : []), commands.stopInstance(ref, mode)];
    });
  }

  /** Safe for an ephemeral instance too: Incus takes that mark off while it restarts one (measured). */
  restartInstance(ref: InstanceRef, mode: commands.StopMode, signal?: AbortSignal): Promise<Instance> {
    return this.#power(ref, signal, () => [commands.restartInstance(ref, mode)]);
  }

  /**
   * A name that the CLI's own verb would misread is deleted by a path, escaped for a server that decodes it twice. One
   * that decodes it otherwise would reach another snapshot: it is asked first whom the path reaches.
   */
  async #requireReached(ref: SnapshotRef, signal: AbortSignal | undefined): Promise<void> {
    if (!checkSnapshotUse(ref.snapshot, 'delete')) return;
    const reached = await this.#client.snapshotAt(ref, signal);
    if (reached !== ref.snapshot) throw new IncusError('unsafeName', { text: `${ref.snapshot}: reaches ${reached}` });
  }

  /** Runs `task` when it is this instance's turn. */
  #inTurn<T>(ref: InstanceRef, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    return this.#queue.run(queueKey(this.#inventory, ref), signal, task);
  }

  #onSnapshot<T>(
    seen: SeenSnapshot,
    operation: SnapshotOperation,
    signal: AbortSignal | undefined,
    task: (instance: Instance) => Promise<T>,
  ): Promise<T> {
    return this.#inTurn(seen.ref, signal, async () => {
      requireUsable(seen.ref, operation);
      const instance = await this.#inventory.refreshInstance(seen.ref, signal);
      requireSame(instance, seen);
      return task(instance);
    });
  }

  #power(
    ref: InstanceRef,
    signal: AbortSignal | undefined,
    steps: (instance: Instance) => readonly commands.IncusCommand[],
  ): Promise<Instance> {
    return this.#inTurn(ref, signal, async () => {
      const instance = await this.#inventory.refreshInstance(ref, signal);
      for (const step of steps(instance)) await this.#change(ref, step);
      return this.#inventory.refreshInstance(ref);
    });
  }

  /** Changes something; where that fails, the row is read again all the same, since part of it may have happened. */
  async #change(ref: InstanceRef, command: commands.IncusCommand): Promise<void> {
    try {
      await this.#client.change(command);
    } catch (error) {
      await this.#inventory.refreshInstance(ref).catch(() => undefined);
      throw error;
    }
  }
}

/**
 * The queue's key: an instance, whichever of its snapshots is meant, and by whichever of its server's remotes. Two
 * remotes can be one server, which its certificate tells.
 */
export function queueKey(inventory: Inventory, { remote, project, instance }: InstanceRef): string {
  return keyOf({ remote: inventory.server(remote)?.fingerprint ?? remote, project, instance });
}

/** @throws IncusError `unsafeName` where the name cannot be handed to Incus without meaning something else */
export function requireUsable(ref: SnapshotRef, operation: SnapshotOperation): void {
  const problem = checkSnapshotUse(ref.snapshot, operation);
  if (problem) throw new IncusError('unsafeName', { text: `${ref.snapshot}: ${problem}` });
}

/**
 * The snapshot as the server has it.
 * @throws IncusError `snapshotMissing`, or `changedMeanwhile` where another one bears its name
 */
export function requireSame(instance: Instance, seen: SeenSnapshot): Snapshot {
  const now = instance.snapshots?.find((s) => s.ref.snapshot === seen.ref.snapshot);
  if (!now) throw new IncusError('snapshotMissing', { text: `Snapshot ${seen.ref.snapshot} does not exist` });
  if (now.createdAt.getTime() !== seen.createdAt.getTime()) {
    throw new IncusError('changedMeanwhile', { text: `${seen.ref.snapshot} was made again in the meantime` });
  }
  return now;
}

/** Whole seconds: Incus keeps no more of an expiry. */
export function seconds(at: Date | undefined): number | undefined {
  return at && Math.floor(at.getTime() / 1000);
}
