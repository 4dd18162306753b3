/**
 * What mirroring an instance would do, told before it is done.
 *
 * `incus copy --refresh` makes the target an exact mirror: it deletes the snapshots that only the target has, whatever
 * its flags say, and takes two snapshots for the same where name and second of creation are (`created_at` of a copied
 * one is cut to seconds). Read from `CreateInstanceFromMigration` in `internal/server/storage/backend.go` of Incus,
 * and measured on 6.0.4 and 7.0.2.
 */
import { type Config, type Instance, isRunning, type Pool, type Snapshot } from '../../model.ts';
import {
  doubtfulNames,
  isMirrorOf,
  isUnfinished,
  type MirrorSource,
  mirrorSourceOf,
  overridesFor,
  OWN_PREFIX,
  sourceText,
} from './mirrorKeys.ts';
import { checkNewInstanceName, checkSnapshotUse } from '../names.ts';

/** The side that the mirror is, or will be, on. */
export interface MirrorTarget {
  /** SHA-256 of the server's certificate; `undefined`: the server does not say. */
  readonly fingerprint: string | undefined;
  /** `api_extensions` */
  readonly extensions: ReadonlySet<string>;
  readonly project: string;
  /** The instance of the mirror's name, with its snapshots; `undefined`: none. */
  readonly instance: Instance | undefined;
  /** What a broken first run left, under {@link incomingName}; `undefined`: nothing. */
  readonly incoming: Instance | undefined;
  /** `undefined`: not to be read by this client, and not held against the run. */
  readonly projects: readonly string[] | undefined;
  readonly profiles: readonly string[] | undefined;
  readonly pools: readonly string[] | undefined;
  /** Whether its server knows a key of an instance's configuration. */
  knowsKey(key: string): boolean;
}

export interface MirrorInput {
  /** Read afresh, with its snapshots. */
  readonly source: Instance;
  /** SHA-256 of its server's certificate; `undefined`: the server does not say. */
  readonly fingerprint: string | undefined;
  /** The pool of its root disk; `undefined`: not known. */
  readonly sourcePool: Pool | undefined;
  readonly target: MirrorTarget;
  /** The user has said, by its name, that the target's instance may be overwritten. */
  readonly takesOver: boolean;
  /** A way back, which writes a mirror onto its original. */
  readonly isFailback?: boolean;
}

/** Why a mirror must not, or cannot, be run. */
export type MirrorBlock =
  /** The instance of that name is not this source's mirror; `of` is whose it is. The user may lift this, by its name. */
  | { readonly reason: 'notItsMirror'; readonly of: MirrorSource | undefined }
  /** The source is itself the mirror of what it would be written onto. */
  | { readonly reason: 'ontoItsOrigin' }
  /** Source and target are one and the same. */
  | { readonly reason: 'ontoItself' }
  | { readonly reason: 'targetRunning' }
  /** An instance of the name that a first run takes for the time being is there, and is somebody else's. */
  | { readonly reason: 'incomingTaken'; readonly name: string }
  /** One of the servers does not say who it is, so that no mirror could be told by it. */
  | { readonly reason: 'identityUnknown' }
  /** Not known which snapshots there are on one of the sides. */
  | { readonly reason: 'snapshotsUnknown'; readonly side: 'source' | 'target' }
  | { readonly reason: 'projectMissing'; readonly project: string }
  | { readonly reason: 'profilesMissing'; readonly profiles: readonly string[] }
  /** Pools of disks that are not the root disk; for that one Incus takes the profile's. */
  | { readonly reason: 'poolsMissing'; readonly pools: readonly string[] }
  /**
   * Keys that the target's server does not know, on the source itself or in the configuration of its snapshots. No option
   * of the copy helps: even one that takes the key away is refused (6.0.4).
   */
  | {
      readonly reason: 'unknownKeys';
      readonly keys: readonly string[];
      readonly onInstance: boolean;
      readonly snapshots: readonly string[];
    }
  /** Snapshots whose names Incus would misread where they have to be deleted on the target first. */
  | { readonly reason: 'unsafeNames'; readonly snapshots: readonly string[] };

