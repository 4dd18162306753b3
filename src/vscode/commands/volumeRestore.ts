import * as vscode from 'vscode';
import type {
  VolumeRestoreOutcome,
  VolumeRestoreRequest,
  VolumeRestoreStep,
} from '../../core/actions/volumeRestore.ts';
import type { InstanceRef, VolumeSnapshot } from '../../core/model.ts';
import { proposeSnapshotName } from '../../core/policy/names.ts';
import type { VolumeRestoreBlock, VolumeRestorePlan } from '../../core/policy/volumes/volumeRestore.ts';
import { describeError } from '../messages.ts';
import { stopTimeout } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { exactTime } from '../tree/wording.ts';
import { volumeSnapshotNode } from '../volumes/nodes.ts';
import { chooseVolumeSnapshots, placeOfVolume } from './chooseVolume.ts';
import { confirmForce } from './instances.ts';
import { cancellable, done, inView } from './report.ts';
import type { Handler, Services } from './services.ts';

/** Brings a volume back to a snapshot: who uses it is named, and stopped and started again if the user agrees. */
export const restoreVolumeSnapshot: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Restore Volume Snapshot');
  const [snapshot] = (await chooseVolumeSnapshots(services, selection, { title })) ?? [];
  if (!snapshot) return;
  const agreed = await inView(() => services.volumeRestore.plan(snapshot), 'volumes');
  if (agreed.blockedBy) {
    await offerVolume(snapshot, volumeBlockWords(agreed.blockedBy));
    return;
  }
  const safetySnapshot = await confirm(services, snapshot, agreed);
  if (safetySnapshot === undefined) return;
  await run(services, snapshot, {
    seen: snapshot,
    agreed,
    ...(safetySnapshot !== '' && { safetySnapshot }),
    stop: { timeout: stopTimeout() },
  });
};

/** @returns the name of the safety snapshot, an empty text where none is wanted, `undefined` where the user left */
async function confirm(
  services: Services,
  snapshot: VolumeSnapshot,
  plan: VolumeRestorePlan,
): Promise<string | undefined> {
  const first = vscode.l10n.t('Snapshot First, Then Restore');
  const restore = vscode.l10n.t('Restore');
  const { volume, snapshot: name } = snapshot.ref;
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Restore the volume {0} to the snapshot {1}?', oneLine(volume), oneLine(name)),
    { modal: true, detail: details(snapshot, plan) },
    ...(plan.safetySnapshotHelps ? [first, restore] : [restore]),
  );
  if (answer === restore) return '';
  if (answer !== first) return undefined;
  const taken = services.volumes.volume(snapshot.ref)?.snapshots.map(({ ref }) => ref.snapshot) ?? [];
  return proposeSnapshotName('before-restore', taken);
}

function details(snapshot: VolumeSnapshot, plan: VolumeRestorePlan): string {
  const running = plan.users.filter((user) => user.isRunning);
  const resting = plan.users.filter((user) => !user.isRunning);
  return [
    placeOfVolume(snapshot.ref),
    vscode.l10n.t('Taken: {0}', exactTime(snapshot.createdAt)),
    vscode.l10n.t('What was written to the volume since then will be lost.'),
    running.length > 0
      ? vscode.l10n.t('These instances use it and will be shut down for it, and started again: {0}', names(running))
      : '',
    resting.length > 0 ? vscode.l10n.t('These use it as well, and stay stopped: {0}', names(resting)) : '',
    plan.lostSnapshots.length > 0
      ? vscode.l10n.t('Newer snapshots that the storage pool will delete: {0}', listed(plan.lostSnapshots))
      : '',
    plan.endangeredSnapshots.length > 0
      ? vscode.l10n.t(
          'Nothing is known of the storage pool: it may delete these newer snapshots: {0}',
          listed(plan.endangeredSnapshots),
        )
      : '',
  ]
    .filter(Boolean)
    .join('\n\n');
}

function names(users: readonly { readonly ref: InstanceRef }[]): string {
  return users.map(({ ref }) => ref.instance).join(', ');
}

function listed(snapshots: readonly string[]): string {
  return snapshots.map(oneLine).join(', ');
}

