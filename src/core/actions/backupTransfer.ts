import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BackupError, readBackup, type ReadBackup } from '../backup/archive.ts';
import { fileError, WorkingFolder } from '../backup/workingFolder.ts';
import type { ServerBackup } from '../incus/backups.ts';
import type { IncusClient } from '../incus/client.ts';
import type { ExportOptions, IncusCommand } from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import { type BackupIndex, haveSameNames } from '../policy/backup/backupIndex.ts';
import { CHECKSUM_ENDING, isPassingBackup, readChecksum } from '../policy/backup/files.ts';

/** How far it is: `said` are the client's words, `read` is a part of 1. */
export type BackupProgress =
  { readonly step: 'transfer'; readonly said: string } | { readonly step: 'check'; readonly read: number };

export type OnProgress = (progress: BackupProgress) => void;

/** How a file is to be written. */
export interface FileWish extends ExportOptions {
  /** Where the file is to be. */
  readonly file: string;
  /** The user agreed to lose the file that is there. */
  readonly mayReplace: boolean;
}

/** Something that is exported. */
export interface Exported {
  readonly name: string;
  /** The names of its snapshots; `undefined`: not known. */
  snapshots(signal?: AbortSignal): Promise<readonly string[] | undefined>;
  exportTo(path: string): IncusCommand;
  /** The backups of it that its server keeps. */
  kept(signal?: AbortSignal): Promise<ServerBackup[]>;
  forget(backup: string): IncusCommand;
}

/** Something that is made of a backup file, under a name that is reserved for temporary copies. */
export interface Imported {
  readonly command: IncusCommand;
  /** Absent where only the server can read it. */
  readonly index?: BackupIndex | undefined;
  /** The names of the snapshots that it has. */
  snapshots(): Promise<readonly string[] | undefined>;
  /** Takes away what it was for others. */
  cleanse(): Promise<void>;
  rename(to: string): IncusCommand;
  /** Whether the server is at work on it. */
  isAtWork(): Promise<boolean>;
  /**
   * Removes what is not whole.
   * @returns whether there was anything
   */
  remove(): Promise<boolean>;
}

/** Asked for another name where the wanted one was taken meanwhile; `undefined`: the user left. */
export type OnTaken = (name: string) => Promise<string | undefined>;

/** What a look at a server found of a call that broke off. `nothing` may be yet to come. */
type Seen = 'removed' | 'atWork' | 'nothing';

/** Milliseconds between looks while the server is still at work on it. */
const AT_WORK = 1_000;

/** Milliseconds before each further look at what a broken call left on its server. */
const LOOKS = [0, 200, 500, 1_000];

/** Milliseconds between looks where the server is away, since it may come back, and how many there are. */
const LATER = { pause: 2_000, looks: 150 };

/** Writes backup files and reads them, so that what breaks off leaves nothing, here or on the server. */
export class BackupTransfer {
  readonly #client: IncusClient;

  constructor(client: IncusClient) {
    this.#client = client;
  }

  /**
   * Writes a file, reads all of it back, and gives it its name when it is whole.
   * @throws IncusError `fileExists`, `folderRefused`, `folderFull`, `backupDamaged`, `cancelled`
   */
  async write(what: Exported, wish: FileWish, signal: AbortSignal, onProgress: OnProgress): Promise<ReadBackup> {
    const before = await what.snapshots(signal);
    const folder = await WorkingFolder.make(wish.file, wish.mayReplace);
    try {
      await this.#fetch(what, folder.path, wish.file, signal, onProgress);
      const backup = await checked(folder.path, signal, onProgress);
      // One that is made meanwhile may be in the file or not.
      const wanted = wish.withSnapshots ? [before, await what.snapshots()] : [[]];
      const { index } = backup;
      if (index?.name !== what.name || !wanted.some((names) => !names || haveSameNames(names, index.snapshots))) {
        throw new IncusError('backupDamaged', { text: 'incomplete' });
      }
      await folder.finish(backup.sum);
      return backup;
    } finally {
      await folder.remove();
    }
  }

  /**
   * Makes something of a file, and gives it its name when it is whole.
   * @returns the name that it got
   * @throws IncusError `notVerified` where the server made something else of it; `cancelled`
   */
  async make(
    what: Imported,
    wanted: string,
    signal: AbortSignal,
    onProgress: OnProgress,
    onTaken: OnTaken,
  ): Promise<string> {
    try {
      await this.#send(what.command, signal, onProgress);
      const made = await what.snapshots();
      if (what.index && !haveSameNames(made ?? [], what.index.snapshots)) {
        throw new IncusError('notVerified', { text: 'snapshots are missing' });
      }
      await what.cleanse();
      requireWanted(signal);
      return await this.#giveName(what, wanted, onTaken);
    } catch (error) {
      await clear(async () => {
        if (await what.isAtWork()) return 'atWork';
        return (await what.remove()) ? 'removed' : 'nothing';
      });
      throw error;
    }
  }

  /** A program that has sent all waits for the server, which nobody can stop: it goes on to its end. */
  async #send(command: IncusCommand, signal: AbortSignal, onProgress: OnProgress): Promise<void> {
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

  async #fetch(what: Exported, path: string, file: string, signal: AbortSignal, onProgress: OnProgress): Promise<void> {
    const known = new Set((await what.kept(signal)).map(({ name }) => name));
    try {
      await this.#client.change(what.exportTo(path), signal, reporter(onProgress));
    } catch (error) {
      await clear(() => this.#removeKept(what, known));
      throw localErrorOf(error, path, file);
    }
  }

  /**
   * Takes away what the server keeps of an export that broke off. Where several came at once it cannot be told which is
   * ours: they expire within a day.
   */
  async #removeKept(what: Exported, known: ReadonlySet<string>): Promise<Seen> {
    const fresh = (await what.kept()).filter((one) => !known.has(one.name) && isPassingBackup(one));
    const [ours, ...others] = fresh;
    if (!ours) return 'nothing';
    if (others.length === 0) await this.#client.change(what.forget(ours.name));
    return 'removed';
  }

  async #giveName(what: Imported, wanted: string, onTaken: OnTaken): Promise<string> {
    for (let name: string | undefined = wanted; name !== undefined; name = await onTaken(name)) {
      try {
        await this.#client.change(what.rename(name));
        return name;
      } catch (error) {
        if (toIncusError(error).kind !== 'exists') throw error;
      }
    }
    throw new IncusError('cancelled', { text: 'no other name was given' });
  }
}

/**
 * Reads a backup file as a whole, and holds it against the checksum beside it, where there is one.
 * @throws IncusError `backupDamaged`, `folderRefused`, `cancelled`
 */
export async function inspectBackup(file: string, signal: AbortSignal, onProgress: OnProgress): Promise<ReadBackup> {
  const beside = await readFile(file + CHECKSUM_ENDING, 'utf8').catch(() => undefined);
  const backup = await checked(file, signal, onProgress);
  if (beside !== undefined && readChecksum(beside) !== backup.sum) {
    throw new IncusError('backupDamaged', { text: 'otherSum' });
  }
  return backup;
}

/**
 * Looks for what a broken call left, until that is gone or it is clear that nothing comes any more. While the server is
 * away, the looking goes on behind the back of whoever asked.
 */
async function clear(look: () => Promise<Seen>): Promise<void> {
  try {
    await settle(look);
  } catch {
    void settleLater(look);
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
