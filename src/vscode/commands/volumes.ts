import * as vscode from 'vscode';
import type { NewSnapshot } from '../../core/incus/commands.ts';
import type { Volume, VolumeRef, VolumeSnapshot } from '../../core/model.ts';
import { proposeSnapshotName, proposeVolumeName } from '../../core/policy/names.ts';
import { oneLine } from '../tree/items.ts';
import { exactTime } from '../tree/wording.ts';
import { askExpiry, askSnapshotName, askVolumeName } from './ask.ts';
import { placeOf } from './choose.ts';
import { chooseVolumes, chooseVolumeSnapshots, placeOfVolume } from './chooseVolume.ts';
import { cancellable, done, each, inView, reportResults } from './report.ts';
import { chooseWay, projectThere } from './serverCopy.ts';
import type { Handler, Services } from './services.ts';

/** Names that a dialog lists before it only counts the rest. */
const LISTED = 20;

const nameOfVolume = ({ ref }: Volume) => oneLine(ref.volume);
const nameOf = ({ ref }: VolumeSnapshot) => `${oneLine(ref.volume)}/${oneLine(ref.snapshot)}`;

/** Makes a snapshot of one or several volumes. */
export const createVolumeSnapshot: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Create Volume Snapshot');
  const volumes = await chooseVolumes(services, selection, { title, many: true });
  if (!volumes) return;
  const wish = await askSnapshot(volumes);
  if (!wish) return;
  const work = (signal?: AbortSignal) =>
    each(volumes, nameOfVolume, ({ ref }) => services.volumeActions.createSnapshot(ref, wish, signal));
  const results = await (volumes.length === 1
    ? inView(() => work(), 'volumes')
    : cancellable(vscode.l10n.t('Creating snapshots'), work));
  await reportResults(services.log, results, {
    all:
      volumes.length === 1
        ? vscode.l10n.t('Snapshot of {0} created.', results[0]?.name ?? '')
        : vscode.l10n.t('{0} snapshots created.', results.length),
    some: (good, all) => vscode.l10n.t('{0} of {1} snapshots created.', good, all),
  });
};

async function askSnapshot(volumes: readonly Volume[]): Promise<Omit<NewSnapshot, 'stateful'> | undefined> {
  const [first] = volumes;
  if (!first) return undefined;
  const several = volumes.length > 1;
  const title = several
    ? vscode.l10n.t('Create Snapshot of {0} Volumes', volumes.length)
    : vscode.l10n.t('Create Snapshot of {0}', nameOfVolume(first));
  const taken = volumes.flatMap(({ snapshots }) => snapshots.map(({ ref }) => ref.snapshot));
  const pattern = several ? undefined : first.config['snapshots.pattern'];
  const name = await askSnapshotName({
    title,
    value: proposeSnapshotName(several ? 'snapshot' : first.ref.volume, taken),
    taken,
    emptyMeans:
      pattern === undefined
        ? vscode.l10n.t('Name of the snapshot. Empty: the server names it.')
        : vscode.l10n.t('Name of the snapshot. Empty: the server names it by its pattern {0}.', pattern),
  });
  if (name === undefined) return undefined;
  const expiry = await askExpiry({ title, emptyMeans: { choice: 'asSet', words: expiryInForce(volumes) } });
  if (expiry === undefined) return undefined;
  return { ...(name !== '' && { name }), ...(expiry !== 'asSet' && { expiresAt: expiry }) };
}

function expiryInForce(volumes: readonly Volume[]): string {
  const [value, ...others] = new Set(volumes.map(({ config }) => config['snapshots.expiry'] ?? ''));
  if (others.length > 0) return vscode.l10n.t('When does it expire? Empty: as the settings of each volume say.');
  return value === undefined || value === ''
    ? vscode.l10n.t('When does it expire? Empty: never.')
    : vscode.l10n.t('When does it expire? Empty: after {0}, as the settings of the volume say.', value);
}

export const renameVolumeSnapshot: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Rename Volume Snapshot');
  const [snapshot] = (await chooseVolumeSnapshots(services, selection, { title })) ?? [];
  if (!snapshot) return;
  const old = snapshot.ref.snapshot;
  const siblings = services.volumes.volume(snapshot.ref)?.snapshots ?? [];
  const name = await askSnapshotName({
    title: vscode.l10n.t('Rename Snapshot {0} of {1}', oneLine(old), oneLine(snapshot.ref.volume)),
    value: old,
    taken: siblings.map(({ ref }) => ref.snapshot).filter((taken) => taken !== old),
  });
  if (name === undefined || name === old) return;
  await inView(() => services.volumeActions.renameSnapshot(snapshot, name), 'volumes');
  done(vscode.l10n.t('Snapshot {0} is now called {1}.', oneLine(old), name));
};

export const setVolumeSnapshotExpiry: Handler = async (services, selection) => {
  const snapshots = await chooseVolumeSnapshots(services, selection, {
    title: vscode.l10n.t('Set Volume Snapshot Expiry'),
    many: true,
  });
  const [first] = snapshots ?? [];
  if (!snapshots || !first) return;
  const title =
    snapshots.length === 1
      ? vscode.l10n.t('Expiry of {0}', oneLine(first.ref.snapshot))
      : vscode.l10n.t('Expiry of {0} Snapshots', snapshots.length);
  const today = snapshots.length === 1 ? expiryToday(first) : '';
  const words = [today, vscode.l10n.t('Empty: never.')].filter(Boolean).join(' ');
  const expiry = await askExpiry({ title, emptyMeans: { choice: 'never', words } });
  if (expiry === undefined || expiry === 'asSet') return;
  const results = await inView(
    () => each(snapshots, nameOf, (snapshot) => services.volumeActions.setSnapshotExpiry(snapshot, expiry)),
    'volumes',
  );
  await reportResults(services.log, results, {
    all: expiry === 'never' ? vscode.l10n.t('Never expires.') : vscode.l10n.t('Expires {0}.', exactTime(expiry)),
    some: (good, all) => vscode.l10n.t('Expiry of {0} of {1} snapshots set.', good, all),
  });
};

