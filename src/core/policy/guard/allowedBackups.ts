/** The part of the guard that is about backup files: nothing may be overwritten, neither here nor on a server. */
import type { Refusal, Verb } from './allowed.ts';
import { cut, isName } from './arguments.ts';
import { isAbsolutePath, isCompression, isWorkingPath } from '../backup/files.ts';
import { checkNewSnapshotName, checkRemoteName, checkVolumeUse } from '../names.ts';
import { INSTANCE_NAME } from './requests.ts';
import { isTemporaryName } from '../temporary.ts';

/** The verbs by which backup files are written and read. */
export const BACKUP_VERBS: readonly (readonly [words: string, verb: Verb])[] = [
  [
    'export',
    {
      flags: { '--compression': isCompression, '--instance-only': true, '--optimized-storage': true },
      inProject: true,
      // The 6.0 client writes over whatever file is there.
      check: ([instance = '', path = '', ...rest]) => {
        if (rest.length > 0) return { reason: 'count' };
        const [remote = '', name = '', ...more] = instance.split(':');
        if (checkRemoteName(remote)) return { reason: 'remote', argument: instance };
        if (more.length > 0 || !INSTANCE_NAME.test(name)) return { reason: 'instance', argument: instance };
        return isWorkingPath(path) ? undefined : { reason: 'argument', argument: path };
      },
    },
  ],
  [
    'import',
    {
      flags: { '--storage': isName },
      inProject: true,
      check: ([remote = '', path = '', name = '', ...rest]) => {
        if (rest.length > 0) return { reason: 'count' };
        if (!remote.endsWith(':') || checkRemoteName(remote.slice(0, -1)))
          return { reason: 'remote', argument: remote };
        if (!isAbsolutePath(path)) return { reason: 'argument', argument: path };
        return isTemporaryName(name) ? undefined : { reason: 'instance', argument: name };
      },
    },
  ],
];

/** The same of custom volumes. What is deleted or renamed here has a name that is reserved for temporary copies. */
export const VOLUME_BACKUP_VERBS: readonly (readonly [words: string, verb: Verb])[] = [
  [
    'storage volume export',
    {
      flags: { '--compression': isCompression, '--volume-only': true, '--optimized-storage': true, '--target': isName },
      inProject: true,
      check: ([pool, volume = '', path = '', ...rest]) => {
        const wrong = poolRefusal(pool, rest);
        if (wrong) return wrong;
        if (checkVolumeUse(volume)) return { reason: 'volume', argument: volume };
        return isWorkingPath(path) ? undefined : { reason: 'argument', argument: path };
      },
    },
  ],
  [
    'storage volume import',
    {
      flags: { '--target': isName },
      inProject: true,
      check: ([pool, path = '', volume = '', ...rest]) => {
        const wrong = poolRefusal(pool, rest);
        if (wrong) return wrong;
        if (!isAbsolutePath(path)) return { reason: 'argument', argument: path };
        return isTemporaryName(volume) ? undefined : { reason: 'volume', argument: volume };
      },
    },
  ],
  [
    'storage volume rename',
    {
      flags: { '--target': isName },
      inProject: true,
      check: ([pool, volume = '', name = '', ...rest]) =>
        poolRefusal(pool, rest) ??
        (isTemporaryName(volume) && !isTemporaryName(name) && !checkNewSnapshotName(name, [])
          ? undefined
          : { reason: 'volume', argument: volume }),
    },
  ],
  [
    'storage volume delete',
    {
      flags: { '--target': isName },
      inProject: true,
      check: ([pool, volume = '', ...rest]) =>
        poolRefusal(pool, rest) ?? (isTemporaryName(volume) ? undefined : { reason: 'volume', argument: volume }),
    },
  ],
];

function poolRefusal(argument: string | undefined, rest: readonly string[]): Refusal | undefined {
  const named = cut(argument);
  if (rest.length > 0 || argument === undefined) return { reason: 'count' };
  if (!named) return { reason: 'remote', argument };
  return checkVolumeUse(named.rest) ? { reason: 'pool', argument } : undefined;
}

/**
 * Whether it takes the protection off an instance with a name that is reserved for temporary copies: one that was made
 * of a backup file brings it along, and could not be removed where it is not whole.
 * @param instance `remote:name`
 */
export function isReleaseOfTemporary(instance: string | undefined, pair: string): boolean {
  const isRelease = /^security\.protection\.(?:delete|start)=false$/.test(pair);
  return isRelease && isTemporaryName(instance?.slice(instance.indexOf(':') + 1) ?? '');
}
