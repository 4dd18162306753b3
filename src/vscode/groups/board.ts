import { EventEmitter } from 'node:events';
import type { Inventory } from '../../core/inventory/inventory.ts';
import type { Instance } from '../../core/model.ts';
import { type Group, membersOf } from '../../core/policy/groups/group.ts';
import { setNamed, setsOf, type SnapshotSet } from '../../core/policy/groups/sets.ts';

/** What is known of groups: of the setting and of the inventory. It asks no server by itself. */
export class GroupBoard {
  readonly #inventory: Inventory;
  readonly #read: () => { readonly groups: readonly Group[]; readonly unread: number };
  readonly #changes = new EventEmitter<{ change: [] }>();
  readonly #end: () => void;

  constructor(inventory: Inventory, read: () => { groups: readonly Group[]; unread: number }) {
    this.#inventory = inventory;
    this.#read = read;
    this.#end = inventory.onDidChange(() => {
      this.touch();
    });
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

  /** Who belongs to it at this moment. */
  members(group: Group): Instance[] {
    return membersOf(
      group,
      this.#inventory.instances(group.remote).map(({ instance }) => instance),
    );
  }

  /** Its sets, newest first. */
  sets(group: Group): SnapshotSet[] {
    return setsOf(this.members(group));
  }

  set(group: Group, name: string): SnapshotSet | undefined {
    return setNamed(name, this.members(group));
  }

  /** Sees to it that the snapshots of its members become known. */
  want(group: Group): void {
    for (const { ref, snapshots } of this.members(group)) if (!snapshots) this.#inventory.wantLater(ref);
  }

  dispose(): void {
    this.#end();
    this.#changes.removeAllListeners();
  }
}