/** A name that both sides have, for two snapshots of different times. */
export interface Differing {
  readonly source: Snapshot;
  readonly target: Snapshot;
}

export interface MirrorPlan {
  readonly identity: MirrorSource;
  /** `first`: there is no mirror; it is made under {@link incomingName}, and renamed when it is whole. */
  readonly kind: 'first' | 'refresh';
  readonly blocks: readonly MirrorBlock[];
  /** Whether the target is this source's mirror already: else nothing is done unasked. */
  readonly isKnown: boolean;
  /** A run broke off: what it left is sent again. */
  readonly isResumed: boolean;
  /** Of the source, in order of creation. */
  readonly sent: readonly Snapshot[];
  readonly present: readonly Snapshot[];
  /** Of the target, without those that are sent again. **They are gone afterwards.** */
  readonly deleted: readonly Snapshot[];
  /** Names with two times: the target's is among `deleted`, the source's among `sent`. */
  readonly differing: readonly Differing[];
  /** Of the target: left by a run that broke off, and hollow perhaps. They are deleted and sent again. */
  readonly doubtful: readonly Snapshot[];
  /** Everything that is said of the mirror's configuration; an empty value takes a key away. */
  readonly overrides: Config;
  /** Nothing on either side's list of snapshots differs, and all that is overridden holds. */
  readonly isUpToDate: boolean;
  /** Whether a snapshot made first saves later runs from being full copies: the pool sends differences, and has none. */
  readonly helpsSnapshotFirst: boolean;
}

/** Drivers that send the difference between two snapshots, and everything where there is no common one. */
const INCREMENTAL: ReadonlySet<string> = new Set(['btrfs', 'zfs']);

/** What mirroring would do. */
export function planMirror(input: MirrorInput): MirrorPlan {
  const { source, target, sourcePool } = input;
  const identity = identityOf(input);
  const { instance, incoming } = target;
  const kind = instance ? 'refresh' : 'first';
  const isHalf = incoming !== undefined && isHalfMirror(incoming, identity);
  const base = instance ?? (incoming && isMirrorOf(incoming, identity) && !isHalf ? incoming : undefined);
  const lists = compareSnapshots(source.snapshots ?? [], base?.snapshots ?? [], base ? doubtfulNames(base) : []);
  const overrides = overridesFor({ source, identity, extensions: target.extensions, target: instance });
  const isKnown = instance ? isMirrorOf(instance, identity) : true;
  const isResumed = instance ? isMirrorOf(instance, identity) && isUnfinished(instance) : isHalf;
  const isSame = lists.sent.length + lists.deleted.length + lists.doubtful.length === 0;
  const isIncremental = INCREMENTAL.has(sourcePool?.driver ?? '');
  return {
    ...{ identity, kind, isKnown, isResumed, ...lists, overrides },
    blocks: blocksOf(input, identity, lists),
    isUpToDate: kind === 'refresh' && isKnown && !isResumed && isSame && holds(instance, overrides),
    helpsSnapshotFirst: isIncremental && lists.sent.length + lists.present.length === 0,
  };
}

function holds(instance: Instance | undefined, overrides: Config): boolean {
  return Object.entries(overrides).every(([key, value]) => (instance?.config[key] ?? '') === value);
}

function identityOf({ source: { ref }, fingerprint = '' }: MirrorInput): MirrorSource {
  return { fingerprint, project: ref.project, instance: ref.instance };
}

type Lists = Pick<MirrorPlan, 'sent' | 'present' | 'deleted' | 'differing' | 'doubtful'>;

/**
 * Lays two lists of snapshots side by side, as a refresh does.
 * @param doubtful names on the target that are not to be relied on
 */
