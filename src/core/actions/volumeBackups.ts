import { randomBytes } from 'node:crypto';
import type { ReadBackup } from '../backup/archive.ts';
import type { IncusClient } from '../incus/client.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import * as commands from '../incus/volumeBackupCommands.ts';
import { setVolumeConfig } from '../incus/volumeCommands.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { VolumeInventory } from '../inventory/volumes.ts';
import type { Volume, VolumeRef } from '../model.ts';
import { importedMarks } from '../policy/backup/imported.ts';
import { isTemporary, TEMPORARY_KEY, temporaryName } from '../policy/temporary.ts';
import {
  BackupTransfer,
  type Exported,
  type FileWish,
  type Imported,
  type OnProgress,
  type OnTaken,
} from './backupTransfer.ts';
import type { KeyedQueue } from './queue.ts';
import type { Temporaries } from './temporary.ts';
import { requireUsableVolume, volumeQueueKey } from './volumes.ts';

export interface VolumeExportWish extends FileWish {
  readonly ref: VolumeRef;
}

export interface VolumeImportWish {
  readonly file: string;
  /** What `inspectBackup` found in it. */
  readonly backup: ReadBackup;
  readonly to: VolumeRef;
}

/** Writes custom volumes to files and makes volumes of files. */
export class VolumeBackups {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #volumes: VolumeInventory;
  readonly #queue: KeyedQueue;
  readonly #temporaries: Pick<Temporaries, 'markFor'>;
  readonly #transfer: BackupTransfer;

  constructor(
    client: IncusClient,
    inventory: Inventory,
    volumes: VolumeInventory,
    queue: KeyedQueue,
    temporaries: Pick<Temporaries, 'markFor'>,
  ) {
    this.#client = client;
    this.#inventory = inventory;
    this.#volumes = volumes;
    this.#queue = queue;
    this.#temporaries = temporaries;
    this.#transfer = new BackupTransfer(client);
  }

  /** Writes a volume to a file, as {@link BackupTransfer.write} says. */
  exportVolume(wish: VolumeExportWish, signal: AbortSignal, onProgress: OnProgress): Promise<ReadBackup> {
    const { ref } = wish;
    const what: Exported = {
      name: ref.volume,
      snapshots: async (end) => namesOf(await this.#volumes.refreshVolume(ref, end)),
      exportTo: (path) => commands.exportVolume(ref, path, wish),
      kept: (end) => this.#client.volumeBackups(ref, end),
      forget: (backup) => commands.deleteVolumeBackup(ref, backup),
    };
    return this.#queue.run(volumeQueueKey(this.#inventory, ref), signal, () => {
      requireUsableVolume(ref);
      return this.#transfer.write(what, wish, signal, onProgress);
    });
  }

  /**
   * Makes a volume of a backup file. As with instances, it has a reserved name until it is whole.
   * @throws IncusError `exists`, and as {@link BackupTransfer.make}
   */
  importVolume(wish: VolumeImportWish, signal: AbortSignal, onProgress: OnProgress, onTaken: OnTaken): Promise<Volume> {
    const { to } = wish;
    return this.#queue.run(volumeQueueKey(this.#inventory, to), signal, async () => {
      requireUsableVolume(to);
      if (await this.#find(to, signal)) throw new IncusError('exists', { text: `${to.volume} is there already` });
      const volume = await this.#transfer.make(this.#imported(wish), to.volume, signal, onProgress, onTaken);
      return this.#volumes.refreshVolume({ ...to, volume });
    });
  }

  #imported({ to, file, backup }: VolumeImportWish): Imported {
    const temporary = { ...to, volume: temporaryName(randomBytes(4).toString('hex')) };
    return {
      command: commands.importVolume(temporary, file),
      index: backup.index,
      snapshots: async () => namesOf(await this.#client.customVolume(temporary)),
      cleanse: async () => {
        const marks = importedMarks(await this.#client.customVolume(temporary));
        if (Object.keys(marks).length > 0) await this.#client.change(setVolumeConfig(temporary, marks));
      },
      rename: (name) => commands.renameTemporaryVolume(temporary, name),
      isAtWork: () => this.#client.isRestoringVolume(temporary),
      remove: () => this.#remove(temporary),
    };
  }

  /** Both marks have to be there, as with instances: the name is ours, the key is set and read back. */
  async #remove(temporary: VolumeRef): Promise<boolean> {
    if (!(await this.#find(temporary))) return false;
    await this.#client.change(setVolumeConfig(temporary, { [TEMPORARY_KEY]: this.#temporaries.markFor('import') }));
    const { config } = await this.#client.customVolume(temporary);
    if (!isTemporary({ ref: { ...temporary, instance: temporary.volume }, config })) {
      throw new IncusError('refusedCommand', { text: `${temporary.volume} is no temporary copy` });
    }
    await this.#client.change(commands.deleteTemporaryVolume(temporary));
    return true;
  }

  async #find(ref: VolumeRef, signal?: AbortSignal): Promise<Volume | undefined> {
    try {
      return await this.#client.customVolume(ref, signal);
    } catch (error) {
      if (toIncusError(error).kind === 'volumeMissing') return undefined;
      throw error;
    }
  }
}

function namesOf({ snapshots }: Volume): string[] {
  return snapshots.map(({ ref }) => ref.snapshot);
}
