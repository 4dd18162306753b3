import * as vscode from 'vscode';
import type { Inventory } from '../core/inventory/inventory.ts';
import { SECTION } from './settings.ts';

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
