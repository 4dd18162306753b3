/** Names of backup files, and the file with the checksum that stands beside each. */

/** How a backup file is compressed. Others that a server may know cannot be checked here, so they are not offered. */
export type Compression = 'gzip' | 'zstd' | 'none';

const ENDING: Readonly<Record<Compression, string>> = { gzip: '.tar.gz', zstd: '.tar.zst', none: '.tar' };

export function isCompression(value: string): value is Compression {
  return Object.hasOwn(ENDING, value);
}

/** A name for the file: what it holds, and when it was made, in local time. */
export function backupFileName(name: string, at: Date, compression: Compression): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${name}_${day}_${two(at.getHours())}-${two(at.getMinutes())}${ENDING[compression]}`;
}

/** The folder in which a backup is written until it is whole begins so; six letters and digits follow. */
export const WORKING_PREFIX = '.incus-snapshots-';

/** The name of the file in that folder. */
export const WORKING_NAME = 'backup';

/** Whether a path is one at which a backup may be written: in a folder of ours, where it can overwrite nothing. */
export function isWorkingPath(path: string): boolean {
  return isAbsolutePath(path) && /[\\/]\.incus-snapshots-[A-Za-z0-9]{6}[\\/]backup$/.test(path);
}

/** Whether a path says where a file is, whatever folder a program runs in; such a one is no flag either. */
export function isAbsolutePath(path: string): boolean {
  return /^(?:\/|[A-Za-z]:[\\/]|\\\\)./.test(path);
}

/** Behind a file's name it is the name of the file with its checksum. */
export const CHECKSUM_ENDING = '.sha256';

/** What `sha256sum` writes, and what `sha256sum -c` reads. A name with a line break in it is escaped as there. */
export function checksumLine(sum: string, fileName: string): string {
  const escaped = fileName
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\r', String.raw`\r`);
  return `${escaped === fileName ? '' : '\\'}${sum}  ${escaped}\n`;
}

/** The sum in such a file, in lower case; `undefined`: there is none in it. Whose it is said to be does not matter. */
export function readChecksum(text: string): string | undefined {
  const match = /^\\?([0-9a-f]{64})(?:[ \t]+[^\n]*)?\s*$/i.exec(text);
  return match?.[1]?.toLowerCase();
}

/** Whether a backup on a server has a name that the server gave it, as the CLI lets it. */
export function isGivenBackupName(name: string): boolean {
  return /^backup\d{1,9}$/.test(name);
}

/** Milliseconds within which a backup of the CLI expires: it says one day, by the client's clock. */
const LONGEST_PASSING = 48 * 60 * 60 * 1000;

/** Whether a backup that a server keeps can be one of the CLI, which fetches it and takes it away. */
export function isPassingBackup(backup: {
  readonly name: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}): boolean {
  const life = backup.expiresAt.getTime() - backup.createdAt.getTime();
  return isGivenBackupName(backup.name) && life > 0 && life <= LONGEST_PASSING;
}

/** Whether a storage driver writes backups in a format of its own (`OptimizedBackups` in its `Info` in Incus). */
export function isDriverWithOwnFormat(driver: string): boolean {
  return driver === 'btrfs' || driver === 'zfs';
}
