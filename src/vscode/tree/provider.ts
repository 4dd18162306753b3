import * as vscode from 'vscode';
import type { KeyedQueue } from '../../core/actions/queue.ts';
import { queueKey } from '../../core/actions/actions.ts';
import type { DrillHistory } from '../../core/actions/drillHistory.ts';
import type { Inventory, InventoryChange } from '../../core/inventory/inventory.ts';
import type { InstanceRef, ProjectRef, Snapshot } from '../../core/model.ts';
import { isPinned } from '../../core/policy/pins.ts';
import type { MirrorBoard } from '../mirrors/board.ts';
import { withMirror, withMirrored } from './mirrorFacts.ts';
import { instanceRow, noteRow, projectRow, remoteRow, type Row, snapshotRow } from './items.ts';
import { instanceNode, type Node, noteNode, projectNode, remoteNode, snapshotNode } from './nodes.ts';

/** Milliseconds in which changes are gathered, so that a burst is one redraw. */
const GATHER = 50;

/** How often ages are looked at, in milliseconds; a row is redrawn only where its words change. */
const TICK = 60_000;

/** The tree of remotes, projects, instances and snapshots. */
export class InstancesProvider implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;
  readonly #drills: DrillHistory;
  readonly #board: MirrorBoard;
  readonly #changed = new vscode.EventEmitter<Node | Node[] | undefined>();
  /** One object per row: VS Code knows rows by identity. */
  readonly #nodes = new Map<string, Node>();
  /** The words of the snapshot rows, as they were drawn. */
  readonly #drawn = new Map<string, string>();
  readonly #subscriptions: (() => void)[];
  #dirty: Map<string, Node> | 'all' | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #ticking: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(inventory: Inventory, queue: KeyedQueue, board: MirrorBoard, drills: DrillHistory) {
    this.#inventory = inventory;
    this.#queue = queue;
    this.#board = board;
    this.#drills = drills;
    this.#subscriptions = [
      inventory.onDidChange((change) => {
        this.#onChange(change);
      }),
      drills.onDidChange((mirror) => {
        this.#redraw(this.#known(instanceNode(mirror)));
      }),
      queue.onDidChange((key) => {
        for (const node of this.#nodes.values()) {
          if (node.kind === 'instance' && queueKey(inventory, node.ref) === key) this.#redraw(node);
        }
      }),
    ];
  }

  /** Ages tick only while somebody sees them. */
  setVisible(visible: boolean): void {
    clearInterval(this.#ticking);
    this.#ticking = visible ? setInterval(this.#tick, TICK) : undefined;
    if (visible) this.#tick();
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const { expandable, ...row } = this.#rowOf(node) ?? noteRow('loading');
    const state = expandable ? this.#expansionOf(node) : vscode.TreeItemCollapsibleState.None;
    const item = new vscode.TreeItem('', state);
    if (node.kind === 'snapshot' || node.kind === 'instance') this.#drawn.set(node.id, String(row.description));
    return Object.assign(item, row, { id: node.id });
  }

  getChildren(node?: Node): Node[] {
    return this.#childrenOf(node).map((child) => this.#known(child));
  }

  getParent(node: Node): Node | undefined {
    switch (node.kind) {
      case 'snapshot':
        return this.#known(instanceNode(node.ref));
      case 'instance':
        return this.#known(this.#showsProjects(node.ref.remote) ? projectNode(node.ref) : remoteNode(node.ref.remote));
      case 'project':
        return this.#known(remoteNode(node.ref.remote));
      default:
        return undefined;
    }
  }

  /** Tells VS Code of all changes at once; a row is found in the tree only after that. */
  flush(): void {
    const dirty = this.#dirty;
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#dirty = undefined;
    if (dirty) this.#changed.fire(dirty === 'all' ? undefined : [...dirty.values()]);
  }

  /** The row that stands for the same thing, as VS Code knows it. */
  rowFor(node: Node): Node {
    return this.#known(node);
  }

  dispose(): void {
    for (const end of this.#subscriptions) end();
    clearTimeout(this.#gathering);
    clearInterval(this.#ticking);
    this.#changed.dispose();
  }

  #childrenOf(node: Node | undefined): Node[] {
    if (!node) return this.#inventory.remotes.map(({ remote }) => remoteNode(remote.name));
    if (node.kind === 'remote') {
      const state = this.#inventory.remote(node.remote)?.state;
      if (state?.kind === 'connecting') return [noteNode(node.id, 'loading')];
      if (state?.kind !== 'ready') return [];
      return this.#showsProjects(node.remote)
        ? state.projects.map((project) => projectNode({ remote: node.remote, project }))
        : this.#instancesOf(node.id, node.remote);
    }
    if (node.kind === 'project') return this.#instancesOf(node.id, node.ref.remote, node.ref);
    return node.kind === 'instance' ? this.#snapshotsOf(node) : [];
  }

  #instancesOf(parent: string, remote: string, project?: ProjectRef): Node[] {
    const instances = this.#inventory.instances(remote, project?.project);
    if (instances.length > 0) return instances.map(({ instance }) => instanceNode(instance.ref));
    const limited = this.#inventory.server(remote)?.access !== 'full';
    return [noteNode(parent, limited ? 'noInstancesVisible' : 'noInstances')];
  }

  #snapshotsOf(node: Node & { kind: 'instance' }): Node[] {
    const entry = this.#inventory.instance(node.ref);
    if (!entry) return [];
    if (entry.details === 'pending' || entry.details === 'named') {
      this.#inventory.want(node.ref);
      return [noteNode(node.id, 'loading')];
    }
    const { snapshots } = entry.instance;
    if (!snapshots || entry.details === 'failed') return [noteNode(node.id, 'snapshotsUnknown')];
    return snapshots.toReversed().map(({ ref }) => snapshotNode(ref));
  }

  #rowOf(node: Node): Row | undefined {
    switch (node.kind) {
      case 'remote': {
        const entry = this.#inventory.remote(node.remote);
        return entry && remoteRow(entry, this.#inventory.instances(node.remote).length);
      }
      case 'project':
        return projectRow(node.ref.project, this.#inventory.instances(node.ref.remote, node.ref.project).length);
      case 'instance': {
        const entry = this.#inventory.instance(node.ref);
        const isBusy = this.#queue.isBusy(queueKey(this.#inventory, node.ref));
        return (
          entry &&
          withMirror(instanceRow(entry, isBusy, this.#drills.last(node.ref)), this.#board, node.ref, new Date())
        );
      }
      case 'snapshot': {
        const snapshot = this.#inventory.snapshot(node.ref);
        return snapshot && this.#snapshotRow(snapshot);
      }
      case 'note':
        return noteRow(node.note);
    }
  }

  #snapshotRow(snapshot: Snapshot): Row {
    const instance = this.#inventory.instance(snapshot.ref)?.instance;
    const row = snapshotRow(snapshot, new Date(), instance && isPinned(instance, snapshot));
    return withMirrored(row, this.#board, snapshot);
  }

  /**
   * Remotes stand open, since what is on them is what one came for. VS Code heeds that only when a row first appears,
   * so they are expandable while they are still connecting.
   */
  #expansionOf(node: Node): vscode.TreeItemCollapsibleState {
    return node.kind === 'remote'
      ? vscode.TreeItemCollapsibleState.Expanded
      : vscode.TreeItemCollapsibleState.Collapsed;
  }

  /** A row for projects only where there is more than one. */
  #showsProjects(remote: string): boolean {
    const state = this.#inventory.remote(remote)?.state;
    return state?.kind === 'ready' && state.projects.length > 1;
  }

  #known(node: Node): Node {
    const known = this.#nodes.get(node.id);
    if (known) return known;
    this.#nodes.set(node.id, node);
    return node;
  }

  #onChange(change: InventoryChange): void {
    switch (change.kind) {
      case 'all':
        this.#redraw('all');
        break;
      case 'remote':
        this.#redraw(this.#known(remoteNode(change.remote)));
        break;
      case 'instance':
        this.#redraw(this.#known(instanceNode(change.ref)));
        this.#redrawOriginal(change.ref);
    }
  }

  /** What is known of a mirror shows in its original's row and those of its snapshots. */
  #redrawOriginal(ref: InstanceRef): void {
    const origin = this.#board.originOf(ref);
    if (origin?.remote === undefined) return;
    const original = { remote: origin.remote, project: origin.project, instance: origin.instance };
    if (this.#inventory.instance(original)) this.#redraw(this.#known(instanceNode(original)));
  }

  #redraw(what: Node | 'all'): void {
    if (what === 'all' || this.#dirty === 'all') this.#dirty = 'all';
    else this.#dirty = (this.#dirty ?? new Map<string, Node>()).set(what.id, what);
    this.#gathering ??= setTimeout(() => {
      this.flush();
    }, GATHER);
  }

  readonly #tick = (): void => {
    for (const [id, words] of this.#drawn) {
      const node = this.#nodes.get(id);
      const row = node && this.#rowOf(node);
      if (!node || !row) {
        this.#drawn.delete(id);
        this.#nodes.delete(id);
      } else if (row.description !== words) this.#redraw(node);
    }
  };
}
