import * as vscode from 'vscode';
import { Actions } from './core/actions/actions.ts';
import { KeyedQueue } from './core/actions/queue.ts';
import { Restore } from './core/actions/restore.ts';
import { IncusClient } from './core/incus/client.ts';
import { Runner } from './core/incus/runner.ts';
import { QueryTransport } from './core/incus/transport.ts';
import { Inventory } from './core/inventory.ts';
import { registerCommands } from './vscode/commands/table.ts';
import { followContext } from './vscode/contextKeys.ts';
import { InfoDocuments } from './vscode/infoDocuments.ts';
import { Log } from './vscode/log.ts';
import { onDidChangeProgram, program, timeLimits } from './vscode/settings.ts';
import type { Node } from './vscode/tree/nodes.ts';
import { InstancesProvider } from './vscode/tree/provider.ts';

/** Builds the parts of the extension and wires them, without anything that only one extension may register. */
export function build() {
  const log = new Log();
  const runner = new Runner(program, (call) => {
    log.call(call);
  });
  const client = new IncusClient(runner, new QueryTransport(runner), timeLimits, (what, why) => {
    log.badRecord(what, why);
  });
  const inventory = new Inventory(client);
  const queue = new KeyedQueue();
  const actions = new Actions(client, inventory, queue);
  const restore = new Restore(client, inventory, queue);
  const info = new InfoDocuments();
  const provider = new InstancesProvider(inventory, queue);
  return { log, client, inventory, queue, actions, restore, info, provider };
}

/** Shows the parts to VS Code, and hands them to it to be disposed of. No logic lives here. */
export function activate(context: vscode.ExtensionContext): void {
  const parts = build();
  const { inventory, provider } = parts;
  const view = vscode.window.createTreeView<Node>('incusSnapshots.instances', {
    treeDataProvider: provider,
    canSelectMany: true,
    showCollapseAll: true,
  });

  let loading: Promise<void> | undefined;
  const loaded = () => {
    // A client that was not there may have been installed since.
    if (!loading || inventory.state.kind === 'failed') loading = inventory.refresh();
    return loading;
  };
  const onVisible = (visible: boolean) => {
    provider.setVisible(visible);
    if (visible) void loaded();
  };
  const reveal = async (node: Node) => {
    if (!view.visible) return;
    provider.flush();
    await view.reveal(provider.rowFor(node), { select: true, focus: false, expand: false });
  };

  context.subscriptions.push(
    parts.log,
    inventory,
    parts.info,
    provider,
    view,
    followContext(inventory),
    registerCommands({ ...parts, view, reveal, loaded }),
    onDidChangeProgram(() => void (loading = inventory.refresh())),
    view.onDidChangeVisibility(({ visible }) => {
      onVisible(visible);
    }),
  );
  onVisible(view.visible);
}
