import { EventEmitter } from 'node:events';
import type { Inventory } from '../../core/inventory/inventory.ts';
import type { VolumeInventory } from '../../core/inventory/volumes.ts';
import { type Group, membersOf } from '../../core/policy/groups/group.ts';
import { instancesAmong, type Member } from '../../core/policy/groups/member.ts';
import { setNamed, setsOf, type SnapshotSet, unsure } from '../../core/policy/groups/sets.ts';

/** What is known of groups: of the setting and of the inventories. It asks no server by itself, but for {@link learn}. */
export class GroupBoard {
  readonly #inventory: Inventory;
  readonly #volumes: VolumeInventory;
  readonly #read: () => { readonly groups: readonly Group[]; readonly unread: number };
  readonly #changes = new EventEmitter<{ change: [] }>();
  readonly #ends: readonly (() => void)[];

  constructor(
    inventory: Inventory,
    volumes: VolumeInventory,
    read: () => { groups: readonly Group[]; unread: number },
  ) {
    this.#inventory = inventory;
    this.#volumes = volumes;
    this.#read = read;
    const touch = () => {
      this.touch();
    };
    this.#ends = [inventory.onDidChange(touch), volumes.onDidChange(touch)];
  }

  /** @returns a function that ends the subscription */
  onDidChange(listener: () => void): () => void {
    this.#changes.on('change', listener);
    return () => void this.#changes.off('change', listener);
  }

  /** Says that the setting has changed. */
  touch(): void {
    this.#changes.emit('change');
  }

  get groups(): readonly Group[] {
    return this.#read().groups;
  }

  /** Entries of the setting that cannot be read. */
  get unread(): number {
    return this.#read().unread;
  }

  group(name: string): Group | undefined {
    return this.groups.find((group) => group.name === name);
  }

  /** Whether the group's remote has answered: only then is it known who belongs to it. */
  isKnown({ remote }: Group): boolean {
    return this.#inventory.server(remote) !== undefined;
  }

  /** Whether all volumes of the group's remote are known. */
  knowsVolumes({ remote }: Group): boolean {
    return this.#volumes.state(remote).kind === 'ready' && !this.#volumes.pools(remote).some(({ error }) => error);
  }

  /**
   * Reads the volumes of the group's remote again, so that it is known who belongs to it.
   * @throws IncusError where they cannot be read: something that belongs to it could then be left out unsaid
   */
  async learn({ remote }: Group): Promise<void> {
    if (!this.#inventory.server(remote)) return;
    await this.#volumes.refreshRemote(remote);
    const state = this.#volumes.state(remote);
    if (state.kind === 'failed') throw state.error;
    const failed = this.#volumes.pools(remote).find(({ error }) => error)?.error;
    if (failed) throw failed;
  }

  /** Who belongs to it at this moment, as far as that is known. */
  members(group: Group): Member[] {
    return membersOf(
      group,
      this.#inventory.instances(group.remote).map(({ instance }) => instance),
      this.#volumes.volumes(group.remote),
    );
  }

  /** Its sets, newest first. */
  sets(group: Group): SnapshotSet[] {
    const sets = setsOf(this.members(group));
    return this.knowsVolumes(group) ? sets : sets.map(unsure);
  }

  set(group: Group, name: string): SnapshotSet | undefined {
    const set = setNamed(name, this.members(group));
    return set && (this.knowsVolumes(group) ? set : unsure(set));
  }

  /** Sees to it that the snapshots of its members become known. */
  want(group: Group): void {
    for (const { ref, snapshots } of instancesAmong(this.members(group)))
      if (!snapshots) this.#inventory.wantLater(ref);
  }

  dispose(): void {
    for (const end of this.#ends) end();
    this.#changes.removeAllListeners();
  }
}
