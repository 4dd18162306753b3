import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { toIncusError } from '../../core/incus/errors.ts';
import { SECTION } from '../settings.ts';
import type { MirrorRow } from '../mirrors/provider.ts';
import type { Node } from '../tree/nodes.ts';
import { clearFilter, filter, sort } from './arrange.ts';
import { automateMirroring } from './automate.ts';
import { copyCommand } from './copyCommand.ts';
import { recoveryDrill } from './drill.ts';
import { failBack, failOver, migrateInstance } from './failover.ts';
import { openShell, restartInstance, showInstanceInfo, startInstance, stopInstance } from './instances.ts';
import { mirrorAll, mirrorInstance } from './mirror.ts';
import { openInstallGuide, openSettings, refresh, showLog, showRemoteProblem } from './remotes.ts';
import { showFailure } from './report.ts';
import { restoreSnapshot } from './restore.ts';
import { pinSnapshot, pruneSnapshots, setTiers, unpinSnapshot } from './retention.ts';
import { checkSchedules } from './health.ts';
import { editSchedule } from './schedule.ts';
import { setUpSnapshotServer } from './setUp.ts';
import { copySnapshotToServer } from './serverCopy.ts';
import { type Handler, type Selection, selectionOf, type Services } from './services.ts';
import {
  createInstanceFromSnapshot,
  createSnapshot,
  deleteSnapshot,
  renameSnapshot,
  setSnapshotExpiry,
} from './snapshots.ts';
import { showTimeline } from './timeline.ts';
import { removeTemporaryCopies } from './temporary.ts';
import { addRemote, removeRemote } from './trust.ts';

/** Every command of the extension, by its id without the section. */
export const COMMANDS = {
  createSnapshot,
  restoreSnapshot,
  renameSnapshot,
  setSnapshotExpiry,
  deleteSnapshot,
  createInstanceFromSnapshot,
  pinSnapshot,
  unpinSnapshot,
  pruneSnapshots,
  setTiers,
  startInstance,
  stopInstance,
  restartInstance,
  openShell,
  showInstanceInfo,
  copyCommand,
  showTimeline,
  recoveryDrill,
  copySnapshotToServer,
  automateMirroring,
  failOver,
  failBack,
  migrateInstance,
  removeTemporaryCopies,
  mirrorInstance,
  mirrorAll,
  editSchedule,
  checkSchedules,
  addRemote,
  removeRemote,
  setUpSnapshotServer,
  refresh,
  filter,
  clearFilter,
  sort,
  showLog,
  showRemoteProblem,
  openSettings,
  openInstallGuide,
} as const satisfies Record<string, Handler>;

/** Commands that keys call with this argument work on what is selected in the view. */
const FROM_KEYBOARD = 'selection';

/** Registers all commands. Here, and only here, failures become messages. */
export function registerCommands(services: Services): vscode.Disposable {
  const registrations = Object.entries(COMMANDS).map(([id, handler]: [string, Handler]) =>
    vscode.commands.registerCommand(`${SECTION}.${id}`, async (first?: unknown, second?: unknown) => {
      try {
        await handler(services, selectionFrom(services, first, second));
      } catch (error) {
        const failure = toIncusError(error);
        // A failed call stands in the log already.
        if (failure.kind === 'other' && failure.argv.length === 0) services.log.error(error);
        await showFailure(services.log, undefined, failure);
      }
    }),
  );
  return vscode.Disposable.from(...registrations);
}

/** A menu hands over the row under the mouse and, where it is among them, all selected rows. */
function selectionFrom(services: Services, first: unknown, second: unknown): Selection {
  if (first === FROM_KEYBOARD) return selectionOf(services.view.selection);
  if (Array.isArray(second) && second.length > 0) return selectionOf(second.filter(isNode));
  if (isNode(first)) return selectionOf([first]);
  return looseSelection(first);
}

function isNode(value: unknown): value is Node | MirrorRow {
  return typeof value === 'object' && value !== null && 'kind' in value && 'id' in value;
}

const reference = z.object({
  ref: z.object({ remote: z.string(), project: z.string(), instance: z.string(), snapshot: z.optional(z.string()) }),
});

/** What our own messages and the menus of webviews hand over, which is not a row: `{ ref }` of a snapshot or instance. */
function looseSelection(value: unknown): Selection {
  const none = selectionOf([]);
  const parsed = reference.safeParse(value);
  if (!parsed.success) return none;
  const { remote, project, instance, snapshot } = parsed.data.ref;
  const ref = { remote, project, instance };
  return snapshot === undefined ? { ...none, instances: [ref] } : { ...none, snapshots: [{ ...ref, snapshot }] };
}
