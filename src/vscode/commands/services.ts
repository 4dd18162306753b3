import type * as vscode from 'vscode';
import type { Actions } from '../../core/actions/actions.ts';
import type { Automations } from '../../core/actions/automations.ts';
import type { Backups } from '../../core/actions/backups.ts';
import type { Drills } from '../../core/actions/drill.ts';
import type { Failovers } from '../../core/actions/failover.ts';
import type { DrillHistory } from '../../core/actions/drillHistory.ts';
import type { Mirrors } from '../../core/actions/mirror.ts';
import type { ScheduleEdits } from '../../core/actions/scheduleEdits.ts';
import type { GroupRestore } from '../../core/actions/groupRestore.ts';
import type { GroupSnapshots } from '../../core/actions/groupSnapshots.ts';
import type { KeyedQueue } from '../../core/actions/queue.ts';
import type { Preflight } from '../../core/actions/preflight.ts';
import type { SetUpDraft } from '../setUpDraft.ts';
import type { Remotes } from '../../core/actions/remotes.ts';
import type { Restore } from '../../core/actions/restore.ts';
import type { ServerCopies } from '../../core/actions/serverCopy.ts';
import type { Temporaries } from '../../core/actions/temporary.ts';
import type { VolumeActions } from '../../core/actions/volumes.ts';
import type { VolumeRestore } from '../../core/actions/volumeRestore.ts';
import type { IncusClient } from '../../core/incus/client.ts';
import type { VolumeBackups } from '../../core/actions/volumeBackups.ts';
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

/** What commands work with; made once, in `extension.ts`. */
export interface Services {
  readonly inventory: Inventory;
  readonly client: IncusClient;
  readonly actions: Actions;
  readonly volumes: VolumeInventory;
  readonly volumeActions: VolumeActions;
  readonly volumeRestore: VolumeRestore;
  readonly restore: Restore;
  readonly temporaries: Temporaries;
  readonly drills: Drills;
  readonly serverCopies: ServerCopies;
  readonly failovers: Failovers;
  readonly automations: Automations;
  readonly backups: Backups;
  readonly volumeBackups: VolumeBackups;
  readonly drillHistory: DrillHistory;
  readonly mirrors: Mirrors;
  readonly board: MirrorBoard;
  readonly groups: GroupBoard;
  readonly groupSnapshots: GroupSnapshots;
  readonly groupRestore: GroupRestore;
  readonly queue: KeyedQueue;
  readonly log: Log;
  readonly info: InfoDocuments;
  readonly timelines: Timelines;
  readonly prunes: Prunes;
  readonly schedules: ScheduleForms;
  readonly arrangement: Arrangement;
  readonly edits: ScheduleEdits;
  readonly health: HealthBoard;
  readonly remotes: Remotes;
  readonly preflight: Preflight;
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
