import * as vscode from 'vscode';
import type { GroupRecovery } from '../../core/actions/groupRecovery.ts';
import type { Inventory } from '../../core/inventory/inventory.ts';
import type { VolumeInventory } from '../../core/inventory/volumes.ts';
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
  readonly volumes: VolumeInventory;
  readonly log: Log;
}

/**
 * Shows the view of groups, which has volumes read while it is seen and there are groups, and sees to it that nobody stays
 * paused.
 * @param loaded reads the remotes where that has not been done yet
 */
export function showGroups(
  { groups, groupsProvider: provider, recovery, inventory, volumes, log }: Parts,
  loaded: () => Promise<void>,
): vscode.Disposable {
  const view = vscode.window.createTreeView<GroupRow>('incusSnapshots.groups', { treeDataProvider: provider });
  let unwatch: (() => void) | undefined;
  const follow = (wanted: boolean) => {
    if (wanted) unwatch ??= volumes.watch();
    else {
      unwatch?.();
      unwatch = undefined;
    }
  };
  const onVisible = (visible: boolean) => {
    follow(visible && groups.groups.length > 0);
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
      follow(view.visible && groups.groups.length > 0);
      groups.touch();
    }),
    new vscode.Disposable(() => {
      follow(false);
    }),
    followRecovery(recovery, inventory, log, loaded),
  );
}
