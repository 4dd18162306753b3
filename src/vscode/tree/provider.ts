import * as vscode from 'vscode';
import type { KeyedQueue } from '../../core/actions/queue.ts';
import { queueKey } from '../../core/actions/actions.ts';
import type { DrillHistory } from '../../core/actions/drillHistory.ts';
import type { Inventory, InventoryChange } from '../../core/inventory/inventory.ts';
import { countOf, newestOf } from '../../core/inventory/rows.ts';
import type { InstanceRef, ProjectRef, Snapshot } from '../../core/model.ts';
import { needsTimes } from '../../core/policy/arrangement/order.ts';
import { isPinned } from '../../core/policy/retention/pins.ts';
import type { MirrorBoard } from '../mirrors/board.ts';
import type { Arrangement, ShownCount } from './arrangement.ts';
import type { HealthBoard } from '../schedule/healthBoard.ts';
import { withHealth } from './healthFacts.ts';
import { withMirror, withMirrored } from './mirrorFacts.ts';
import { instanceRow, lookOf, noteRow, projectRow, remoteRow, type Row, snapshotRow } from './items.ts';
import { instanceNode, type Node, noteNode, projectNode, remoteNode, snapshotNode } from './nodes.ts';

/** Milliseconds in which changes are gathered, so that a burst is one redraw. */
const GATHER = 50;

/** The same after a long branch was drawn anew, which costs VS Code a moment: rows past which it is long. */
const LONG = { rows: 200, gather: 500 } as const;

/** How often ages are looked at, in milliseconds; a row is redrawn only where its words change. */
const TICK = 60_000;

/** A row as VS Code was last given it. */
interface Drawn {
  /** All that is to be seen of it, as one text. */
  look?: string;
  /** What is below it, by id; absent: VS Code has not asked since it was told to draw it anew. */
  children?: readonly string[];
}

