/**
 * What makes an instance a mirror: keys of its own configuration, which every client can read.
 *
 * A refresh writes the source's whole configuration to the target, after the data. Whatever is to hold on the mirror
 * must therefore be said on every run; what is not said again is gone.
 */
import type { Config, Instance } from '../../model.ts';

/** All keys of ours begin so. Incus lets anything stand behind `user.`. */
export const OWN_PREFIX = 'user.incus-snapshots.';

/** Whose mirror it is: see {@link sourceText}. */
export const SOURCE_KEY = `${OWN_PREFIX}source`;

/** When a run was last found whole, RFC 3339. */
export const VERIFIED_KEY = `${OWN_PREFIX}verified`;

/** Names of the snapshots that a run is sending, as a JSON list: where it stands after a run, the run broke off. */
export const SENDING_KEY = `${OWN_PREFIX}sending`;

/**
 * Set on a mirror whose snapshots are of another descent than its original's, so that none can be sent as a difference:
 * btrfs refuses with `cannot find parent subvolume`, and deletes snapshots on the mirror before (6.0.4).
 */
export const PARTED_KEY = `${OWN_PREFIX}parted`;

/** Set on an instance that was made of a mirror's snapshot before a run deleted it: whose snapshot it was. */
const KEPT_KEY = `${OWN_PREFIX}kept`;

/** Behind it stands a key that is overridden on the mirror; the value is the original's own. */
const ORIGIN_PREFIX = `${OWN_PREFIX}origin.`;

/** What an original is, wherever it is seen from: remotes are called differently by each client. */
export interface MirrorSource {
  /** SHA-256 of its server's certificate, in hex. */
  readonly fingerprint: string;
  readonly project: string;
  readonly instance: string;
}

/** As one value: neither a project nor an instance can have a slash in its name. */
export function sourceText({ fingerprint, project, instance }: MirrorSource): string {
  return [fingerprint, project, instance].join('/');
}

/** Whose mirror this is; `undefined`: nobody's. */
export function mirrorSourceOf({ config }: Pick<Instance, 'config'>): MirrorSource | undefined {
  return parseSource(config[SOURCE_KEY] ?? '');
}

/** Reads what {@link sourceText} writes; `undefined`: it is none of that. */
export function parseSource(text: string): MirrorSource | undefined {
  const [fingerprint = '', project = '', instance = '', ...rest] = text.split('/');
  const isWhole = fingerprint !== '' && project !== '' && instance !== '' && rest.length === 0;
  return isWhole ? { fingerprint, project, instance } : undefined;
}

export function isMirrorOf(instance: Pick<Instance, 'config'>, source: MirrorSource): boolean {
  return instance.config[SOURCE_KEY] === sourceText(source);
}

