import pLimit from 'p-limit';
import * as vscode from 'vscode';
import type { GroupRestoreOutcome, GroupRestorePlans, GroupRestoreStep } from '../../core/actions/groupRestore.ts';
import { requireUsable } from '../../core/actions/actions.ts';
import { requireUsableVolumeSnapshot } from '../../core/actions/volumes.ts';
import { IncusError, toIncusError } from '../../core/incus/errors.ts';
import type { Instance } from '../../core/model.ts';
import type { Group } from '../../core/policy/groups/group.ts';
import { isVolumePart, memberName, type Part } from '../../core/policy/groups/member.ts';
import type { SnapshotSet } from '../../core/policy/groups/sets.ts';
import { isMirrorOf } from '../../core/policy/mirror/mirrorKeys.ts';
import { memberCount, stateWords } from '../groups/items.ts';
import { describeError } from '../messages.ts';
import { stopTimeout } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { exactTime, relativeTime } from '../tree/wording.ts';
import { placeOf } from './choose.ts';
import { placeOfVolume } from './chooseVolume.ts';
import { chooseGroup, instancesOf } from './groups.ts';
import { mirrorInstance } from './mirror.ts';
import { cancellable, done, each, inView, reportResults, type Result } from './report.ts';
import { describeBlock } from './restoreWords.ts';
import type { Handler, Selection, Services } from './services.ts';
import { volumeBlockWords } from './volumeRestore.ts';

/** Brings all members of a group back to one set. */
export const restoreGroup: Handler = async (services, selection) => {
  const chosen = await chooseSet(services, selection, vscode.l10n.t('Restore Group'));
  if (!chosen) return;
  const { group, set } = chosen;
  const plan = await inView(() => services.groupRestore.plan(set.parts));
  const blocked = blockWords(plan);
  if (blocked.length > 0) {
    const refused = vscode.l10n.t('The group {0} was not restored.', oneLine(group.name));
    await vscode.window.showErrorMessage([refused, ...blocked].join(' '));
    return;
  }
  const restore = vscode.l10n.t('Restore {0}', memberCount(set.parts.length));
  const question = vscode.l10n.t('Restore the group {0} to the set {1}?', oneLine(group.name), oneLine(set.name));
  const detail = describePlan(group, set, plan);
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, restore)) !== restore) return;
  const title = vscode.l10n.t('Restoring {0} to {1}', oneLine(group.name), oneLine(set.name));
  const outcome = await cancellable(title, (signal, progress) =>
    services.groupRestore.run(plan, { timeout: stopTimeout() }, signal, (step) => {
      progress.report({ message: stepWords(step) });
    }),
  );
  await tellRestore(services, group, set, outcome);
};

function blockWords({ parts, volumes }: GroupRestorePlans): string[] {
  return [
    ...parts.flatMap(({ seen, plan }) => {
      if (plan.blockedBy) return [`${memberName(seen.ref)}: ${describeBlock(plan.blockedBy)}`];
      if (!plan.stopWouldDelete) return [];
      return [`${memberName(seen.ref)}: ${describeError(new IncusError('ephemeral', { text: seen.ref.instance }))}`];
    }),
    ...volumes.flatMap(({ seen, plan }) =>
      plan.blockedBy ? [`${oneLine(memberName(seen.ref))}: ${volumeBlockWords(plan.blockedBy)}`] : [],
    ),
  ];
}

/** `member/snapshot` of all that a restore deletes, or may delete. */
function lostBy({ parts, volumes }: GroupRestorePlans): string[] {
  return [
    ...parts.flatMap(({ seen, plan: { lostSnapshots, endangeredSnapshots } }) =>
      [...lostSnapshots, ...endangeredSnapshots].map(({ ref }) => `${memberName(seen.ref)}/${oneLine(ref.snapshot)}`),
    ),
    ...volumes.flatMap(({ seen, plan: { lostSnapshots, endangeredSnapshots } }) =>
      [...lostSnapshots, ...endangeredSnapshots].map((name) => oneLine(`${memberName(seen.ref)}/${name}`)),
    ),
  ];
}

