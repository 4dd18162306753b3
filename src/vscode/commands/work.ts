import { Actions } from '../../core/actions/actions.ts';
import { Automations } from '../../core/actions/automations.ts';
import { Backups } from '../../core/actions/backups.ts';
import { Drills } from '../../core/actions/drill.ts';
import { Failovers } from '../../core/actions/failover.ts';
import { GroupRestore } from '../../core/actions/groupRestore.ts';
import { GroupSnapshots } from '../../core/actions/groupSnapshots.ts';
import { Preflight } from '../../core/actions/preflight.ts';
import { Remotes } from '../../core/actions/remotes.ts';
import { Restore } from '../../core/actions/restore.ts';
import { ServerCopies } from '../../core/actions/serverCopy.ts';
import { VolumeBackups } from '../../core/actions/volumeBackups.ts';
import { VolumeRestore } from '../../core/actions/volumeRestore.ts';
import { VolumeActions } from '../../core/actions/volumes.ts';
import { automationPlaces } from '../automation/places.ts';
import type { Ground } from './services.ts';

type Foundation = Pick<
  Ground,
  | 'client'
  | 'runner'
  | 'operations'
  | 'inventory'
  | 'volumes'
  | 'queue'
  | 'temporaries'
  | 'mirrors'
  | 'journal'
  | 'groupMembers'
>;

/** What only commands do: read and put together when the first one is called. */
export function workOn(foundation: Foundation) {
  const { client, runner, operations, inventory, volumes, queue, temporaries, mirrors, journal, groupMembers } =
    foundation;
  const volumeRestore = new VolumeRestore(client, inventory, volumes, queue);
  const restore = new Restore(client, inventory, queue, volumes, volumeRestore);
  return {
    ...{ restore, volumeRestore },
    actions: new Actions(client, inventory, queue),
    volumeActions: new VolumeActions(client, inventory, volumes, queue),
    groupSnapshots: new GroupSnapshots(client, inventory, groupMembers, queue, journal),
    groupRestore: new GroupRestore(client, inventory, queue, restore, volumeRestore),
    remotes: new Remotes(client, inventory),
    preflight: new Preflight(client, inventory, temporaries),
    drills: new Drills(client, inventory, queue, temporaries),
    serverCopies: new ServerCopies(client, inventory, queue, operations),
    failovers: new Failovers(client, inventory, queue, mirrors),
    automations: new Automations(runner, automationPlaces),
    backups: new Backups(client, inventory, queue, temporaries),
    volumeBackups: new VolumeBackups(client, inventory, volumes, queue, temporaries),
  };
}

export type Work = ReturnType<typeof workOn>;
