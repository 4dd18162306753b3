import * as vscode from 'vscode';
import type { Group } from '../../core/policy/groups/group.ts';
import { memberKey } from '../../core/policy/groups/member.ts';
import { WhileSeen } from '../gathered.ts';
import { tooltip as tooltipOf } from '../tree/items.ts';
import type { GroupBoard } from './board.ts';
import { type GroupItem, groupItem, memberItem, membersItem, partItem, setItem, unreadItem } from './items.ts';
import { groupNode, type GroupRow, memberNode, membersNode, partNode, setNode, UNREAD_NODE } from './nodes.ts';

/** The view of groups, their members and their sets. */
export class GroupsProvider implements vscode.TreeDataProvider<GroupRow>, vscode.Disposable {
  readonly #board: GroupBoard;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #nodes = new Map<string, GroupRow>();
  readonly #end: () => void;
  #drawn = '';
  readonly #seen = new WhileSeen(() => {
    this.flush();
  });

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(board: GroupBoard) {
    this.#board = board;
    this.#end = board.onDidChange(() => {
      this.#seen.ask();
    });
  }

  /** Ages tick only while somebody sees them. */
  setVisible(visible: boolean): void {
    this.#seen.setVisible(visible);
  }

  /** Redraws the view, where its words are others than those that stand there. */
  flush(): void {
    this.#seen.settle();
    const words = JSON.stringify(this.#words(undefined));
    if (words === this.#drawn) return;
    this.#drawn = words;
    this.#changed.fire(undefined);
  }

  getChildren(row?: GroupRow): GroupRow[] {
    return this.#childrenOf(row).map((node) => this.#known(node));
  }

  getParent(row: GroupRow): GroupRow | undefined {
    switch (row.kind) {
      case 'group':
      case 'unread':
        return undefined;
      case 'members':
      case 'set':
        return this.#known(groupNode(row.group));
      case 'member':
        return this.#known(membersNode(row.group));
      case 'part':
        return this.#known(setNode(row.group, row.set));
    }
  }

  getTreeItem(row: GroupRow): vscode.TreeItem {
    const { label, description, icon, context, expandable, tooltip } = this.#itemOf(row, new Date());
    const { None, Collapsed } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(label, expandable ? Collapsed : None);
    item.id = row.id;
    item.description = description;
    item.iconPath = icon;
    item.contextValue = context;
    item.accessibilityInformation = { label: `${label}, ${description}` };
    if (tooltip) item.tooltip = tooltipOf(label, tooltip);
    return item;
  }

  dispose(): void {
    this.#end();
    this.#seen.dispose();
    this.#changed.dispose();
  }

  #childrenOf(row: GroupRow | undefined): GroupRow[] {
    if (!row) {
      const groups = this.#board.groups.map(({ name }) => groupNode(name));
      return this.#board.unread > 0 ? [...groups, UNREAD_NODE] : groups;
    }
    const group = 'group' in row ? this.#board.group(row.group) : undefined;
    if (!group) return [];
    switch (row.kind) {
      case 'group':
        this.#board.want(group);
        return [membersNode(group.name), ...this.#board.sets(group).map((set) => setNode(group.name, set.name))];
      case 'members':
        return this.#board.members(group).map(({ ref }) => memberNode(group.name, ref));
      case 'set':
        return this.#board.members(group).map(({ ref }) => partNode(group.name, row.set, ref));
      default:
        return [];
    }
  }

  #itemOf(row: GroupRow, now: Date): GroupItem {
    if (row.kind === 'unread') return unreadItem(this.#board.unread);
    const group = this.#board.group(row.group);
    return (group && this.#rowOf(row, group, now)) ?? gone();
  }

  /** @returns `undefined` for what is there no longer */
  #rowOf(row: GroupRow, group: Group, now: Date): GroupItem | undefined {
    const members = this.#board.members(group);
    switch (row.kind) {
      case 'group':
        return groupItem(
          group,
          { remote: this.#board.isKnown(group), volumes: this.#board.knowsVolumes(group) },
          members,
          this.#board.sets(group).length,
        );
      case 'members':
        return membersItem(members);
      case 'member': {
        const member = members.find(({ ref }) => memberKey(ref) === memberKey(row.ref));
        return member && memberItem(member);
      }
      case 'set': {
        const set = this.#board.set(group, row.set);
        return set && setItem(set, now);
      }
      case 'part': {
        const key = memberKey(row.ref);
        const part = this.#board.set(group, row.set)?.parts.find(({ ref }) => memberKey(ref) === key);
        return partItem(row.ref, part, now);
      }
      case 'unread':
        return undefined;
    }
  }

  #words(row: GroupRow | undefined): unknown[] {
    const now = new Date();
    return this.#childrenOf(row).map((node) => {
      const { label, description, icon, context } = this.#itemOf(node, now);
      return [node.id, label, description, icon.id, context, this.#words(node)];
    });
  }

  #known(node: GroupRow): GroupRow {
    const known = this.#nodes.get(node.id) ?? node;
    this.#nodes.set(node.id, known);
    return known;
  }
}

/** A row that VS Code asks for once more while it goes. */
function gone(): GroupItem {
  return { label: '', description: '', context: 'gone', expandable: false, icon: new vscode.ThemeIcon('blank') };
}
