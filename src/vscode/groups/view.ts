import * as vscode from 'vscode';
import type { GroupRecovery } from '../../core/actions/groupRecovery.ts';
import type { Inventory } from '../../core/inventory/inventory.ts';
import type { Log } from '../log.ts';
import { onDidChangeGroups } from '../settings.ts';
import type { GroupBoard } from './board.ts';
import type { GroupRow } from './nodes.ts';
import type { GroupsProvider } from './provider.ts';
import { followRecovery } from './recovery.ts';

interface Parts {
  readonly groups: GroupBoard;
  readonly groupsProvider: GroupsProvider;
  readonly recovery: GroupRecovery;
  readonly inventory: Inventory;
  readonly log: Log;
}

/**
 * Shows the view of groups, and sees to it that nobody stays paused.
 * @param loaded reads the remotes where that has not been done yet
 */
export function showGroups(
  { groups, groupsProvider: provider, recovery, inventory, log }: Parts,
  loaded: () => Promise<void>,
): vscode.Disposable {
  const view = vscode.window.createTreeView<GroupRow>('incusSnapshots.groups', { treeDataProvider: provider });
  const onVisible = (visible: boolean) => {
    provider.setVisible(visible);
    if (visible) void loaded();
  };
  onVisible(view.visible);
  return vscode.Disposable.from(
    groups,
    provider,
    view,
    view.onDidChangeVisibility((event) => {
      onVisible(event.visible);
    }),
    onDidChangeGroups(() => {
      groups.touch();
    }),
    followRecovery(recovery, inventory, log, loaded),
  );
}