export function compareSnapshots(
  source: readonly Snapshot[],
  target: readonly Snapshot[],
  doubtful: readonly string[] = [],
): Lists {
  const inDoubt = new Set(doubtful);
  // What is being made is not there yet: the next run finds it.
  const there = source.filter(({ pending }) => !pending);
  const onTarget = new Map(target.map((one) => [one.ref.snapshot, one]));
  const onSource = new Map(there.map((one) => [one.ref.snapshot, one]));
  const isSent = (one: Snapshot) => {
    const other = onTarget.get(one.ref.snapshot);
    return !other || inDoubt.has(one.ref.snapshot) || !isSameTime(one, other);
  };
  const again = (one: Snapshot) => {
    const other = onSource.get(one.ref.snapshot);
    return other !== undefined && isSameTime(one, other);
  };
  return {
    sent: there.filter(isSent),
    present: there.filter((one) => !isSent(one)),
    deleted: target.filter((one) => !again(one)),
    differing: there.flatMap((one) => {
      const other = onTarget.get(one.ref.snapshot);
      return other && !isSameTime(one, other) ? [{ source: one, target: other }] : [];
    }),
    doubtful: target.filter((one) => inDoubt.has(one.ref.snapshot)),
  };
}

/** As Incus compares them: in whole seconds. */
export function isSameTime(a: Pick<Snapshot, 'createdAt'>, b: Pick<Snapshot, 'createdAt'>): boolean {
  return Math.floor(a.createdAt.getTime() / 1000) === Math.floor(b.createdAt.getTime() / 1000);
}

/** How a snapshot of a source stands with its mirror. */
export type SnapshotMirrored = 'mirrored' | 'missing' | 'differing' | 'doubtful';

/** How a snapshot of a source stands with a mirror, as far as the mirror's list is known. */
export function mirroredState(snapshot: Snapshot, mirror: Instance): SnapshotMirrored | undefined {
  if (!mirror.snapshots) return undefined;
  const other = mirror.snapshots.find(({ ref }) => ref.snapshot === snapshot.ref.snapshot);
  if (!other) return 'missing';
  if (doubtfulNames(mirror).includes(snapshot.ref.snapshot)) return 'doubtful';
  return isSameTime(snapshot, other) ? 'mirrored' : 'differing';
}

function blocksOf(input: MirrorInput, identity: MirrorSource, lists: Lists): MirrorBlock[] {
  return [...identityBlocks(input, identity), ...stateBlocks(input, lists), ...placeBlocks(input), ...keyBlocks(input)];
}

function identityBlocks(input: MirrorInput, identity: MirrorSource): MirrorBlock[] {
  const { source, target, takesOver, isFailback } = input;
  const { instance, incoming } = target;
  const to = { fingerprint: target.fingerprint ?? '', project: target.project, instance: source.ref.instance };
  const isMine = instance && isMirrorOf(instance, identity);
  const blocks: MirrorBlock[] = [];
  if (identity.fingerprint === '' || to.fingerprint === '') blocks.push({ reason: 'identityUnknown' });
  else if (sourceText(identity) === sourceText(to)) blocks.push({ reason: 'ontoItself' });
  else if (isMirrorOf(source, to) && !isFailback) blocks.push({ reason: 'ontoItsOrigin' });
  if (instance && !isMine && !takesOver) blocks.push({ reason: 'notItsMirror', of: mirrorSourceOf(instance) });
  if (!instance && incoming && !isMirrorOf(incoming, identity)) {
    blocks.push({ reason: 'incomingTaken', name: incoming.ref.instance });
  }
  return blocks;
}

function stateBlocks({ source, target }: MirrorInput, lists: Lists): MirrorBlock[] {
  const { instance, incoming } = target;
  const base = instance ?? incoming;
  const blocks: MirrorBlock[] = [];
  if (base && isRunning(base)) blocks.push({ reason: 'targetRunning' });
  if (!source.snapshots) blocks.push({ reason: 'snapshotsUnknown', side: 'source' });
  if (base && !base.snapshots) blocks.push({ reason: 'snapshotsUnknown', side: 'target' });
  const unsafe = lists.doubtful.map(({ ref }) => ref.snapshot).filter((name) => checkSnapshotUse(name, 'delete'));
  if (unsafe.length > 0) blocks.push({ reason: 'unsafeNames', snapshots: unsafe });
  return blocks;
}

