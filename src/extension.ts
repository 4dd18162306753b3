import * as vscode from 'vscode';
import { createHash, randomBytes } from 'node:crypto';
import { homedir, hostname } from 'node:os';
import { DrillHistory } from './core/actions/drillHistory.ts';
import { Mirrors } from './core/actions/mirror.ts';
import { MirrorHistory } from './core/actions/mirrorHistory.ts';
import { Operations } from './core/actions/operations.ts';
import { KeyedQueue } from './core/actions/queue.ts';
import { ScheduleEdits } from './core/actions/scheduleEdits.ts';
import { Temporaries } from './core/actions/temporary.ts';
import { IncusClient } from './core/incus/client.ts';
import { Runner } from './core/incus/runner.ts';
import { ProxyTransport } from './core/incus/proxyTransport.ts';
import { QueryTransport, type Transport } from './core/incus/transport.ts';
import { Follower } from './core/inventory/follow.ts';
import { Inventory } from './core/inventory/inventory.ts';
import { VolumeInventory } from './core/inventory/volumes.ts';
import { showFailedSnapshot, showLeftover } from './vscode/commands/report.ts';
import { registerCommands } from './vscode/commands/registration.ts';
import { buildGroups } from './vscode/groups/parts.ts';
import { showGroups } from './vscode/groups/view.ts';
import { followContext, followFilter } from './vscode/contextKeys.ts';
import { InfoDocuments } from './vscode/infoDocuments.ts';
import { Kept } from './vscode/kept.ts';
import { Log } from './vscode/log.ts';
import type { Maker } from './core/policy/temporary.ts';
import { MirrorBoard } from './vscode/mirrors/board.ts';
import { MirrorsProvider } from './vscode/mirrors/provider.ts';
import { showMirrors } from './vscode/mirrors/view.ts';
import { isProgramAlive, KeptMirrors, thisProgram } from './vscode/mirrors/store.ts';
import {
  mirrorMaxAge,
  onDidChangeProgram,
  onDidChangeTransport,
  program,
  snapshotServers,
  timeLimits,
  timeZoneOf,
  wantsProxy,
} from './vscode/settings.ts';
import { SetUpDraft } from './vscode/setUpDraft.ts';
import { Prunes } from './vscode/prune/prunes.ts';
import { HealthBoard } from './vscode/schedule/healthBoard.ts';
import { HealthStatus } from './vscode/schedule/healthStatus.ts';
import { ScheduleForms } from './vscode/schedule/forms.ts';
import { Timelines } from './vscode/timeline/timelines.ts';
import { Arrangement } from './vscode/tree/arrangement.ts';
import { DragAndDrop } from './vscode/tree/dragAndDrop.ts';
import type { Node } from './vscode/tree/nodes.ts';
import { InstancesProvider } from './vscode/tree/provider.ts';
import { restorePanels } from './vscode/webview/restore.ts';
import { VolumesProvider } from './vscode/volumes/provider.ts';
import { showVolumes } from './vscode/volumes/view.ts';

type Memory = Pick<vscode.Memento, 'get' | 'update'>;

const FORGETFUL: Memory = { get: () => undefined, update: () => Promise.resolve() };

/**
 * Builds the parts of the extension and wires them, without anything that only one extension may register.
 * @param storage keeps what is to outlive this window
 * @param isProxyWanted whether remotes are read by proxy, asked before each reading
 * @param memory keeps what is to be as it was when the workspace is opened again
 */
export function build(storage: vscode.Memento, isProxyWanted = wantsProxy, memory: Memory = FORGETFUL) {
  const log = new Log();
  const memento = new Kept(storage, (key, error) => {
    log.notKept(key, error);
  });
  const runner = new Runner(program, (call) => {
    log.call(call);
  });
  const transport = new ProxyTransport(runner, new QueryTransport(runner), isProxyWanted);
  const client = new IncusClient(runner, transport, timeLimits, (what, why) => {
    log.badRecord(what, why);
  });
  const inventory = new Inventory(client);
  const volumes = new VolumeInventory(client, inventory);
  const follower = followerOf(log, client, inventory, volumes);
  const queue = new KeyedQueue();
  const draft = new SetUpDraft(memento);
  const temporaries = new Temporaries(client, inventory, queue, maker(), (ref, error) => {
    showLeftover(log, ref, error);
  });
  const drillHistory = new DrillHistory(memento, inventory);
  const info = new InfoDocuments();
  const volumesProvider = new VolumesProvider(inventory, volumes, queue);
  const prunes = new Prunes(inventory, log);
  const history = new MirrorHistory(new KeptMirrors(memento), thisProgram(), isProgramAlive);
  const operations = new Operations(client);
  const mirrors = new Mirrors(client, inventory, queue, operations, history, temporaries);
  const board = new MirrorBoard(inventory, mirrors, snapshotServers, mirrorMaxAge, drillHistory);
  const mirrorsProvider = new MirrorsProvider(board, (ref) => {
    inventory.want(ref);
  });
  const edits = new ScheduleEdits(client, inventory, queue);
  const schedules = new ScheduleForms({ client, inventory, edits, log });
  const arrangement = new Arrangement(memory);
  const health = new HealthBoard(inventory, timeZoneOf);
  const timelines = new Timelines(inventory, health, log);
  const provider = new InstancesProvider(inventory, queue, arrangement, board, drillHistory, health);
  return {
    ...{ log, runner, client, transport, inventory, follower, queue, operations, info, timelines, schedules, provider },
    ...{ edits, health, prunes, temporaries, drillHistory, mirrors, board, mirrorsProvider, arrangement, draft },
    ...{ volumes, volumesProvider },
    ...buildGroups(memento, client, inventory, volumes, queue),
  };
}

