/** A snapshot that becomes an instance of its own on another server. */
import type { Config } from '../../model.ts';
import { OWN_PREFIX } from './mirrorKeys.ts';

/**
 * What is said of the copy: it neither starts nor takes snapshots by itself beside its original, can be deleted, and is
 * nobody's mirror, whatever the original is.
 * @param extensions what the target's server can do: a key that it does not know is refused, even empty
 */
export function copiedConfig(snapshot: Config, extensions: ReadonlySet<string>): Config {
  const marks = Object.keys(snapshot).filter((key) => key.startsWith(OWN_PREFIX));
  return {
    ...Object.fromEntries(marks.map((key) => [key, ''])),
    'boot.autostart': 'false',
    'snapshots.schedule': '',
    'security.protection.delete': '',
    ...(extensions.has('instance_protection_start') && { 'security.protection.start': '' }),
  };
}
