import * as vscode from 'vscode';
import { toIncusError } from '../../core/incus/errors.ts';
import { type Config, type Instance, type InstanceRef, keyOf, type Snapshot } from '../../core/model.ts';
import { mirrorSourceOf } from '../../core/policy/mirror/mirrorKeys.ts';
import { pinSettings, retentionOf, retentionSettings, strayPins } from '../../core/policy/retention/pins.ts';
import { isToGo } from '../../core/policy/retention/prune.ts';
import { NO_RETENTION, parseRetention, type Retention, retentionText } from '../../core/policy/retention/retention.ts';
import { tierSettings } from '../../core/policy/retention/tiers.ts';
import { pruneInput, type PruneOrder } from '../prune/prunes.ts';
import { oneLine } from '../tree/items.ts';
import { automatePruningOf } from './automatePruning.ts';
import { chooseInstances, chooseSnapshots, placeOf } from './choose.ts';
import { cancellable, each, inView, reportResults, showFailure } from './report.ts';
import type { Handler, Services } from './services.ts';
import { listed } from './snapshots.ts';

/** Shows what rules would keep and delete; nothing is deleted before the user has seen that and said so. */
export const pruneSnapshots: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Prune Snapshots');
  const instances = await chooseInstances(services, selection, { title, many: true });
  if (instances) openPrune(services, instances);
};

function openPrune(services: Services, instances: readonly Instance[]): void {
  const set = new Set(instances.map((instance) => retentionText(retentionOf(instance) ?? NO_RETENTION)));
  const [own = ''] = set.size === 1 ? set : [];
  const shown = (work: () => Promise<void>) =>
    work().catch((error: unknown) => showFailure(services.log, undefined, toIncusError(error)));
  services.prunes.show(
    instances.map(({ ref }) => ref),
    parseRetention(own) ?? NO_RETENTION,
    {
      prune: (order, onBegin) => shown(() => prune(services, order, onBegin)),
      pin: (snapshots, pinned) => shown(() => pin(services, snapshots, pinned)),
    },
  );
}

async function prune(services: Services, { rules, snapshots }: PruneOrder, onBegin: () => void): Promise<void> {
  const remove = vscode.l10n.t('Delete');
  const instances = new Set(
    snapshots.map(({ ref: { remote, project, instance } }) => keyOf({ remote, project, instance })),
  );
  const question = pruneQuestion(snapshots, instances.size);
  const detail = [
    ...listed(snapshots),
    '',
    vscode.l10n.t('They cannot be brought back. The instances stay as they are.'),
  ].join('\n');
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove) return;
  onBegin();
  const mayGo = (snapshot: Snapshot) => (instance: Instance) =>
    isToGo(pruneInput(services.inventory, instance, rules), snapshot);
  const results = await cancellable(vscode.l10n.t('Deleting {0} snapshots', snapshots.length), (signal, progress) =>
    each(
      snapshots,
      nameOf,
      (snapshot) => services.actions.deleteSnapshot(snapshot, signal, mayGo(snapshot)),
      ({ name }) => {
        progress.report({ message: name, increment: 100 / snapshots.length });
      },
    ),
  );
  await reportResults(services.log, results, {
    all: vscode.l10n.t('{0} snapshots deleted.', results.length),
    some: (good, all) => vscode.l10n.t('{0} of {1} snapshots deleted.', good, all),
  });
}

function pruneQuestion(snapshots: readonly Snapshot[], instances: number): string {
  const [first] = snapshots;
  if (!first || instances > 1) {
    return vscode.l10n.t('Delete {0} snapshots of {1} instances?', snapshots.length, instances);
  }
  const { instance, snapshot } = first.ref;
  return snapshots.length === 1
    ? vscode.l10n.t('Delete the snapshot {0} of {1}?', oneLine(snapshot), instance)
    : vscode.l10n.t('Delete {0} snapshots of {1}?', snapshots.length, instance);
}

