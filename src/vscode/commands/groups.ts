import * as vscode from 'vscode';
import type { GroupSnapshotWish } from '../../core/actions/groupSnapshots.ts';
import { type Instance, isRunning, type Volume } from '../../core/model.ts';
import { canBeMember, checkNewGroupName, type Group, labelOf } from '../../core/policy/groups/group.ts';
import {
  instancesAmong,
  isVolumeRef,
  type Member,
  memberKey,
  memberName,
  partsOf,
  volumesAmong,
} from '../../core/policy/groups/member.ts';
import { proposeSnapshotName } from '../../core/policy/names.ts';
import { memberCount } from '../groups/items.ts';
import { addGroup } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { askExpiry, askSnapshotName } from './ask.ts';
import { chooseInstances, requireClient } from './choose.ts';
import { chooseVolumes } from './chooseVolume.ts';
import { groupStepWords, tellSnapshot } from './groupWords.ts';
import { cancellable, done, each, reportResults } from './report.ts';
import type { Handler, Selection, Services } from './services.ts';
import { expiryInForce, expiryWish } from './snapshots.ts';

/** Makes a group of the chosen instances, or volumes: labels them, and writes the group down. */
export const createGroup: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Create Group');
  const members = await chooseMembers(services, selection, title);
  const [first] = members ?? [];
  if (!members || !first) return;
  if (members.some(({ ref }) => ref.remote !== first.ref.remote)) {
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
  const attachedVolumes = await askAttached(services, members, title);
  if (attachedVolumes === undefined) return;
  const results = await cancellable(title, (signal) =>
    each(
      members,
      ({ ref }) => memberName(ref),
      ({ ref }) =>
        isVolumeRef(ref)
          ? services.volumeActions.configure(ref, labelOf(name), signal)
          : services.actions.configure(ref, labelOf(name), signal),
    ),
  );
  if (results.some(({ error }) => !error)) {
    const projects = [...new Set(members.map(({ ref }) => ref.project))];
    const where = { name, remote: first.ref.remote, projects };
    await addGroup({ ...where, matchLabels: labelOf(name), attachedVolumes, ...HABITS });
    services.groups.touch();
  }
  await reportResults(services.log, results, {
    all: vscode.l10n.t('Group {0} created: {1}.', name, memberCount(results.length)),
    some: (good, all) => vscode.l10n.t('{0} of {1} became members of {2}.', good, all, name),
  });
};

/** Without a selection, the user picks of the instances. */
async function chooseMembers(
  services: Services,
  selection: Selection,
  title: string,
): Promise<readonly Member[] | undefined> {
  const fromVolumes = selection.volumes.length > 0 && selection.instances.length === 0;
  return fromVolumes
    ? (await chooseVolumes(services, selection, { title, many: true }))?.filter(canBeMember)
    : chooseInstances(services, selection, { title, many: true });
}

