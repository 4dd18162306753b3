import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BackupError, readBackup, type ReadBackup } from '../backup/archive.ts';
import { fileError, WorkingFolder } from '../backup/workingFolder.ts';
import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Instance, InstanceRef } from '../model.ts';
import { haveSameNames } from '../policy/backup/backupIndex.ts';
import { CHECKSUM_ENDING, isPassingBackup, readChecksum } from '../policy/backup/files.ts';
import { importedMarks, releasedConfig } from '../policy/backup/imported.ts';
import { temporaryName } from '../policy/temporary.ts';
import { queueKey } from './actions.ts';
import type { KeyedQueue } from './queue.ts';
import type { Temporaries } from './temporary.ts';

export interface ExportWish extends commands.ExportOptions {
  readonly ref: InstanceRef;
  /** Where the file is to be. */
  readonly file: string;
  /** The user agreed to lose the file that is there. */
  readonly mayReplace: boolean;
}

export interface ImportWish {
  readonly file: string;
  /** What {@link Backups.inspect} found in it. */
  readonly backup: ReadBackup;
  readonly to: InstanceRef;
  /** Absent: the one that the file says, or that of the profiles. */
  readonly pool?: string;
}

/** How far it is: `said` are the client's words, `read` is a part of 1. */
export type BackupProgress =
  { readonly step: 'transfer'; readonly said: string } | { readonly step: 'check'; readonly read: number };

type OnProgress = (progress: BackupProgress) => void;

/** What a look at a server found of a call that broke off. `nothing` may be yet to come. */
type Seen = 'removed' | 'atWork' | 'nothing';

/** Milliseconds between looks while the server is still at work on it. */
const AT_WORK = 1_000;

/** Milliseconds before each further look at what a broken call left on its server. */
const LOOKS = [0, 200, 500, 1_000];

/** Milliseconds between looks where the server is away, since it may come back, and how many there are. */
const LATER = { pause: 2_000, looks: 150 };

/** Writes instances to files and makes instances of files. What breaks off leaves nothing, here or on the server. */
export class Backups {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;
  readonly #temporaries: Temporaries;

  constructor(client: IncusClient, inventory: Inventory, queue: KeyedQueue, temporaries: Temporaries) {
    this.#client = client;
    this.#inventory = inventory;
    this.#queue = queue;
    this.#temporaries = temporaries;
  }

  /**
   * Writes an instance to a file, reads the whole file back, and gives it its name when it is whole.
   * @throws IncusError `fileExists`, `folderRefused`, `folderFull`, `backupDamaged`, `notVerified`, `cancelled`
   */
  exportInstance(wish: ExportWish, signal: AbortSignal, onProgress: OnProgress): Promise<ReadBackup> {
    const { ref } = wish;
    return this.#queue.run(queueKey(this.#inventory, ref), signal, async () => {
      const before = await this.#inventory.refreshInstance(ref, signal);
      const folder = await WorkingFolder.make(wish.file, wish.mayReplace);
      try {
        await this.#fetch(wish, folder.path, signal, onProgress);
        const backup = await checked(folder.path, signal, onProgress);
        const after = await this.#inventory.refreshInstance(ref);
        const wanted = wish.withSnapshots ? [before, after].map(namesOf) : [[]];
        const { index } = backup;
        if (index?.name !== ref.instance || !wanted.some((names) => !names || haveSameNames(names, index.snapshots))) {
          throw new IncusError('backupDamaged', { text: 'incomplete' });
        }
        await folder.finish(backup.sum);
        return backup;
      } finally {
        await folder.remove();
      }
    });
  }

  /**
   * Reads a backup file as a whole, and holds it against the checksum beside it, where there is one.
   * @throws IncusError `backupDamaged`, `folderRefused`, `cancelled`
   */
  async inspect(file: string, signal: AbortSignal, onProgress: OnProgress): Promise<ReadBackup> {
    const beside = await readFile(file + CHECKSUM_ENDING, 'utf8').catch(() => undefined);
    const backup = await checked(file, signal, onProgress);
    if (beside !== undefined && readChecksum(beside) !== backup.sum) {
      throw new IncusError('backupDamaged', { text: 'otherSum' });
    }
    return backup;
  }

  /**
   * Makes an instance of a backup file. It has a name that is reserved for temporary copies until it is whole, so that
   * half of one never bears another, and one that is not whole can be removed.
   * @param onTaken asked for another name where the wanted one was taken meanwhile; `undefined`: the user left
   * @throws IncusError `exists`; `notVerified` where the server made something else of it; `cancelled`
   */
  importInstance(
    wish: ImportWish,
    signal: AbortSignal,
    onProgress: OnProgress,
    onTaken: (name: string) => Promise<string | undefined>,
  ): Promise<Instance> {
    const { to, file, pool } = wish;
    const temporary = { ...to, instance: temporaryName(randomBytes(4).toString('hex')) };
    return this.#queue.run(queueKey(this.#inventory, to), signal, async () => {
      await this.#requireFree(to, signal);
      try {
        await this.#send(commands.importInstance(temporary, file, pool), signal, onProgress);
        await this.#verify(temporary, wish);
        requireWanted(signal);
        return await this.#giveName(temporary, to.instance, onTaken);
      } catch (error) {
        await this.#clear(() => this.#removeHalf(temporary));
        throw error;
      }
    });
  }

  /** A program that has sent all waits for the server, which nobody can stop: it goes on to its end. */
  async #send(command: commands.IncusCommand, signal: AbortSignal, onProgress: OnProgress): Promise<void> {
    const sending = new AbortController();
    const onAbort = () => {
      sending.abort();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      requireWanted(signal);
      const report = reporter((progress) => {
        if (progress.step === 'transfer' && progress.said.startsWith('100%')) {
          signal.removeEventListener('abort', onAbort);
        }
        onProgress(progress);
      });
      await this.#client.change(command, sending.signal, report);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #fetch(wish: ExportWish, path: string, signal: AbortSignal, onProgress: OnProgress): Promise<void> {
    const { ref } = wish;
    const known = new Set((await this.#client.backups(ref, signal)).map(({ name }) => name));
    try {
      await this.#client.change(commands.exportInstance(ref, path, wish), signal, reporter(onProgress));
    } catch (error) {
      await this.#clear(() => this.#removeKept(ref, known));
      throw localErrorOf(error, path, wish.file);
    }
  }

  /**
   * Takes away what the server keeps of an export that broke off. Where several came at once it cannot be told which is
   * ours: they expire within a day.
   */
  async #removeKept(ref: InstanceRef, known: ReadonlySet<string>): Promise<Seen> {
    const fresh = (await this.#client.backups(ref)).filter((one) => !known.has(one.name) && isPassingBackup(one));
    const [ours, ...others] = fresh;
    if (!ours) return 'nothing';
    if (others.length === 0) await this.#client.change(commands.deleteBackup(ref, ours.name));
    return 'removed';
  }

  async #removeHalf(temporary: InstanceRef): Promise<Seen> {
    if (await this.#client.isBeingMade(temporary, 'Restoring backup')) return 'atWork';
    try {
      const instance = await this.#client.instance(temporary);
      const mark = this.#temporaries.markFor('import');
      await this.#client.change(commands.setConfig(temporary, releasedConfig(instance, mark)));
    } catch (error) {
      if (toIncusError(error).kind === 'instanceMissing') return 'nothing';
      throw error;
    }
    await this.#temporaries.remove(temporary);
    return 'removed';
  }

  /**
   * Looks for what a broken call left, until that is gone or it is clear that nothing comes any more. While the server
   * is away, the looking goes on behind the back of whoever asked.
   */
  async #clear(look: () => Promise<Seen>): Promise<void> {
    try {
      await settle(look);
    } catch {
      void settleLater(look);
    }
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

  /** Nobody's mirror, and as whole as its file. */
  async #verify(temporary: InstanceRef, { backup: { index } }: ImportWish): Promise<void> {
    const made = await this.#inventory.refreshInstance(temporary);
    if (index && !haveSameNames(namesOf(made) ?? [], index.snapshots)) {
      throw new IncusError('notVerified', { text: 'snapshots are missing' });
    }
    const marks = importedMarks(made);
    if (Object.keys(marks).length > 0) await this.#client.change(commands.setConfig(temporary, marks));
  }

  async #giveName(
    temporary: InstanceRef,
    wanted: string,
    onTaken: (name: string) => Promise<string | undefined>,
  ): Promise<Instance> {
    for (let name: string | undefined = wanted; name !== undefined; name = await onTaken(name)) {
      try {
        await this.#client.change(commands.renameInstance(temporary, name));
      } catch (error) {
        if (toIncusError(error).kind !== 'exists') throw error;
        continue;
      }
      return this.#inventory.refreshInstance({ ...temporary, instance: name });
    }
    throw new IncusError('cancelled', { text: 'no other name was given' });
  }
}