/** When a run was last found whole; `undefined`: never, or it cannot be read. */
export function verifiedAt({ config }: Pick<Instance, 'config'>): Date | undefined {
  const at = new Date(config[VERIFIED_KEY] ?? '');
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/**
 * Names of snapshots on a mirror that a run has not been seen to send whole; empty where none is in doubt. Incus shows
 * a snapshot from the moment in which its sending begins, and a server that dies leaves it so (measured).
 */
export function doubtfulNames({ config }: Pick<Instance, 'config'>): readonly string[] {
  const value = config[SENDING_KEY] ?? '';
  if (value === '') return [];
  try {
    const names: unknown = JSON.parse(value);
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}

/** Whether the last run onto it broke off: its live state may be half of one time and half of another. */
export function isUnfinished({ config }: Pick<Instance, 'config'>): boolean {
  return (config[SENDING_KEY] ?? '') !== '';
}

/** Whether no run can build on what is there: the next mirror is made beside it, and takes its place. */
export function isParted({ config }: Pick<Instance, 'config'>): boolean {
  return (config[PARTED_KEY] ?? '') !== '';
}

/** Says that these are being sent; nothing but the live state: an empty list. */
export function sendingText(names: readonly string[]): string {
  return JSON.stringify(names);
}

/** A key that keeps the mirror from starting, where its server knows that. */
const START_PROTECTION = { key: 'security.protection.start', extension: 'instance_protection_start' } as const;

export interface OverrideInput {
  readonly source: Pick<Instance, 'config' | 'expandedConfig'>;
  readonly identity: MirrorSource;
  /** The mirror as it is; absent on a first run. */
  readonly target?: Pick<Instance, 'config' | 'expandedConfig'> | undefined;
  /** `api_extensions` of the target's server. */
  readonly extensions: ReadonlySet<string>;
}

/**
 * What holds on the mirror, whatever the original has. An empty value takes a key away.
 *
 * A profile's schedule comes into force where the instance has none of its own, and an empty value is none; `@never`
 * is one.
 */
function protectionOf({ source, target, extensions }: OverrideInput): Record<string, string> {
  const byProfile = [source, ...(target ? [target] : [])].some(
    ({ config, expandedConfig }) => !config['snapshots.schedule'] && Boolean(expandedConfig['snapshots.schedule']),
  );
  const wasNever = target?.config['snapshots.schedule'] === NEVER_SCHEDULE;
  return {
    'boot.autostart': 'false',
    'snapshots.schedule': byProfile || wasNever ? NEVER_SCHEDULE : '',
    'security.protection.delete': 'true',
    ...(extensions.has(START_PROTECTION.extension) && { [START_PROTECTION.key]: 'true' }),
  };
}

const NEVER_SCHEDULE = '@never';

/**
 * Everything that a run says of the mirror's configuration: the protection, whose mirror it is, and the original's own
 * values of what is overridden. Without the mark of what is being sent.
 */
export function overridesFor(input: OverrideInput): Record<string, string> {
  const { source, target, identity } = input;
  const overridden = protectionOf(input);
  const overrides: Record<string, string> = { ...overridden };
  // An original can be a mirror itself: what is said of that one must not be taken for a word on this one.
  for (const key of Object.keys(source.config)) if (key.startsWith(OWN_PREFIX)) overrides[key] = '';
  for (const key of Object.keys(overridden)) {
    const own = source.config[key] ?? '';
    if (own !== '') overrides[`${ORIGIN_PREFIX}${key}`] = own;
  }
  overrides[SOURCE_KEY] = sourceText(identity);
  const verified = target && isMirrorOf(target, identity) ? (target.config[VERIFIED_KEY] ?? '') : '';
  if (verified !== '') overrides[VERIFIED_KEY] = verified;
  return overrides;
}

/** Which of the overrides do not hold on an instance, as it was read back; sorted. */
export function brokenOverrides(instance: Pick<Instance, 'config'>, overrides: Config): string[] {
  return Object.entries(overrides)
    .filter(([key, value]) => (instance.config[key] ?? '') !== value)
    .map(([key]) => key)
    .toSorted();
}

/** Whether a key says something of a mirror, or of a run onto it. */
export function isMirrorKey(key: string): boolean {
  return [SOURCE_KEY, VERIFIED_KEY, SENDING_KEY, PARTED_KEY].includes(key) || key.startsWith(ORIGIN_PREFIX);
}

/**
 * What gives a mirror its original's own values back, and takes our marks away: for a failover. An empty value takes a
 * key away. Whose mirror it was stays, so that a way back is known.
 */
export function originConfig(mirror: Pick<Instance, 'config'>): Record<string, string> {
  const overridden = ['boot.autostart', 'snapshots.schedule', 'security.protection.delete', START_PROTECTION.key];
  const result: Record<string, string> = {};
  for (const key of overridden) if (mirror.config[key] !== undefined) result[key] = '';
  for (const [key, value] of Object.entries(mirror.config)) {
    if (key.startsWith(ORIGIN_PREFIX)) result[key.slice(ORIGIN_PREFIX.length)] = value;
  }
  return result;
}

/** What is said of an instance that keeps a mirror's snapshot: it is no mirror, and neither starts nor snapshots itself. */
export function keptConfig(
  source: MirrorSource,
  snapshot: string,
  snapshotConfig: Config,
  extensions: ReadonlySet<string>,
): Record<string, string> {
  const inherited = Object.keys(snapshotConfig).filter((key) => key.startsWith(OWN_PREFIX));
  return {
    ...Object.fromEntries(inherited.map((key) => [key, ''])),
    'boot.autostart': 'false',
    'snapshots.schedule': NEVER_SCHEDULE,
    'security.protection.delete': 'true',
    ...(extensions.has(START_PROTECTION.extension) && { [START_PROTECTION.key]: '' }),
    [KEPT_KEY]: `${sourceText(source)}/${snapshot}`,
  };
}

/** What is said of an old mirror that another one has replaced: whose it was, and that it is nobody's mirror. */
export function replacedConfig(source: MirrorSource): Record<string, string> {
  return { [SOURCE_KEY]: '', [PARTED_KEY]: '', [KEPT_KEY]: sourceText(source) };
}
