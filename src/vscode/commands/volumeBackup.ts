import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { VolumeRef } from '../../core/model.ts';
import { oneLine } from '../tree/items.ts';
import { askExport, chooseBackup, choosePlace, choosePool, freeName, takenPrompt, tell } from './backupForm.ts';
import { askVolumeName } from './ask.ts';
import { placeOf, requireClient } from './choose.ts';
import { chooseVolumes } from './chooseVolume.ts';
import { cancellable, done } from './report.ts';
import type { Handler } from './services.ts';

const placeOfPool = (ref: Pick<VolumeRef, 'remote' | 'project' | 'pool'>) => `${placeOf(ref)} / ${oneLine(ref.pool)}`;

/** Writes a custom volume to a file of this machine. */
export const exportVolume: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Export Volume to File');
  const [volume] = (await chooseVolumes(services, selection, { title, fits: () => true })) ?? [];
  if (!volume) return;
  const { ref, snapshots } = await services.volumes.refreshVolume(volume.ref);
  const { driver } = await services.client.pool(ref.remote, ref.pool);
  const name = oneLine(ref.volume);
  const what = { name: ref.volume, snapshots: snapshots.length, driver };
  const form = await askExport(vscode.l10n.t('Export {0} to File', name), what);
  if (!form) return;
  await cancellable(vscode.l10n.t('Exporting {0}', name), (signal, progress) =>
    services.volumeBackups.exportVolume({ ...form, ref }, signal, tell(progress)),
  );
  done(vscode.l10n.t('{0} exported to {1}.', name, oneLine(basename(form.file))));
};

/** Makes a custom volume of a backup file. */
export const importVolume: Handler = async (services, selection) => {
  await services.loaded();
  requireClient(services);
  const title = vscode.l10n.t('Import Volume from File');
  const chosen = await chooseBackup(title, true);
  if (!chosen) return;
  const { file, fileName, backup } = chosen;
  const project = await choosePlace(services, selection, title);
  if (!project) return;
  const pool = await choosePool(services, project, backup, title);
  if (!pool) return;
  const place = { ...project, ...pool };
  await services.volumes.refreshRemote(place.remote);
  const taken = () =>
    services.volumes
      .volumes(place.remote)
      .filter(({ ref }) => ref.project === place.project && ref.pool === place.pool)
      .map(({ ref }) => ref.volume);
  const into = vscode.l10n.t('Import {0} into {1}', fileName, placeOfPool(place));
  const volume = await askName(backup.index?.name ?? '', taken(), into);
  if (volume === undefined) return;
  const made = await cancellable(vscode.l10n.t('Importing {0}', oneLine(volume)), (signal, progress) =>
    services.volumeBackups.importVolume({ file, backup, to: { ...place, volume } }, signal, tell(progress), (lost) =>
      askName(lost, [...taken(), lost], title),
    ),
  );
  done(vscode.l10n.t('{0} imported into {1}.', oneLine(made.ref.volume), placeOfPool(place)));
};

function askName(wanted: string, taken: readonly string[], title: string): Promise<string | undefined> {
  const isTaken = taken.includes(wanted);
  return askVolumeName({
    ...{ title, value: freeName(wanted, taken), taken },
    ...(isTaken && { prompt: takenPrompt(wanted) }),
  });
}
