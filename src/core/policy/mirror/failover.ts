/** A mirror that stands in for its original, and the way back. */
import type { Config, Instance, TransferMode } from '../../model.ts';
import {
  isMirrorKey,
  type MirrorSource,
  mirrorSourceOf,
  originConfig,
  overridesFor,
  OWN_PREFIX,
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

/** Makes a mirror again of what stood in, when its original has got everything back. */
export function mirrorAgainConfig(
  standIn: Pick<Instance, 'config' | 'expandedConfig'>,
  original: Pick<Instance, 'config' | 'expandedConfig'>,
  identity: MirrorSource,
  extensions: ReadonlySet<string>,
  verified: Date,
): Config {
  return {
    ...overridesFor({ source: original, identity, extensions, target: standIn }),
    [STANDS_FOR_KEY]: '',
    [VERIFIED_KEY]: verified.toISOString(),
  };
}

/** How the way back is sent: the connection is opened by the same server as on the way there. */
export function modeBack(mode: TransferMode): TransferMode {
  if (mode === 'relay') return mode;
  return mode === 'pull' ? 'push' : 'pull';
}

const ASIDE = '-before-failback';

/** A free name for an original that is set aside for one that comes back: `c1-before-failback`. */
export function asideName(instance: string, taken: Iterable<string>): string {
  const used = new Set(taken);
  for (let number = 1; ; number++) {
    const end = number === 1 ? ASIDE : `${ASIDE}-${number}`;
    const name = `${instance.slice(0, 63 - end.length).replace(/-+$/, '')}${end}`;
    if (!used.has(name)) return name;
  }
}

/** Whether a name is one that {@link asideName} makes. */
export function isAsideName(name: string): boolean {
  return name.length <= 63 && /^[A-Za-z0-9][A-Za-z0-9-]*-before-failback(?:-[0-9]+)?$/.test(name);
}
