import { randomBytes } from 'node:crypto';
import type { ReadBackup } from '../backup/archive.ts';
import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Instance, InstanceRef } from '../model.ts';
import { importedMarks, releasedConfig } from '../policy/backup/imported.ts';
import { temporaryName } from '../policy/temporary.ts';
import { queueKey } from './actions.ts';
import {
  BackupTransfer,
  type Exported,
  type FileWish,
  type Imported,
  inspectBackup,
  type OnProgress,
  type OnTaken,
} from './backupTransfer.ts';
import type { KeyedQueue } from './queue.ts';
import type { Temporaries } from './temporary.ts';

export interface ExportWish extends FileWish {
  readonly ref: InstanceRef;
}

export interface ImportWish {
  readonly file: string;
  /** What {@link Backups.inspect} found in it. */
  readonly backup: ReadBackup;
  readonly to: InstanceRef;
  /** Absent: the one that the file says, or that of the profiles. */
  readonly pool?: string;
}

/** Writes instances to files and makes instances of files. */
export class Backups {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;
  readonly #temporaries: Temporaries;
  readonly #transfer: BackupTransfer;
  readonly inspect = inspectBackup;

  constructor(client: IncusClient, inventory: Inventory, queue: KeyedQueue, temporaries: Temporaries) {
    this.#client = client;
    this.#inventory = inventory;
    this.#queue = queue;
    this.#temporaries = temporaries;
    this.#transfer = new BackupTransfer(client);
  }

  /** Writes an instance to a file, as {@link BackupTransfer.write} says. */
  exportInstance(wish: ExportWish, signal: AbortSignal, onProgress: OnProgress): Promise<ReadBackup> {
    const { ref } = wish;
    const what: Exported = {
      name: ref.instance,
      snapshots: async (end) => namesOf(await this.#inventory.refreshInstance(ref, end)),
      exportTo: (path) => commands.exportInstance(ref, path, wish),
      kept: (end) => this.#client.backups(ref, end),
      forget: (backup) => commands.deleteBackup(ref, backup),
    };
    return this.#queue.run(queueKey(this.#inventory, ref), signal, () =>
      this.#transfer.write(what, wish, signal, onProgress),
    );
  }

  /**
   * Makes an instance of a backup file. It has a name that is reserved for temporary copies until it is whole, so that
   * half of one never bears another, and one that is not whole can be removed.
   * @throws IncusError `exists`, and as {@link BackupTransfer.make}
   */
  importInstance(wish: ImportWish, signal: AbortSignal, onProgress: OnProgress, onTaken: OnTaken): Promise<Instance> {
    const { to } = wish;
    return this.#queue.run(queueKey(this.#inventory, to), signal, async () => {
      await this.#requireFree(to, signal);
      const what = this.#imported(wish);
      const instance = await this.#transfer.make(what, to.instance, signal, onProgress, onTaken);
      return this.#inventory.refreshInstance({ ...to, instance });
    });
  }

  #imported({ to, file, pool, backup }: ImportWish): Imported {
    const temporary = { ...to, instance: temporaryName(randomBytes(4).toString('hex')) };
    return {
      command: commands.importInstance(temporary, file, pool),
      index: backup.index,
      snapshots: async () => namesOf(await this.#inventory.refreshInstance(temporary)),
      cleanse: async () => {
        const marks = importedMarks(await this.#client.instance(temporary));
        if (Object.keys(marks).length > 0) await this.#client.change(commands.setConfig(temporary, marks));
      },
      rename: (name) => commands.renameInstance(temporary, name),
      isAtWork: () => this.#client.isBeingMade(temporary, 'Restoring backup'),
      remove: () => this.#remove(temporary),
    };
  }

  async #remove(temporary: InstanceRef): Promise<boolean> {
    try {
      const instance = await this.#client.instance(temporary);
      const mark = this.#temporaries.markFor('import');
      await this.#client.change(commands.setConfig(temporary, releasedConfig(instance, mark)));
    } catch (error) {
      if (toIncusError(error).kind === 'instanceMissing') return false;
      throw error;
    }
    await this.#temporaries.remove(temporary);
    return true;
  }

  async #requireFree(to: InstanceRef, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.instance(to, signal);
    } catch (error) {
      if (toIncusError(error).kind === 'instanceMissing') return;
      throw error;
    }
    throw new IncusError('exists', { text: `${to.instance} is there already` });
  }
}

function namesOf({ snapshots }: Instance): string[] | undefined {
  return snapshots?.filter(({ pending }) => !pending).map(({ ref }) => ref.snapshot);
}