export const pinSnapshot: Handler = (services, selection) =>
  choosePins(services, selection, vscode.l10n.t('Pin Snapshot'), true);

export const unpinSnapshot: Handler = (services, selection) =>
  choosePins(services, selection, vscode.l10n.t('Unpin Snapshot'), false);

async function choosePins(services: Services, selection: Parameters<Handler>[1], title: string, pinned: boolean) {
  const snapshots = await chooseSnapshots(services, selection, { title, many: true });
  if (snapshots) await pin(services, snapshots, pinned);
}

/** A pinned snapshot does not expire either: Incus would delete it, pin or no pin. */
async function pin(services: Services, snapshots: readonly Snapshot[], pinned: boolean): Promise<void> {
  const { actions, inventory, log } = services;
  const expiring = pinned ? snapshots.filter(({ expiresAt }) => expiresAt !== undefined) : [];
  const byInstance = new Map<string, Snapshot[]>();
  for (const snapshot of snapshots) {
    const { remote, project, instance } = snapshot.ref;
    const key = keyOf({ remote, project, instance });
    byInstance.set(key, [...(byInstance.get(key) ?? []), snapshot]);
  }
  const pinAll = async (some: readonly Snapshot[]) => {
    for (const one of some) if (expiring.includes(one)) await actions.setSnapshotExpiry(one, 'never');
    const [first] = some;
    if (!first) return;
    const known = inventory.instance(first.ref)?.instance;
    await actions.configure(instanceOf(first), { ...(known && strayPins(known)), ...pinSettings(some, pinned) });
  };
  const groups = [...byInstance.values()];
  const results = await inView(() => each(groups, (some) => some.map(nameOf).join(', '), pinAll));
  const all = !pinned
    ? vscode.l10n.t('{0} unpinned.', snapshots.map(nameOf).join(', '))
    : expiring.length > 0
      ? vscode.l10n.t('{0} pinned. What would have expired stays.', snapshots.map(nameOf).join(', '))
      : vscode.l10n.t('{0} pinned.', snapshots.map(nameOf).join(', '));
  await reportResults(log, results, {
    all,
    some: (good, count) => vscode.l10n.t('{0} of {1} instances done.', good, count),
  });
}

interface Tiers extends vscode.QuickPickItem {
  readonly rules: Retention | 'own';
}

/** Several schedules in one: sets a frequent schedule, and the rules by which what it makes is thinned out. */
export const setTiers: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Set Snapshot Tiers');
  const chosen = await chooseInstances(services, selection, { title, many: true });
  if (!chosen) return;
  const instances = chosen.filter((instance) => !mirrorSourceOf(instance));
  if (instances.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('A mirror gets its snapshots from its original: set the tiers there.'),
    );
    return;
  }
  const choice = await vscode.window.showQuickPick(tierChoices(instances), {
    title,
    placeHolder: vscode.l10n.t('How long is how much kept?'),
  });
  const rules = choice?.rules === 'own' ? await askRules(title, instances) : choice?.rules;
  if (!rules) return;
  const settings = retentionText(rules) === '' ? retentionSettings(NO_RETENTION) : tierSettings(rules);
  const set = vscode.l10n.t('Set');
  const setAndPrune = vscode.l10n.t('Set, and Look What Could Go…');
  const question =
    instances.length === 1
      ? vscode.l10n.t('Set the snapshot tiers of {0}?', instances[0]?.ref.instance ?? '')
      : vscode.l10n.t('Set the snapshot tiers of {0} instances?', instances.length);
  const detail = [
    ...instances.slice(0, 10).map(({ ref }) => `${placeOf(ref)}: ${ref.instance}`),
    ...(instances.length > 10 ? [vscode.l10n.t('and {0} more', instances.length - 10)] : []),
    '',
    ...Object.entries(settings).map(([key, value]) => settingWords(instances, key, value)),
    '',
    vscode.l10n.t(
      'Incus makes the snapshots and deletes what has expired; what lies between the tiers goes when you prune.',
    ),
  ].join('\n');
  const setAndAutomate = vscode.l10n.t('Set, and Prune by Itself…');
  const further = retentionText(rules) === '' ? [] : [setAndPrune, setAndAutomate];
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail }, set, ...further);
  if (answer === undefined) return;
  await configureAll(services, instances, settings);
  if (answer === setAndPrune) openPrune(services, current(services, instances));
  if (answer === setAndAutomate) {
    await automatePruningOf(
      services,
      instances.map(({ ref }) => ref),
    );
  }
};

