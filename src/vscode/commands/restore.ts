import * as vscode from 'vscode';
import type { RestoreOutcome, RestoreRequest, RestoreStep, VolumeWithIt } from '../../core/actions/restore.ts';
import type { Snapshot } from '../../core/model.ts';
import { proposeSnapshotName } from '../../core/policy/names.ts';
import type { RestorePlan } from '../../core/policy/restore.ts';
import { describeError } from '../messages.ts';
import { stopTimeout } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { chooseSnapshot, takenNames } from './choose.ts';
import { confirmForce } from './instances.ts';
import { cancellable, done, inView } from './report.ts';
import { describeBlock, describeRestore, nameOfVolume } from './restoreWords.ts';
import type { Handler, Services } from './services.ts';

/** How the user wants it restored. */
type Way = Pick<RestoreRequest, 'mode' | 'keepSettings' | 'stateful'>;

/** Brings an instance back to a snapshot: what would be lost is shown first, and nothing happens unasked. */
export const restoreSnapshot: Handler = async (services, selection) => {
  const snapshot = await chooseSnapshot(services, selection, vscode.l10n.t('Restore Snapshot'));
  if (!snapshot) return;
  const whole = await inView(() => services.restore.plan(snapshot, 'all'));
  if (whole.blockedBy) {
    await offerInstance(snapshot, describeBlock(whole.blockedBy));
    return;
  }
  const way = await chooseWay(snapshot, whole);
  if (!way) return;
  const agreed = way.mode === 'all' ? whole : await services.restore.plan(snapshot, way.mode);
  const volumes = await chooseVolumesWithIt(services, snapshot, agreed, way);
  if (!volumes) return;
  const safetySnapshot = await confirm(services, snapshot, agreed, { ...way, volumes });
  if (safetySnapshot === undefined) return;
  const request: RestoreRequest = {
    seen: snapshot,
    ...way,
    agreed,
    volumes,
    ...(safetySnapshot !== '' && { safetySnapshot }),
    stop: { timeout: stopTimeout() },
  };
  await run(services, snapshot, request);
};

/** Asked only where there is a choice: the snapshot would revert settings, or holds the memory as well. */
async function chooseWay(snapshot: Snapshot, plan: RestorePlan): Promise<Way | undefined> {
  const reverts = plan.configChanges.length + plan.deviceChanges.length + plan.otherChanges.length > 0;
  const schedule = Object.keys(plan.keepSettings).length > 0;
  const everything = {
    label: vscode.l10n.t('Disk, configuration and devices'),
    way: { mode: 'all', keepSettings: false },
  } as const;
  const ways: (vscode.QuickPickItem & { way: Omit<Way, 'stateful'> })[] = [
    ...(schedule
      ? [
          {
            label: vscode.l10n.t("Disk, configuration and devices, but keep today's snapshot settings"),
            detail: vscode.l10n.t('The schedule, expiry and name pattern stay as they are today.'),
            way: { mode: 'all', keepSettings: true } as const,
          },
        ]
      : []),
    { ...everything, detail: vscode.l10n.t('Everything as it was when the snapshot was taken.') },
    ...(plan.offersDiskOnly && reverts
      ? [
          {
            label: vscode.l10n.t('Disk only'),
            detail: vscode.l10n.t("Today's configuration and devices stay as they are."),
            way: { mode: 'diskOnly', keepSettings: false } as const,
          },
        ]
      : []),
  ];
  const title = vscode.l10n.t('Restore {0}', oneLine(snapshot.ref.snapshot));
  const way = ways.length === 1 ? ways[0]?.way : (await vscode.window.showQuickPick(ways, { title }))?.way;
  if (!way) return undefined;
  // Incus refuses the disk alone together with the memory.
  const stateful = snapshot.stateful && way.mode === 'all' ? await askMemory(title) : false;
  return stateful === undefined ? undefined : { ...way, stateful };
}

async function askMemory(title: string): Promise<boolean | undefined> {
  const resume = {
    label: vscode.l10n.t('Resume with its memory'),
    detail: vscode.l10n.t('The instance goes on where it was.'),
  };
  const afresh = {
    label: vscode.l10n.t('Start afresh'),
    detail: vscode.l10n.t('Only the disk is restored; the memory is left out.'),
  };
  const answer = await vscode.window.showQuickPick([resume, afresh], { title });
  return answer && answer === resume;
}

/**
 * Asked only where a volume of the instance has a snapshot of the same name and can go back with it.
 * @returns `undefined` where the user left
 */
async function chooseVolumesWithIt(
  services: Services,
  snapshot: Snapshot,
  plan: RestorePlan,
  way: Way,
): Promise<VolumeWithIt[] | undefined> {
  if (way.stateful || plan.stopWouldDelete) return [];
  const found = await inView(() => services.restore.volumesWith(snapshot, plan));
  if (found.length === 0) return [];
  const items = found.map((volume) => ({ label: nameOfVolume(volume), volume }));
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Restore {0}', oneLine(snapshot.ref.snapshot)),
    placeHolder: vscode.l10n.t('Which of its volumes go back too, to their snapshots of the same name? None is fine.'),
    canPickMany: true,
    ignoreFocusOut: true,
  });
  return picked?.map(({ volume }) => volume);
}

