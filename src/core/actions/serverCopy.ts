import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError } from '../incus/errors.ts';
import type { OperationEvent } from '../incus/events.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type Instance, type InstanceRef, isRunning, keyOf, type SnapshotRef, type TransferMode } from '../model.ts';
import { copiedConfig } from '../policy/mirror/serverCopy.ts';
import { queueKey, requireSame, requireUsable, type SeenSnapshot } from './actions.ts';
import { insist } from './mirrorTransfer.ts';
import type { Operations } from './operations.ts';
import type { KeyedQueue } from './queue.ts';

export interface ServerCopyWish {
  readonly seen: SeenSnapshot;
  readonly to: InstanceRef;
  readonly mode: TransferMode;
  /** The pool of the copy's root disk; absent: the one of that name there, or of the profiles. */
  readonly pool?: string;
}

/** Copies single snapshots to other servers, as instances of their own. */
export class ServerCopies {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;
  readonly #operations: Operations;

  constructor(client: IncusClient, inventory: Inventory, queue: KeyedQueue, operations: Operations) {
    this.#client = client;
    this.#inventory = inventory;
    this.#queue = queue;
    this.#operations = operations;
  }

  /**
   * Copies a snapshot, and looks that the copy is there: a copy that the server broke off ends with exit code 0 as well.
   * @param signal asks the servers to break off; where they do not, the copy comes to its end
   * @param onProgress told how far it is, as the server words it
   * @throws IncusError `exists` where the name is taken there; `notVerified` where nothing arrived; `cancelled`
   */
  run(wish: ServerCopyWish, signal: AbortSignal, onProgress: (text: string) => void): Promise<Instance> {
    const { seen, to } = wish;
    const keys = [seen.ref, to].map((ref) => queueKey(this.#inventory, ref));
    return this.#queue.runAll(keys, signal, async () => {
      requireUsable(seen.ref, 'copy');
      const source = await this.#inventory.refreshInstance(seen.ref, signal);
      const snapshot = requireSame(source, seen);
      const extensions = this.#inventory.server(to.remote)?.extensions ?? new Set<string>();
      const config = copiedConfig(snapshot.config, extensions);
      const { mode, pool } = wish;
      const options = { config, mode, ...(pool !== undefined && { pool }) };
      const expected = [
        { remote: seen.ref.remote, isMine: isAbout(source.ref, /^(?:Migrating|Transferring)/, seen.ref) },
        { remote: to.remote, isMine: isAbout(to, /^Creating instance$/) },
      ];
      const command = commands.copySnapshot(seen.ref, to, options);
      const attempt = () => this.#operations.during(expected, signal, onProgress, () => this.#client.change(command));
      await insist(attempt, signal);
      return this.#verified(to, config, signal);
    });
  }

  async #verified(to: InstanceRef, config: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Instance> {
    try {
      const copy = await this.#inventory.refreshInstance(to);
      const wrong = Object.entries(config).some(([key, value]) => (copy.config[key] ?? '') !== value);
      if (!wrong && !isRunning(copy)) return copy;
    } catch (error) {
      if (signal.aborted) throw new IncusError('cancelled', { text: 'cancelled while it was sent', cause: error });
      throw new IncusError('notVerified', { text: `${to.instance} is not there afterwards`, cause: error });
    }
    throw new IncusError('notVerified', { text: `${to.instance} is not as it was to be` });
  }
}

/** Whether an operation is this one on an instance, or on a snapshot of it. */
function isAbout(ref: InstanceRef, description: RegExp, snapshot?: SnapshotRef) {
  const wanted = [ref, ...(snapshot ? [snapshot] : [])].map(keyOf);
  return (event: OperationEvent): boolean =>
    description.test(event.description) &&
    [...event.instances, ...event.snapshots].some((one) => wanted.includes(keyOf(one)));
}
