/** A list that can be typed into (`createQuickPick`), worked by the user of the tests. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';

export class Box {
  title = '';
  placeholder = '';
  value = '';
  busy = false;
  ignoreFocusOut = false;
  isOpen = false;
  activeItems: readonly vscode.QuickPickItem[] = [];
  #items: readonly vscode.QuickPickItem[] = [];
  readonly #value = new vscode.EventEmitter<string>();
  readonly #accept = new vscode.EventEmitter<void>();
  readonly #hide = new vscode.EventEmitter<void>();
  readonly onDidChangeValue = this.#value.event;
  readonly onDidAccept = this.#accept.event;
  readonly onDidHide = this.#hide.event;

  get items(): readonly vscode.QuickPickItem[] {
    return this.#items;
  }

  /** As in VS Code, the first one is active where the items are others. */
  set items(items: readonly vscode.QuickPickItem[]) {
    this.#items = items;
    const first = items.find(({ kind }) => kind !== vscode.QuickPickItemKind.Separator);
    this.activeItems = first ? [first] : [];
  }

  show(): void {
    this.isOpen = true;
  }

  hide(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#hide.fire();
  }

  dispose(): void {
    this.hide();
    for (const emitter of [this.#value, this.#accept, this.#hide]) emitter.dispose();
  }

  // What a user does

  type(text: string): void {
    this.value = text;
    this.#value.fire(text);
  }

  /** Presses Enter, on the first line or on one that begins so. */
  enter(label?: string): void {
    if (label !== undefined) {
      const line = this.items.find((one) => one.label.startsWith(label));
      assert.ok(line, `${label} is not in: ${this.lines().join(' // ')}`);
      this.activeItems = [line];
    }
    this.#accept.fire();
  }

  escape(): void {
    this.hide();
  }

  /** The lines as they are read, without icons. */
  lines(): string[] {
    return this.items.map(({ label, description = '' }) =>
      `${label.replace(/^\$\([\w-]+\) /, '')} ${description}`.trim(),
    );
  }
}
