/** What stands against a mirror run. */
import { type Config, type Instance, isRunning, type Pool } from '../../model.ts';
import { checkSnapshotUse } from '../names.ts';
import type { SnapshotLists } from './compare.ts';
import { isRootDisk, missingNames, poolsNamed } from './missing.ts';
import { isMirrorOf, type MirrorSource, mirrorSourceOf, OWN_PREFIX, sourceText } from './mirrorKeys.ts';

/** The side that the mirror is, or will be, on. */
export interface MirrorTarget {
  /** SHA-256 of the server's certificate; `undefined`: the server does not say. */
  readonly fingerprint: string | undefined;
  /** `api_extensions` */
  readonly extensions: ReadonlySet<string>;
  readonly project: string;
  /** The instance of the mirror's name, with its snapshots; `undefined`: none. */
  readonly instance: Instance | undefined;
  /** The driver of the pool that its root disk is on; `undefined`: not known, or not asked. */
  readonly driver?: string | undefined;
  /** What a broken first run left, under `incomingName`; `undefined`: nothing, or there is a mirror to build on. */
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

/** Everything that stands against it. */
export function blocksOf(input: MirrorInput, identity: MirrorSource, lists: SnapshotLists): MirrorBlock[] {
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
  if (incoming && !isMirrorOf(incoming, identity)) {
    blocks.push({ reason: 'incomingTaken', name: incoming.ref.instance });
  }
  return blocks;
}

function stateBlocks({ source, target }: MirrorInput, lists: SnapshotLists): MirrorBlock[] {
  const { instance, incoming } = target;
  const there = [instance, incoming].flatMap((one) => one ?? []);
  const blocks: MirrorBlock[] = [];
  if (there.some(isRunning)) blocks.push({ reason: 'targetRunning' });
  if (!source.snapshots) blocks.push({ reason: 'snapshotsUnknown', side: 'source' });
  if (there.some(({ snapshots }) => !snapshots)) blocks.push({ reason: 'snapshotsUnknown', side: 'target' });
  const unsafe = lists.doubtful.map(({ ref }) => ref.snapshot).filter((name) => checkSnapshotUse(name, 'delete'));
  if (unsafe.length > 0) blocks.push({ reason: 'unsafeNames', snapshots: unsafe });
  return blocks;
}

function placeBlocks({ source, target }: MirrorInput): MirrorBlock[] {
  const blocks: MirrorBlock[] = [];
  if (missingNames([target.project], target.projects).length > 0) {
    // Of a project that is not there nothing else can be known.
    return [{ reason: 'projectMissing', project: target.project }];
  }
  const profiles = missingNames(source.profiles, target.profiles);
  if (profiles.length > 0) blocks.push({ reason: 'profilesMissing', profiles });
  const disks = poolsNamed(source, (disk) => !isRootDisk(disk));
  const pools = missingNames(disks, target.pools);
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
