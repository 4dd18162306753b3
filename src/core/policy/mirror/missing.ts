/** What instances need and a place lacks. */
import type { Config, Instance } from '../../model.ts';

/** Names that are wanted and not there, sorted. @param there `undefined`: not known, and nothing is held against it */
export function missingNames(wanted: Iterable<string>, there: readonly string[] | undefined): string[] {
  return there ? [...new Set(wanted)].filter((name) => !there.includes(name)).toSorted() : [];
}

/** The pools that disks of an instance name themselves. @param isWanted which disks count */
export function poolsNamed({ devices }: Pick<Instance, 'devices'>, isWanted: (disk: Config) => boolean): string[] {
  return Object.values(devices)
    .filter((device) => device['type'] === 'disk' && isWanted(device))
    .flatMap(({ pool = '' }) => (pool === '' ? [] : [pool]));
}

/** Whether a disk is the root disk, for which a pool can be chosen. */
export function isRootDisk(disk: Config): boolean {
  return disk['path'] === '/';
}
