/** A mirror that stands in for its original, and the way back. */
import type { Config, Instance, Snapshot, TransferMode } from '../../model.ts';
import {
  doubtfulNames,
  isMirrorKey,
  isParted,
  isUnfinished,
  type MirrorSource,
  mirrorSourceOf,
  originConfig,
  overridesFor,
  OWN_PREFIX,
  PARTED_KEY,
  parseSource,
  SOURCE_KEY,
  sourceText,
  VERIFIED_KEY,
} from './mirrorKeys.ts';

/**
 * Set on an instance that stands in for its original, in place of the key that makes it a mirror: no run, of whichever
 * client or script, may write over what happens in it.
 */
const STANDS_FOR_KEY = `${OWN_PREFIX}stands-for`;

/** Whose place an instance has taken; `undefined`: nobody's. */
export function standsFor({ config }: Pick<Instance, 'config'>): MirrorSource | undefined {
  return parseSource(config[STANDS_FOR_KEY] ?? '');
}

/** Makes of a mirror what stands in for its original: with the original's own values, and out of every run's reach. */
export function standInConfig(mirror: Pick<Instance, 'config'>): Config {
  const source = mirrorSourceOf(mirror);
  return { ...originConfig(mirror), [SOURCE_KEY]: '', ...(source && { [STANDS_FOR_KEY]: sourceText(source) }) };
}

/**
 * The snapshot that a failover restores first; `undefined`: none has to be. A run that found nothing to build on leaves a
 * mirror without its live volume; what it did not send is whole.
 */
export function newestWhole(mirror: Instance): Snapshot | undefined {
  if (!isParted(mirror) || !isUnfinished(mirror)) return undefined;
  const inDoubt = new Set(doubtfulNames(mirror));
  const whole = (mirror.snapshots ?? []).filter(({ ref }) => !inDoubt.has(ref.snapshot));
  return whole.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())[0];
}

/** What keeps an original stopped while another stands in for it: its host may start at any time. */
export function retiredConfig(original: Pick<Instance, 'config'>): Config {
  return original.config['boot.autostart'] === 'false' ? {} : { 'boot.autostart': 'false' };
}

/**
 * Makes of an original that a way back has written to what it was: the values that the run overrode come back, our marks
 * of the run go, and what we had set on it before (pins, say) stays.
 * @param before its own configuration before the run; `undefined`: it was not there
 */
export function returnedConfig(written: Pick<Instance, 'config'>, before: Config | undefined): Config {
  const marks = Object.keys(written.config).filter((key) => key.startsWith(OWN_PREFIX));
  const kept = Object.entries(before ?? {}).filter(
    ([key]) => key.startsWith(OWN_PREFIX) && !isMirrorKey(key) && key !== STANDS_FOR_KEY,
  );
  return {
    ...Object.fromEntries(marks.map((key) => [key, ''])),
    ...originConfig(written),
    ...Object.fromEntries(kept),
  };
}

/**
 * Makes a mirror again of what stood in, when its original has got everything back.
 * @param isParted see {@link isPartedBy}
 */
export function mirrorAgainConfig(
  standIn: Pick<Instance, 'config' | 'expandedConfig'>,
  original: Pick<Instance, 'config' | 'expandedConfig'>,
  identity: MirrorSource,
  extensions: ReadonlySet<string>,
  verified: Date,
  isParted: boolean,
): Config {
  return {
    ...overridesFor({ source: original, identity, extensions, target: standIn }),
    [STANDS_FOR_KEY]: '',
    [PARTED_KEY]: isParted ? 'true' : '',
    [VERIFIED_KEY]: verified.toISOString(),
  };
}

/**
 * Whether no run can build on what is there, where it did not come of this very source: btrfs takes what it holds for
 * nothing in common, refuses (`cannot find parent subvolume`, `file exists`) and leaves it without its live volume
 * (6.0.4). Where one of the pools is of another kind, files are compared, and anything serves.
 * @param drivers of both pools; `undefined`: not known, and then the safer way is taken
 */
export function isPartedBy(drivers: readonly (string | undefined)[]): boolean {
  return drivers.every((driver) => driver === undefined || driver === BTRFS);
}

/** The driver whose snapshots remember where they came from. */
export const BTRFS = 'btrfs';

/** How the way back is sent: the connection is opened by the same server as on the way there. */
export function modeBack(mode: TransferMode): TransferMode {
  if (mode === 'relay') return mode;
  return mode === 'pull' ? 'push' : 'pull';
}
