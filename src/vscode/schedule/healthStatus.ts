import * as vscode from 'vscode';
import type { HealthBoard } from './healthBoard.ts';

/** How many schedules have something serious, in the status bar; nothing where all is well. */
export class HealthStatus implements vscode.Disposable {
  readonly #board: HealthBoard;
  readonly #item = vscode.window.createStatusBarItem('incusSnapshots.health', vscode.StatusBarAlignment.Left);
  readonly #end: () => void;

  constructor(board: HealthBoard) {
    this.#board = board;
    this.#item.name = vscode.l10n.t('Schedules');
    this.#item.command = 'incusSnapshots.checkSchedules';
    this.#item.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
    this.#end = board.onDidChange(this.#update);
    this.#update();
  }

  dispose(): void {
    this.#end();
    this.#item.dispose();
  }

  readonly #update = (): void => {
    const { count } = this.#board;
    if (count === 0) {
      this.#item.hide();
      return;
    }
    const words =
      count === 1 ? vscode.l10n.t('1 schedule needs attention') : vscode.l10n.t('{0} schedules need attention', count);
    this.#item.text = `$(calendar) ${words}`;
    this.#item.tooltip = vscode.l10n.t('Show what is wrong with schedules, and mend it');
    this.#item.show();
  };
}
