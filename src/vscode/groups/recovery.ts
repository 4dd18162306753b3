import * as vscode from 'vscode';
import type { GroupRecovery } from '../../core/actions/groupRecovery.ts';
import type { Inventory } from '../../core/inventory/inventory.ts';
import type { InstanceRef } from '../../core/model.ts';
import { memberName } from '../../core/policy/groups/member.ts';
import { done } from '../commands/report.ts';
import type { Log } from '../log.ts';

/**
 * Resumes what a snapshot of a group has left paused: at the start, and whenever a remote is there again.
 * @param loaded reads the remotes, and hears from then on when one comes back
 */
export function followRecovery(
  recovery: GroupRecovery,
  inventory: Inventory,
  log: Log,
  loaded: () => Promise<void>,
): vscode.Disposable {
  const recover = async () => {
    if (recovery.isNeeded) tellRecovered(log, await recovery.recover());
  };
  const end = inventory.onDidChange((change) => {
    if (change.kind === 'remote' && inventory.server(change.remote)) void recover();
  });
  void recover().then(() => {
    if (recovery.isNeeded) void loaded();
  });
  return new vscode.Disposable(end);
}

/** Says in the status bar that members run again which somebody had to leave paused. */
function tellRecovered(log: Log, refs: readonly InstanceRef[]): void {
  if (refs.length === 0) return;
  const names = refs.map(memberName).join(', ');
  const text = vscode.l10n.t('Resumed, since a group snapshot had left them paused: {0}.', names);
  log.channel.warn(text);
  done(text);
}