function describePlan(group: Group, set: SnapshotSet, plans: GroupRestorePlans): string {
  const names = (some: readonly { readonly seen: Pick<Part, 'ref'> }[]) =>
    oneLine(some.map(({ seen }) => memberName(seen.ref)).join(', '));
  const { parts: plan, bystanders } = plans;
  const lost = lostBy(plans);
  const restoredToo = new Set(plans.volumes.map(({ seen: { ref } }) => `${ref.pool}/${ref.volume}`));
  const volumes = [...new Set(plan.flatMap(({ plan: { attachedVolumes } }) => attachedVolumes))].filter(
    (name) => !restoredToo.has(name),
  );
  const reverted = plan.filter(
    ({ plan: { configChanges, deviceChanges } }) => configChanges.length + deviceChanges.length > 0,
  );
  const running = plan.filter(({ plan: { wasRunning } }) => wasRunning);
  const without = oneLine([...set.missing, ...set.unknown].map(memberName).join(', '));
  const parts = [
    vscode.l10n.t('Remote: {0}', oneLine(group.remote)),
    vscode.l10n.t('Taken: {0}', exactTime(set.createdAt)),
    set.state === 'complete' ? '' : vscode.l10n.t('The set is not whole: {0}', stateWords(set)),
    vscode.l10n.t(
      'Restored: {0}. What was written to their disks since then will be lost.',
      names([...plan, ...plans.volumes]),
    ),
    without === '' ? '' : vscode.l10n.t('Left as they are, since they have no part: {0}', without),
    running.length === 0
      ? ''
      : vscode.l10n.t('Shut down first, and started in the order of their priority: {0}', names(running)),
    bystanders.length === 0
      ? ''
      : vscode.l10n.t(
          'Shut down and started with them, though not restored, since they use these volumes: {0}',
          bystanders.map(memberName).join(', '),
        ),
    lost.length === 0 ? '' : vscode.l10n.t('Newer snapshots that may be deleted: {0}', lost.join(', ')),
    reverted.length === 0 ? '' : vscode.l10n.t('Configuration or devices change too: {0}', names(reverted)),
    volumes.length === 0
      ? ''
      : vscode.l10n.t('Not restored with it, since they are volumes of their own: {0}', volumes.join(', ')),
  ];
  return parts.filter(Boolean).join('\n\n');
}

async function tellRestore(
  services: Services,
  group: Group,
  set: SnapshotSet,
  { restored, failed, stopped }: GroupRestoreOutcome,
): Promise<void> {
  const name = oneLine(group.name);
  if (failed.length === 0 && stopped.length === 0) {
    done(vscode.l10n.t('{0} was restored to {1}: {2}.', name, oneLine(set.name), memberCount(restored.length)));
    return;
  }
  const names = (refs: GroupRestoreOutcome['restored']) => oneLine(refs.map(memberName).join(', '));
  const parts = [
    vscode.l10n.t('The group {0} was not restored as a whole.', name),
    ...failed.map(
      ({ ref, step, error }) => `${oneLine(memberName(ref))} (${stepWords(step)}): ${describeError(error)}`,
    ),
    restored.length === 0 ? vscode.l10n.t('No member was restored.') : vscode.l10n.t('Restored: {0}.', names(restored)),
    stopped.length === 0
      ? ''
      : vscode.l10n.t('Not started, since a member failed: {0}. Restore again, or start them by hand.', names(stopped)),
  ];
  const showLog = vscode.l10n.t('Show Log');
  if ((await vscode.window.showErrorMessage(parts.filter(Boolean).join(' '), showLog)) === showLog) services.log.show();
}

function stepWords(step: GroupRestoreStep): string {
  switch (step) {
    case 'check':
      return vscode.l10n.t('looking once more');
    case 'stop':
      return vscode.l10n.t('shutting down');
    case 'restore':
      return vscode.l10n.t('restoring');
    case 'start':
      return vscode.l10n.t('starting again');
  }
}

/** Deletes the snapshots of one name of all members. */
export const deleteGroupSnapshot: Handler = async (services, selection) => {
  const chosen = await chooseSet(services, selection, vscode.l10n.t('Delete Snapshot of Group'));
  if (!chosen) return;
  const { group, set } = chosen;
  for (const part of set.parts) {
    if (isVolumePart(part)) requireUsableVolumeSnapshot(part.ref, 'deleteByPath');
    else requireUsable(part.ref, 'deleteByPath');
  }
  const remove = vscode.l10n.t('Delete');
  const question = vscode.l10n.t('Delete the snapshot {0} of the group {1}?', oneLine(set.name), oneLine(group.name));
  const detail = [
    ...set.parts.map(partWords),
    '',
    vscode.l10n.t('They cannot be brought back. The members stay as they are.'),
  ].join('\n');
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove) return;
  const results = await cancellable(vscode.l10n.t('Deleting {0} snapshots', set.parts.length), (signal) =>
    each(
      set.parts,
      ({ ref }) => oneLine(memberName(ref)),
      (part) =>
        isVolumePart(part)
          ? services.volumeActions.deleteSnapshot(part, signal)
          : services.actions.deleteSnapshot(part, signal),
    ),
  );
  await reportResults(services.log, results, {
    all: vscode.l10n.t('{0} snapshots deleted.', results.length),
    some: (good, all) => vscode.l10n.t('{0} of {1} snapshots deleted.', good, all),
  });
};

