import * as vscode from 'vscode';
import type { KeyedQueue } from '../../core/actions/queue.ts';
import { volumeQueueKey } from '../../core/actions/volumes.ts';
import type { Inventory } from '../../core/inventory/inventory.ts';
import type { PoolEntry, VolumeInventory } from '../../core/inventory/volumes.ts';
import { isDependent, type VolumeSnapshotRef } from '../../core/model.ts';
import { WhileSeen } from '../gathered.ts';
import { lookOf, type Row } from '../tree/items.ts';
import { poolRow, volumeNoteRow, volumeRemoteRow, volumeRow, volumeSnapshotRow } from './items.ts';
import {
  poolNode,
  type VolumeNode,
  volumeNode,
  volumeNoteNode,
  volumeRemoteNode,
  volumeSnapshotNode,
} from './nodes.ts';

/** The tree of remotes, pools, custom volumes and their snapshots. */
export class VolumesProvider implements vscode.TreeDataProvider<VolumeNode>, vscode.Disposable {
  readonly #inventory: Inventory;
  readonly #volumes: VolumeInventory;
  readonly #queue: KeyedQueue;
  readonly #changed = new vscode.EventEmitter<VolumeNode | undefined>();
  readonly #nodes = new Map<string, VolumeNode>();
  /** What VS Code was last given below each remote, as one text; the key '' is for the remotes themselves. */
  readonly #drawn = new Map<string, string>();
  readonly #ends: (() => void)[];
  readonly #seen = new WhileSeen(() => {
    this.flush();
  });

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(inventory: Inventory, volumes: VolumeInventory, queue: KeyedQueue) {
    this.#inventory = inventory;
    this.#volumes = volumes;
    this.#queue = queue;
    const later = () => {
      this.#seen.ask();
    };
    this.#ends = [inventory.onDidChange(later), volumes.onDidChange(later), queue.onDidChange(later)];
  }

  /** Ages tick only while somebody sees them. */
  setVisible(visible: boolean): void {
    this.#seen.setVisible(visible);
  }

  /** Redraws what looks otherwise than VS Code has it. */
  flush(): void {
    this.#seen.settle();
    const remotes = this.#remotes();
    const roots = JSON.stringify(remotes.map(({ id }) => id));
    const looks = new Map(remotes.map((node) => [node.id, this.#lookBelow(node)]));
    if (this.#drawn.get('') !== roots) {
      this.#drawn.clear();
      this.#drawn.set('', roots);
      for (const [id, look] of looks) this.#drawn.set(id, look);
      this.#changed.fire(undefined);
      return;
    }
    for (const node of remotes) {
      const look = looks.get(node.id) ?? '';
      if (this.#drawn.get(node.id) === look) continue;
      this.#drawn.set(node.id, look);
      this.#changed.fire(node);
    }
  }

  getTreeItem(node: VolumeNode): vscode.TreeItem {
    const { expandable, ...looks } = this.#rowOf(node) ?? volumeNoteRow('loading');
    const isBranch = node.kind === 'volumeRemote' || node.kind === 'pool';
    const state = !expandable
      ? vscode.TreeItemCollapsibleState.None
      : isBranch
        ? vscode.TreeItemCollapsibleState.Expanded
        : vscode.TreeItemCollapsibleState.Collapsed;
    return Object.assign(new vscode.TreeItem('', state), looks, { id: node.id });
  }

  getChildren(node?: VolumeNode): VolumeNode[] {
    if (node?.kind === 'volume') this.#volumes.want(node.ref);
    return this.#childrenOf(node);
  }

  getParent(node: VolumeNode): VolumeNode | undefined {
    switch (node.kind) {
      case 'pool':
        return this.#known(volumeRemoteNode(node.remote));
      case 'volume':
        return this.#known(poolNode(node.ref.remote, node.ref.pool));
      case 'volumeSnapshot':
        return this.#known(volumeNode(node.ref));
      default:
        return undefined;
    }
  }

  /** The row that stands for the same thing, as VS Code knows it. */
  rowFor(node: VolumeNode): VolumeNode {
    return this.#known(node);
  }

  dispose(): void {
    for (const end of this.#ends) end();
    this.#seen.dispose();
    this.#changed.dispose();
  }

  #remotes(): VolumeNode[] {
    return this.#inventory.remotes.map(({ remote }) => this.#known(volumeRemoteNode(remote.name)));
  }

  #childrenOf(node: VolumeNode | undefined): VolumeNode[] {
    switch (node?.kind) {
      case undefined:
        return this.#remotes();
      case 'volumeRemote':
        return this.#poolsOf(node.id, node.remote).map((child) => this.#known(child));
      case 'pool': {
        const volumes = this.#pool(node.remote, node.pool)?.volumes ?? [];
        return volumes.map(({ ref }) => this.#known(volumeNode(ref)));
      }
      case 'volume': {
        const snapshots = this.#volumes.volume(node.ref)?.snapshots ?? [];
        return snapshots.toReversed().map(({ ref }) => this.#known(volumeSnapshotNode(ref)));
      }
      default:
        return [];
    }
  }

  #poolsOf(parent: string, remote: string): VolumeNode[] {
    if (this.#inventory.remote(remote)?.state.kind === 'failed') return [];
    const state = this.#volumes.state(remote);
    if (state.kind === 'unread') return [volumeNoteNode(parent, 'loading')];
    if (state.kind === 'failed') return [volumeNoteNode(parent, 'failed')];
    if (state.pools.length === 0) return [volumeNoteNode(parent, 'noVolumes')];
    return state.pools.map(({ pool }) => poolNode(remote, pool.name));
  }

  #pool(remote: string, name: string): PoolEntry | undefined {
    return this.#volumes.pools(remote).find(({ pool }) => pool.name === name);
  }

  #rowOf(node: VolumeNode): Row | undefined {
    switch (node.kind) {
      case 'volumeRemote': {
        const entry = this.#inventory.remote(node.remote);
        return entry && volumeRemoteRow(entry, this.#volumes.state(node.remote));
      }
      case 'pool': {
        const entry = this.#pool(node.remote, node.pool);
        return entry && poolRow(entry);
      }
      case 'volume': {
        const volume = this.#volumes.volume(node.ref);
        const driver = this.#pool(node.ref.remote, node.ref.pool)?.pool.driver ?? '';
        return volume && volumeRow(volume, driver, this.#queue.isBusy(volumeQueueKey(this.#inventory, node.ref)));
      }
      case 'volumeSnapshot':
        return this.#snapshotRow(node.ref);
      case 'volumeNote':
        return volumeNoteRow(node.note);
    }
  }

  #snapshotRow(ref: VolumeSnapshotRef): Row | undefined {
    const volume = this.#volumes.volume(ref);
    const snapshot = this.#volumes.snapshot(ref);
    return volume && snapshot && volumeSnapshotRow(snapshot, isDependent(volume), new Date());
  }

  #lookBelow(node: VolumeNode): string {
    const row = this.#rowOf(node);
    return `${node.id} ${row ? lookOf(row) : ''}\n${this.#childrenOf(node)
      .map((child) => this.#lookBelow(child))
      .join('')}`;
  }

  #known(node: VolumeNode): VolumeNode {
    const known = this.#nodes.get(node.id);
    if (known) return known;
    this.#nodes.set(node.id, node);
    return node;
  }
}
