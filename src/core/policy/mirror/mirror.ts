/** What mirroring an instance would do, told before it is done. */
import type { Config, Instance } from '../../model.ts';
import { compareSnapshots, type SnapshotLists } from './compare.ts';
import { type MirrorBlock, type MirrorInput, blocksOf } from './mirrorBlocks.ts';
import { doubtfulNames, isMirrorOf, isParted, isUnfinished, type MirrorSource, overridesFor } from './mirrorKeys.ts';
import { isPartedBy } from './failover.ts';
import { incomingName } from './mirrorNames.ts';

export interface MirrorPlan extends SnapshotLists {
  readonly identity: MirrorSource;
  /** `first`: the mirror is made under {@link incomingName}, and gets its name when it is whole. */
  readonly kind: 'first' | 'refresh';
  /** A first run although something has the mirror's name: it is set aside, under a kept name, when this one is whole. */
  readonly replaces: boolean;
  readonly blocks: readonly MirrorBlock[];
  /** Whether the target is this source's mirror already: else nothing is done unasked. */
  readonly isKnown: boolean;
  /** A run broke off: what it left is sent again. */
  readonly isResumed: boolean;
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
  const replaces = isReplaced(input, identity);
  const instance = replaces ? undefined : target.instance;
  const { incoming } = target;
  const kind = instance ? 'refresh' : 'first';
  const isHalf = incoming !== undefined && isHalfMirror(incoming, identity);
  const base = instance ?? (incoming && isMirrorOf(incoming, identity) && !isHalf ? incoming : undefined);
  const lists = compareSnapshots(source.snapshots ?? [], base?.snapshots ?? [], base ? doubtfulNames(base) : []);
  const overrides = overridesFor({ source, identity, extensions: target.extensions, target: instance });
  const isKnown = target.instance ? isMirrorOf(target.instance, identity) : true;
  const isResumed = instance ? isMirrorOf(instance, identity) && isUnfinished(instance) : isHalf;
  const isSame = lists.sent.length + lists.deleted.length + lists.doubtful.length === 0;
  const isIncremental = INCREMENTAL.has(sourcePool?.driver ?? '');
  return {
    ...{ identity, kind, replaces, isKnown, isResumed, ...lists, overrides },
    blocks: blocksOf(input, identity, lists),
    isUpToDate: kind === 'refresh' && isKnown && !isResumed && isSame && holds(instance, overrides),
    helpsSnapshotFirst: isIncremental && lists.sent.length + lists.present.length === 0,
  };
}

/** Whether what has the mirror's name is one that no run can build on: it is kept, and another one takes its place. */
function isReplaced(
  { target: { instance, driver }, sourcePool, takesOver }: MirrorInput,
  source: MirrorSource,
): boolean {
  if (!instance) return false;
  if (isMirrorOf(instance, source)) return isParted(instance);
  // Taken over: btrfs finds nothing there to build on, and would leave it broken.
  return takesOver && isPartedBy([sourcePool?.driver, driver]);
}

function holds(instance: Instance | undefined, overrides: Config): boolean {
  return Object.entries(overrides).every(([key, value]) => (instance?.config[key] ?? '') === value);
}

function identityOf({ source: { ref }, fingerprint = '' }: MirrorInput): MirrorSource {
  return { fingerprint, project: ref.project, instance: ref.instance };
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
