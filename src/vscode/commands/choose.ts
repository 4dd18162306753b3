import * as vscode from 'vscode';
import { IncusError } from '../../core/incus/errors.ts';
import { DEFAULT_PROJECT, type Instance, type InstanceRef, type Snapshot, type SnapshotRef } from '../../core/model.ts';
import { countOf, type InstanceEntry } from '../../core/inventory/rows.ts';
import { oneLine } from '../tree/items.ts';
import { relativeTime, snapshotCount, stateWord } from '../tree/wording.ts';
import type { Selection, Services } from './services.ts';

interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

/** Where something is, as far as that is not plain: the project only where it is not the default one. */
export function placeOf({ remote, project }: { remote: string; project: string }): string {
  return project === DEFAULT_PROJECT ? oneLine(remote) : `${oneLine(remote)} / ${oneLine(project)}`;
}

/** The instances that are selected and still there; without a selection the user picks. `undefined`: nothing chosen. */
export async function chooseInstances(
  services: Services,
  selection: Selection,
  options: { title: string; many?: boolean; fits?: (entry: InstanceEntry) => boolean },
): Promise<Instance[] | undefined> {
  const selected = selection.instances.flatMap((ref) => services.inventory.instance(ref)?.instance ?? []);
  if (selected.length > 0) return selected;
  const [gone] = selection.instances;
  if (gone) throw new IncusError('instanceMissing', { text: gone.instance });
  await services.loaded();
  requireClient(services);
  const choices = services.inventory.remotes.flatMap(({ remote }) =>
    services.inventory
      .instances(remote.name)
      .filter((entry) => options.fits?.(entry) ?? true)
      .map((entry): Choice<Instance> => ({
        label: entry.instance.ref.instance,
        description: placeOf(entry.instance.ref),
        detail: [stateWord(entry.instance), snapshotCount(entry)].filter(Boolean).join(' · '),
        value: entry.instance,
      })),
  );
  if (choices.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no instance that this could be done to.'));
    return undefined;
  }
  const pick = { title: options.title, matchOnDescription: true, placeHolder: vscode.l10n.t('Which instance?') };
  if (options.many) {
    const many = await vscode.window.showQuickPick(choices, { ...pick, canPickMany: true });
    return many && many.length > 0 ? many.map(({ value }) => value) : undefined;
  }
  const one = await vscode.window.showQuickPick(choices, pick);
  return one && [one.value];
}

/** One instance, selected or picked. */
export async function chooseInstance(
  services: Services,
  selection: Selection,
  options: { title: string; fits?: (entry: InstanceEntry) => boolean },
): Promise<Instance | undefined> {
  const first: Selection = { ...selection, instances: selection.instances.slice(0, 1) };
  return (await chooseInstances(services, first, options))?.[0];
}

/** The snapshots that are selected; without a selection the user picks an instance, then of its snapshots. */
export async function chooseSnapshots(
  services: Services,
  selection: Selection,
  options: { title: string; many?: boolean },
): Promise<Snapshot[] | undefined> {
  if (selection.snapshots.length > 0) return presentSnapshots(services, selection.snapshots);
  const instance = await chooseInstance(services, selection, {
    title: options.title,
    fits: (entry) => countOf(entry) !== 0,
  });
  if (!instance) return undefined;
  const { snapshots } = await services.inventory.refreshInstance(instance.ref);
  const now = new Date();
  const choices = (snapshots ?? []).toReversed().map((snapshot): Choice<Snapshot> => ({
    label: oneLine(snapshot.ref.snapshot),
    description: relativeTime(snapshot.createdAt, now),
    value: snapshot,
  }));
  if (choices.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('{0} has no snapshots.', instance.ref.instance));
    return undefined;
  }
  const pick = { title: options.title, placeHolder: vscode.l10n.t('Which snapshot of {0}?', instance.ref.instance) };
  if (options.many) {
    const many = await vscode.window.showQuickPick(choices, { ...pick, canPickMany: true });
    return many && many.length > 0 ? many.map(({ value }) => value) : undefined;
  }
  const one = await vscode.window.showQuickPick(choices, pick);
  return one && [one.value];
}

/** One snapshot, selected or picked. */
export async function chooseSnapshot(
  services: Services,
  selection: Selection,
  title: string,
): Promise<Snapshot | undefined> {
  const first: Selection = { ...selection, snapshots: selection.snapshots.slice(0, 1) };
  return (await chooseSnapshots(services, first, { title }))?.[0];
}

function presentSnapshots(services: Services, refs: readonly SnapshotRef[]): Snapshot[] {
  const present = refs.flatMap((ref) => services.inventory.snapshot(ref) ?? []);
  if (present.length === 0) throw new IncusError('snapshotMissing', { text: refs[0]?.snapshot ?? '' });
  return present;
}

/** @throws IncusError where there is no working client: then nothing is known of any remote */
export function requireClient({ inventory: { state } }: Services): void {
  if (state.kind === 'failed') throw state.error;
}

/** Names of snapshots that an instance has, as far as they are known. */
export function takenNames(services: Services, refs: readonly InstanceRef[]): string[] {
  return refs.flatMap(
    (ref) => services.inventory.instance(ref)?.instance.snapshots?.map(({ ref: { snapshot } }) => snapshot) ?? [],
  );
}
