import { EventEmitter } from 'node:events';
import { IncusError } from '../incus/errors.ts';

/**
 * Work on one thing goes one after another, work on different things side by side. Incus itself does not keep them
 * apart: deleting a snapshot during its restore ends both with exit code 0 and leaves an instance with files missing.
 */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #changes = new EventEmitter<{ change: [string] }>();

  /** Whether something with this key is at work or waits. */
  isBusy(key: string): boolean {
    return this.#tails.has(key);
  }

  /**
   * @param listener told of a key that became busy or idle
   * @returns a function that ends the subscription
   */
  onDidChange(listener: (key: string) => void): () => void {
    this.#changes.on('change', listener);
    return () => void this.#changes.off('change', listener);
  }

  /**
   * Runs the task when all earlier ones with this key have ended, well or not.
   * @param signal leaves the queue; a task that has begun decides for itself what the signal means to it
   * @throws IncusError `cancelled` where the signal came before the task began; else what the task throws
   */
  async run<T>(key: string, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const turn: PromiseWithResolvers<void> = Promise.withResolvers();
    const tail = before.then(() => turn.promise);
    const wasBusy = this.#tails.has(key);
    this.#tails.set(key, tail);
    if (!wasBusy) this.#changes.emit('change', key);
    try {
      await untilAborted(before, signal);
      return await task();
    } finally {
      turn.resolve();
      void tail.then(() => {
        if (this.#tails.get(key) !== tail) return;
        this.#tails.delete(key);
        this.#changes.emit('change', key);
      });
    }
  }

  /** As {@link run}, in the turns of several keys at once. They are taken in one order, so that nobody waits in a circle. */
  runAll<T>(keys: readonly string[], signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    const [first, ...rest] = [...new Set(keys)].toSorted();
    if (first === undefined) return task();
    return this.run(first, signal, () => this.runAll(rest, signal, task));
  }
}

function untilAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const leave = () => {
      reject(new IncusError('cancelled', { text: 'cancelled while it waited for its turn' }));
    };
    if (signal.aborted) {
      leave();
      return;
    }
    signal.addEventListener('abort', leave, { once: true });
    void promise.then(() => {
      signal.removeEventListener('abort', leave);
      resolve();
    });
  });
}
