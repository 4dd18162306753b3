import pLimit from 'p-limit';
import * as vscode from 'vscode';
import { keyOf, type ProfileRef, type ProjectRef } from '../../core/model.ts';
import { oneLine } from '../tree/items.ts';
import { chooseInstances, placeOf, requireClient } from './choose.ts';
import type { Handler, Services } from './services.ts';

/** Projects whose profiles are read side by side. */
const AT_ONCE = 4;

/** Opens the form for schedules: of the instances that are selected, or of what the user picks. */
export const editSchedule: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Edit Schedule');
  if (selection.instances.length === 0) {
    const profile = await chooseKind(services, title);
    if (profile === undefined) return;
    if (profile !== 'instances') {
      await services.schedules.show({ kind: 'profile', ref: profile });
      return;
    }
  }
  const instances = await chooseInstances(services, selection, { title, many: true });
  if (instances) await services.schedules.show({ kind: 'instances', refs: instances.map(({ ref }) => ref) });
};

interface Choice extends vscode.QuickPickItem {
  readonly value: 'instances' | ProfileRef;
}

/** Instances, or one of the profiles. */
async function chooseKind(services: Services, title: string): Promise<'instances' | ProfileRef | undefined> {
  await services.loaded();
  requireClient(services);
  const choices = async (): Promise<Choice[]> => [
    { label: vscode.l10n.t('Instances…'), iconPath: new vscode.ThemeIcon('package'), value: 'instances' },
    ...(await profileChoices(services)),
  ];
  const pick = { title, placeHolder: vscode.l10n.t('Whose schedule?'), matchOnDescription: true };
  return (await vscode.window.showQuickPick(choices(), pick))?.value;
}

async function profileChoices({ inventory, client }: Services): Promise<Choice[]> {
  const projects = new Map<string, ProjectRef>();
  for (const { remote, state } of inventory.remotes) {
    if (state.kind !== 'ready') continue;
    for (const project of state.projects)
      projects.set(keyOf({ remote: remote.name, project }), { remote: remote.name, project });
  }
  // A project that cannot be read has nothing to offer; why it cannot stands in the log.
  const lists = await pLimit(AT_ONCE).map([...projects.values()], (place) => client.profileList(place).catch(() => []));
  return lists.flat().map(({ ref, usedBy }) => ({
    label: vscode.l10n.t('Profile {0}', oneLine(ref.profile)),
    description: placeOf(ref),
    detail: usedBy.length === 1 ? vscode.l10n.t('1 instance') : vscode.l10n.t('{0} instances', usedBy.length),
    iconPath: new vscode.ThemeIcon('layers'),
    value: ref,
  }));
}
