import * as vscode from 'vscode';
import { onDidChangeGroups } from '../settings.ts';
import type { GroupBoard } from './board.ts';
import type { GroupRow } from './nodes.ts';
import type { GroupsProvider } from './provider.ts';

/**
 * Shows the view of groups.
 * @param loaded reads the remotes where that has not been done yet
 */
export function showGroups(
  board: GroupBoard,
  provider: GroupsProvider,
  loaded: () => Promise<void>,
): vscode.Disposable {
  const view = vscode.window.createTreeView<GroupRow>('incusSnapshots.groups', { treeDataProvider: provider });
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
    onDidChangeGroups(() => {
      board.touch();
    }),
  );
}
