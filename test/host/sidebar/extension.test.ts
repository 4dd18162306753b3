import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activate } from '../../../src/extension.ts';
import { COMMANDS } from '../../../src/vscode/commands/table.ts';
import type { Node } from '../../../src/vscode/tree/nodes.ts';
import { waitFor } from '../../lab/process.ts';
import { confirms, leaves, types } from '../support/dialogs.ts';
import { MapMemento } from '../support/memento.ts';
import { useHost } from '../support/host.ts';
import { textOf, draw } from '../support/tree.ts';
import type { InstancesProvider } from '../../../src/vscode/tree/provider.ts';

describe('the extension as VS Code has it', () => {
  it('registers every command that the manifest names', async () => {
    const extension = vscode.extensions.getExtension('incus-snapshots.incus-snapshots');
    assert.ok(extension);
    await extension.activate();
    const manifest = extension.packageJSON as { contributes: { commands: { command: string }[] } };
    const named = manifest.contributes.commands.map(({ command }) => command);
    const known = await vscode.commands.getCommands(true);
    assert.deepEqual(
      named.filter((command) => !known.includes(command)),
      [],
    );
    assert.deepEqual(
      named.toSorted(),
      Object.keys(COMMANDS)
        .map((id) => `incusSnapshots.${id}`)
        .toSorted(),
    );
  });

  it('may not take the program from a workspace that is not trusted', () => {
    const inspected = (key: string) => vscode.workspace.getConfiguration('incusSnapshots').inspect(key);
    assert.equal(inspected('cliPath')?.defaultValue, 'incus');
    assert.deepEqual(inspected('environment')?.defaultValue, {});
    const extension = vscode.extensions.getExtension('incus-snapshots.incus-snapshots');
    const { capabilities } = extension?.packageJSON as {
      capabilities: { untrustedWorkspaces: { supported: string; restrictedConfigurations: string[] } };
    };
    assert.equal(capabilities.untrustedWorkspaces.supported, 'limited');
    assert.deepEqual(capabilities.untrustedWorkspaces.restrictedConfigurations, [
      'incusSnapshots.cliPath',
      'incusSnapshots.environment',
      'incusSnapshots.groups',
    ]);
  });
});

describe('the parts, put together', () => {
  const host = useHost();

  /** A view that is not there: it tells the extension what its user would make it tell. */
  function view() {
    const visibility = new vscode.EventEmitter<vscode.TreeViewVisibilityChangeEvent>();
    const selection = new vscode.EventEmitter<vscode.TreeViewSelectionChangeEvent<Node>>();
    const revealed: Node[] = [];
    let options: vscode.TreeViewOptions<Node> | undefined;
    const shown = {
      visible: false,
      selection: [],
      onDidChangeSelection: selection.event,
      onDidChangeVisibility: visibility.event,
      reveal: (node: Node) => {
        revealed.push(node);
        return Promise.resolve();
      },
      dispose: () => undefined,
    };
    const { createTreeView } = vscode.window;
    host.later(() => Object.assign(vscode.window, { createTreeView }));
    Object.assign(vscode.window, {
      createTreeView: (id: string, given: vscode.TreeViewOptions<Node>) => {
        if (id !== 'incusSnapshots.instances') return { ...shown, visible: false };
        options = given;
        return shown;
      },
    });
    const show = (visible: boolean) => {
      shown.visible = visible;
      visibility.fire({ visible });
    };
    return { show, revealed, tree: () => textOf(draw(options?.treeDataProvider as InstancesProvider)) };
  }

  function start(): void {
    const subscriptions: vscode.Disposable[] = [];
    host.later(() => {
      vscode.Disposable.from(...subscriptions).dispose();
    });
    const context = { subscriptions, globalState: new MapMemento(), workspaceState: new MapMemento() };
    activate(context as unknown as vscode.ExtensionContext);
  }

  it('ask nothing of any server before somebody looks, and then once', async () => {
    const { show, tree } = view();
    const fake = host.fake([]);
    start();
    assert.equal(host.window.ran.at(-1), 'setContext incusSnapshots.welcome loading');
    assert.equal(tree(), '');
    show(true);
    await waitFor('the rows', () => (tree().includes('ubuntu-test running · no snapshots') ? true : undefined));
    assert.equal(host.window.ran.at(-1), 'setContext incusSnapshots.welcome none');
    show(false);
    show(true);
    const lists = fake.calls().filter(({ argv }) => argv.join(' ').startsWith('remote list'));
    assert.equal(lists.length, 1);
  });

  it('read everything again when another program is set', async () => {
    const { show, tree } = view();
    start();
    show(true);
    await waitFor('the rows', () => (tree().includes('ubuntu-test running') ? true : undefined));
    await host.setting('cliPath', 'no-such-incus');
    await waitFor('the welcome', () => host.window.ran.find((one) => one.endsWith('welcome noProgram')));
    assert.equal(tree(), '');
    await host.setting('cliPath', undefined);
    await waitFor('the rows', () => (tree().includes('ubuntu-test running') ? true : undefined));
  });

  it('look once more for a client that was not there when somebody looks again', async () => {
    const { show, tree } = view();
    const { PATH } = process.env;
    host.env({ PATH: '/nowhere' });
    start();
    show(true);
    await waitFor('the welcome', () => host.window.ran.find((one) => one.endsWith('welcome noProgram')));
    host.env({ PATH });
    show(false);
    show(true);
    await waitFor('the rows', () => (tree().includes('ubuntu-test running') ? true : undefined));
  });

  it('read the remotes for a command of the palette, and show the new row where the view is open', async () => {
    const { show, revealed } = view();
    start();
    await host.container('parts-new', { stopped: true });
    const command = host.window.commands.get('createSnapshot');
    host.dialogs.script(async ({ give }) => Promise.resolve([give('parts-new')]), confirms, types(''));
    await command?.();
    host.dialogs.check();
    assert.deepEqual(await host.snapshots('parts-new'), ['parts-new-1']);
    assert.deepEqual(revealed, [], 'nobody looks');
    show(true);
    await host.run('createSnapshot', [host.instance('parts-new')], confirms, types(''));
    assert.deepEqual(
      revealed.map(({ id }) => id),
      ['local/default/parts-new/parts-new-2'],
    );
    await host.run('createSnapshot', [], leaves);
  });
});
