/**
 * The part of the guard that is about custom volumes. Nothing on it deletes a volume, or writes over one but by a restore:
 * `storage volume delete` takes all snapshots along.
 */
import type { Refusal, Verb } from './allowed.ts';
import { countRefusal, cut, isMode, isName } from './arguments.ts';
import { checkNewSnapshotName, checkSnapshotUse, checkVolumeUse } from '../names.ts';
import { isLabelSetting } from '../groups/group.ts';
import { OWN_PREFIX } from '../mirror/mirrorKeys.ts';

const onMember = { '--target': isName } as const;

type Operation = 'restore' | 'rename' | 'delete';

/** The verbs about volumes, by their words. */
export const VOLUME_VERBS: readonly (readonly [words: string, verb: Verb])[] = [
  [
    'storage volume snapshot create',
    {
      flags: { ...onMember, '--no-expiry': true },
      inProject: true,
      check: ([pool, volume, ...rest]) =>
        volumeRefusal(pool, volume) ?? (rest.length === 0 ? undefined : (countRefusal(rest, 1) ?? newName(rest[0]))),
    },
  ],
  ['storage volume snapshot restore', { flags: onMember, inProject: true, check: snapshotCheck('restore') }],
  ['storage volume snapshot delete', { flags: onMember, inProject: true, check: snapshotCheck('delete') }],
  [
    'storage volume snapshot rename',
    {
      flags: onMember,
      inProject: true,
      check: (names) => countRefusal(names, 4) ?? snapshotCheck('rename')(names.slice(0, 3)) ?? newName(names[3]),
    },
  ],
  [
    'storage volume set',
    {
      flags: onMember,
      inProject: true,
      check: ([pool, volume, ...pairs]) =>
        volumeRefusal(pool, volume) ?? (pairs.length === 0 ? { reason: 'count' } : undefined) ?? settingRefusal(pairs),
    },
  ],
  [
    'storage volume copy',
    {
      // Without `--refresh` Incus refuses a name that is taken.
      flags: {
        ...{ '-q': true, ...onMember, '--destination-target': isName, '--target-project': isName },
        '--mode': isMode,
      },
      inProject: true,
      check: (names) => countRefusal(names, 2) ?? sourceRefusal(names[0]) ?? newVolumeRefusal(names[1]),
    },
  ],
];

function snapshotCheck(operation: Operation) {
  return (names: readonly string[]): Refusal | undefined =>
    countRefusal(names, 3) ?? volumeRefusal(names[0], names[1]) ?? oldSnapshot(names[2], operation);
}

/** `R:pool`, and a volume of it. */
function volumeRefusal(pool: string | undefined, volume: string | undefined): Refusal | undefined {
  if (pool === undefined || volume === undefined) return { reason: 'count' };
  const parts = placeIn(pool);
  if (!parts) return { reason: 'remote', argument: pool };
  if (parts.rest.length !== 1) return { reason: 'pool', argument: pool };
  return partRefusal(parts.rest[0], 'pool') ?? partRefusal(volume, 'volume');
}

/** `R:pool/volume/snapshot` */
function sourceRefusal(argument = ''): Refusal | undefined {
  const parts = placeIn(argument);
  if (!parts) return { reason: 'remote', argument };
  const [pool, volume, snapshot, ...more] = parts.rest;
  if (snapshot === undefined || more.length > 0) return { reason: 'snapshot', argument };
  const wrong = partRefusal(pool, 'pool') ?? partRefusal(volume, 'volume');
  return wrong ?? (checkSnapshotUse(snapshot, 'copy') ? { reason: 'snapshot', argument } : undefined);
}

/** `R:pool/new-volume` */
function newVolumeRefusal(argument = ''): Refusal | undefined {
  const parts = placeIn(argument);
  if (!parts) return { reason: 'remote', argument };
  const [pool, volume = '', ...more] = parts.rest;
  const wrong = partRefusal(pool, 'pool');
  if (wrong) return wrong;
  return more.length > 0 || checkNewSnapshotName(volume, []) ? { reason: 'volume', argument } : undefined;
}

function partRefusal(name = '', reason: 'pool' | 'volume'): Refusal | undefined {
  return checkVolumeUse(name) ? { reason, argument: name } : undefined;
}

function oldSnapshot(name = '', operation: Operation): Refusal | undefined {
  return checkSnapshotUse(name, operation) ? { reason: 'snapshot', argument: name } : undefined;
}

function newName(name = ''): Refusal | undefined {
  return checkNewSnapshotName(name, []) ? { reason: 'snapshot', argument: name } : undefined;
}

/** `R:a/b/c` */
function placeIn(argument: string): { rest: string[] } | undefined {
  const named = cut(argument);
  return named && { rest: named.rest.split('/') };
}

/** Schedules, our own keys and the labels of groups. A value of `-` would be read from stdin. */
function settingRefusal(pairs: readonly string[]): Refusal | undefined {
  const isFine = (pair: string): boolean =>
    /^snapshots\.[a-z.]+=(?!-$)/.test(pair) ||
    isLabelSetting(pair) ||
    (pair.startsWith(OWN_PREFIX) && /^[a-z0-9._-]+=(?!-$)/.test(pair));
  const argument = pairs.find((pair) => !isFine(pair));
  return argument === undefined ? undefined : { reason: 'config', argument };
}
