/** What is set on an instance that was made of a backup file. */
import type { Config, Instance } from '../../model.ts';
import { OWN_PREFIX } from '../mirror/mirrorKeys.ts';
import { isOfSnapshots } from '../retention/pins.ts';
import { TEMPORARY_KEY } from '../temporary.ts';

/**
 * Takes away the marks that say what the instance was for others: by them a run would write over it as its mirror, or
 * somebody remove it. What says how long its snapshots are kept stays.
 */
export function importedMarks({ config }: Pick<Instance, 'config'>): Config {
  const marks = Object.keys(config).filter((key) => key.startsWith(OWN_PREFIX) && !isOfSnapshots(key));
  return Object.fromEntries(marks.map((key) => [key, '']));
}

/**
 * Lets an instance be removed that is not whole.
 * @param mark what says who made it
 */
export function releasedConfig({ expandedConfig }: Pick<Instance, 'expandedConfig'>, mark: string): Config {
  const protections = ['security.protection.delete', 'security.protection.start'];
  const set = protections.filter((key) => expandedConfig[key] !== undefined);
  return { ...Object.fromEntries(set.map((key) => [key, 'false'])), [TEMPORARY_KEY]: mark };
}
