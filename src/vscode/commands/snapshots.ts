import * as vscode from 'vscode';
import type { NewSnapshot } from '../../core/incus/commands.ts';
import { queueKey, requireUsable } from '../../core/actions/actions.ts';
import type { Instance, Snapshot } from '../../core/model.ts';
import { canSnapshotStatefully } from '../../core/policy/lifecycle.ts';
import { proposeInstanceName, proposeSnapshotName } from '../../core/policy/names.ts';
import { oneLine } from '../tree/items.ts';
import { instanceNode, snapshotNode } from '../tree/nodes.ts';
import { exactTime } from '../tree/wording.ts';
import { askExpiry, askInstanceName, askSnapshotName, type ExpiryChoice } from './ask.ts';
import { chooseInstances, chooseSnapshot, chooseSnapshots, placeOf, takenNames } from './choose.ts';
import { cancellable, done, each, inView, reportResults } from './report.ts';
import type { Handler, Services } from './services.ts';

/** Makes a snapshot of one or several instances. */
export const createSnapshot: Handler = async (services, selection) => {
  const instances = await chooseInstances(services, selection, { title: vscode.l10n.t('Create Snapshot'), many: true });
  if (!instances) return;
  const wish = await askSnapshot(services, instances);
  if (!wish) return;
  const [only, ...others] = instances;
  if (only && others.length === 0) await createOne(services, only, wish);
  else await createMany(services, instances, wish);
};

async function askSnapshot(services: Services, instances: readonly Instance[]): Promise<NewSnapshot | undefined> {
  const [first] = instances;
  if (!first) return undefined;
  const several = instances.length > 1;
  const title = several
    ? vscode.l10n.t('Create Snapshot of {0} Instances', instances.length)
    : vscode.l10n.t('Create Snapshot of {0}', first.ref.instance);
  const taken = takenNames(
    services,
    instances.map(({ ref }) => ref),
  );
  const pattern = several ? undefined : first.expandedConfig['snapshots.pattern'];
  const name = await askSnapshotName({
    title,
    value: proposeSnapshotName(several ? 'snapshot' : first.ref.instance, taken),
    taken,
    emptyMeans:
      pattern === undefined
        ? vscode.l10n.t('Name of the snapshot. Empty: the server names it.')
        : vscode.l10n.t('Name of the snapshot. Empty: the server names it by its pattern {0}.', pattern),
  });
  if (name === undefined) return undefined;
  const expiry = await askExpiry({ title, emptyMeans: { choice: 'asSet', words: expiryInForce(services, instances) } });
  if (expiry === undefined) return undefined;
  const stateful = await askStateful(title, instances);
  if (stateful === undefined) return undefined;
  return { ...(name !== '' && { name }), ...expiryWish(expiry), ...(stateful && { stateful }) };
}

/** What a chosen expiry comes to. */
export function expiryWish(expiry: ExpiryChoice): Pick<NewSnapshot, 'expiresAt'> {
  return expiry === 'asSet' ? {} : { expiresAt: expiry };
}

/** What becomes of a snapshot that is made without an expiry: users lost snapshots that expired unasked. */
export function expiryInForce(services: Services, instances: readonly Instance[]): string {
  const values = new Set(
    instances.map(({ ref, expandedConfig }) => {
      const manual = services.inventory.server(ref.remote)?.extensions.has('snapshot_manual_expiry');
      const own = manual ? expandedConfig['snapshots.expiry.manual'] : undefined;
      return own ?? expandedConfig['snapshots.expiry'] ?? '';
    }),
  );
  const [value] = values;
  if (values.size > 1) return vscode.l10n.t('When does it expire? Empty: as the settings of each instance say.');
  return value === undefined || value === ''
    ? vscode.l10n.t('When does it expire? Empty: never.')
    : vscode.l10n.t('When does it expire? Empty: after {0}, as the settings of the instance say.', value);
}

/** Asked only where the memory can be saved. */
async function askStateful(title: string, instances: readonly Instance[]): Promise<boolean | undefined> {
  if (!instances.every(canSnapshotStatefully)) return false;
  const without = {
    label: vscode.l10n.t('Disk only'),
    detail: vscode.l10n.t('Quick; after a restore the instance starts afresh.'),
  };
  const withMemory = {
    label: vscode.l10n.t('Disk and memory (stateful)'),
    detail: vscode.l10n.t('Slower; a restore resumes what was running.'),
  };
  const answer = await vscode.window.showQuickPick([without, withMemory], { title, ignoreFocusOut: true });
  return answer && answer === withMemory;
}

async function createOne(services: Services, { ref }: Instance, wish: NewSnapshot): Promise<void> {
  const work = (signal?: AbortSignal) => services.actions.createSnapshot(ref, wish, signal);
  const title = vscode.l10n.t('Creating a snapshot of {0}', ref.instance);
  const snapshot = await (services.queue.isBusy(queueKey(services.inventory, ref))
    ? cancellable(title, work)
    : inView(() => work()));
  done(vscode.l10n.t('Snapshot {0} of {1} created.', oneLine(snapshot.ref.snapshot), ref.instance));
  await services.reveal(snapshotNode(snapshot.ref));
}

async function createMany(services: Services, instances: readonly Instance[], wish: NewSnapshot): Promise<void> {
  const results = await cancellable(vscode.l10n.t('Creating snapshots'), (signal, progress) =>
    each(
      instances,
      ({ ref }) => ref.instance,
      ({ ref }) => services.actions.createSnapshot(ref, wish, signal),
      ({ name }) => {
        progress.report({ message: name, increment: 100 / instances.length });
      },
    ),
  );
  await reportResults(services.log, results, {
    all: vscode.l10n.t('{0} snapshots created.', results.length),
    some: (good, all) => vscode.l10n.t('{0} of {1} snapshots created.', good, all),
  });
}