/** Nothing is said where it is not known. */
function expiryToday({ expiresAt }: VolumeSnapshot): string {
  if (expiresAt === undefined) return '';
  return expiresAt === 'never'
    ? vscode.l10n.t('It never expires.')
    : vscode.l10n.t('It expires {0}.', exactTime(expiresAt));
}

export const deleteVolumeSnapshot: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Delete Volume Snapshot');
  const snapshots = await chooseVolumeSnapshots(services, selection, { title, many: true });
  const [first] = snapshots ?? [];
  if (!snapshots || !first) return;
  const remove = vscode.l10n.t('Delete');
  const question =
    snapshots.length === 1
      ? vscode.l10n.t(
          'Delete the snapshot {0} of the volume {1}?',
          oneLine(first.ref.snapshot),
          oneLine(first.ref.volume),
        )
      : vscode.l10n.t('Delete {0} snapshots?', snapshots.length);
  const lines = snapshots.slice(0, LISTED).map((s) => `${placeOfVolume(s.ref)}: ${nameOf(s)}`);
  const more = snapshots.length > LISTED ? [vscode.l10n.t('and {0} more', snapshots.length - LISTED)] : [];
  const detail = [
    ...lines,
    ...more,
    '',
    vscode.l10n.t('They cannot be brought back. The volumes stay as they are.'),
  ].join('\n');
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove) return;
  const work = (signal?: AbortSignal) =>
    each(snapshots, nameOf, (snapshot) => services.volumeActions.deleteSnapshot(snapshot, signal));
  const results = await (snapshots.length === 1
    ? inView(() => work(), 'volumes')
    : cancellable(vscode.l10n.t('Deleting {0} snapshots', snapshots.length), work));
  await reportResults(services.log, results, {
    all:
      snapshots.length === 1
        ? vscode.l10n.t('Snapshot {0} deleted.', nameOf(first))
        : vscode.l10n.t('{0} snapshots deleted.', snapshots.length),
    some: (good, all) => vscode.l10n.t('{0} of {1} snapshots deleted.', good, all),
  });
};

export const createVolumeFromSnapshot: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Create Volume from Snapshot');
  const [snapshot] = (await chooseVolumeSnapshots(services, selection, { title, fits: () => true })) ?? [];
  if (!snapshot) return;
  const { remote, project, pool, location } = snapshot.ref;
  const at = { remote, project, pool, ...(location !== undefined && { location }) };
  await copy(services, snapshot, at, {
    title: vscode.l10n.t('Create Volume from {0}', nameOf(snapshot)),
    propose: (taken) => proposeVolumeName(snapshot.ref.volume, snapshot.ref.snapshot, taken),
    words: (name) => vscode.l10n.t('Volume {0} created.', name),
  });
};

/** Copies one snapshot to another server, as a volume of its own. */
export const copyVolumeSnapshotToServer: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Copy Volume Snapshot to Server');
  const [snapshot] = (await chooseVolumeSnapshots(services, selection, { title, fits: () => true })) ?? [];
  const way = snapshot && (await chooseWay(services, snapshot, title));
  if (!way) return;
  const { to, mode } = way;
  await services.volumes.refreshRemote(to);
  const pool = await choosePool(services, to, way.targetPool ?? snapshot.ref.pool, title);
  if (pool === undefined) return;
  const at = { remote: to, project: way.targetProject ?? projectThere(services, to, snapshot.ref.project), pool };
  await copy(services, snapshot, at, {
    mode,
    title: vscode.l10n.t('Copy {0} to {1}', nameOf(snapshot), placeOf(at)),
    propose: (taken) =>
      taken.includes(snapshot.ref.volume)
        ? proposeVolumeName(snapshot.ref.volume, snapshot.ref.snapshot, taken)
        : snapshot.ref.volume,
    words: (name) => vscode.l10n.t('Copied to {0} as {1}. It has no schedule there.', placeOf(at), name),
  });
};

/** The pool of that name there, else the only one, else the one that the user picks. */
async function choosePool(
  { volumes }: Services,
  remote: string,
  wanted: string,
  title: string,
): Promise<string | undefined> {
  const names = volumes.pools(remote).map(({ pool }) => pool.name);
  if (names.includes(wanted)) return wanted;
  if (names.length <= 1) return names[0];
  return vscode.window.showQuickPick(names, { title, placeHolder: vscode.l10n.t('On which storage pool?') });
}

async function copy(
  services: Services,
  snapshot: VolumeSnapshot,
  at: Omit<VolumeRef, 'volume'>,
  how: {
    readonly mode?: 'pull' | 'push' | 'relay';
    readonly title: string;
    readonly propose: (taken: readonly string[]) => string;
    readonly words: (name: string) => string;
  },
): Promise<void> {
  const taken = services.volumes
    .volumes(at.remote)
    .filter(({ ref }) => ref.pool === at.pool && ref.project === at.project)
    .map(({ ref }) => ref.volume);
  const name = await askVolumeName({ title: how.title, value: how.propose(taken), taken });
  if (name === undefined) return;
  // Nothing is promised about breaking it off: Incus lets nobody cancel such a copy.
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: how.title }, () =>
    services.volumeActions.copySnapshot(snapshot, { ...at, volume: name }, how.mode),
  );
  done(how.words(name));
}
