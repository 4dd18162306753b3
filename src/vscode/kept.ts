import type * as vscode from 'vscode';

/**
 * What VS Code keeps for the extension. Where it refuses to keep something (a full disk, say), that is told and no more: a
 * mirror is no less whole because its result could not be written down.
 */
export class Kept implements vscode.Memento {
  readonly #memento: vscode.Memento;
  readonly #onRefused: (key: string, error: unknown) => void;

  constructor(memento: vscode.Memento, onRefused: (key: string, error: unknown) => void) {
    this.#memento = memento;
    this.#onRefused = onRefused;
  }

  keys(): readonly string[] {
    return this.#memento.keys();
  }

  get<T>(key: string, fallback?: T): T {
    return this.#memento.get(key, fallback) as T;
  }

  async update(key: string, value: unknown): Promise<void> {
    try {
      await this.#memento.update(key, value);
    } catch (error) {
      this.#onRefused(key, error);
    }
  }
}
