/** The questions about backup files that instances and volumes have in common. */
import { homedir } from 'node:os';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { type BackupProgress, inspectBackup } from '../../core/actions/backupTransfer.ts';
import type { ReadBackup } from '../../core/backup/archive.ts';
import { exists } from '../../core/backup/workingFolder.ts';
import type { ExportOptions } from '../../core/incus/commands.ts';
import { IncusError } from '../../core/incus/errors.ts';
import { DEFAULT_PROJECT, type ProjectRef } from '../../core/model.ts';
import type { BackupIndex } from '../../core/policy/backup/backupIndex.ts';
import { backupFileName, type Compression, isDriverWithOwnFormat } from '../../core/policy/backup/files.ts';
import { oneLine } from '../tree/items.ts';
import { placeOf } from './choose.ts';
import { cancellable, type Progress } from './report.ts';
import type { Selection, Services } from './services.ts';

interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

/** Where a backup is to be, and how it is written. */
export type ExportForm = ExportOptions & { readonly file: string; readonly mayReplace: boolean };

/**
 * Asks how a backup is to be written, and where.
 * @param what its name, how many snapshots there are (where that is known), and the driver of its pool
 * @returns `undefined` where the user left
 */
export async function askExport(
  title: string,
  what: { readonly name: string; readonly snapshots: number | undefined; readonly driver: string },
): Promise<ExportForm | undefined> {
  const { name, snapshots, driver } = what;
  const withSnapshots = snapshots === 0 ? false : await askSnapshots(title, snapshots);
  if (withSnapshots === undefined) return undefined;
  const compression = await pick(title, vscode.l10n.t('How is the file packed?'), compressions());
  if (compression === undefined) return undefined;
  const optimized = isDriverWithOwnFormat(driver) ? await pick(title, formatQuestion(), formats(driver)) : false;
  if (optimized === undefined) return undefined;
  const uri = await vscode.window.showSaveDialog({
    title,
    saveLabel: vscode.l10n.t('Export'),
    defaultUri: vscode.Uri.joinPath(usualFolder(), backupFileName(name, new Date(), compression)),
  });
  if (!uri) return undefined;
  const file = pathOf(uri);
  // Where a file is there, the dialog has asked whether it is to be replaced.
  return { withSnapshots, compression, optimized, file, mayReplace: await exists(file) };
}

/** Has a file chosen and reads it as a whole; `undefined`: the user left. */
export async function chooseBackup(
  title: string,
  isVolume: boolean,
): Promise<{ readonly file: string; readonly fileName: string; readonly backup: ReadBackup } | undefined> {
  const [uri] =
    (await vscode.window.showOpenDialog({
      title,
      openLabel: vscode.l10n.t('Import'),
      defaultUri: usualFolder(),
      canSelectMany: false,
    })) ?? [];
  if (!uri) return undefined;
  const file = pathOf(uri);
  const fileName = oneLine(basename(file));
  const backup = await cancellable(vscode.l10n.t('Checking {0}', fileName), (signal, progress) =>
    inspectBackup(file, signal, tell(progress)),
  );
  const isOther = backup.index !== undefined && (backup.index.type === 'custom') !== isVolume;
  if (isOther) throw new IncusError('backupDamaged', { text: isVolume ? 'isInstance' : 'isVolume' });
  return { file, fileName, backup };
}

function askSnapshots(title: string, count: number | undefined): Promise<boolean | undefined> {
  const many =
    count === undefined ? vscode.l10n.t('With its snapshots') : vscode.l10n.t('With its snapshots ({0})', count);
  return pick(title, vscode.l10n.t('What goes into the file?'), [
    { label: many, value: true },
    {
      label: vscode.l10n.t('Without snapshots'),
      detail: vscode.l10n.t('As it is now; smaller, but without its history.'),
      value: false,
    },
  ]);
}

function compressions(): Choice<Compression>[] {
  return [
    { label: 'gzip', detail: vscode.l10n.t('Every server can do that.'), value: 'gzip' },
    {
      label: 'zstd',
      detail: vscode.l10n.t('Quicker; the server needs the program zstd, for the import as well.'),
      value: 'zstd',
    },
    { label: vscode.l10n.t('Not packed'), detail: vscode.l10n.t('Quickest, and largest.'), value: 'none' },
  ];
}

