/**
 * Pinned snapshots, and the retention that an instance was given: both stand in keys of its own, where every client
 * can read them. A snapshot cannot bear a key; it is named by the moment of its creation, which a rename leaves as it
 * is and which no later one of its name has.
 */
import type { Config, Instance, Snapshot } from '../../model.ts';
import { OWN_PREFIX } from '../mirror/mirrorKeys.ts';
import { parseRetention, type Retention, retentionText } from './retention.ts';

/** Behind it stands when the snapshot was made, in milliseconds since 1970. */
const PIN_PREFIX = `${OWN_PREFIX}pin.`;

const RETENTION_KEY = `${OWN_PREFIX}retention`;

/** Whether a key says how long snapshots are kept. */
export function isOfSnapshots(key: string): boolean {
  return key === RETENTION_KEY || key.startsWith(PIN_PREFIX);
}

type Made = Pick<Snapshot, 'createdAt'>;

function pinKey({ createdAt }: Made): string {
  return `${PIN_PREFIX}${createdAt.getTime()}`;
}

/** Whether a snapshot is pinned. */
export function isPinned({ config }: Pick<Instance, 'config'>, snapshot: Made): boolean {
  return (config[pinKey(snapshot)] ?? '') !== '';
}

/** What pins snapshots of one instance, or takes their pins away: an empty value takes a key away. */
export function pinSettings(snapshots: readonly Made[], pinned: boolean): Config {
  return Object.fromEntries(snapshots.map((one) => [pinKey(one), pinned ? 'true' : '']));
}

/** Keys of pins whose snapshots are gone, to be taken away. */
export function strayPins({ config, snapshots }: Pick<Instance, 'config' | 'snapshots'>): Config {
  if (!snapshots) return {};
  const there = new Set(snapshots.map(pinKey));
  const stray = Object.keys(config).filter((key) => key.startsWith(PIN_PREFIX) && !there.has(key));
  return Object.fromEntries(stray.map((key) => [key, '']));
}

/** The retention in force: an instance's own, or that of a profile. */
export function retentionOf({ expandedConfig }: Pick<Instance, 'expandedConfig'>): Retention | undefined {
  return parseRetention(expandedConfig[RETENTION_KEY] ?? '');
}

/** What gives an instance a retention; without rules it loses it. */
export function retentionSettings(rules: Retention): Config {
  return { [RETENTION_KEY]: retentionText(rules) };
}
