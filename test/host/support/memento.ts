import type { Memento } from 'vscode';

/** What VS Code keeps for an extension, as long as it is held. */
export class MapMemento implements Memento {
  readonly #values = new Map<string, unknown>();

  clear(): void {
    this.#values.clear();
  }

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  get<T>(key: string, fallback?: T): T {
    return (this.#values.has(key) ? this.#values.get(key) : fallback) as T;
  }

  update(key: string, value: unknown): Promise<void> {
    // VS Code forgets a key that is set to nothing.
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
    return Promise.resolve();
  }
}
