import * as vscode from 'vscode';
import { IncusError } from '../../core/incus/errors.ts';
import { isDependent, type Volume, type VolumeSnapshot } from '../../core/model.ts';
import { oneLine } from '../tree/items.ts';
import { relativeTime } from '../tree/wording.ts';
import { placeOf, requireClient } from './choose.ts';
import type { Selection, Services } from './services.ts';

interface Options {
  readonly title: string;
  readonly many?: boolean;
  /** Which volumes come into question; those that go with an instance never do, but for copies. */
  readonly fits?: (volume: Volume) => boolean;
}

/** Where a volume is: remote, project where that is not the default one, and pool. */
export function placeOfVolume(ref: Volume['ref']): string {
  return `${placeOf(ref)} / ${oneLine(ref.pool)}`;
}

/** The volumes that are selected, read afresh; without a selection the user picks. `undefined`: nothing chosen. */
export async function chooseVolumes(
  services: Services,
  selection: Selection,
  { title, many = false, fits = (volume) => !isDependent(volume) }: Options,
): Promise<Volume[] | undefined> {
  if (selection.volumes.length > 0) {
    return Promise.all(selection.volumes.map((ref) => services.volumes.refreshVolume(ref)));
  }
  await services.loaded();
  requireClient(services);
  const remotes = services.inventory.remotes.filter(({ state }) => state.kind === 'ready');
  await Promise.all(remotes.map(({ remote }) => services.volumes.refreshRemote(remote.name)));
  const choices = remotes.flatMap(({ remote }) =>
    services.volumes
      .volumes(remote.name)
      .filter(fits)
      .map((value) => ({
        label: oneLine(value.ref.volume),
        description: placeOfVolume(value.ref),
        value,
      })),
  );
  if (choices.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no volume that this could be done to.'));
    return undefined;
  }
  return pick(choices, { title, placeHolder: vscode.l10n.t('Which volume?') }, many);
}

/** The snapshots that are selected and still there; without a selection the user picks a volume, then of its snapshots. */
export async function chooseVolumeSnapshots(
  services: Services,
  selection: Selection,
  { title, many = false, fits }: Options,
): Promise<VolumeSnapshot[] | undefined> {
  const [first] = selection.volumeSnapshots;
  if (first) {
    const selected = selection.volumeSnapshots.flatMap((ref) => services.volumes.snapshot(ref) ?? []);
    if (selected.length === 0) throw new IncusError('snapshotMissing', { text: first.snapshot });
    return selected;
  }
  const some = (volume: Volume) => volume.snapshots.length > 0 && (fits ?? ((one) => !isDependent(one)))(volume);
  const [chosen] = (await chooseVolumes(services, selection, { title, fits: some })) ?? [];
  if (!chosen) return undefined;
  const { ref, snapshots } = await services.volumes.refreshVolume(chosen.ref);
  if (snapshots.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('{0} has no snapshots.', oneLine(ref.volume)));
    return undefined;
  }
  const now = new Date();
  const choices = snapshots.toReversed().map((value) => ({
    label: oneLine(value.ref.snapshot),
    description: relativeTime(value.createdAt, now),
    value,
  }));
  const placeHolder = vscode.l10n.t('Which snapshot of {0}?', oneLine(ref.volume));
  return pick(choices, { title, placeHolder }, many);
}

async function pick<T>(
  choices: readonly (vscode.QuickPickItem & { readonly value: T })[],
  options: { readonly title: string; readonly placeHolder: string },
  many: boolean,
): Promise<T[] | undefined> {
  const shown = { ...options, matchOnDescription: true };
  if (many) {
    const picked = await vscode.window.showQuickPick(choices, { ...shown, canPickMany: true });
    return picked && picked.length > 0 ? picked.map(({ value }) => value) : undefined;
  }
  const one = await vscode.window.showQuickPick(choices, shown);
  return one && [one.value];
}
