import * as vscode from 'vscode';
import { toIncusError } from '../../core/incus/errors.ts';
import { DEFAULT_PROJECT, type Snapshot, type SnapshotServerPair } from '../../core/model.ts';
import { proposeInstanceName } from '../../core/policy/names.ts';
import { oneLine } from '../tree/items.ts';
import { instanceNode } from '../tree/nodes.ts';
import { askInstanceName } from './ask.ts';
import { chooseSnapshot, placeOf } from './choose.ts';
import { cancellable, done } from './report.ts';
import type { Handler, Services } from './services.ts';

/** Where copies of snapshots go: a remote, and what the settings say of the way there. */
export type Way = Pick<SnapshotServerPair, 'to' | 'mode' | 'targetProject' | 'targetPool'>;

/** Copies one snapshot to another server, as an instance of its own. */
export const copySnapshotToServer: Handler = async (services, selection) => {
  await services.loaded();
  const title = vscode.l10n.t('Copy Snapshot to Server');
  const snapshot = await chooseSnapshot(services, selection, title);
  if (!snapshot) return;
  const [remote] = selection.remotes;
  const way = remote === undefined ? await chooseWay(services, snapshot, title) : wayTo(services, snapshot, remote);
  if (way) await copyTo(services, snapshot, way);
};

/** Something that is on a remote. */
interface Copied {
  readonly ref: { readonly remote: string };
}

/** What the settings say of the way to a remote; by themselves, a copy goes as Incus does it. */
function wayTo({ board }: Services, { ref }: Copied, remote: string): Way {
  const pair = board.pairs.find(({ from, to }) => from === ref.remote && to === remote);
  return pair ?? { to: remote, mode: 'pull' };
}

/** Asks for the server where there are several; snapshot servers first. */
export async function chooseWay(services: Services, snapshot: Copied, title: string): Promise<Way | undefined> {
  const { inventory, board } = services;
  const ready = inventory.remotes.flatMap(({ remote, state }) => (state.kind === 'ready' ? [remote.name] : []));
  const others = ready.filter((name) => name !== snapshot.ref.remote);
  const isPaired = (name: string) => board.pairs.some(({ from, to }) => from === snapshot.ref.remote && to === name);
  const names = [...others.filter(isPaired), ...others.filter((name) => !isPaired(name))];
  const [only] = names;
  if (only === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no other server that answers.'));
    return undefined;
  }
  if (names.length === 1) return wayTo(services, snapshot, only);
  const items = names.map((name) => ({
    label: oneLine(name),
    description: isPaired(name) ? vscode.l10n.t('snapshot server') : '',
    name,
  }));
  const picked = await vscode.window.showQuickPick(items, { title, placeHolder: vscode.l10n.t('To which server?') });
  return picked && wayTo(services, snapshot, picked.name);
}

async function copyTo(services: Services, snapshot: Snapshot, way: Way): Promise<void> {
  const { ref } = snapshot;
  const at = { remote: way.to, project: way.targetProject ?? projectThere(services, way.to, ref.project) };
  const taken = services.inventory.instances(at.remote, at.project).map(({ instance }) => instance.ref.instance);
  const title = vscode.l10n.t('Copy {0} to {1}', `${ref.instance}/${oneLine(ref.snapshot)}`, placeOf(at));
  let name: string | undefined = ref.instance;
  if (taken.includes(name)) {
    name = await askTaken(services, snapshot, way, title, taken);
  } else {
    name = await askInstanceName({ title, value: name, taken });
  }
  if (name === undefined) return;
  const to = { ...at, instance: name };
  try {
    await cancellable(title, (signal, progress) =>
      services.serverCopies.run(
        { seen: snapshot, to, mode: way.mode, ...(way.targetPool !== undefined && { pool: way.targetPool }) },
        signal,
        (sent) => {
          progress.report({ message: sent });
        },
      ),
    );
  } catch (error) {
    // Somebody else took the name since.
    if (toIncusError(error).kind !== 'exists') throw error;
    const again = await askTaken(services, snapshot, way, title, [...taken, name]);
    if (again !== undefined) await copyTo(services, snapshot, way);
    return;
  }
  done(vscode.l10n.t('Copied to {0} as {1}. It is stopped, and starts only when you start it.', placeOf(at), name));
  await services.reveal(instanceNode(to));
}

/** A project of that name there, else the default one. */
export function projectThere({ inventory }: Services, remote: string, project: string): string {
  const state = inventory.remote(remote)?.state;
  return state?.kind === 'ready' && !state.projects.includes(project) ? DEFAULT_PROJECT : project;
}

/** @returns another name; `undefined`: the user left, or mirrors instead */
async function askTaken(
  services: Services,
  { ref }: Snapshot,
  way: Way,
  title: string,
  taken: readonly string[],
): Promise<string | undefined> {
  const isPair = services.board.pairs.some(({ from, to }) => from === ref.remote && to === way.to);
  const mirror = {
    label: vscode.l10n.t('Mirror {0} instead', ref.instance),
    detail: vscode.l10n.t('Brings all its snapshots to what is there; shows first what that would cost.'),
  };
  const other = {
    label: vscode.l10n.t('Another name'),
    detail: vscode.l10n.t('Makes an instance of its own beside it.'),
  };
  const placeHolder = vscode.l10n.t('{0} is there already.', ref.instance);
  const answer = await vscode.window.showQuickPick([...(isPair ? [mirror] : []), other], { title, placeHolder });
  if (answer === mirror) {
    const { remote, project, instance } = ref;
    await vscode.commands.executeCommand('incusSnapshots.mirrorInstance', instanceNode({ remote, project, instance }));
  }
  if (answer !== other) return undefined;
  return askInstanceName({ title, value: proposeInstanceName(ref.instance, ref.snapshot, taken), taken });
}
