import type { Memento } from 'vscode';
import { GroupMembers } from '../../core/actions/groupMembers.ts';
import { GroupRecovery } from '../../core/actions/groupRecovery.ts';
import { PauseJournal } from '../../core/actions/pauseJournal.ts';
import type { KeyedQueue } from '../../core/actions/queue.ts';
import type { IncusClient } from '../../core/incus/client.ts';
import type { Inventory } from '../../core/inventory/inventory.ts';
import type { VolumeInventory } from '../../core/inventory/volumes.ts';
import { isProgramAlive, thisProgram } from '../mirrors/store.ts';
import { groups as readGroups } from '../settings.ts';
import { GroupBoard } from './board.ts';
import { GroupsProvider } from './provider.ts';

/** Builds what groups need. @param memento keeps who is paused, over the end of the window */
export function buildGroups(
  memento: Memento,
  client: IncusClient,
  inventory: Inventory,
  volumes: VolumeInventory,
  queue: KeyedQueue,
) {
  const journal = new PauseJournal(memento, thisProgram(), isProgramAlive);
  const groups = new GroupBoard(inventory, volumes, readGroups);
  const groupMembers = new GroupMembers(client, inventory, volumes);
  return {
    groups,
    groupsProvider: new GroupsProvider(groups),
    groupMembers,
    journal,
    recovery: new GroupRecovery(client, inventory, groupMembers, queue, journal),
  };
}
