import * as vscode from 'vscode';
import type { MirrorBoard } from './board.ts';

/** Milliseconds in which changes are gathered: a fleet that is read causes thousands. */
const GATHER = 500;

/** How often ages are looked at, in milliseconds. */
const TICK = 60_000;

/** A warning in the status bar while a mirror is older than it may be, or was left half. */
export class MirrorStatus implements vscode.Disposable {
  readonly #board: MirrorBoard;
  readonly #item = vscode.window.createStatusBarItem('incusSnapshots.mirrors', vscode.StatusBarAlignment.Left);
  readonly #end: () => void;
  readonly #ticking: NodeJS.Timeout;
  #gathering: NodeJS.Timeout | undefined;

  constructor(board: MirrorBoard) {
    this.#board = board;
    this.#item.name = vscode.l10n.t('Mirrors');
    this.#item.command = 'incusSnapshots.mirrors.focus';
    this.#item.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
    this.#end = board.onDidChange(() => {
      this.#gathering ??= setTimeout(this.#update, GATHER);
    });
    this.#ticking = setInterval(this.#update, TICK);
    this.#update();
  }

  /** What stands there; `undefined`: nothing. */
  get text(): string | undefined {
    const lines = this.#board.pairs.flatMap((pair) => this.#board.linesOf(pair)).filter((line) => !line.isRunning);
    const unfinished = lines.filter(({ standing }) => standing.kind === 'unfinished').length;
    const late = lines.filter((line) => line.isLate && line.standing.kind !== 'unfinished').length;
    if (unfinished + late === 0) return undefined;
    return [
      late > 0 ? vscode.l10n.t('Mirrors late: {0}', late) : '',
      unfinished > 0 ? vscode.l10n.t('unfinished: {0}', unfinished) : '',
    ]
      .filter(Boolean)
      .join(', ');
  }

  dispose(): void {
    this.#end();
    clearInterval(this.#ticking);
    clearTimeout(this.#gathering);
    this.#item.dispose();
  }

  readonly #update = (): void => {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const { text } = this;
    if (text === undefined) {
      this.#item.hide();
      return;
    }
    this.#item.text = `$(warning) ${text}`;
    this.#item.tooltip = vscode.l10n.t('Show the mirrors');
    this.#item.show();
  };
}
