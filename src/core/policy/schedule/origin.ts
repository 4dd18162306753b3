/**
 * Where a snapshot comes from. Incus does not note that; the name is all there is to tell by.
 */
import type { Instance, Snapshot } from '../../model.ts';
import { DEFAULT_PATTERN } from './pattern.ts';

/**
 * Whether a pattern gives names like this one. `%d` is a number; what a template puts there (`{{ creation_date }}`) can
 * be anything; a name that was taken got a number behind it (`snapshotDetermineName` in `cmd/incusd` of Incus).
 */
export function isNamedBy(pattern: string | undefined, name: string): boolean {
  const said = pattern === undefined || pattern === '' ? DEFAULT_PATTERN : pattern;
  const parts = said.split(/(%d|\{\{.*?\}\}|\{%.*?%\})/s);
  const expression = parts
    .map((part) =>
      part === '%d' ? '\\d+' : /^\{[{%]/.test(part) ? '.*' : part.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`^${expression}(?:-\\d+)?$`, 's').test(name);
}

/**
 * `schedule`: it bears a name of the instance's pattern, and there is or was a schedule to make it. One that was made
 * by hand without a name looks the same.
 */
export function originOf(
  { ref, config }: Pick<Snapshot, 'ref' | 'config'>,
  { expandedConfig }: Pick<Instance, 'expandedConfig'>,
): 'hand' | 'schedule' {
  const scheduled = [expandedConfig['snapshots.schedule'], config['snapshots.schedule']].some(Boolean);
  return scheduled && isNamedBy(expandedConfig['snapshots.pattern'], ref.snapshot) ? 'schedule' : 'hand';
}
