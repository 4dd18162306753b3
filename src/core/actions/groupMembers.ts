import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError } from '../incus/errors.ts';
import { createVolumeSnapshot, deleteVolumeSnapshot } from '../incus/volumeCommands.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { VolumeInventory } from '../inventory/volumes.ts';
import { isDependent } from '../model.ts';
import { isVolumeRef, type Member, type MemberRef } from '../policy/groups/member.ts';
import { queueKey } from './actions.ts';
import { requireUsableVolume, volumeQueueKey } from './volumes.ts';

/** What is done to a group's members one by one, whichever kind they are of. */
export class GroupMembers {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #volumes: VolumeInventory;

  constructor(client: IncusClient, inventory: Inventory, volumes: VolumeInventory) {
    this.#client = client;
    this.#inventory = inventory;
    this.#volumes = volumes;
  }

  /** The key by which work on a member waits for other work on it. */
  turnOf(ref: MemberRef): string {
    return isVolumeRef(ref) ? volumeQueueKey(this.#inventory, ref) : queueKey(this.#inventory, ref);
  }

  /**
   * Reads a member with its snapshots again.
   * @throws IncusError `dependentVolume` where a volume goes with its instance
   */
  async refresh(ref: MemberRef, signal?: AbortSignal): Promise<Member> {
    if (!isVolumeRef(ref)) return this.#inventory.refreshInstance(ref, signal);
    requireUsableVolume(ref);
    const volume = await this.#volumes.refreshVolume(ref, signal);
    if (isDependent(volume)) throw new IncusError('dependentVolume', { text: `${ref.volume} goes with its instance` });
    return volume;
  }

  /** @throws IncusError */
  createSnapshot(ref: MemberRef, snapshot: Omit<commands.NewSnapshot, 'stateful'>): Promise<void> {
    return this.#client.change(
      isVolumeRef(ref) ? createVolumeSnapshot(ref, snapshot) : commands.createSnapshot(ref, snapshot),
    );
  }

  /** @throws IncusError */
  deleteSnapshot(ref: MemberRef & { readonly snapshot: string }): Promise<void> {
    return this.#client.change(isVolumeRef(ref) ? deleteVolumeSnapshot(ref) : commands.deleteSnapshot(ref));
  }
}