function placeBlocks({ source, target }: MirrorInput): MirrorBlock[] {
  const missing = (wanted: Iterable<string>, there: readonly string[] | undefined) =>
    there ? [...new Set(wanted)].filter((name) => !there.includes(name)).toSorted() : [];
  const blocks: MirrorBlock[] = [];
  if (missing([target.project], target.projects).length > 0) {
    // Of a project that is not there nothing else can be known.
    return [{ reason: 'projectMissing', project: target.project }];
  }
  const profiles = missing(source.profiles, target.profiles);
  if (profiles.length > 0) blocks.push({ reason: 'profilesMissing', profiles });
  const disks = Object.values(source.devices).filter(
    (device) => device['type'] === 'disk' && device['path'] !== '/' && Boolean(device['pool']),
  );
  const pools = missing(
    disks.map((device) => device['pool'] ?? ''),
    target.pools,
  );
  if (pools.length > 0) blocks.push({ reason: 'poolsMissing', pools });
  return blocks;
}

function keyBlocks({ source, target }: MirrorInput): MirrorBlock[] {
  const unknownIn = (config: Config) =>
    Object.keys(config).filter((key) => concernsTarget(key) && !target.knowsKey(key));
  const own = unknownIn(source.config);
  const held = (source.snapshots ?? []).map(({ ref, config }) => ({ name: ref.snapshot, keys: unknownIn(config) }));
  const keys = new Set([...own, ...held.flatMap((one) => one.keys)]);
  if (keys.size === 0) return [];
  const snapshots = held.filter((one) => one.keys.length > 0).map(({ name }) => name);
  return [{ reason: 'unknownKeys', keys: [...keys].toSorted(), onInstance: own.length > 0, snapshots }];
}

/** Incus drops its own record, and whoever made the image may have put anything into `image.`. */
function concernsTarget(key: string): boolean {
  return !/^(volatile|image|user|environment)\./.test(key);
}

const NAME_MAX = 63;
const INCOMING = '-incoming';

/** The name that a first mirror has until it is whole, so that half a copy never bears the mirror's. */
export function incomingName(instance: string): string {
  return `${trimmed(instance, NAME_MAX - INCOMING.length)}${INCOMING}`;
}

/**
 * Whether an instance is what a first run of this source left when it broke off: by its name, by whose mirror it says it
 * is, and by the mark of what was being sent. It is good for nothing, and may be deleted.
 */
export function isHalfMirror(instance: Pick<Instance, 'ref' | 'config'>, source: MirrorSource): boolean {
  return (
    instance.ref.instance === incomingName(source.instance) && isMirrorOf(instance, source) && isUnfinished(instance)
  );
}

/** Whether a name is one that {@link incomingName} makes. */
export function isIncomingName(name: string): boolean {
  return name.endsWith(INCOMING) && checkNewInstanceName(name, []) === undefined;
}

/**
 * Names for the instances that keep snapshots which a run would delete: `c1-kept-before-upgrade`. They are valid, free,
 * and different from each other.
 */
export function keptNames(
  instance: string,
  snapshots: readonly Pick<Snapshot, 'ref'>[],
  taken: Iterable<string>,
): Map<string, string> {
  const used = new Set(taken);
  const names = new Map<string, string>();
  for (const { ref } of snapshots) {
    const plain = ref.snapshot.replaceAll(/[^A-Za-z0-9]+/g, '-');
    const stem = trimmed(`${trimmed(instance, 30)}-kept-${plain}`, NAME_MAX);
    let name = stem;
    for (let number = 2; used.has(name); number++) {
      const suffix = `-${number}`;
      name = `${trimmed(stem, NAME_MAX - suffix.length)}${suffix}`;
    }
    used.add(name);
    names.set(ref.snapshot, name);
  }
  return names;
}

function trimmed(text: string, length: number): string {
  return text.slice(0, length).replace(/-+$/, '');
}

/** Whether a documented key stands for this one: `user.*` and the like stand for all that begin so. */
export function keyMatcher(documented: Iterable<string>): (key: string) => boolean {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const key of documented) {
    if (key.includes('*')) prefixes.push(key.slice(0, key.indexOf('*')));
    else exact.add(key);
  }
  return (key) => key.startsWith(OWN_PREFIX) || exact.has(key) || prefixes.some((prefix) => key.startsWith(prefix));
}
