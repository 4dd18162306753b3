import * as vscode from 'vscode';
import * as commands from '../../core/incus/commands.ts';
import type { Instance, Snapshot } from '../../core/model.ts';
import { isRunning } from '../../core/model.ts';
import { canOpenShell, canRestart, canStart, canStop } from '../../core/policy/lifecycle.ts';
import { checkSnapshotUse, proposeInstanceName, proposeSnapshotName } from '../../core/policy/names.ts';
import { quoteForShell } from '../../core/policy/quote.ts';
import { SHELL } from '../log.ts';
import { program, stopTimeout } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { chooseInstance, takenNames } from './choose.ts';
import { done } from './report.ts';
import type { Handler, Services } from './services.ts';

interface Line extends vscode.QuickPickItem {
  readonly text: string;
}

/** Copies the command line that an action would run, quoted for a shell. */
export const copyCommand: Handler = async (services, selection) => {
  const [ref] = selection.snapshots;
  const snapshot = ref && services.inventory.snapshot(ref);
  const instance = ref
    ? services.inventory.instance(ref)?.instance
    : await chooseInstance(services, selection, { title: vscode.l10n.t('Copy Command') });
  if (!instance) return;
  const lines = snapshot ? snapshotLines(services, instance, snapshot) : instanceLines(services, instance);
  const title = vscode.l10n.t('Copy Command');
  const line = await vscode.window.showQuickPick(lines, { title, placeHolder: vscode.l10n.t('Which action?') });
  if (!line) return;
  await vscode.env.clipboard.writeText(line.text);
  done(vscode.l10n.t('Copied: {0}', oneLine(line.text)));
};

function instanceLines(services: Services, instance: Instance): Line[] {
  const { ref } = instance;
  const timeout = stopTimeout();
  const name = proposeSnapshotName(ref.instance, takenNames(services, [ref]));
  return [
    line(vscode.l10n.t('Create Snapshot'), commands.createSnapshot(ref, { name })),
    ...(canOpenShell(instance) ? [line(vscode.l10n.t('Open Shell'), commands.openShell(ref))] : []),
    ...(canStart(instance) ? [line(vscode.l10n.t('Start'), commands.startInstance(ref))] : []),
    ...(canStop(instance) ? [line(vscode.l10n.t('Stop'), commands.stopInstance(ref, { timeout }))] : []),
    ...(canRestart(instance) ? [line(vscode.l10n.t('Restart'), commands.restartInstance(ref, { timeout }))] : []),
    line(vscode.l10n.t('Show Info'), commands.showInfo(ref)),
  ];
}

function snapshotLines(services: Services, instance: Instance, { ref }: Snapshot): Line[] {
  const instances = services.inventory.instances(ref.remote, ref.project).map((entry) => entry.instance.ref.instance);
  const copy = proposeInstanceName(ref.instance, ref.snapshot, instances);
  const stops = isRunning(instance) && canStop(instance);
  const restore = [
    ...(stops ? [commands.stopInstance(ref, { timeout: stopTimeout() })] : []),
    commands.restoreSnapshot(ref, {}),
    ...(stops ? [commands.startInstance(ref)] : []),
  ];
  return [
    ...(checkSnapshotUse(ref.snapshot, 'restore') ? [] : [line(vscode.l10n.t('Restore'), ...restore)]),
    ...(checkSnapshotUse(ref.snapshot, 'copy')
      ? []
      : [line(vscode.l10n.t('Create Instance from Snapshot'), commands.copySnapshot(ref, { ...ref, instance: copy }))]),
    ...(checkSnapshotUse(ref.snapshot, 'setExpiry')
      ? []
      : [line(vscode.l10n.t('Delete'), commands.deleteSnapshot(ref))]),
  ];
}

/** Several commands go on only while each succeeds. */
function line(label: string, ...steps: commands.IncusCommand[]): Line {
  const text = steps.map(({ argv }) => quoteForShell([program().path, ...argv], SHELL)).join(' && ');
  return { label, detail: oneLine(text), text };
}
