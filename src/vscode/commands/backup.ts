import { homedir } from 'node:os';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { BackupProgress } from '../../core/actions/backups.ts';
import type { ReadBackup } from '../../core/backup/archive.ts';
import { exists } from '../../core/backup/workingFolder.ts';
import type { ExportOptions } from '../../core/incus/commands.ts';
import { IncusError } from '../../core/incus/errors.ts';
import { DEFAULT_PROJECT, type Instance, type ProjectRef, rootPoolOf } from '../../core/model.ts';
import type { BackupIndex } from '../../core/policy/backup/backupIndex.ts';
import { backupFileName, type Compression, isDriverWithOwnFormat } from '../../core/policy/backup/files.ts';
import { oneLine } from '../tree/items.ts';
import { instanceNode } from '../tree/nodes.ts';
import { askInstanceName } from './ask.ts';
import { chooseInstance, placeOf, requireClient } from './choose.ts';
import { cancellable, done, type Progress } from './report.ts';
import type { Handler, Selection, Services } from './services.ts';

interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

/** Writes an instance to a file of this machine. */
export const exportInstance: Handler = async (services, selection) => {
  const instance = await chooseInstance(services, selection, { title: vscode.l10n.t('Export Instance to File') });
  if (!instance) return;
  const { ref } = instance;
  const title = vscode.l10n.t('Export {0} to File', ref.instance);
  const options = await askExportOptions(services, instance, title);
  if (!options) return;
  const uri = await vscode.window.showSaveDialog({
    title,
    saveLabel: vscode.l10n.t('Export'),
    defaultUri: vscode.Uri.joinPath(usualFolder(), backupFileName(ref.instance, new Date(), options.compression)),
  });
  if (!uri) return;
  const file = pathOf(uri);
  // Where a file is there, the dialog has asked whether it is to be replaced.
  const mayReplace = await exists(file);
  await cancellable(vscode.l10n.t('Exporting {0}', ref.instance), (signal, progress) =>
    services.backups.exportInstance({ ...options, ref, file, mayReplace }, signal, tell(progress)),
  );
  done(vscode.l10n.t('{0} exported to {1}.', ref.instance, oneLine(basename(file))));
};

/** Makes an instance of a backup file. */
export const importInstance: Handler = async (services, selection) => {
  await services.loaded();
  requireClient(services);
  const title = vscode.l10n.t('Import Instance from File');
  const [uri] =
    (await vscode.window.showOpenDialog({
      title,
      openLabel: vscode.l10n.t('Import'),
      defaultUri: usualFolder(),
      canSelectMany: false,
    })) ?? [];
  if (!uri) return;
  const file = pathOf(uri);
  const fileName = oneLine(basename(file));
  const backup = await cancellable(vscode.l10n.t('Checking {0}', fileName), (signal, progress) =>
    services.backups.inspect(file, signal, tell(progress)),
  );
  const { index } = backup;
  if (index?.type === 'custom') throw new IncusError('backupDamaged', { text: 'isVolume' });
  const place = await choosePlace(services, selection, title);
  if (!place) return;
  const pool = await choosePool(services, place, backup, title);
  if (!pool) return;
  const taken = () => services.inventory.instances(place.remote, place.project).map((one) => one.instance.ref.instance);
  const name = await askImportName(
    index?.name ?? '',
    taken(),
    vscode.l10n.t('Import {0} into {1}', fileName, placeOf(place)),
  );
  if (name === undefined) return;
  const made = await cancellable(vscode.l10n.t('Importing {0}', name), (signal, progress) =>
    services.backups.importInstance(
      { file, backup, to: { ...place, instance: name }, ...pool },
      signal,
      tell(progress),
      (lost) => askImportName(lost, [...taken(), lost], title),
    ),
  );
  done(vscode.l10n.t('{0} imported into {1}. It is stopped.', made.ref.instance, placeOf(place)));
  await services.reveal(instanceNode(made.ref));
};

/** @returns `undefined` where the user left */
async function askExportOptions(
  services: Services,
  { ref, expandedDevices }: Instance,
  title: string,
): Promise<ExportOptions | undefined> {
  const { snapshots } = await services.inventory.refreshInstance(ref);
  const withSnapshots = snapshots?.length === 0 ? false : await askSnapshots(title, snapshots?.length);
  if (withSnapshots === undefined) return undefined;
  const compression = await pick(title, vscode.l10n.t('How is the file packed?'), compressions());
  if (compression === undefined) return undefined;
  const pool = rootPoolOf({ expandedDevices });
  const driver = pool === undefined ? '' : (await services.client.pool(ref.remote, pool)).driver;
  const optimized = isDriverWithOwnFormat(driver) ? await pick(title, formatQuestion(), formats(driver)) : false;
  return optimized === undefined ? undefined : { withSnapshots, compression, optimized };
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
async function choosePlace(services: Services, selection: Selection, title: string): Promise<ProjectRef | undefined> {
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
async function choosePool(
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

/** The name from the file where it is free; a name that is taken is never given again. */
function askImportName(wanted: string, taken: readonly string[], title: string): Promise<string | undefined> {
  let free = wanted;
  for (let number = 2; taken.includes(free); number++) free = `${wanted}-${number}`;
  const prompt = vscode.l10n.t('{0} is there already, and stays as it is. Under which name?', wanted);
  return askInstanceName({ title, value: free, taken, ...(taken.includes(wanted) && { prompt }) });
}

async function pick<T>(title: string, placeHolder: string, choices: readonly Choice<T>[]): Promise<T | undefined> {
  const picked = await vscode.window.showQuickPick(choices, { title, placeHolder });
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
function tell(progress: Progress): (one: BackupProgress) => void {
  let last = '';
  return (one) => {
    const message =
      one.step === 'transfer' ? one.said : vscode.l10n.t('checking, {0} %', String(Math.floor(one.read * 100)));
    if (message === last) return;
    last = message;
    progress.report({ message });
  };
}
