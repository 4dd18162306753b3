import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, type IncusErrorKind, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type Instance, type InstanceRef, isRunning, keyOf, type ProjectRef } from '../model.ts';
import { isHalfMirror } from '../policy/mirror/mirror.ts';
import type { MirrorSource } from '../policy/mirror/mirrorKeys.ts';
import {
  isTemporary,
  type Maker,
  ownerOfTemporary,
  temporaryMark,
  temporaryName,
  type TemporaryOwner,
  type TemporaryPurpose,
} from '../policy/temporary.ts';
import { queueKey } from './actions.ts';
import type { KeyedQueue } from './queue.ts';

/** A temporary copy that nobody here is using. */
export interface Leftover {
  readonly ref: InstanceRef;
  readonly createdAt: Date;
  /** `window` is one that could not be removed; another window may still be using its own. */
  readonly owner: TemporaryOwner;
}

/** What a temporary copy has to be made as. */
export interface TemporaryPlace {
  readonly ref: InstanceRef;
  /** What its key has to be. */
  readonly mark: string;
}

/** Failures after which a deletion is tried again: what is still at work on the copy comes to its end. */
const PASSING: ReadonlySet<IncusErrorKind> = new Set(['busy', 'running', 'notRunning', 'changedMeanwhile']);

/** Milliseconds before each further try. */
const PAUSES = [100, 300, 1_000, 3_000];

/** Makes temporary copies, and sees to it that they go away again. The only place that deletes an instance. */
export class Temporaries {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;
  readonly #maker: Maker;
  readonly #onLeftover: (ref: InstanceRef, error: IncusError) => void;
  readonly #inUse = new Set<string>();

  /** @param onLeftover told of a copy that could not be removed after its use */
  constructor(
    client: IncusClient,
    inventory: Inventory,
    queue: KeyedQueue,
    maker: Maker,
    onLeftover: (ref: InstanceRef, error: IncusError) => void,
  ) {
    this.#client = client;
    this.#inventory = inventory;
    this.#queue = queue;
    this.#maker = maker;
    this.#onLeftover = onLeftover;
  }

  /**
   * Makes a temporary copy, works with it, and removes it, whatever happens. One that could not be removed is reported,
   * and is among the leftovers from then on.
   * @param make makes it with the key that `place` tells; its settings are `temporarySettings` of the policy
   * @throws whatever `make` and `work` throw
   */
  async use<T>(
    at: ProjectRef,
    purpose: TemporaryPurpose,
    make: (place: TemporaryPlace) => Promise<void>,
    work: (ref: InstanceRef) => Promise<T>,
  ): Promise<T> {
    const { remote, project } = at;
    const ref = { remote, project, instance: temporaryName(randomBytes(4).toString('hex')) };
    this.#inUse.add(keyOf(ref));
    try {
      await make({ ref, mark: this.markFor(purpose) });
      return await work(ref);
    } finally {
      // A copy that failed may be there in part.
      await this.remove(ref).catch((error: unknown) => {
        this.#onLeftover(ref, toIncusError(error));
      });
      this.#inUse.delete(keyOf(ref));
    }
  }

  /** What the key of something has to be that is to be removed as a temporary copy of this window. */
  markFor(purpose: TemporaryPurpose): string {
    return temporaryMark(this.#maker, purpose);
  }

  /** Temporary copies that are there and that this window is not using, as far as the inventory knows. */
  leftovers(): Leftover[] {
    return this.#inventory.remotes.flatMap(({ remote }) =>
      this.#inventory.instances(remote.name).flatMap(({ instance }) => {
        const owner = ownerOfTemporary(instance, this.#maker);
        if (!owner || this.#inUse.has(keyOf(instance.ref))) return [];
        return [{ ref: instance.ref, createdAt: instance.createdAt, owner }];
      }),
    );
  }

  /**
   * Removes a temporary copy; one that is gone is well removed. It is read before each step, and what does not bear both
   * marks is left alone.
   * @throws IncusError `refusedCommand` where it is no temporary copy
   */
  remove(ref: InstanceRef): Promise<void> {
    return this.#queue.run(queueKey(this.#inventory, ref), undefined, async () => {
      // A running copy takes two steps; no failure ends the waiting sooner than the last pause.
      const pauses = [...PAUSES];
      for (let steps = PAUSES.length + 2; steps > 0; steps--) {
        const instance = await this.#find(ref);
        if (!instance) return;
        if (!isTemporary(instance)) {
          throw new IncusError('refusedCommand', { text: `${ref.instance} is no temporary copy` });
        }
        const step = isRunning(instance) ? commands.stopInstance(ref, { force: true }) : commands.deleteTemporary(ref);
        try {
          await this.#client.change(step);
        } catch (error) {
          const pause = PASSING.has(toIncusError(error).kind) ? pauses.shift() : undefined;
          if (pause === undefined) throw error;
          await delay(pause);
        }
      }
      if (await this.#find(ref)) throw new IncusError('busy', { text: `${ref.instance} is still there` });
    });
  }

  async #find(ref: InstanceRef): Promise<Instance | undefined> {
    try {
      return await this.#inventory.refreshInstance(ref);
    } catch (error) {
      if (toIncusError(error).kind === 'instanceMissing') return undefined;
      throw error;
    }
  }
}

/**
 * Deletes what a first run of this source left when it broke off, in the turn of the mirror that it would have become.
 * @throws IncusError `changedMeanwhile` where it is, by now, anything else
 */
export async function removeHalfMirror(client: IncusClient, ref: InstanceRef, source: MirrorSource): Promise<void> {
  const instance = await client.instance(ref);
  if (!isHalfMirror(instance, source) || isRunning(instance)) {
    throw new IncusError('changedMeanwhile', { text: `${ref.instance} is not what a broken run left` });
  }
  await client.change(commands.deleteTemporary(ref));
}