function partWords(part: Part): string {
  if (isVolumePart(part)) return `${placeOfVolume(part.ref)}: ${oneLine(`${part.ref.volume}/${part.ref.snapshot}`)}`;
  return `${placeOf(part.ref)}: ${part.ref.instance}/${oneLine(part.ref.snapshot)}`;
}

/** Mirrors all instances of a group, as their own menu does it. */
export const mirrorGroup: Handler = async (services, selection) => {
  const group = await chooseGroup(services, selection, vscode.l10n.t('Mirror Group'));
  const members = group && instancesOf(services, group);
  if (!members) return;
  tellVolumes(members.volumes);
  await mirrorInstance(services, { ...selection, instances: members.instances.map(({ ref }) => ref) });
};

function tellVolumes(names: string): void {
  if (names === '') return;
  void vscode.window.showInformationMessage(
    vscode.l10n.t('Volumes are not mirrored, so the snapshot server has nothing of {0}.', names),
  );
}

/** Tries out the mirrors of all instances of a group, at the same time and without their networks. */
export const drillGroup: Handler = async (services, selection) => {
  const group = await chooseGroup(services, selection, vscode.l10n.t('Recovery Drill of Group'));
  const members = group && instancesOf(services, group);
  if (!members) return;
  tellVolumes(members.volumes);
  const pairs = members.instances.map((member) => ({ member, mirror: mirrorOf(services, member) }));
  const title = vscode.l10n.t('Recovery Drill of {0}', oneLine(group.name));
  const without = pairs.filter(({ mirror }) => !mirror).map(({ member }) => memberName(member.ref));
  if (without.length > 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Members without a mirror that is known: {0}. Mirror the group first.', without.join(', ')),
    );
    return;
  }
  const command = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t(
      'Copies of the newest mirrored snapshots are started without network, this command is run in each, and the copies are removed. Empty: they only have to answer.',
    ),
    placeHolder: vscode.l10n.t('e.g. systemctl is-system-running --wait'),
    ignoreFocusOut: true,
  });
  if (command === undefined) return;
  const limit = pLimit(DRILLS);
  const results = await cancellable(title, (signal, progress) =>
    limit.map(pairs, async ({ member, mirror }): Promise<Result> => {
      const name = memberName(member.ref);
      try {
        if (mirror) await drillOne(services, mirror, command.trim(), signal);
        return { name };
      } catch (error) {
        return { name, error: toIncusError(error) };
      } finally {
        progress.report({ message: name, increment: 100 / pairs.length });
      }
    }),
  );
  await reportResults(services.log, results, {
    all: vscode.l10n.t('Recovery drill of {0} passed: {1}.', oneLine(group.name), memberCount(results.length)),
    some: (good, all) => vscode.l10n.t('Recovery drill passed by {0} of {1} members.', good, all),
  });
};

/** Drills side by side: each starts an instance on the snapshot server. */
const DRILLS = 4;

/** @throws IncusError where it did not pass */
async function drillOne(services: Services, mirror: Instance, command: string, signal: AbortSignal): Promise<void> {
  const { result, failed } = await services.drills.run(mirror.ref, command, signal, () => undefined);
  await services.drillHistory.keep(mirror.ref, result);
  if (!failed) return;
  const said = vscode.l10n.t('the command ended with exit code {0}', failed.exitCode ?? '?');
  throw failed.error ?? new IncusError('other', { text: said });
}

function mirrorOf({ inventory }: Services, { ref }: Instance): Instance | undefined {
  const fingerprint = inventory.server(ref.remote)?.fingerprint;
  if (fingerprint === undefined) return undefined;
  return inventory.remotes
    .flatMap(({ remote }) => inventory.instances(remote.name))
    .find(({ instance }) => isMirrorOf(instance, { ...ref, fingerprint }))?.instance;
}

/** The set that is selected and still there; without a selection the user picks a group, then of its sets. */
async function chooseSet(
  services: Services,
  selection: Selection,
  title: string,
): Promise<{ group: Group; set: SnapshotSet } | undefined> {
  const group = await chooseGroup(services, selection, title);
  if (!group) return undefined;
  const [selected] = selection.sets;
  if (selected) {
    const set = services.groups.set(group, selected.set);
    if (!set) throw new IncusError('snapshotMissing', { text: selected.set });
    return { group, set };
  }
  const now = new Date();
  const choices = services.groups.sets(group).map((set) => ({
    label: oneLine(set.name),
    description: relativeTime(set.createdAt, now),
    detail: stateWords(set),
    set,
  }));
  if (choices.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('The members of {0} have no common snapshots.', oneLine(group.name)),
    );
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(choices, { title, placeHolder: vscode.l10n.t('Which set?') });
  return picked && { group, set: picked.set };
}