/** Why a volume cannot be restored, and what to do. */
export function volumeBlockWords(block: VolumeRestoreBlock): string {
  switch (block.reason) {
    case 'dependent':
      return vscode.l10n.t(
        'It goes with {0}: restore the newest snapshot of that, which brings the volume back too. Older ones cannot be restored as long as it is attached so.',
        names(block.instances.map((ref) => ({ ref }))),
      );
    case 'ephemeral':
      return vscode.l10n.t(
        'It is used by {0}, which is ephemeral: stopping it would delete it. Detach the volume there first.',
        names(block.instances.map((ref) => ({ ref }))),
      );
    case 'newerSnapshots':
      return vscode.l10n.t(
        'The storage pool would have to delete newer snapshots ({0}), and is set not to ({1}). Create a volume from the snapshot instead, or delete them first.',
        listed(block.snapshots),
        block.setting,
      );
  }
}

/** A restore that cannot be: the snapshot can still become a volume of its own. */
async function offerVolume(snapshot: VolumeSnapshot, reason: string): Promise<void> {
  const create = vscode.l10n.t('Create Volume from Snapshot');
  const message = `${vscode.l10n.t('{0} was not restored.', oneLine(snapshot.ref.volume))} ${reason}`;
  if ((await vscode.window.showErrorMessage(message, create)) === create) {
    await vscode.commands.executeCommand('incusSnapshots.createVolumeFromSnapshot', volumeSnapshotNode(snapshot.ref));
  }
}

async function run(services: Services, snapshot: VolumeSnapshot, request: VolumeRestoreRequest): Promise<void> {
  const { ref } = snapshot;
  const title = vscode.l10n.t('Restoring {0} to {1}', oneLine(ref.volume), oneLine(ref.snapshot));
  const outcome = await cancellable(title, (signal, progress) =>
    services.volumeRestore.run(request, signal, (step) => {
      progress.report({ message: stepWords(step) });
    }),
  );
  const { failed } = outcome;
  if (!failed) {
    done(vscode.l10n.t('{0} was restored to {1}.', oneLine(ref.volume), oneLine(ref.snapshot)));
    return;
  }
  if (failed.error.kind === 'cancelled') return;
  const { timeout } = request.stop;
  const stubborn = failed.instance && services.inventory.instance(failed.instance)?.instance;
  if (failed.step === 'stop' && failed.error.kind === 'stopTimedOut' && stubborn && timeout !== undefined) {
    if (!(await confirmForce([stubborn], timeout))) return;
    // The safety snapshot is there already: it is not made a second time, nor does what was agreed to speak of it.
    const { safetySnapshot: _, ...again } = request;
    await run(services, snapshot, { ...again, stop: { force: true } });
    return;
  }
  await showOutcome(services, snapshot, outcome, failed);
}

async function showOutcome(
  services: Services,
  { ref }: VolumeSnapshot,
  outcome: VolumeRestoreOutcome,
  failed: NonNullable<VolumeRestoreOutcome['failed']>,
): Promise<void> {
  const volume = oneLine(ref.volume);
  const step = [failed.instance?.instance, stepWords(failed.step)].filter(Boolean).join(': ');
  const down = outcome.users.filter(({ runs }) => runs !== true);
  const sentences = [
    outcome.done.includes('restore')
      ? vscode.l10n.t('{0} was restored, but a later step failed: {1}.', volume, step)
      : vscode.l10n.t('{0} was not restored; this step failed: {1}.', volume, step),
    describeError(failed.error),
    outcome.done.includes('safetySnapshot') ? vscode.l10n.t('The snapshot that was made first is there.') : '',
    down.length > 0 ? vscode.l10n.t('Not running again, start it by hand: {0}.', names(down)) : '',
    down.length === 0 && outcome.users.length > 0 ? vscode.l10n.t('Running again: {0}.', names(outcome.users)) : '',
  ];
  const showLog = vscode.l10n.t('Show Log');
  const answer = await vscode.window.showErrorMessage(sentences.filter(Boolean).join(' '), showLog);
  if (answer === showLog) services.log.show();
}

function stepWords(step: VolumeRestoreStep): string {
  switch (step) {
    case 'check':
      return vscode.l10n.t('looking once more');
    case 'safetySnapshot':
      return vscode.l10n.t('making a snapshot first');
    case 'stop':
      return vscode.l10n.t('shutting down');
    case 'restore':
      return vscode.l10n.t('restoring');
    case 'start':
      return vscode.l10n.t('starting again');
  }
}
