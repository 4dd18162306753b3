import * as vscode from 'vscode';
import type { GroupSnapshotWish } from '../../core/actions/groupSnapshots.ts';
import type { Instance } from '../../core/model.ts';
import { checkNewGroupName, type Group, labelOf } from '../../core/policy/groups/group.ts';
import { proposeSnapshotName } from '../../core/policy/names.ts';
import { memberCount } from '../groups/items.ts';
import { addGroup } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { askExpiry, askSnapshotName } from './ask.ts';
import { chooseInstances, requireClient, takenNames } from './choose.ts';
import { groupStepWords, tellSnapshot } from './groupWords.ts';
import { cancellable, done, each, reportResults } from './report.ts';
import type { Handler, Selection, Services } from './services.ts';
import { expiryInForce, expiryWish } from './snapshots.ts';

/** Makes a group of the chosen instances: labels them, and writes the group down. */
export const createGroup: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Create Group');
  const instances = await chooseInstances(services, selection, { title, many: true });
  const [first] = instances ?? [];
  if (!instances || !first) return;
  if (instances.some(({ ref }) => ref.remote !== first.ref.remote)) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('The members of a group are on one remote. Choose instances of one remote.'),
    );
    return;
  }
  const taken = services.groups.groups.map(({ name }) => name);
  const name = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('Name of the group. Each member gets the label {0}.', labelText(vscode.l10n.t('NAME'))),
    placeHolder: vscode.l10n.t('e.g. web-shop'),
    ignoreFocusOut: true,
    validateInput: (text) => nameProblem(text, taken),
  });
  if (name === undefined) return;
  const results = await cancellable(title, (signal) =>
    each(
      instances,
      ({ ref }) => ref.instance,
      ({ ref }) => services.actions.configure(ref, labelOf(name), signal),
    ),
  );
  if (results.some(({ error }) => !error)) {
    const projects = [...new Set(instances.map(({ ref }) => ref.project))];
    await addGroup({ name, remote: first.ref.remote, projects, matchLabels: labelOf(name), ...HABITS });
    services.groups.touch();
  }
  await reportResults(services.log, results, {
    all: vscode.l10n.t('Group {0} created: {1}.', name, memberCount(results.length)),
    some: (good, all) => vscode.l10n.t('{0} of {1} instances became members of {2}.', good, all, name),
  });
};

/** How a group is snapshotted unless the user says otherwise. */
const HABITS = { frozen: true, onFailure: 'keep' } as const;

function labelText(name: string): string {
  return Object.entries(labelOf(name))
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

function nameProblem(name: string, taken: readonly string[]): string | undefined {
  switch (checkNewGroupName(name, taken)) {
    case 'badName':
      return vscode.l10n.t('Small letters, digits and hyphens, at most 40; it begins and ends with a letter or digit.');
    case 'taken':
      return vscode.l10n.t('The name is taken.');
    case undefined:
      return undefined;
  }
}

/** Makes one snapshot of each member, under one name. */
export const snapshotGroup: Handler = async (services, selection) => {
  const group = await chooseGroup(services, selection, vscode.l10n.t('Snapshot Group'));
  const members = group && membersOf(services, group);
  if (!members) return;
  const title = vscode.l10n.t('Snapshot Group {0}', oneLine(group.name));
  const wish = await askWish(services, group, members, title);
  if (!wish) return;
  const outcome = await cancellable(title, (signal, progress) =>
    services.groupSnapshots.run(wish, signal, (step) => {
      progress.report({ message: groupStepWords(step) });
    }),
  );
  await tellSnapshot(services.log, group, wish, outcome);
};

async function askWish(
  services: Services,
  group: Group,
  members: readonly Instance[],
  title: string,
): Promise<GroupSnapshotWish | undefined> {
  const refs = members.map(({ ref }) => ref);
  const taken = takenNames(services, refs);
  const name = await askSnapshotName({ title, value: proposeSnapshotName(group.name, taken), taken });
  if (name === undefined) return undefined;
  const expiry = await askExpiry({ title, emptyMeans: { choice: 'asSet', words: expiryInForce(services, members) } });
  if (expiry === undefined) return undefined;
  const frozen = {
    label: vscode.l10n.t('Frozen together'),
    detail: vscode.l10n.t(
      'All members that run are paused for the moment, so that the set shows one moment of them all.',
    ),
    picked: group.frozen,
  };
  const takeBack = {
    label: vscode.l10n.t('All or nothing'),
    detail: vscode.l10n.t('If a member fails, the snapshots of the others are deleted again. Otherwise they are kept.'),
    picked: group.onFailure === 'takeBack',
  };
  const ways = await vscode.window.showQuickPick([frozen, takeBack], {
    ...{ title, canPickMany: true, ignoreFocusOut: true, placeHolder: vscode.l10n.t('How?') },
  });
  if (!ways) return undefined;
  return {
    members: refs,
    snapshot: { name, ...expiryWish(expiry) },
    frozen: ways.includes(frozen),
    onFailure: ways.includes(takeBack) ? 'takeBack' : 'keep',
  };
}

/** Opens the form for schedules, for all members at once. */
export const editGroupSchedule: Handler = async (services, selection) => {
  const group = await chooseGroup(services, selection, vscode.l10n.t('Edit Schedule of Group'));
  const members = group && membersOf(services, group);
  if (!members) return;
  await services.schedules.show({ kind: 'instances', refs: members.map(({ ref }) => ref) });
  done(
    vscode.l10n.t('A schedule makes the snapshots of a group one beside the other: it does not freeze them together.'),
  );
};

/** The group that is selected and still there; without a selection the user picks. */
export async function chooseGroup(services: Services, selection: Selection, title: string): Promise<Group | undefined> {
  await services.loaded();
  requireClient(services);
  const [selected] = selection.groups;
  const known = selected === undefined ? undefined : services.groups.group(selected);
  if (known) return known;
  const choices = services.groups.groups.map((group) => ({
    label: oneLine(group.name),
    description: oneLine(group.remote),
    detail: memberCount(services.groups.members(group).length),
    group,
  }));
  if (choices.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('There is no group yet. Select instances and choose Create Group.'),
    );
    return undefined;
  }
  return (await vscode.window.showQuickPick(choices, { title, placeHolder: vscode.l10n.t('Which group?') }))?.group;
}

/** @returns `undefined` where there are none, which the user is told */
export function membersOf(services: Services, group: Group): Instance[] | undefined {
  const members = services.groups.members(group);
  if (members.length > 0) return members;
  const text = services.groups.isKnown(group)
    ? vscode.l10n.t('Nothing on {0} has the labels of the group {1}.', oneLine(group.remote), oneLine(group.name))
    : vscode.l10n.t(
        '{0} has not answered, so the members of {1} are not known.',
        oneLine(group.remote),
        oneLine(group.name),
      );
  void vscode.window.showInformationMessage(text);
  return undefined;
}
