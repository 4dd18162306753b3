import type * as vscode from 'vscode';
import type { DrillHistory } from '../../core/actions/drillHistory.ts';
import type { Mirrors } from '../../core/actions/mirror.ts';
import type { ScheduleEdits } from '../../core/actions/scheduleEdits.ts';
import type { Operations } from '../../core/actions/operations.ts';
import type { GroupMembers } from '../../core/actions/groupMembers.ts';
import type { PauseJournal } from '../../core/actions/pauseJournal.ts';
import type { KeyedQueue } from '../../core/actions/queue.ts';
import type { SetUpDraft } from '../setUpDraft.ts';
import type { Temporaries } from '../../core/actions/temporary.ts';
import type { IncusClient } from '../../core/incus/client.ts';
import type { Runner } from '../../core/incus/runner.ts';
import type { VolumeInventory } from '../../core/inventory/volumes.ts';
import type { Inventory } from '../../core/inventory/inventory.ts';
import type {
  InstanceRef,
  ProjectRef,
  SnapshotRef,
  SnapshotServerPair,
  VolumeRef,
  VolumeSnapshotRef,
} from '../../core/model.ts';
import type { Log } from '../log.ts';
import type { InfoDocuments } from '../infoDocuments.ts';
import type { Prunes } from '../prune/prunes.ts';
import type { HealthBoard } from '../schedule/healthBoard.ts';
import type { ScheduleForms } from '../schedule/forms.ts';
import type { GroupBoard } from '../groups/board.ts';
import type { GroupRow } from '../groups/nodes.ts';
import type { Timelines } from '../timeline/timelines.ts';
import type { MirrorBoard } from '../mirrors/board.ts';
import type { MirrorRow } from '../mirrors/provider.ts';
import type { Arrangement } from '../tree/arrangement.ts';
import type { Node } from '../tree/nodes.ts';
import type { VolumeNode } from '../volumes/nodes.ts';
import type { Work } from './work.ts';

/** What commands share with views; made once, in `extension.ts`. */
export interface Ground {
  readonly inventory: Inventory;
  readonly client: IncusClient;
  readonly runner: Runner;
  readonly volumes: VolumeInventory;
  readonly temporaries: Temporaries;
  readonly operations: Operations;
  readonly groupMembers: GroupMembers;
  readonly journal: PauseJournal;
  readonly drillHistory: DrillHistory;
  readonly mirrors: Mirrors;
  readonly board: MirrorBoard;
  readonly groups: GroupBoard;
  readonly queue: KeyedQueue;
  readonly log: Log;
  readonly info: InfoDocuments;
  readonly timelines: Timelines;
  readonly prunes: Prunes;
  readonly schedules: ScheduleForms;
  readonly arrangement: Arrangement;
  readonly edits: ScheduleEdits;
  readonly health: HealthBoard;
  readonly draft: SetUpDraft;
  /** What is selected in the view. */
  readonly view: Pick<vscode.TreeView<Node>, 'selection'>;
  /** What is selected in the view of volumes. */
  readonly volumesView: Pick<vscode.TreeView<VolumeNode>, 'selection'>;
  /** Brings a row into sight and selects it. */
  readonly reveal: (node: Node) => Promise<void>;
  /** Reads the remotes where that has not been done yet. */
  readonly loaded: () => Promise<void>;
}

/** What commands work with. */
export interface Services extends Ground, Work {}

/** The snapshots of one name of a group's members. */
export interface GroupSet {
  readonly group: string;
  readonly set: string;
}

/** What a command is to work on, by kind; empty where it was called from the palette. */
export interface Selection {
  readonly remotes: readonly string[];
  readonly projects: readonly ProjectRef[];
  readonly instances: readonly InstanceRef[];
  readonly snapshots: readonly SnapshotRef[];
  readonly pairs: readonly SnapshotServerPair[];
  /** Names of groups; a set's group among them. */
  readonly groups: readonly string[];
  readonly sets: readonly GroupSet[];
  readonly volumes: readonly VolumeRef[];
  readonly volumeSnapshots: readonly VolumeSnapshotRef[];
}

/** A command: it asks for what the selection leaves open, and throws `IncusError` where something fails. */
export type Handler = (services: Services, selection: Selection) => Promise<void>;

/** Rows, sorted by what they stand for. */
export function selectionOf(nodes: readonly (Node | MirrorRow | GroupRow | VolumeNode)[]): Selection {
  return {
    remotes: nodes.flatMap((node) => (node.kind === 'remote' || node.kind === 'volumeRemote' ? [node.remote] : [])),
    projects: nodes.flatMap((node) => (node.kind === 'project' ? [node.ref] : [])),
    instances: nodes.flatMap((node) => (node.kind === 'instance' || node.kind === 'mirror' ? [node.ref] : [])),
    snapshots: nodes.flatMap((node) => (node.kind === 'snapshot' ? [node.ref] : [])),
    pairs: nodes.flatMap((node) => (node.kind === 'pair' ? [node.pair] : [])),
    groups: nodes.flatMap((node) => (node.kind === 'group' || node.kind === 'set' ? [node.group] : [])),
    sets: nodes.flatMap((node) => (node.kind === 'set' ? [{ group: node.group, set: node.set }] : [])),
    volumes: nodes.flatMap((node) => (node.kind === 'volume' ? [node.ref] : [])),
    volumeSnapshots: nodes.flatMap((node) => (node.kind === 'volumeSnapshot' ? [node.ref] : [])),
  };
}