function formatQuestion(): string {
  return vscode.l10n.t('Into which pools is it to be imported?');
}

function formats(driver: string): Choice<boolean>[] {
  return [
    { label: vscode.l10n.t('Any pool'), value: false },
    {
      label: vscode.l10n.t('Pools with {0} only', driver),
      detail: vscode.l10n.t('Quicker, and what snapshots share stands in the file once.'),
      value: true,
    },
  ];
}

/** The remote and project that are selected; else the user picks, where there is a choice. */
export async function choosePlace(
  services: Services,
  selection: Selection,
  title: string,
): Promise<ProjectRef | undefined> {
  const [place] = selection.projects;
  if (place) return place;
  const [selected] = selection.remotes;
  const places = services.inventory.remotes.flatMap(({ remote, state }) =>
    state.kind === 'ready' && (selected ?? remote.name) === remote.name
      ? state.projects.map((project) => ({ remote: remote.name, project }))
      : [],
  );
  const [only, ...others] = places;
  if (!only) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no server that answers.'));
    return undefined;
  }
  if (others.length === 0) return only;
  const isUsual = ({ project }: ProjectRef) => project === DEFAULT_PROJECT;
  const sorted = [...places.filter(isUsual), ...places.filter((one) => !isUsual(one))];
  return pick(
    title,
    vscode.l10n.t('Into which server and project?'),
    sorted.map((value) => ({ label: placeOf(value), value })),
  );
}

/** Only pools that can take the file; the one that it comes from first. `undefined`: the user left, or there is none. */
export async function choosePool(
  services: Services,
  { remote }: ProjectRef,
  { index }: ReadBackup,
  title: string,
): Promise<{ pool: string } | undefined> {
  const names = await services.client.pools(remote);
  const pools = await Promise.all(names.map((name) => services.client.pool(remote, name)));
  const fitting = pools.filter(({ driver }) => canTake(driver, index));
  const [only, ...others] = [
    ...fitting.filter(({ name }) => name === index?.pool),
    ...fitting.filter(({ name }) => name !== index?.pool),
  ];
  if (!only) {
    throw new IncusError('poolMissing', { text: `no pool with the driver ${index?.backend ?? ''}` });
  }
  if (others.length === 0) return { pool: only.name };
  const choices = [only, ...others].map(({ name, driver }) => ({
    label: oneLine(name),
    description: driver,
    value: { pool: name },
  }));
  return pick(title, vscode.l10n.t('Into which storage pool?'), choices);
}

function canTake(driver: string, index: BackupIndex | undefined): boolean {
  return !index?.optimized || driver === index.backend;
}

/** A name that is free; one that is taken is never given again. */
export function freeName(wanted: string, taken: readonly string[]): string {
  let free = wanted;
  for (let number = 2; taken.includes(free); number++) free = `${wanted}-${number}`;
  return free;
}

/** What is asked where the wanted name is taken. */
export function takenPrompt(wanted: string): string {
  return vscode.l10n.t('{0} is there already, and stays as it is. Under which name?', oneLine(wanted));
}

/** Has one of several chosen; `undefined`: the user left. */
async function pick<T>(title: string, placeHolder: string, choices: readonly Choice<T>[]): Promise<T | undefined> {
  const picked = await vscode.window.showQuickPick(choices, { title, placeHolder, ignoreFocusOut: true });
  return picked?.value;
}

function usualFolder(): vscode.Uri {
  return vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
}

/** @throws IncusError where it is no file of the machine on which the client runs */
function pathOf(uri: vscode.Uri): string {
  if (uri.scheme !== 'file') throw new IncusError('folderRefused', { text: uri.toString() });
  return uri.fsPath;
}

/** Shows how far it is, at most once for each percent. */
export function tell(progress: Progress): (one: BackupProgress) => void {
  let last = '';
  return (one) => {
    const message =
      one.step === 'transfer' ? one.said : vscode.l10n.t('checking, {0} %', String(Math.floor(one.read * 100)));
    if (message === last) return;
    last = message;
    progress.report({ message });
  };
}
