import { EventEmitter } from 'node:events';
import * as z from 'zod/mini';
import type { Inventory } from '../inventory/inventory.ts';
import type { InstanceRef } from '../model.ts';
import type { DrillResult } from '../policy/mirror/drill.ts';
import { queueKey } from './actions.ts';

/** Where something is kept from one start to the next; VS Code's `Memento` is one. */
export interface Storage {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = 'drills';

const record = z.object({
  at: z.number(),
  seconds: z.number(),
  passed: z.boolean(),
  snapshot: z.string(),
  command: z.string(),
});

/** The last drill of each mirror, as this client made them. */
export class DrillHistory {
  readonly #storage: Storage;
  readonly #inventory: Inventory;
  readonly #changes = new EventEmitter<{ change: [InstanceRef] }>();

  constructor(storage: Storage, inventory: Inventory) {
    this.#storage = storage;
    this.#inventory = inventory;
  }

  /** The last drill of this mirror; `undefined`: none that is known. */
  last(mirror: InstanceRef): DrillResult | undefined {
    const parsed = record.safeParse(this.#all()[queueKey(this.#inventory, mirror)]);
    return parsed.success ? { ...parsed.data, at: new Date(parsed.data.at) } : undefined;
  }

  async keep(mirror: InstanceRef, result: DrillResult): Promise<void> {
    const kept = { ...result, at: result.at.getTime() };
    await this.#storage.update(KEY, { ...this.#all(), [queueKey(this.#inventory, mirror)]: kept });
    this.#changes.emit('change', mirror);
  }

  /** @returns a function that ends the subscription */
  onDidChange(listener: (mirror: InstanceRef) => void): () => void {
    this.#changes.on('change', listener);
    return () => void this.#changes.off('change', listener);
  }

  #all(): Readonly<Record<string, unknown>> {
    const parsed = z.record(z.string(), z.unknown()).safeParse(this.#storage.get(KEY));
    return parsed.success ? parsed.data : {};
  }
}