/** @returns the name of the safety snapshot, an empty text where none is wanted, `undefined` where the user left */
async function confirm(
  services: Services,
  snapshot: Snapshot,
  plan: RestorePlan,
  way: Way & { readonly volumes: readonly VolumeWithIt[] },
): Promise<string | undefined> {
  const first = vscode.l10n.t('Snapshot First, Then Restore');
  const restore = vscode.l10n.t('Restore');
  const question = vscode.l10n.t(
    'Restore {0} to the snapshot {1}?',
    snapshot.ref.instance,
    oneLine(snapshot.ref.snapshot),
  );
  const answer = await vscode.window.showWarningMessage(
    question,
    { modal: true, detail: describeRestore(snapshot, plan, way) },
    ...(plan.safetySnapshotHelps ? [first, restore] : [restore]),
  );
  if (answer === restore) return '';
  if (answer !== first) return undefined;
  const onVolumes = way.volumes.flatMap(({ seen }) => services.volumes.volume(seen.ref)?.snapshots ?? []);
  const taken = [...takenNames(services, [snapshot.ref]), ...onVolumes.map(({ ref }) => ref.snapshot)];
  return proposeSnapshotName('before-restore', taken);
}

/** A restore that the pool does not allow: the snapshot can still become an instance of its own. */
async function offerInstance(snapshot: Snapshot, reason: string): Promise<void> {
  const create = vscode.l10n.t('Create Instance from Snapshot');
  const answer = await vscode.window.showErrorMessage(
    `${vscode.l10n.t('{0} was not restored.', snapshot.ref.instance)} ${reason}`,
    create,
  );
  if (answer === create) {
    await vscode.commands.executeCommand('incusSnapshots.createInstanceFromSnapshot', { ref: snapshot.ref });
  }
}

async function run(services: Services, snapshot: Snapshot, request: RestoreRequest): Promise<void> {
  const { instance } = snapshot.ref;
  const name = oneLine(snapshot.ref.snapshot);
  const outcome = await cancellable(vscode.l10n.t('Restoring {0} to {1}', instance, name), (signal, progress) =>
    services.restore.run(request, signal, (step) => {
      progress.report({ message: stepWords(step) });
    }),
  );
  const { failed } = outcome;
  if (!failed) {
    done(vscode.l10n.t('{0} was restored to {1}.', instance, name));
    return;
  }
  if (failed.error.kind === 'cancelled') return;
  const entry = services.inventory.instance(snapshot.ref);
  const { timeout } = request.stop;
  if (failed.step === 'stop' && failed.error.kind === 'stopTimedOut' && entry && timeout !== undefined) {
    if (!(await confirmForce([entry.instance], timeout))) return;
    // The safety snapshot is there already: it is not made a second time. What was agreed to is held against what is.
    const { safetySnapshot: _, ...again } = request;
    await run(services, snapshot, { ...again, stop: { force: true } });
    return;
  }
  await showOutcome(services, snapshot, outcome, failed);
}

async function showOutcome(
  services: Services,
  snapshot: Snapshot,
  outcome: RestoreOutcome,
  failed: NonNullable<RestoreOutcome['failed']>,
): Promise<void> {
  const { instance } = snapshot.ref;
  const sentences = [
    outcome.done.includes('restore')
      ? vscode.l10n.t('{0} was restored, but a later step failed: {1}.', instance, stepWords(failed.step))
      : vscode.l10n.t('{0} was not restored; this step failed: {1}.', instance, stepWords(failed.step)),
    describeError(failed.error),
    outcome.done.includes('safetySnapshot') ? vscode.l10n.t('The snapshot that was made first is there.') : '',
    runningWords(outcome.running),
  ];
  const showLog = vscode.l10n.t('Show Log');
  const answer = await vscode.window.showErrorMessage(sentences.filter(Boolean).join(' '), showLog);
  if (answer === showLog) services.log.show();
}

function runningWords(running: RestoreOutcome['running']): string {
  if (!running) return '';
  if (running.now === undefined) return vscode.l10n.t('Whether it runs could not be found out: refresh the view.');
  return running.now
    ? vscode.l10n.t('It runs again.')
    : vscode.l10n.t('It is stopped, and could not be started: start it by hand.');
}

function stepWords(step: RestoreStep): string {
  switch (step) {
    case 'check':
      return vscode.l10n.t('looking once more');
    case 'safetySnapshot':
      return vscode.l10n.t('making a snapshot first');
    case 'resume':
      return vscode.l10n.t('resuming the frozen instance');
    case 'stop':
      return vscode.l10n.t('shutting down');
    case 'restore':
      return vscode.l10n.t('restoring');
    case 'volumes':
      return vscode.l10n.t('restoring its volumes');
    case 'keepSettings':
      return vscode.l10n.t('putting the snapshot settings back');
    case 'start':
      return vscode.l10n.t('starting again');
  }
}
