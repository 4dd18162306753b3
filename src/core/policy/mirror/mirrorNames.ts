/** The names of what mirroring makes beside the instances themselves. */
import type { Snapshot } from '../../model.ts';
import { checkNewInstanceName } from '../names.ts';

const NAME_MAX = 63;
const INCOMING = '-incoming';

/** The name that a first mirror has until it is whole, so that half a copy never bears the mirror's. */
export function incomingName(instance: string): string {
  return `${trimmed(instance, NAME_MAX - INCOMING.length)}${INCOMING}`;
}

/** Whether a name is one that {@link incomingName} makes. */
export function isIncomingName(name: string): boolean {
  return name.endsWith(INCOMING) && checkNewInstanceName(name, []) === undefined;
}

const ASIDE = '-before-failback';

/** A free name for an original that is set aside for one that comes back: `c1-before-failback`. */
export function asideName(instance: string, taken: Iterable<string>): string {
  return numbered(instance, ASIDE, taken);
}

/** Whether a name is one that {@link asideName} makes. */
export function isAsideName(name: string): boolean {
  return name.length <= NAME_MAX && /^[A-Za-z0-9][A-Za-z0-9-]*-before-failback(?:-[0-9]+)?$/.test(name);
}

const REPLACED = '-kept-mirror';

/** A free name for a mirror whose place another one takes: `c1-kept-mirror`. */
export function replacedName(instance: string, taken: Iterable<string>): string {
  return numbered(instance, REPLACED, taken);
}

/** Whether a name is one that {@link replacedName} makes. */
export function isReplacedName(name: string): boolean {
  return name.length <= NAME_MAX && /^[A-Za-z0-9][A-Za-z0-9-]*-kept-mirror(?:-[0-9]+)?$/.test(name);
}

function numbered(instance: string, ending: string, taken: Iterable<string>): string {
  const used = new Set(taken);
  for (let number = 1; ; number++) {
    const end = number === 1 ? ending : `${ending}-${number}`;
    const name = `${trimmed(instance, NAME_MAX - end.length)}${end}`;
    if (!used.has(name)) return name;
  }
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
