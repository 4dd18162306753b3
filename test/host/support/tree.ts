/** The tree as a user reads it, as indented text. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Node } from '../../../src/vscode/tree/nodes.ts';
import type { InstancesProvider } from '../../../src/vscode/tree/provider.ts';

/** One drawn row. */
export interface Drawn {
  node: Node;
  item: vscode.TreeItem;
  depth: number;
}

/**
 * Draws all rows below one (without one: the whole tree), and holds every one of them against what VS Code asks of a
 * provider: the id is the row's own and there but once, the parent is the row above, what cannot be opened is empty.
 */
export function draw(provider: InstancesProvider, below?: Node): Drawn[] {
  const seen = new Set<string>();
  const rowsOf = (parent: Node | undefined, depth: number): Drawn[] =>
    provider.getChildren(parent).flatMap((node) => {
      const item = provider.getTreeItem(node);
      assert.equal(item.id, node.id);
      assert.ok(!seen.has(node.id), `two rows have the id ${node.id}`);
      seen.add(node.id);
      if (node.kind !== 'note') assert.equal(provider.getParent(node), parent, `the parent of ${node.id}`);
      const children = rowsOf(node, depth + 1);
      if (item.collapsibleState === vscode.TreeItemCollapsibleState.None) assert.deepEqual(children, []);
      return [{ node, item, depth }, ...children];
    });
  return rowsOf(below, 0);
}

/** A row's words. Ages tick on while a test runs, so each is `AGE`. */
export function wordsOf({ label, description }: vscode.TreeItem): string {
  const name = typeof label === 'string' ? label : (label?.label ?? '');
  const rest = typeof description === 'string' ? description : '';
  return `${name} ${rest}`.trim().replaceAll(/just now|\d+ (?:minute|hour|day|month|year)s? ago/g, 'AGE');
}

/** Rows as text, two blanks deeper for each level. */
export function textOf(rows: readonly Drawn[]): string {
  return rows.map(({ item, depth }) => `${'  '.repeat(depth)}${wordsOf(item)}`).join('\n');
}

/** A text as a test writes it down: without the indentation of the code around it. */
export function text(strings: TemplateStringsArray, ...values: (string | number)[]): string {
  const lines = String.raw(strings, ...values)
    .split('\n')
    .slice(1, -1);
  const margin = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(margin)).join('\n');
}