/** Follows events: snapshots that failed are told, volumes that changed are read again. */
function followerOf(log: Log, client: IncusClient, inventory: Inventory, volumes: VolumeInventory): Follower {
  return new Follower(
    client,
    inventory,
    (ref, error) => {
      showFailedSnapshot(log, ref, error);
    },
    (remote, pool) => {
      volumes.touch(remote, pool);
    },
  );
}

/** Who marks temporary copies: a user of a machine is known again, without being named to the server. */
function maker(): Maker {
  const user = createHash('sha256').update(`${hostname()}\n${homedir()}`).digest('hex');
  return { client: user.slice(0, 12), window: randomBytes(6).toString('hex') };
}

/** Shows the parts to VS Code, and hands them to it to be disposed of. No logic lives here. */
export function activate(context: vscode.ExtensionContext): void {
  const parts = build(context.globalState, wantsProxy, context.workspaceState);
  const { inventory, follower, provider } = parts;
  const view = vscode.window.createTreeView<Node>('incusSnapshots.instances', {
    treeDataProvider: provider,
    canSelectMany: true,
    showCollapseAll: true,
    dragAndDropController: new DragAndDrop(),
  });

  // The view's own word is empty while it redraws rows, which events make it do at any moment.
  const selected = { selection: view.selection };
  let following: Promise<void> | undefined;
  const loaded = async () => {
    // A client that was not there may have been installed since.
    if (!following || inventory.state.kind === 'failed') following = follower.start();
    await following;
    await inventory.settled();
  };
  const onVisible = (visible: boolean) => {
    provider.setVisible(visible);
    follower.setVisible(visible);
    if (visible) void loaded();
  };
  const reveal = async (node: Node) => {
    // A row that the filter hides cannot be brought into sight.
    if (!view.visible || !provider.isShown(node)) return;
    provider.flush();
    await view.reveal(provider.rowFor(node), { select: true, focus: false, expand: false });
  };

  const volumesView = showVolumes(parts.volumes, parts.volumesProvider, loaded);
  context.subscriptions.push(
    ...owned(parts),
    new HealthStatus(parts.health),
    provider,
    view,
    followContext(inventory),
    parts.board,
    showMirrors(parts.board, parts.mirrorsProvider, loaded),
    showGroups(parts, loaded),
    followFilter(view, inventory, parts.arrangement),
    volumesView,
    registerCommands({ ...parts, view: selected, volumesView: volumesView.selected, reveal, loaded }),
    restorePanels({ ...parts, reveal, loaded }),
    onDidChangeProgram(() => {
      follower.reconnect();
      void inventory.refresh();
    }),
    onDidChangeTransport(() => {
      follower.reconnect();
    }),
    view.onDidChangeSelection(({ selection }) => {
      selected.selection = selection;
    }),
    view.onDidChangeVisibility(({ visible }) => {
      onVisible(visible);
    }),
  );
  onVisible(view.visible);
  ending = parts.transport;
}

/** What is taken apart with the extension, beside views and what follows them. */
function owned({
  log,
  follower,
  inventory,
  volumes,
  info,
  timelines,
  prunes,
  schedules,
  health,
}: ReturnType<typeof build>): { dispose(): void }[] {
  return [log, follower, inventory, volumes, info, timelines, prunes, schedules, health];
}

let ending: Transport | undefined;

/** VS Code waits for it: no process outlives the extension. */
export async function deactivate(): Promise<void> {
  await ending?.dispose();
}