async function settle(look: () => Promise<Seen>): Promise<void> {
  for (const pause of LOOKS) {
    await delay(pause);
    let seen = await look();
    while (seen === 'atWork') {
      await delay(AT_WORK);
      seen = await look();
    }
    if (seen === 'removed') return;
  }
}

async function settleLater(look: () => Promise<Seen>): Promise<void> {
  for (let looks = LATER.looks; looks > 0; looks--) {
    await delay(LATER.pause, undefined, { ref: false });
    const isSettled = await settle(look).then(
      () => true,
      () => false,
    );
    if (isSettled) return;
  }
}

function namesOf({ snapshots }: Instance): string[] | undefined {
  return snapshots?.filter(({ pending }) => !pending).map(({ ref }) => ref.snapshot);
}

function requireWanted(signal: AbortSignal): void {
  if (signal.aborted) throw new IncusError('cancelled', { text: 'cancelled' });
}

/** Reads a backup file, and says what is wrong with it in the words of the core. */
async function checked(path: string, signal: AbortSignal, onProgress: OnProgress): Promise<ReadBackup> {
  try {
    const { size } = await stat(path);
    return await readBackup(path, signal, (bytes) => {
      onProgress({ step: 'check', read: size === 0 ? 1 : Math.min(1, bytes / size) });
    });
  } catch (error) {
    if (signal.aborted) throw new IncusError('cancelled', { text: 'cancelled while it was read', cause: error });
    if (error instanceof BackupError) throw new IncusError('backupDamaged', { text: error.problem, cause: error });
    throw fileError(error, path);
  }
}

/** The client redraws one line: `Exporting the backup: 12% (1.24GB/s)`. What stands behind the colon is told. */
function reporter(onProgress: OnProgress): (text: string) => void {
  return (text) => {
    const said = /: (\S+ \([^()]*\))[^:]*$/.exec(text)?.[1];
    if (said !== undefined) onProgress({ step: 'transfer', said });
  };
}

/** A file that cannot be written is another matter than a pool that is full: the client names it. */
function localErrorOf(error: unknown, path: string, file: string): unknown {
  const { text, kind } = toIncusError(error);
  if (kind === 'cancelled' || !text.includes(path)) return error;
  if (kind === 'diskFull') return new IncusError('folderFull', { text: basename(file), cause: error });
  return new IncusError('folderRefused', { text: file, cause: error });
}
