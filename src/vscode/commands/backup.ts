import { basename } from 'node:path';
import * as vscode from 'vscode';
import { rootPoolOf } from '../../core/model.ts';
import { oneLine } from '../tree/items.ts';
import { instanceNode } from '../tree/nodes.ts';
import { askInstanceName } from './ask.ts';
import { askExport, chooseBackup, choosePlace, choosePool, freeName, takenPrompt, tell } from './backupForm.ts';
import { chooseInstance, placeOf, requireClient } from './choose.ts';
import { cancellable, done } from './report.ts';
import type { Handler } from './services.ts';

/** Writes an instance to a file of this machine. */
export const exportInstance: Handler = async (services, selection) => {
  const instance = await chooseInstance(services, selection, { title: vscode.l10n.t('Export Instance to File') });
  if (!instance) return;
  const { ref } = instance;
  const { snapshots } = await services.inventory.refreshInstance(ref);
  const pool = rootPoolOf(instance);
  const driver = pool === undefined ? '' : (await services.client.pool(ref.remote, pool)).driver;
  const what = { name: ref.instance, snapshots: snapshots?.length, driver };
  const form = await askExport(vscode.l10n.t('Export {0} to File', ref.instance), what);
  if (!form) return;
  await cancellable(vscode.l10n.t('Exporting {0}', ref.instance), (signal, progress) =>
    services.backups.exportInstance({ ...form, ref }, signal, tell(progress)),
  );
  done(vscode.l10n.t('{0} exported to {1}.', ref.instance, oneLine(basename(form.file))));
};

/** Makes an instance of a backup file. */
export const importInstance: Handler = async (services, selection) => {
  await services.loaded();
  requireClient(services);
  const title = vscode.l10n.t('Import Instance from File');
  const chosen = await chooseBackup(title, false);
  if (!chosen) return;
  const { file, fileName, backup } = chosen;
  const place = await choosePlace(services, selection, title);
  if (!place) return;
  const pool = await choosePool(services, place, backup, title);
  if (!pool) return;
  const taken = () => services.inventory.instances(place.remote, place.project).map((one) => one.instance.ref.instance);
  const name = await askName(
    backup.index?.name ?? '',
    taken(),
    vscode.l10n.t('Import {0} into {1}', fileName, placeOf(place)),
  );
  if (name === undefined) return;
  const made = await cancellable(vscode.l10n.t('Importing {0}', name), (signal, progress) =>
    services.backups.importInstance(
      { file, backup, to: { ...place, instance: name }, ...pool },
      signal,
      tell(progress),
      (lost) => askName(lost, [...taken(), lost], title),
    ),
  );
  done(vscode.l10n.t('{0} imported into {1}. It is stopped.', made.ref.instance, placeOf(place)));
  await services.reveal(instanceNode(made.ref));
};

function askName(wanted: string, taken: readonly string[], title: string): Promise<string | undefined> {
  const isTaken = taken.includes(wanted);
  return askInstanceName({
    ...{ title, value: freeName(wanted, taken), taken },
    ...(isTaken && { prompt: takenPrompt(wanted) }),
  });
}
