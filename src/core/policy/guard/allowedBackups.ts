/** The part of the guard that is about backup files: nothing may be overwritten, neither here nor on a server. */
import type { Verb } from './allowed.ts';
import { isAbsolutePath, isCompression, isWorkingPath } from '../backup/files.ts';
import { checkRemoteName } from '../names.ts';
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
      flags: { '--storage': (value) => value !== '' && !value.startsWith('-') },
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

/**
 * Whether it takes the protection off an instance with a name that is reserved for temporary copies: one that was made
 * of a backup file brings it along, and could not be removed where it is not whole.
 * @param instance `remote:name`
 */
export function isReleaseOfTemporary(instance: string | undefined, pair: string): boolean {
  const isRelease = /^security\.protection\.(?:delete|start)=false$/.test(pair);
  return isRelease && isTemporaryName(instance?.slice(instance.indexOf(':') + 1) ?? '');
}
