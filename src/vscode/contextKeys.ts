import * as vscode from 'vscode';
import type { Inventory } from '../core/inventory/inventory.ts';
import { SECTION } from './settings.ts';
import { type Arrangement, filterMessage } from './tree/arrangement.ts';

/** What the welcome views in package.json ask for. */
type Welcome = 'loading' | 'noProgram' | 'badProgram' | 'failed' | 'noRemotes' | 'none';

/** Keeps the context key up to date by which package.json chooses the welcome view. */
export function followContext(inventory: Inventory): vscode.Disposable {
  let shown: Welcome | undefined;
  const update = () => {
    const welcome = welcomeFor(inventory);
    if (welcome === shown) return;
    shown = welcome;
    void vscode.commands.executeCommand('setContext', `${SECTION}.welcome`, welcome);
  };
  update();
  return new vscode.Disposable(inventory.onDidChange(update));
}

function welcomeFor({ state, remotes }: Inventory): Welcome {
  switch (state.kind) {
    case 'loading':
      return 'loading';
    case 'ready':
      return remotes.length === 0 ? 'noRemotes' : 'none';
    case 'failed':
      if (state.error.kind === 'noProgram') return 'noProgram';
      return state.error.kind === 'badProgram' || state.error.kind === 'garbage' ? 'badProgram' : 'failed';
  }
}

/** Milliseconds in which changes are gathered before the message is put anew. */
const GATHER = 100;

/** Keeps what the view says above its rows true, and the context key by which package.json shows that a filter is on. */
export function followFilter(
  view: Pick<vscode.TreeView<unknown>, 'message'>,
  inventory: Inventory,
  arrangement: Arrangement,
): vscode.Disposable {
  let gathering: NodeJS.Timeout | undefined;
  let wasFiltered = false;
  const update = () => {
    clearTimeout(gathering);
    gathering = undefined;
    // Without a message VS Code wants an empty one to take it away.
    const message = filterMessage(inventory, arrangement) ?? '';
    if (view.message !== message) view.message = message;
    if (wasFiltered === arrangement.isFiltered) return;
    wasFiltered = arrangement.isFiltered;
    void vscode.commands.executeCommand('setContext', `${SECTION}.filtered`, wasFiltered);
  };
  const endings = [
    arrangement.onDidChange(update),
    inventory.onDidChange(() => {
      if (arrangement.isFiltered) gathering ??= setTimeout(update, GATHER);
    }),
  ];
  return new vscode.Disposable(() => {
    clearTimeout(gathering);
    for (const end of endings) end();
  });
}
