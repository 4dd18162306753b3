import * as vscode from 'vscode';
import { onDidChangeSnapshotServers } from '../settings.ts';
import type { MirrorBoard } from './board.ts';
import type { MirrorRow, MirrorsProvider } from './provider.ts';
import { MirrorStatus } from './status.ts';

/**
 * Shows the view of mirrors and the warning in the status bar.
 * @param loaded reads the remotes where that has not been done yet
 */
export function showMirrors(
  board: MirrorBoard,
  provider: MirrorsProvider,
  loaded: () => Promise<void>,
): vscode.Disposable {
  const view = vscode.window.createTreeView<MirrorRow>('incusSnapshots.mirrors', {
    treeDataProvider: provider,
    canSelectMany: true,
  });
  const onVisible = (visible: boolean) => {
    provider.setVisible(visible);
    if (visible) void loaded();
  };
  onVisible(view.visible);
  return vscode.Disposable.from(
    provider,
    view,
    view.onDidChangeVisibility((event) => {
      onVisible(event.visible);
    }),
    new MirrorStatus(board),
    onDidChangeSnapshotServers(() => {
      board.touch();
    }),
  );
}
