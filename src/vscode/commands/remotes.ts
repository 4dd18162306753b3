import * as vscode from 'vscode';
import type { RemoteEntry } from '../../core/inventory/inventory.ts';
import { describeError, describeProblem } from '../messages.ts';
import { oneLine } from '../tree/items.ts';
import { SECTION } from '../settings.ts';
import { requireClient } from './choose.ts';
import { done } from './report.ts';
import { type Handler, selectionOf } from './services.ts';

/** Reads what is selected again, and everything where nothing is. */
export const refresh: Handler = async (services, selection) => {
  const remotes = new Set([
    ...selection.remotes,
    ...[...selection.projects, ...selection.instances, ...selection.snapshots].map(({ remote }) => remote),
    ...[...selection.volumes, ...selection.volumeSnapshots].map(({ remote }) => remote),
  ]);
  if (remotes.size === 0) await services.inventory.refresh();
  else await Promise.all([...remotes].map((remote) => services.inventory.refreshRemote(remote)));
  for (const { remote } of services.inventory.remotes) {
    if (remotes.size === 0 || remotes.has(remote.name)) services.volumes.touch(remote.name);
  }
};

/** Says what is wrong with a remote, and offers the next step. */
export const showRemoteProblem: Handler = async (services, selection) => {
  await services.loaded();
  requireClient(services);
  const failed = services.inventory.remotes.filter(({ state }) => state.kind === 'failed');
  const { remotes } = selection.remotes.length > 0 ? selection : selectionOf(services.view.selection);
  const chosen = failed.filter(({ remote }) => remotes.includes(remote.name));
  const entry = chosen[0] ?? (await pickRemote(failed));
  if (entry?.state.kind !== 'failed') return;
  const { problem, error } = entry.state;
  const name = oneLine(entry.remote.name);
  const again = vscode.l10n.t('Try Again');
  const showLog = vscode.l10n.t('Show Log');
  const step = nextCommand(entry);
  const copy = step === undefined ? [] : [vscode.l10n.t('Copy Command')];
  const text =
    problem === 'badName'
      ? vscode.l10n.t(
          'The client would misread the name of the remote {0}. Rename it: incus remote rename.',
          JSON.stringify(name),
        )
      : `${name}: ${describeProblem(problem)}. ${describeError(error)}`;
  const answer = await vscode.window.showWarningMessage(text, again, ...copy, showLog);
  if (answer === again) await services.inventory.refreshRemote(entry.remote.name);
  else if (answer === showLog) services.log.show();
  else if (answer !== undefined && step !== undefined) {
    await vscode.env.clipboard.writeText(step);
    done(vscode.l10n.t('Copied: {0}', step));
  }
};

/** A command that may mend it, for the user to look at and run; it is never run by us. */
function nextCommand({ remote, state }: RemoteEntry): string | undefined {
  if (state.kind !== 'failed') return undefined;
  switch (state.error.kind) {
    case 'daemonDown':
      return 'sudo systemctl start incus';
    case 'untrusted':
    case 'noClientCertificate':
      return 'incus config trust add my-client';
    case 'certificateChanged':
      return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(remote.name) ? `incus remote remove ${remote.name}` : undefined;
    default:
      return undefined;
  }
}

/** Asks only where there is a choice: VS Code can run a row's command before it tells that the row is selected. */
async function pickRemote(entries: readonly RemoteEntry[]): Promise<RemoteEntry | undefined> {
  if (entries.length === 1) return entries[0];
  if (entries.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('All remotes answer.'));
    return undefined;
  }
  const choices = entries.map((entry) => ({ label: oneLine(entry.remote.name), entry }));
  return (await vscode.window.showQuickPick(choices, { title: vscode.l10n.t('Show What Is Wrong') }))?.entry;
}

export const showLog: Handler = async ({ log }) => {
  log.show();
  return Promise.resolve();
};

export const openSettings: Handler = async () => {
  await vscode.commands.executeCommand('workbench.action.openSettings', `${SECTION}.cliPath`);
};

/** Where Incus' own instructions are: the client's package differs by system. */
const INSTALL_GUIDE = 'https://linuxcontainers.org/incus/docs/main/installing/';

export const openInstallGuide: Handler = async () => {
  await vscode.env.openExternal(vscode.Uri.parse(INSTALL_GUIDE));
};
