/** A webview as the extension sees it: what was sent to it, and what its page says. No page is loaded. */
import * as vscode from 'vscode';
import { waitFor } from '../../lab/process.ts';

export class Webview {
  readonly name: string;
  readonly title: string;
  /** All that was sent, in order. */
  readonly sent: unknown[] = [];
  isClosed = false;
  reveals = 0;
  readonly panel: vscode.WebviewPanel;
  readonly #said = new vscode.EventEmitter<unknown>();
  readonly #state = new vscode.EventEmitter<unknown>();
  readonly #closed = new vscode.EventEmitter<void>();
  #visible = true;

  constructor(name: string, title: string) {
    this.name = name;
    this.title = title;
    const isVisible = () => this.#visible;
    const panel: unknown = {
      get visible() {
        return isVisible();
      },
      webview: {
        cspSource: 'https://webview.example',
        asWebviewUri: (uri: vscode.Uri) => uri,
        onDidReceiveMessage: this.#said.event,
        postMessage: (message: unknown) => {
          this.sent.push(message);
          return Promise.resolve(true);
        },
      },
      onDidChangeViewState: this.#state.event,
      onDidDispose: this.#closed.event,
      reveal: () => {
        this.reveals++;
      },
      dispose: () => {
        this.close();
      },
    };
    this.panel = panel as vscode.WebviewPanel;
  }

  /** What the page sends, as it is. */
  post(value: unknown): void {
    this.#said.fire(value);
  }

  /** The page is loaded. */
  ready(): void {
    this.post({ kind: 'ready' });
  }

  /** The page sends a message of its contract. */
  say(message: unknown): void {
    this.post({ kind: 'message', message });
  }

  /** Another tab is brought before it; VS Code takes the page away. */
  setVisible(visible: boolean): void {
    this.#visible = visible;
    this.#state.fire(undefined);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#closed.fire();
  }

  /** The messages that were sent, without what wraps them. */
  messages<T>(): T[] {
    return this.sent.flatMap((frame) => {
      const { kind, message } = frame as { kind: string; message?: T };
      return kind === 'message' && message !== undefined ? [message] : [];
    });
  }

  /** Waits for the last message to be as it is wanted, and resolves with it. */
  async becomes<T>(what: string, fits: (message: T) => boolean): Promise<T> {
    return waitFor(what, () => {
      const last = this.messages<T>().at(-1);
      return last !== undefined && fits(last) ? last : undefined;
    });
  }
}