function settingWords(instances: readonly Instance[], key: string, value: string): string {
  const before = [...new Set(instances.map(({ expandedConfig }) => expandedConfig[key] ?? ''))];
  const was = before.map((one) => (one === '' ? vscode.l10n.t('not set') : oneLine(one))).join(', ');
  return value === ''
    ? vscode.l10n.t('{0}: will be removed (today: {1})', key, was)
    : vscode.l10n.t('{0}: {1} (today: {2})', key, value, was);
}

async function configureAll(services: Services, instances: readonly Instance[], settings: Config): Promise<void> {
  const nameOfInstance = ({ ref }: Instance) => ref.instance;
  const results = await inView(() =>
    each(instances, nameOfInstance, ({ ref }) => services.actions.configure(ref, settings)),
  );
  await reportResults(services.log, results, {
    all: vscode.l10n.t('Snapshot tiers set.'),
    some: (good, all) => vscode.l10n.t('{0} of {1} instances done.', good, all),
  });
}

function current(services: Services, instances: readonly Instance[]): Instance[] {
  return instances.map((instance) => services.inventory.instance(instance.ref)?.instance ?? instance);
}

function tierChoices(instances: readonly Instance[]): Tiers[] {
  const choice = (label: string, rules: Partial<Retention>): Tiers => {
    const all = { ...NO_RETENTION, ...rules };
    return { label, description: retentionText(all), rules: all };
  };
  const hasTiers = instances.some((instance) => retentionOf(instance) !== undefined);
  return [
    choice(vscode.l10n.t('Hourly for a day, daily for a month'), { hourly: 24, daily: 30 }),
    choice(vscode.l10n.t('Hourly for two days, daily for two weeks, weekly for two months, monthly for a year'), {
      hourly: 48,
      daily: 14,
      weekly: 8,
      monthly: 12,
    }),
    choice(vscode.l10n.t('Daily for a month, monthly for a year'), { daily: 30, monthly: 12 }),
    { label: vscode.l10n.t('Own rules…'), rules: 'own' },
    ...(hasTiers
      ? [
          {
            label: vscode.l10n.t('No tiers'),
            detail: vscode.l10n.t('Takes the rules away; schedule and expiry stay as they are.'),
            rules: NO_RETENTION,
          },
        ]
      : []),
  ];
}

async function askRules(title: string, instances: readonly Instance[]): Promise<Retention | undefined> {
  const [first] = instances;
  const text = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t(
      'How many to keep, e.g. hourly=24 daily=30. Rules: last, hourly, daily, weekly, monthly, yearly',
    ),
    value: retentionText((first && retentionOf(first)) ?? { ...NO_RETENTION, hourly: 24, daily: 30 }),
    ignoreFocusOut: true,
    validateInput: (value) =>
      parseRetention(value) ? undefined : vscode.l10n.t('Write rules as name=number with a blank between, each once.'),
  });
  return text === undefined ? undefined : parseRetention(text);
}

function instanceOf({ ref: { remote, project, instance } }: Snapshot): InstanceRef {
  return { remote, project, instance };
}

function nameOf({ ref }: Snapshot): string {
  return `${ref.instance}/${oneLine(ref.snapshot)}`;
}