export const renameSnapshot: Handler = async (services, selection) => {
  const snapshot = await chooseSnapshot(services, selection, vscode.l10n.t('Rename Snapshot'));
  if (!snapshot) return;
  requireUsable(snapshot.ref, 'rename');
  const old = oneLine(snapshot.ref.snapshot);
  const name = await askSnapshotName({
    title: vscode.l10n.t('Rename Snapshot {0} of {1}', old, snapshot.ref.instance),
    value: snapshot.ref.snapshot,
    taken: takenNames(services, [snapshot.ref]).filter((taken) => taken !== snapshot.ref.snapshot),
  });
  if (name === undefined || name === snapshot.ref.snapshot) return;
  const renamed = await inView(() => services.actions.renameSnapshot(snapshot, name));
  done(vscode.l10n.t('Snapshot {0} is now called {1}.', old, name));
  await services.reveal(snapshotNode(renamed.ref));
};

export const setSnapshotExpiry: Handler = async (services, selection) => {
  const snapshots = await chooseSnapshots(services, selection, {
    title: vscode.l10n.t('Set Snapshot Expiry'),
    many: true,
  });
  const [first] = snapshots ?? [];
  if (!snapshots || !first) return;
  for (const { ref } of snapshots) requireUsable(ref, 'setExpiry');
  const title =
    snapshots.length === 1
      ? vscode.l10n.t('Expiry of {0}', oneLine(first.ref.snapshot))
      : vscode.l10n.t('Expiry of {0} Snapshots', snapshots.length);
  const today = first.expiresAt
    ? vscode.l10n.t('It expires {0}.', exactTime(first.expiresAt))
    : vscode.l10n.t('It never expires.');
  const words = snapshots.length === 1 ? `${today} ${vscode.l10n.t('Empty: never.')}` : vscode.l10n.t('Empty: never.');
  const expiry = await askExpiry({ title, emptyMeans: { choice: 'never', words } });
  if (expiry === undefined || expiry === 'asSet') return;
  const results = await inView(() => each(snapshots, nameOf, (s) => services.actions.setSnapshotExpiry(s, expiry)));
  await reportResults(services.log, results, {
    all: expiry === 'never' ? vscode.l10n.t('Never expires.') : vscode.l10n.t('Expires {0}.', exactTime(expiry)),
    some: (good, all) => vscode.l10n.t('Expiry of {0} of {1} snapshots set.', good, all),
  });
};

/** Names that a dialog lists before it only counts the rest: a longer one leaves the screen. */
const LISTED = 20;

/** Snapshots with their places, as a dialog lists them. */
export function listed(snapshots: readonly Snapshot[]): string[] {
  const lines = snapshots.slice(0, LISTED).map((s) => `${placeOf(s.ref)}: ${nameOf(s)}`);
  return snapshots.length > LISTED ? [...lines, vscode.l10n.t('and {0} more', snapshots.length - LISTED)] : lines;
}

export const deleteSnapshot: Handler = async (services, selection) => {
  const snapshots = await chooseSnapshots(services, selection, { title: vscode.l10n.t('Delete Snapshot'), many: true });
  const [first] = snapshots ?? [];
  if (!snapshots || !first) return;
  for (const { ref } of snapshots) requireUsable(ref, 'deleteByPath');
  const remove = vscode.l10n.t('Delete');
  const question =
    snapshots.length === 1
      ? vscode.l10n.t('Delete the snapshot {0} of {1}?', oneLine(first.ref.snapshot), first.ref.instance)
      : vscode.l10n.t('Delete {0} snapshots?', snapshots.length);
  const detail = [
    ...listed(snapshots),
    '',
    vscode.l10n.t('They cannot be brought back. The instances stay as they are.'),
  ].join('\n');
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove) return;
  const work = (signal?: AbortSignal) => each(snapshots, nameOf, (s) => services.actions.deleteSnapshot(s, signal));
  const results = await (snapshots.length === 1
    ? inView(() => work())
    : cancellable(vscode.l10n.t('Deleting {0} snapshots', snapshots.length), work));
  await reportResults(services.log, results, {
    all:
      snapshots.length === 1
        ? vscode.l10n.t('Snapshot {0} deleted.', nameOf(first))
        : vscode.l10n.t('{0} snapshots deleted.', snapshots.length),
    some: (good, all) => vscode.l10n.t('{0} of {1} snapshots deleted.', good, all),
  });
};

export const createInstanceFromSnapshot: Handler = async (services, selection) => {
  const snapshot = await chooseSnapshot(services, selection, vscode.l10n.t('Create Instance from Snapshot'));
  if (!snapshot) return;
  requireUsable(snapshot.ref, 'copy');
  const { remote, project } = snapshot.ref;
  const taken = services.inventory.instances(remote, project).map(({ instance }) => instance.ref.instance);
  const name = await askInstanceName({
    title: vscode.l10n.t('Create Instance from {0}', nameOf(snapshot)),
    value: proposeInstanceName(snapshot.ref.instance, snapshot.ref.snapshot, taken),
    taken,
  });
  if (name === undefined) return;
  // Incus lets nobody cancel such a copy: a button that promised it would lie.
  const instance = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Creating {0} from {1}', name, nameOf(snapshot)),
    },
    () => services.actions.createInstance(snapshot, name),
  );
  done(vscode.l10n.t('Instance {0} created. It is stopped.', name));
  await services.reveal(instanceNode(instance.ref));
};

function nameOf({ ref }: Snapshot): string {
  return `${ref.instance}/${oneLine(ref.snapshot)}`;
}
