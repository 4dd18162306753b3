import { clearFilter, filter, sort } from './arrange.ts';
import { automateMirroring } from './automateMirroring.ts';
import { automatePruning } from './automatePruning.ts';
import { exportInstance, importInstance } from './backup.ts';
import { exportVolume, importVolume } from './volumeBackup.ts';
import { copyCommand } from './copyCommand.ts';
import { recoveryDrill } from './drill.ts';
import { failBack, failOver, migrateInstance } from './failover.ts';
import { createGroup, editGroupSchedule, snapshotGroup } from './groups.ts';
import { deleteGroupSnapshot, drillGroup, mirrorGroup, restoreGroup } from './groupSets.ts';
import { openShell, restartInstance, showInstanceInfo, startInstance, stopInstance } from './instances.ts';
import { mirrorAll, mirrorInstance } from './mirror.ts';
import { openInstallGuide, openSettings, refresh, showLog, showRemoteProblem } from './remotes.ts';
import { restoreSnapshot } from './restore.ts';
import { pinSnapshot, pruneSnapshots, setTiers, unpinSnapshot } from './retention.ts';
import { checkSchedules } from './health.ts';
import { editSchedule } from './schedule.ts';
import { setUpSnapshotServer } from './setUp.ts';
import { copySnapshotToServer } from './serverCopy.ts';
import type { Handler } from './services.ts';
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
import { restoreVolumeSnapshot } from './volumeRestore.ts';
import { editVolumeSchedule } from './volumeSchedule.ts';
import {
  copyVolumeSnapshotToServer,
  createVolumeFromSnapshot,
  createVolumeSnapshot,
  deleteVolumeSnapshot,
  renameVolumeSnapshot,
  setVolumeSnapshotExpiry,
} from './volumes.ts';

export { workOn } from './work.ts';

/** Every command of the extension, by its id without the section. `registration.ts` reads this file when one is called. */
export const COMMANDS = {
  createSnapshot,
  restoreSnapshot,
  renameSnapshot,
  setSnapshotExpiry,
  deleteSnapshot,
  createInstanceFromSnapshot,
  createVolumeSnapshot,
  restoreVolumeSnapshot,
  renameVolumeSnapshot,
  setVolumeSnapshotExpiry,
  deleteVolumeSnapshot,
  createVolumeFromSnapshot,
  copyVolumeSnapshotToServer,
  editVolumeSchedule,
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
  automatePruning,
  failOver,
  failBack,
  migrateInstance,
  removeTemporaryCopies,
  exportInstance,
  importInstance,
  exportVolume,
  importVolume,
  mirrorInstance,
  mirrorAll,
  createGroup,
  snapshotGroup,
  editGroupSchedule,
  restoreGroup,
  deleteGroupSnapshot,
  mirrorGroup,
  drillGroup,
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
