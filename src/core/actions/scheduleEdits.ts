import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Config, InstanceRef, ProfileRef } from '../model.ts';
import { queueKey } from './actions.ts';
import type { KeyedQueue } from './queue.ts';

/** Where settings of a schedule are written to. */
export type ScheduleTarget =
  { readonly kind: 'instance'; readonly ref: InstanceRef } | { readonly kind: 'profile'; readonly ref: ProfileRef };

/** One change: what was seen, and what is to be. An empty text stands for a key that is not set. */
export interface ScheduleChange {
  readonly key: string;
  readonly seen: string;
  readonly value: string;
}

/** Instances that are read again side by side after their profile has changed. */
const FOLLOWERS_READ = 20;

/** Writes schedules, so that nothing is overwritten that nobody has seen. */
export class ScheduleEdits {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;

  constructor(client: IncusClient, inventory: Inventory, queue: KeyedQueue) {
    this.#client = client;
    this.#inventory = inventory;
    this.#queue = queue;
  }

  /**
   * Writes changes in their turn, and reads them back.
   * @throws IncusError `changedMeanwhile` where a key is not what was seen: nothing was written then. Also what the
   * server refuses; it writes all of them or none
   */
  async write(target: ScheduleTarget, changes: readonly ScheduleChange[], signal?: AbortSignal): Promise<void> {
    await this.#queue.run(this.#keyOf(target), signal, async () => {
      try {
        await this.#attempt(target, changes, signal);
      } catch (error) {
        // Somebody has changed other keys between the CLI's reading and its writing: ours may still be as seen.
        if (!isRace(error)) throw error;
        await this.#attempt(target, changes, signal);
      }
    });
    if (target.kind === 'profile') await this.#readFollowers(target.ref);
  }

  async #attempt(target: ScheduleTarget, changes: readonly ScheduleChange[], signal?: AbortSignal): Promise<void> {
    const now = await this.#read(target, signal);
    const foreign = changes.find(({ key, seen }) => (now[key] ?? '') !== seen);
    if (foreign)
      throw new IncusError('changedMeanwhile', { text: `${foreign.key} is ${now[foreign.key] ?? 'not set'}` });
    const config = Object.fromEntries(changes.map(({ key, value }) => [key, value]));
    await this.#client.change(
      target.kind === 'instance'
        ? commands.setConfig(target.ref, config)
        : commands.setProfileConfig(target.ref, config),
    );
    const written = await this.#read(target);
    const lost = changes.find(({ key, value }) => (written[key] ?? '') !== value);
    if (lost) throw new IncusError('changedMeanwhile', { text: `${lost.key} is ${written[lost.key] ?? 'not set'}` });
  }

  /** The keys that are set there, without what comes from profiles. */
  async #read(target: ScheduleTarget, signal?: AbortSignal): Promise<Config> {
    if (target.kind === 'profile') return (await this.#client.profile(target.ref, signal)).config;
    return (await this.#inventory.refreshInstance(target.ref, signal)).config;
  }

  #keyOf(target: ScheduleTarget): string {
    if (target.kind === 'instance') return queueKey(this.#inventory, target.ref);
    const { remote, project, profile } = target.ref;
    // No instance can be called so.
    return queueKey(this.#inventory, { remote, project, instance: `profile/${profile}` });
  }

  /** What a profile says is in force on its instances: their rows are to say so. */
  async #readFollowers(ref: ProfileRef): Promise<void> {
    const { usedBy } = await this.#client.profile(ref);
    const known = usedBy.filter((one) => this.#inventory.instance(one));
    if (known.length > FOLLOWERS_READ) await this.#inventory.refreshRemote(ref.remote);
    else await Promise.all(known.map((one) => this.#inventory.refreshInstance(one).catch(() => undefined)));
  }
}

/** The server's own word that somebody else was quicker, rather than ours that a key is another one. */
function isRace(error: unknown): boolean {
  const { kind, text } = toIncusError(error);
  return kind === 'changedMeanwhile' && text.includes('ETag');
}
