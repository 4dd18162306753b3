import * as vscode from 'vscode';
import type { RemoteEntry } from '../../core/inventory/inventory.ts';
import type { PoolEntry, VolumesState } from '../../core/inventory/volumes.ts';
import { DEFAULT_PROJECT, isDependent, type Volume, type VolumeSnapshot } from '../../core/model.ts';
import { describeError, describeProblem } from '../messages.ts';
import { roughNumber } from '../formats.ts';
import { joined, oneLine, type Row, tooltip } from '../tree/items.ts';
import { exactTime, expiryWords, relativeTime, scheduleWords } from '../tree/wording.ts';
import type { VolumeNote } from './nodes.ts';

/** What the rows of the view of volumes look like. */

export function volumeRemoteRow({ remote, state }: RemoteEntry, volumes: VolumesState): Row {
  const label = oneLine(remote.name);
  const failed = state.kind === 'failed' ? describeProblem(state.problem) : undefined;
  const counted = volumes.kind === 'ready' ? countWords(volumes.pools.flatMap((pool) => pool.volumes).length) : '';
  const description = failed ?? (state.kind === 'connecting' ? vscode.l10n.t('connecting…') : counted);
  return {
    label,
    description,
    iconPath:
      failed === undefined
        ? new vscode.ThemeIcon('server')
        : new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground')),
    contextValue: 'volumeRemote',
    accessibilityInformation: { label: vscode.l10n.t('Remote {0}, {1}', label, description) },
    expandable: failed === undefined,
  };
}

function countWords(count: number): string {
  return count === 1 ? vscode.l10n.t('1 volume') : vscode.l10n.t('{0} volumes', count);
}

export function poolRow({ pool, volumes, error }: PoolEntry): Row {
  const description = joined([
    pool.driver,
    countWords(volumes.length),
    error ? vscode.l10n.t('not read anew: {0}', describeError(error)) : undefined,
  ]);
  return {
    label: oneLine(pool.name),
    description,
    iconPath: new vscode.ThemeIcon(error ? 'warning' : 'server-environment'),
    contextValue: 'pool',
    accessibilityInformation: { label: vscode.l10n.t('Pool {0}, {1}', oneLine(pool.name), description) },
    expandable: volumes.length > 0,
  };
}

/** @param busy an action is at work on it */
export function volumeRow(volume: Volume, driver: string, busy: boolean): Row {
  const { ref } = volume;
  const label = oneLine(ref.volume);
  const users = volume.usedBy.map(({ instance }) => instance).join(', ');
  const dependent = isDependent(volume);
  const schedule = scheduleWords({ expandedConfig: volume.config });
  const size = sizeWords(volume);
  const usage = dependent
    ? vscode.l10n.t('goes with {0}', users)
    : users === ''
      ? vscode.l10n.t('not used')
      : vscode.l10n.t('used by {0}', users);
  const description = joined([
    contentWord(volume.contentType),
    snapshotWords(volume.snapshots.length),
    size,
    usage,
    schedule,
    ref.project === DEFAULT_PROJECT ? undefined : oneLine(ref.project),
    ref.location,
  ]);
  return {
    label,
    description,
    tooltip: tooltip(label, [
      volume.description,
      joined([contentWord(volume.contentType), vscode.l10n.t('on the pool {0} ({1})', oneLine(ref.pool), driver)]),
      vscode.l10n.t('Remote: {0}, project: {1}', oneLine(ref.remote), oneLine(ref.project)),
      size,
      users === '' ? usage : vscode.l10n.t('Used by: {0}', users),
      dependent
        ? vscode.l10n.t('A dependent volume: Incus snapshots and restores it together with its instance only.')
        : undefined,
      schedule === undefined
        ? vscode.l10n.t('No schedule')
        : vscode.l10n.t('Schedule: {0} ({1})', schedule, volume.config['snapshots.schedule'] ?? ''),
      Number.isNaN(volume.createdAt.getTime()) ? undefined : vscode.l10n.t('Created {0}', exactTime(volume.createdAt)),
    ]),
    iconPath: new vscode.ThemeIcon(busy ? 'loading~spin' : dependent ? 'link' : 'database'),
    contextValue: dependent ? 'volume;dependent' : 'volume;free',
    accessibilityInformation: { label: vscode.l10n.t('Volume {0}, {1}', label, description) },
    expandable: volume.snapshots.length > 0,
  };
}

function contentWord(contentType: string): string {
  switch (contentType) {
    case 'filesystem':
      return vscode.l10n.t('file system');
    case 'block':
      return vscode.l10n.t('block device');
    case 'iso':
      return vscode.l10n.t('ISO image');
    default:
      return contentType;
  }
}

function snapshotWords(count: number): string {
  if (count === 0) return vscode.l10n.t('no snapshots');
  return count === 1 ? vscode.l10n.t('1 snapshot') : vscode.l10n.t('{0} snapshots', count);
}

/** What it may take, and what it takes, as far as the server says. */
function sizeWords({ config, usedBytes }: Volume): string | undefined {
  const limit = config['size'];
  const used = usedBytes === undefined ? undefined : bytesWords(usedBytes);
  if (used === undefined) return limit === undefined || limit === '0' ? undefined : limit;
  return limit === undefined || limit === '0'
    ? vscode.l10n.t('{0} in use', used)
    : vscode.l10n.t('{0} of {1} in use', used, limit);
}

function bytesWords(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 2 ** (10 * power);
  return `${roughNumber(value)} ${units[power] ?? ''}`;
}

/** @param dependent it belongs to a volume that goes with its instance, so nothing is done to it by itself */
export function volumeSnapshotRow(snapshot: VolumeSnapshot, dependent: boolean, now: Date): Row {
  const label = oneLine(snapshot.ref.snapshot);
  const { expiresAt } = snapshot;
  const at = expiresAt instanceof Date ? { expiresAt } : {};
  const description = joined([relativeTime(snapshot.createdAt, now), expiryWords(at, now)]);
  const expiry =
    expiresAt === undefined
      ? undefined
      : expiresAt === 'never'
        ? vscode.l10n.t('Never expires')
        : vscode.l10n.t('Expires {0}', exactTime(expiresAt));
  return {
    label,
    description,
    tooltip: tooltip(label, [
      snapshot.description,
      vscode.l10n.t('Taken {0}', exactTime(snapshot.createdAt)),
      expiry,
      dependent ? vscode.l10n.t('Taken with the instance: restore the snapshot of that name there.') : undefined,
    ]),
    iconPath: new vscode.ThemeIcon('device-camera'),
    contextValue: dependent ? 'volumeSnapshot;dependent' : 'volumeSnapshot;free',
    accessibilityInformation: { label: vscode.l10n.t('Snapshot {0}, {1}', label, description) },
    expandable: false,
  };
}

export function volumeNoteRow(note: VolumeNote): Row {
  const words: Record<VolumeNote, string> = {
    loading: vscode.l10n.t('Loading…'),
    failed: vscode.l10n.t('The volumes could not be read. The log says why.'),
    noVolumes: vscode.l10n.t('No storage pools'),
  };
  return { label: '', description: words[note], contextValue: 'volumeNote', expandable: false };
}
