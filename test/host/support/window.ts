/** What the extension shows without asking (progress, status bar, log, terminals), recorded while a test runs. */
import * as vscode from 'vscode';
import { Webview } from './webview.ts';

/** One progress that was shown. */
export interface ShownProgress {
  title: string;
  /** In the view, without words; else a notification. */
  inView: boolean;
  cancellable: boolean;
  messages: string[];
  ended: boolean;
  /** Presses its Cancel. */
  cancel: () => void;
}

export interface LogEntry {
  level: 'info' | 'warn' | 'error';
  text: string;
}

type Command = (...args: unknown[]) => unknown;
type Task = (progress: vscode.Progress<{ message?: string }>, token: vscode.CancellationToken) => Thenable<unknown>;

const SECTION = 'incusSnapshots.';

export class Window {
  readonly progress: ShownProgress[] = [];
  /** Texts of the status bar. */
  readonly status: string[] = [];
  readonly log: LogEntry[] = [];
  logShown = 0;
  readonly terminals: vscode.Terminal[] = [];
  /** Commands of VS Code's own that were run, as one text each. */
  readonly ran: string[] = [];
  readonly opened: string[] = [];
  /** Webviews that were opened. */
  readonly webviews: Webview[] = [];
  /** The extension's commands, by their ids without the section. */
  readonly commands = new Map<string, Command>();
  readonly #originals = {
    window: pick(vscode.window, [
      'withProgress',
      'setStatusBarMessage',
      'createOutputChannel',
      'createTerminal',
      'createWebviewPanel',
      'registerWebviewPanelSerializer',
    ]),
    commands: pick(vscode.commands, ['registerCommand', 'executeCommand']),
    env: pick(vscode.env, ['openExternal']),
  };

  install(): void {
    const { window } = this.#originals;
    Object.assign(vscode.window, {
      withProgress: (options: vscode.ProgressOptions, task: Task) => this.#withProgress(options, task),
      setStatusBarMessage: (text: string) => {
        this.status.push(text.replace('$(check) ', ''));
        return new vscode.Disposable(() => undefined);
      },
      createOutputChannel: (name: string, options: { log: true }) =>
        this.#channel(window.createOutputChannel(name, options)),
      createTerminal: (options: vscode.TerminalOptions) => {
        const terminal = window.createTerminal(options);
        this.terminals.push(terminal);
        return terminal;
      },
      createWebviewPanel: (type: string, title: string) => {
        const webview = new Webview(type.replace(SECTION, ''), title);
        this.webviews.push(webview);
        return webview.panel;
      },
      // The extension under development has its own already.
      registerWebviewPanelSerializer: () => new vscode.Disposable(() => undefined),
    });
    Object.assign(vscode.commands, {
      // The extension under development has its own already.
      registerCommand: (id: string, command: Command) => {
        this.commands.set(id.replace(SECTION, ''), command);
        return new vscode.Disposable(() => undefined);
      },
      executeCommand: (id: string, ...args: unknown[]) => this.#execute(id, args),
    });
    Object.assign(vscode.env, {
      openExternal: (uri: vscode.Uri) => {
        this.opened.push(uri.toString());
        return Promise.resolve(true);
      },
    });
  }

  /** The webview that was opened last. */
  get webview(): Webview {
    const last = this.webviews.at(-1);
    if (!last) throw new Error('no webview was opened');
    return last;
  }

  /** A tab that VS Code has kept from a window of before. */
  kept(name: string): Webview {
    const webview = new Webview(name, '');
    this.webviews.push(webview);
    return webview;
  }

  remove(): void {
    for (const terminal of this.terminals) terminal.dispose();
    Object.assign(vscode.window, this.#originals.window);
    Object.assign(vscode.commands, this.#originals.commands);
    Object.assign(vscode.env, this.#originals.env);
  }

  async #execute(id: string, args: unknown[]): Promise<unknown> {
    const own = id.startsWith(SECTION) ? this.commands.get(id.slice(SECTION.length)) : undefined;
    if (own) return own(...args);
    this.ran.push([id, ...args.map(String)].join(' '));
    return id === 'workbench.action.openSettings' ? undefined : this.#originals.commands.executeCommand(id, ...args);
  }

  async #withProgress(options: vscode.ProgressOptions, task: Task): Promise<unknown> {
    const source = new vscode.CancellationTokenSource();
    const shown: ShownProgress = {
      title: options.title ?? '',
      inView: typeof options.location === 'object',
      cancellable: options.cancellable ?? false,
      messages: [],
      ended: false,
      cancel: () => {
        if (!shown.cancellable) throw new Error(`"${shown.title}" has no Cancel`);
        source.cancel();
      },
    };
    this.progress.push(shown);
    try {
      return await task(
        { report: ({ message }) => message !== undefined && shown.messages.push(message) },
        source.token,
      );
    } finally {
      shown.ended = true;
      source.dispose();
    }
  }

  #channel(real: vscode.LogOutputChannel): object {
    const recorded = (level: LogEntry['level']) => (first: string | Error) => {
      this.log.push({ level, text: String(first) });
    };
    return {
      info: recorded('info'),
      warn: recorded('warn'),
      error: recorded('error'),
      show: () => {
        this.logShown++;
      },
      dispose: () => {
        real.dispose();
      },
    };
  }
}

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;
}
