/** Where a backup is written until it is whole: a folder of its own, beside the place where it is to be. */
import { type FileHandle, link, mkdtemp, open, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { IncusError } from '../incus/errors.ts';
import { CHECKSUM_ENDING, checksumLine, readChecksum, WORKING_NAME, WORKING_PREFIX } from '../policy/backup/files.ts';

/** Codes with which a file system says that it has no second names for a file. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

export class WorkingFolder {
  /** Where the backup is to be written. */
  readonly path: string;
  readonly #folder: string;
  readonly #target: string;
  readonly #mayReplace: boolean;

  private constructor(folder: string, target: string, mayReplace: boolean) {
    this.#folder = folder;
    this.#target = target;
    this.#mayReplace = mayReplace;
    this.path = join(folder, WORKING_NAME);
  }

  /**
   * @param target where the file is to be in the end
   * @param mayReplace the user agreed to lose the file that is there
   * @throws IncusError `fileExists` where there is one and nobody agreed; `folderRefused`, `folderFull`
   */
  static async make(target: string, mayReplace: boolean): Promise<WorkingFolder> {
    if (!mayReplace && (await exists(target))) throw new IncusError('fileExists', { text: target });
    const beside = target + CHECKSUM_ENDING;
    const other = await readFile(beside, 'utf8').catch(() => undefined);
    // What stands there and is no checksum is somebody's file.
    if (other !== undefined && readChecksum(other) === undefined) throw new IncusError('fileExists', { text: beside });
    try {
      const folder = await mkdtemp(join(dirname(target), WORKING_PREFIX));
      return new WorkingFolder(folder, target, mayReplace);
    } catch (error) {
      throw fileError(error, dirname(target));
    }
  }

  /**
   * Gives the file its name, with its checksum beside it. Both are on the disk by then.
   * @param sum SHA-256 of the file, in hex
   * @throws IncusError as {@link WorkingFolder.make}
   */
  async finish(sum: string): Promise<void> {
    const beside = this.path + CHECKSUM_ENDING;
    try {
      const file = await open(beside, 'wx');
      await withFile(file, async () => {
        await file.writeFile(checksumLine(sum, basename(this.#target)));
        await file.sync();
      });
      const backup = await open(this.path, 'r+');
      await withFile(backup, () => backup.sync());
      // Without one, a file is no worse; with that of another file it would be taken for a damaged one.
      await rm(this.#target + CHECKSUM_ENDING, { force: true });
      await (this.#mayReplace ? rename(this.path, this.#target) : moveWithoutReplacing(this.path, this.#target));
      await rename(beside, this.#target + CHECKSUM_ENDING);
    } catch (error) {
      throw fileError(error, this.#target);
    }
  }

  /** Takes away the folder and whatever is in it. */
  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** A second name is given only where there is no file; a file that is moved takes the place of whatever is there. */
async function moveWithoutReplacing(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error))) throw error;
    if (await exists(to)) throw new IncusError('fileExists', { text: to });
    await rename(from, to);
    return;
  }
  await unlink(from);
}

async function withFile(file: FileHandle, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await file.close();
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

/** What the operating system says of a file, told apart. */
export function fileError(error: unknown, path: string): unknown {
  if (error instanceof IncusError) return error;
  const details = { text: path, cause: error };
  switch (codeOf(error)) {
    case 'EEXIST':
      return new IncusError('fileExists', details);
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new IncusError('folderFull', details);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EISDIR':
      return new IncusError('folderRefused', details);
    default:
      return error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
