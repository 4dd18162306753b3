import type * as vscode from 'vscode';

/** Something that stands in a panel of its own. */
interface Shown {
  readonly panel: { reveal: () => void; dispose: () => void };
}

/** The panels of a kind that stand open, one for each thing that they are about. */
export class Panels<S extends Shown> implements vscode.Disposable {
  readonly #open = new Map<string, S>();

  /** Brings the panel of a thing to the front. @returns false where there is none */
  reveal(key: string): boolean {
    const open = this.#open.get(key);
    open?.panel.reveal();
    return open !== undefined;
  }

  /** Opens one in place of any other that is about the same thing. @param open is told what to do when it is closed */
  open(key: string, open: (onClose: () => void) => S): void {
    this.#open.get(key)?.panel.dispose();
    const shown = open(() => {
      if (this.#open.get(key) === shown) this.#open.delete(key);
    });
    this.#open.set(key, shown);
  }

  dispose(): void {
    for (const { panel } of [...this.#open.values()]) panel.dispose();
  }
}
