import * as vscode from 'vscode';
import type { RestoreRequest, VolumeWithIt } from '../../core/actions/restore.ts';
import type { Snapshot } from '../../core/model.ts';
import type { DeviceChange, OtherChange, RestoreBlock, RestorePlan, ValueChange } from '../../core/policy/restore.ts';
import { oneLine } from '../tree/items.ts';
import { exactTime } from '../tree/wording.ts';

/** Characters of a value that a dialog shows: a cloud-init document would push the buttons off the screen. */
const SHOWN = 60;

/** Names that a dialog lists before it only counts the rest. */
const LISTED = 10;

/** What a restore will do and what will be lost, as the body of the dialog. */
export function describeRestore(
  snapshot: Snapshot,
  plan: RestorePlan,
  way: Pick<RestoreRequest, 'mode' | 'keepSettings' | 'stateful' | 'volumes'>,
): string {
  const withIt = (way.volumes ?? []).map(nameOfVolume);
  const left = plan.attachedVolumes.filter((name) => !withIt.includes(name));
  const { remote, project } = snapshot.ref;
  const kept = way.keepSettings ? new Set(Object.keys(plan.keepSettings)) : new Set<string>();
  const reverted = plan.configChanges.filter(({ key }) => !kept.has(key));
  const paragraphs = [
    vscode.l10n.t('Remote: {0}, project: {1}', oneLine(remote), oneLine(project)),
    vscode.l10n.t('Taken: {0}', exactTime(snapshot.createdAt)),
    `${runWords(plan, way.stateful)} ${vscode.l10n.t('What was written to its disk since then will be lost.')}`,
    plan.lostSnapshots.length > 0
      ? vscode.l10n.t(
          'Newer snapshots that the storage pool will delete: {0}',
          listed(plan.lostSnapshots.map(snapshotName)),
        )
      : '',
    plan.endangeredSnapshots.length > 0
      ? vscode.l10n.t(
          'Nothing is known of the storage pool: it may delete these newer snapshots: {0}',
          listed(plan.endangeredSnapshots.map(snapshotName)),
        )
      : '',
    section(vscode.l10n.t('Settings that change:'), [
      ...reverted.map(valueWords),
      ...plan.deviceChanges.map(deviceWords),
      ...plan.otherChanges.map(otherWords),
    ]),
    kept.size > 0 ? vscode.l10n.t('Kept as they are today: {0}', listed([...kept])) : '',
    withIt.length > 0
      ? vscode.l10n.t('Volumes that go back too, to their snapshots of the same name: {0}', listed(withIt))
      : '',
    left.length > 0
      ? vscode.l10n.t('Not restored with it, since they are volumes of their own: {0}', listed(left))
      : '',
    plan.safetySnapshotHelps
      ? ''
      : vscode.l10n.t('A snapshot made first might not survive: the storage pool may restore only the newest one.'),
  ];
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n\n');
}

/** `pool/volume`, as the plan names attached volumes. */
export function nameOfVolume({ seen }: VolumeWithIt): string {
  return `${seen.ref.pool}/${seen.ref.volume}`;
}

/** Why a restore is not possible, and what can be done instead. */
export function describeBlock(block: RestoreBlock): string {
  switch (block.reason) {
    case 'newerSnapshots':
      return vscode.l10n.t(
        'The storage pool would have to delete newer snapshots ({0}), and is set not to ({1}). Create an instance from the snapshot instead, or delete them first.',
        listed(block.snapshots.map(snapshotName)),
        block.setting,
      );
    case 'dependentDisks':
      return vscode.l10n.t(
        'It has dependent disks ({0}), with which only the newest snapshot can be restored. Create an instance from the snapshot, or detach them first.',
        listed(block.devices),
      );
    case 'diskOnlyUnsupported':
      return vscode.l10n.t(
        'The server cannot restore the disk alone. Restore everything, and keep the snapshot settings.',
      );
    case 'snapshotsUnknown':
      return vscode.l10n.t(
        'Its snapshots are not known, so what would be lost is not known either. Refresh and try again.',
      );
  }
}

function runWords(plan: RestorePlan, stateful: boolean): string {
  if (stateful) return vscode.l10n.t('The instance will be resumed with the memory of the snapshot.');
  if (!plan.wasRunning) return vscode.l10n.t('The instance is stopped and stays so.');
  return plan.stopWouldDelete
    ? vscode.l10n.t('The instance is ephemeral and running: Incus will end it at once, restore it and start it again.')
    : vscode.l10n.t('The instance is running: it will be shut down, restored and started again.');
}

function section(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const more = lines.length > LISTED ? [vscode.l10n.t('and {0} more', lines.length - LISTED)] : [];
  return [title, ...lines.slice(0, LISTED), ...more].join('\n');
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).map(oneLine);
  if (names.length > LISTED) shown.push(vscode.l10n.t('and {0} more', names.length - LISTED));
  return shown.join(', ');
}

function snapshotName({ ref }: Snapshot): string {
  return ref.snapshot;
}

function valueWords({ key, from, to }: ValueChange): string {
  if (from === undefined) return vscode.l10n.t('{0}: will be set to {1}', key, brief(to ?? ''));
  return to === undefined
    ? vscode.l10n.t('{0}: {1} will be removed', key, brief(from))
    : `${key}: ${brief(from)} → ${brief(to)}`;
}

function deviceWords({ device, kind, keys }: DeviceChange): string {
  switch (kind) {
    case 'added':
      return vscode.l10n.t('Device {0}: will be attached', oneLine(device));
    case 'removed':
      return vscode.l10n.t('Device {0}: will be detached', oneLine(device));
    case 'changed':
      return vscode.l10n.t('Device {0}: {1}', oneLine(device), keys.map(valueWords).join('; '));
  }
}

function otherWords(change: OtherChange): string {
  if (change.field === 'description') {
    return vscode.l10n.t('Description: {0} → {1}', brief(change.from), brief(change.to));
  }
  return change.to
    ? vscode.l10n.t('It becomes ephemeral: Incus will delete it when it stops.')
    : vscode.l10n.t('It is no longer ephemeral.');
}

function brief(value: string): string {
  const line = oneLine(value);
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : `"${line}"`;
}
