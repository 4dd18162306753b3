/** What tests of groups do again and again. */
import assert from 'node:assert/strict';
import type { GroupRow } from '../../../src/vscode/groups/nodes.ts';
import { type Answer, picks, type Question, types } from '../support/dialogs.ts';
import type { Host } from '../support/host.ts';
import { textOf } from '../support/tree.ts';

export const FROZEN = 'Frozen together';
export const ALL_OR_NOTHING = 'All or nothing';

/** A group whose members are found by a label that a team gave them. */
export class Grouped {
  readonly host: Host;

  constructor(host: Host) {
    this.host = host;
  }

  /** Makes running containers with the label, and writes the group down. */
  async begin(group: string, names: readonly string[], config: Record<string, string> = {}): Promise<void> {
    await Promise.all(names.map((name) => this.host.container(name, { config: { 'user.app': group, ...config } })));
    await this.host.setting('groups', [{ name: group, remote: 'local', matchLabels: { 'user.app': group } }]);
    await this.host.load();
  }

  /** Chooses "Snapshot Group" in the group's menu. */
  snapshot(group: string, ways: readonly string[], name: string, ...answers: Answer[]): Promise<Question[]> {
    return this.host.run('snapshotGroup', [this.row(group)], types(name), types(''), picks(...ways), ...answers);
  }

  /** A row of the view, by its label and what is above it. */
  row(...path: string[]): never {
    const { groupsProvider: provider } = this.host.parts;
    let found: GroupRow | undefined;
    for (const label of path) {
      found = provider.getChildren(found).find((row) => provider.getTreeItem(row).label === label);
      assert.ok(found, `there is no row ${label} in ${this.view()}`);
    }
    return found as never;
  }

  /** The view as text. */
  view(): string {
    const { groupsProvider: provider } = this.host.parts;
    const rows = (parent: GroupRow | undefined, depth: number): Parameters<typeof textOf>[0] =>
      provider
        .getChildren(parent)
        .flatMap((node) => [
          { node: node as never, item: provider.getTreeItem(node), depth },
          ...rows(node, depth + 1),
        ]);
    return textOf(rows(undefined, 0));
  }

  async states(names: readonly string[]): Promise<(string | undefined)[]> {
    return Promise.all(names.map(async (name) => (await this.host.real(name))?.status));
  }

  /** The names of each one's snapshots. */
  snapshots(names: readonly string[]): Promise<string[][]> {
    return Promise.all(names.map((name) => this.host.snapshots(name)));
  }

  get status(): string {
    return this.host.window.status.at(-1) ?? '';
  }
}