/** The tree of remotes, projects, instances and snapshots. */
export class InstancesProvider implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;
  readonly #arrangement: Arrangement;
  readonly #drills: DrillHistory;
  readonly #board: MirrorBoard;
  readonly #health: HealthBoard;
  readonly #changed = new vscode.EventEmitter<Node | Node[] | undefined>();
  /** One object per row: VS Code knows rows by identity. */
  readonly #nodes = new Map<string, Node>();
  readonly #drawn = new Map<string, Drawn>();
  readonly #subscriptions: (() => void)[];
  /** What is at the root, by id; absent as in {@link Drawn}. */
  #roots: readonly string[] | undefined;
  #dirty: Map<string, Node> | 'all' | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #ticking: NodeJS.Timeout | undefined;
  #gather = GATHER;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(
    inventory: Inventory,
    queue: KeyedQueue,
    arrangement: Arrangement,
    board: MirrorBoard,
    drills: DrillHistory,
    health: HealthBoard,
  ) {
    this.#inventory = inventory;
    this.#queue = queue;
    this.#arrangement = arrangement;
    this.#board = board;
    this.#drills = drills;
    this.#health = health;
    this.#subscriptions = [
      inventory.onDidChange((change) => {
        this.#onChange(change);
      }),
      drills.onDidChange((mirror) => {
        this.#redraw(this.#known(instanceNode(mirror)));
      }),
      arrangement.onDidChange(() => {
        this.#redraw('all');
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
    const row = this.#rowOf(node) ?? noteRow('loading');
    const { expandable, ...looks } = row;
    const state = expandable ? this.#expansionOf(node) : vscode.TreeItemCollapsibleState.None;
    this.#drawnOf(node).look = lookOf(row);
    return Object.assign(new vscode.TreeItem('', state), looks, { id: node.id });
  }

  getChildren(node?: Node): Node[] {
    const children = this.#childrenOf(node).map((child) => this.#known(child));
    const ids = children.map(({ id }) => id);
    if (node) this.#drawnOf(node).children = ids;
    else this.#roots = ids;
    return children;
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
    if (!dirty) return;
    const outdated = dirty === 'all' ? this.#outdatedInAll() : this.#outdatedAmong([...dirty.values()]);
    if (outdated !== 'all' && outdated.length === 0) return;
    const below = (outdated === 'all' ? this.#remoteNodes() : outdated).map(({ id }) => this.#drawn.get(id));
    this.#gather = below.some((drawn) => (drawn?.children?.length ?? 0) > LONG.rows) ? LONG.gather : GATHER;
    this.#hasTold(outdated);
    this.#changed.fire(outdated === 'all' ? undefined : outdated);
  }

  /** The row that stands for the same thing, as VS Code knows it. */
  rowFor(node: Node): Node {
    return this.#known(node);
  }

  /** Whether a row is in the tree: a filter can hide the instance that it is, or belongs to. */
  isShown(node: Node): boolean {
    if (node.kind !== 'instance' && node.kind !== 'snapshot') return true;
    const entry = this.#inventory.instance(node.ref);
    return entry !== undefined && this.#arrangement.count([entry]).shown === 1;
  }

  dispose(): void {
    for (const end of this.#subscriptions) end();
    clearTimeout(this.#gathering);
    clearInterval(this.#ticking);
    this.#changed.dispose();
  }

  #remoteNodes(): Node[] {
    return this.#inventory.remotes.map(({ remote }) => this.#known(remoteNode(remote.name)));
  }

  #childrenOf(node: Node | undefined): Node[] {
    if (!node) return this.#remoteNodes();
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
    const all = this.#inventory.instances(remote, project?.project);
    if (needsTimes(this.#arrangement.order)) {
      for (const entry of all) {
        if (entry.details === 'named' && countOf(entry) !== 0 && !newestOf(entry)) {
          this.#inventory.wantLater(entry.instance.ref);
        }
      }
    }
    const shown = this.#arrangement.arrange(all);
    if (shown.length > 0) return shown.map(({ instance }) => instanceNode(instance.ref));
    if (all.length > 0) return [noteNode(parent, 'noneFits')];
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
        return entry && remoteRow(entry, this.#count(node.remote));
      }
      case 'project':
        return projectRow(node.ref.project, this.#count(node.ref.remote, node.ref.project));
      case 'instance': {
        const entry = this.#inventory.instance(node.ref);
        const isBusy = this.#queue.isBusy(queueKey(this.#inventory, node.ref));
        if (!entry) return undefined;
        const now = new Date();
        const row = instanceRow(entry, isBusy, this.#drills.last(node.ref));
        return withHealth(withMirror(row, this.#board, node.ref, now), this.#health.problemsOf(entry.instance, now));
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

  #count(remote: string, project?: string): ShownCount {
    return this.#arrangement.count(this.#inventory.instances(remote, project));
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

  #drawnOf({ id }: Node): Drawn {
    const drawn = this.#drawn.get(id) ?? {};
    this.#drawn.set(id, drawn);
    return drawn;
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
    }, this.#gather);
  }

  /** The topmost rows that are other than VS Code has them; drawing one anew draws all that is below it. */
  #outdatedInAll(): Node[] | 'all' {
    const remotes = this.#remoteNodes();
    if (!isSame(this.#roots, remotes)) return 'all';
    return remotes.flatMap((node) => this.#outdatedFrom(node));
  }

  #outdatedAmong(nodes: readonly Node[]): Node[] {
    const outdated = new Set<Node>();
    /** What is above rows, and whether VS Code has it right: asked once, since it lists a whole branch. */
    const right = new Map<Node, boolean>();
    const isRight = (above: Node) => {
      const known = right.get(above) ?? this.#isRight(above);
      right.set(above, known);
      return known;
    };
    for (const node of nodes) {
      const wrong = this.#arrangement.isPlain ? undefined : this.#above(node).find((above) => !isRight(above));
      if (wrong) outdated.add(wrong);
      else if (this.isShown(node)) for (const one of this.#outdatedFrom(node)) outdated.add(one);
    }
    return [...outdated].filter((node) => !this.#above(node).some((above) => outdated.has(above)));
  }

  #outdatedFrom(node: Node): Node[] {
    if (!this.#isRight(node)) return [node];
    if (!this.#drawn.get(node.id)?.children) return [];
    return this.#childrenOf(node).flatMap((child) => this.#outdatedFrom(this.#known(child)));
  }

  /** Whether a row looks as VS Code has it, and has the rows below it that VS Code has. */
  #isRight(node: Node): boolean {
    const row = this.#rowOf(node);
    const { look, children } = this.#drawn.get(node.id) ?? {};
    if (!row || look !== lookOf(row)) return false;
    return children === undefined || isSame(children, this.#childrenOf(node));
  }

  /** From the remote down. */
  #above(node: Node): Node[] {
    const parent = this.getParent(node);
    return parent ? [...this.#above(parent), parent] : [];
  }

  /** Notes what VS Code is about to ask for. */
  #hasTold(outdated: readonly Node[] | 'all'): void {
    if (outdated === 'all') this.#roots = undefined;
    for (const node of outdated === 'all' ? this.#remoteNodes() : outdated) {
      const row = this.#rowOf(node);
      if (row) this.#drawn.set(node.id, { look: lookOf(row) });
      else this.#drawn.delete(node.id);
    }
  }

  #exists(node: Node): boolean {
    switch (node.kind) {
      case 'remote':
        return this.#inventory.remote(node.remote) !== undefined;
      case 'project':
        return this.#inventory.remote(node.ref.remote) !== undefined;
      case 'instance':
        return this.#inventory.instance(node.ref) !== undefined;
      case 'snapshot':
        return this.#inventory.snapshot(node.ref) !== undefined;
      case 'note':
        return true;
    }
  }

  /** Ages become other words with time, and what is gone need not be remembered. */
  readonly #tick = (): void => {
    for (const node of this.#nodes.values()) {
      const { look } = this.#drawn.get(node.id) ?? {};
      if (!this.#exists(node)) {
        this.#nodes.delete(node.id);
        this.#drawn.delete(node.id);
      } else if (look !== undefined && (node.kind === 'snapshot' || node.kind === 'instance')) {
        const row = this.#rowOf(node);
        if (row && lookOf(row) !== look) this.#redraw(node);
      }
    }
  };
}

function isSame(ids: readonly string[] | undefined, nodes: readonly Node[]): boolean {
  return ids?.length === nodes.length && nodes.every(({ id }, i) => id === ids[i]);
}
