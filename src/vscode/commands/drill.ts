import * as vscode from 'vscode';
import type { DrillOutcome, DrillStep } from '../../core/actions/drill.ts';
import type { Instance, InstanceRef } from '../../core/model.ts';
import { snapshotForDrill } from '../../core/policy/mirror/drill.ts';
import { isMirrorOf, mirrorSourceOf } from '../../core/policy/mirror/mirrorKeys.ts';
import { describeError } from '../messages.ts';
import { oneLine } from '../tree/items.ts';
import { drillWords } from '../tree/wording.ts';
import { chooseInstance, placeOf } from './choose.ts';
import { cancellable, done } from './report.ts';
import type { Handler, Selection, Services } from './services.ts';

/** Tries out whether a mirror could stand in for its original. */
export const recoveryDrill: Handler = async (services, selection) => {
  const mirror = await chooseMirror(services, selection, vscode.l10n.t('Recovery Drill'));
  if (!mirror) return;
  const last = services.drillHistory.last(mirror.ref);
  const command = await vscode.window.showInputBox({
    title: vscode.l10n.t('Recovery Drill of {0} on {1}', mirror.ref.instance, oneLine(mirror.ref.remote)),
    prompt: vscode.l10n.t(
      'A copy of the newest mirrored snapshot is started without network, this command is run in it, and the copy is removed. Empty: it only has to answer.',
    ),
    placeHolder: vscode.l10n.t('e.g. systemctl is-system-running --wait'),
    value: last?.command ?? '',
    ignoreFocusOut: true,
  });
  if (command === undefined) return;
  const title = vscode.l10n.t('Recovery drill of {0}', mirror.ref.instance);
  if (!snapshotForDrill(await services.inventory.refreshInstance(mirror.ref))) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('{0} has no snapshot that could be tried. Mirror it with one first.', mirror.ref.instance),
    );
    return;
  }
  const outcome = await cancellable(title, (signal, progress) =>
    services.drills.run(mirror.ref, command.trim(), signal, (step) => {
      progress.report({ message: stepWords(step) });
    }),
  );
  await services.drillHistory.keep(mirror.ref, outcome.result);
  await tell(services, mirror.ref, outcome);
};

/** A mirror that is selected, or the mirror of what is selected; else the user picks among all there are. */
async function chooseMirror(services: Services, selection: Selection, title: string): Promise<Instance | undefined> {
  const { inventory } = services;
  const mirrors = inventory.remotes.flatMap(({ remote }) =>
    inventory.instances(remote.name).flatMap(({ instance }) => (mirrorSourceOf(instance) ? [instance] : [])),
  );
  const [ref] = selection.instances;
  const wanted = ref ? mirrors.filter((mirror) => isOrMirrors(services, mirror, ref)) : mirrors;
  const [only, ...others] = wanted;
  if (ref && !only) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('{0} has no mirror that is known. Mirror it first.', ref.instance),
    );
    return undefined;
  }
  if (ref && others.length === 0) return only;
  const offered = new Set(wanted.map((mirror) => mirror.ref));
  const none = { ...selection, instances: [] };
  return chooseInstance(services, none, { title, fits: ({ instance }) => offered.has(instance.ref) });
}

function isOrMirrors({ inventory }: Services, mirror: Instance, ref: InstanceRef): boolean {
  const isIt = (['remote', 'project', 'instance'] as const).every((part) => mirror.ref[part] === ref[part]);
  const fingerprint = inventory.server(ref.remote)?.fingerprint;
  return isIt || (fingerprint !== undefined && isMirrorOf(mirror, { ...ref, fingerprint }));
}

async function tell(services: Services, mirror: InstanceRef, { result, failed }: DrillOutcome): Promise<void> {
  if (!failed) {
    done(vscode.l10n.t('{0}: {1}.', mirror.instance, drillWords(result, new Date())));
    return;
  }
  const { step, error, exitCode, said } = failed;
  const what =
    exitCode === undefined
      ? vscode.l10n.t('The drill of {0} failed while {1}.', mirror.instance, stepWords(step))
      : vscode.l10n.t('The drill of {0} failed: the command ended with exit code {1}.', mirror.instance, exitCode);
  const why = error ? describeError(error) : oneLine((said ?? '').slice(-200));
  const rest = vscode.l10n.t('The mirror on {0} is as it was.', placeOf(mirror));
  const showLog = vscode.l10n.t('Show Log');
  const answer = await vscode.window.showErrorMessage([what, why, rest].filter(Boolean).join(' '), showLog);
  if (answer === showLog) services.log.show();
}

function stepWords(step: DrillStep): string {
  switch (step) {
    case 'copy':
      return vscode.l10n.t('copying the snapshot');
    case 'start':
      return vscode.l10n.t('starting the copy');
    case 'answer':
      return vscode.l10n.t('running the command');
    case 'remove':
      return vscode.l10n.t('removing the copy');
  }
}