/** @returns whether attached volumes come along, which is asked where there are any; `undefined` where the user left */
async function askAttached(
  services: Services,
  members: readonly Member[],
  title: string,
): Promise<boolean | undefined> {
  const remote = members[0]?.ref.remote ?? '';
  await services.volumes.refreshRemote(remote);
  const chosen = new Set(members.map(({ ref }) => memberKey(ref)));
  const isAttached = (volume: Volume) =>
    canBeMember(volume) &&
    !chosen.has(memberKey(volume.ref)) &&
    volume.usedBy.some((ref) => chosen.has(memberKey(ref)));
  const attached = services.volumes.volumes(remote).filter(isAttached);
  if (attached.length === 0) return false;
  const names = oneLine(attached.map(({ ref }) => memberName(ref)).join(', '));
  const along = { label: vscode.l10n.t('Take Attached Volumes Along'), detail: names };
  const without = { label: vscode.l10n.t('Instances Only') };
  const placeHolder = vscode.l10n.t('The instances have volumes of their own. Are these members too?');
  const answer = await vscode.window.showQuickPick([along, without], { title, placeHolder, ignoreFocusOut: true });
  return answer && answer === along;
}

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
  members: readonly Member[],
  title: string,
): Promise<GroupSnapshotWish | undefined> {
  const refs = members.map(({ ref }) => ref);
  const taken = members.flatMap((member) => (partsOf(member) ?? []).map(({ ref }) => ref.snapshot));
  const name = await askSnapshotName({ title, value: proposeSnapshotName(group.name, taken), taken });
  if (name === undefined) return undefined;
  const expiry = await askExpiry({ title, emptyMeans: { choice: 'asSet', words: expiryWords(services, members) } });
  if (expiry === undefined) return undefined;
  const frozen = {
    label: vscode.l10n.t('Frozen together'),
    detail: frozenWords(services, members),
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

function expiryWords(services: Services, members: readonly Member[]): string {
  return volumesAmong(members).length === 0
    ? expiryInForce(services, instancesAmong(members))
    : vscode.l10n.t('When does it expire? Empty: as the settings of each member say.');
}

/** What pausing is for, and who writes to the volumes meanwhile all the same. */
function frozenWords(services: Services, members: readonly Member[]): string {
  const paused = new Set(members.map(({ ref }) => memberKey(ref)));
  const others = volumesAmong(members)
    .flatMap(({ usedBy }) => usedBy.flatMap((ref) => services.inventory.instance(ref)?.instance ?? []))
    .filter((instance) => isRunning(instance) && !paused.has(memberKey(instance.ref)));
  const names = [...new Set(others.map(({ ref }) => memberName(ref)))].join(', ');
  return [
    vscode.l10n.t('All members that run are paused for the moment, so that the set shows one moment of them all.'),
    names === '' ? '' : vscode.l10n.t('Not paused, though they use its volumes: {0}.', names),
  ]
    .filter(Boolean)
    .join(' ');
}

/** Opens the form for schedules, for all instances at once. */
export const editGroupSchedule: Handler = async (services, selection) => {
  const group = await chooseGroup(services, selection, vscode.l10n.t('Edit Schedule of Group'));
  const members = group && instancesOf(services, group);
  if (!members) return;
  await services.schedules.show({ kind: 'instances', refs: members.instances.map(({ ref }) => ref) });
  const { volumes } = members;
  done(
    [
      vscode.l10n.t(
        'A schedule makes the snapshots of a group one beside the other: it does not freeze them together.',
      ),
      volumes === '' ? '' : vscode.l10n.t('Volumes have schedules of their own: {0}.', volumes),
    ]
      .filter(Boolean)
      .join(' '),
  );
};

/**
 * The group that is selected and still there, with its volumes read; without a selection the user picks.
 * @throws IncusError where it cannot be known which volumes belong to it
 */
export async function chooseGroup(services: Services, selection: Selection, title: string): Promise<Group | undefined> {
  await services.loaded();
  requireClient(services);
  const [selected] = selection.groups;
  const known = selected === undefined ? undefined : services.groups.group(selected);
  if (known) {
    await services.groups.learn(known);
    return known;
  }
  // One that cannot be read is said to be so when it is chosen.
  await Promise.all(services.groups.groups.map((group) => services.groups.learn(group).catch(() => undefined)));
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
  const picked = await vscode.window.showQuickPick(choices, { title, placeHolder: vscode.l10n.t('Which group?') });
  if (picked) await services.groups.learn(picked.group);
  return picked?.group;
}

/** @returns `undefined` where there are none, which the user is told */
function membersOf(services: Services, group: Group): Member[] | undefined {
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

/**
 * A group's instances, for what is done to instances alone, and the names of its volumes.
 * @returns `undefined` where there are none, which the user is told
 */
export function instancesOf(
  services: Services,
  group: Group,
): { readonly instances: readonly Instance[]; readonly volumes: string } | undefined {
  const members = membersOf(services, group);
  if (!members) return undefined;
  const instances = instancesAmong(members);
  const volumes = oneLine(
    volumesAmong(members)
      .map(({ ref }) => memberName(ref))
      .join(', '),
  );
  if (instances.length > 0) return { instances, volumes };
  void vscode.window.showInformationMessage(
    vscode.l10n.t('The group {0} has volumes only: {1}. This is done to instances.', oneLine(group.name), volumes),
  );
  return undefined;
}
