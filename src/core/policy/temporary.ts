/**
 * Temporary copies: the only instances that the extension ever deletes. They are told by two marks, both of which must
 * be there: a reserved name, which nobody has by chance, and a key, which nobody has who merely took the name.
 */
import type { Config, Devices, Instance } from '../model.ts';

/** Names that the extension keeps for itself begin so. */
const PREFIX = 'incus-snapshots-tmp-';

/** Keys that the extension sets on instances begin so. */
const OWN_KEYS = 'user.incus-snapshots.';

/** Who made it, and what for: `CLIENT/WINDOW/PURPOSE`. */
export const TEMPORARY_KEY = `${OWN_KEYS}temporary`;

/** Who makes temporary copies; both are short texts of lower-case letters and digits. */
export interface Maker {
  /** One user of one machine. */
  readonly client: string;
  /** One window, for as long as it is open. */
  readonly window: string;
}

/** What a temporary copy is for. */
export type TemporaryPurpose = 'drill' | 'trial' | 'files' | 'import' | 'failback';

/** Whose a temporary copy is: made by this window, by this user elsewhere or earlier, or by somebody else. */
export type TemporaryOwner = 'window' | 'client' | 'other';

/**
 * A reserved name.
 * @param unique lower-case letters and digits, another one each time
 */
export function temporaryName(unique: string): string {
  return `${PREFIX}${unique}`;
}

/** Whether a name is one of those that are reserved for temporary copies. */
export function isTemporaryName(name: string): boolean {
  return /^incus-snapshots-tmp-[a-z0-9]{4,32}$/.test(name);
}

/** What {@link TEMPORARY_KEY} is set to. */
export function temporaryMark({ client, window }: Maker, purpose: TemporaryPurpose): string {
  return [client, window, purpose].join('/');
}

/**
 * Whether an instance is a temporary copy, hence may be deleted. Its own key counts, not one that a profile brings.
 */
export function isTemporary({ ref, config }: Pick<Instance, 'ref' | 'config'>): boolean {
  return isTemporaryName(ref.instance) && /^[^/]+\/[^/]+\/[^/]+$/.test(config[TEMPORARY_KEY] ?? '');
}

/** Whose it is; `undefined` where it is no temporary copy. */
export function ownerOfTemporary(instance: Pick<Instance, 'ref' | 'config'>, maker: Maker): TemporaryOwner | undefined {
  if (!isTemporary(instance)) return undefined;
  const [client, window] = (instance.config[TEMPORARY_KEY] ?? '').split('/');
  if (client !== maker.client) return 'other';
  return window === maker.window ? 'window' : 'client';
}

/** What a temporary copy is made with, beside what it is a copy of. */
export interface TemporarySettings {
  readonly config: Config;
  /** Devices that it does not get. */
  readonly without: readonly string[];
}

/**
 * How a temporary copy differs from its source. It never starts by itself, can be deleted, bears none of the marks that
 * the extension set on its source (a copy of a mirror is no mirror), and has no device but its root disk: its network
 * could take the source's addresses, a proxy its ports, and a volume would be written to by both.
 *
 * @param extensions what the server can do that will hold it: a key that a server does not know is refused, even empty
 */
export function temporarySettings(
  source: { readonly config: Config; readonly devices: Devices },
  mark: string,
  extensions: ReadonlySet<string>,
): TemporarySettings {
  const marks = Object.keys(source.config).filter((key) => key.startsWith(OWN_KEYS));
  const without = Object.entries(source.devices)
    .filter(([, device]) => !isRoot(device) && device['type'] !== 'none')
    .map(([name]) => name);
  return {
    config: {
      ...Object.fromEntries(marks.map((key) => [key, ''])),
      'boot.autostart': 'false',
      'snapshots.schedule': '',
      'security.protection.delete': 'false',
      ...(extensions.has('instance_protection_start') && { 'security.protection.start': 'false' }),
      [TEMPORARY_KEY]: mark,
    },
    without,
  };
}

function isRoot(device: Config): boolean {
  return device['type'] === 'disk' && device['path'] === '/';
}
