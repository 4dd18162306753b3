/**
 * What a backup file says of itself: `backup/index.yaml`, its first entry (`internal/server/backup/backup_info.go` of
 * Incus). Incus writes it with a program, so its form is known: keys at the margin, lists below them.
 */

export interface BackupIndex {
  /** The name of what was backed up. */
  readonly name: string;
  readonly type: 'container' | 'virtual-machine' | 'custom';
  /** The driver of the pool that it comes from: `btrfs`, `dir`, ... */
  readonly backend: string;
  /** The name of that pool. */
  readonly pool: string;
  /** Bare names of the snapshots that are in it. */
  readonly snapshots: readonly string[];
  /** In the driver's own format, which only a pool with the same driver takes. */
  readonly optimized: boolean;
}

const TYPES = ['container', 'virtual-machine', 'custom'] as const;

/** @returns `undefined` where the text is no such index */
export function readIndex(text: string): BackupIndex | undefined {
  const values = new Map<string, string>();
  const snapshots: string[] = [];
  let key = '';
  for (const line of text.split('\n')) {
    const entry = /^([a-z_]+):(?: (.*))?$/.exec(line);
    if (entry) {
      key = entry[1] ?? '';
      if (values.has(key)) return undefined;
      values.set(key, plain(entry[2] ?? ''));
      continue;
    }
    const item = /^ {0,2}- (.+)$/.exec(line);
    if (item && key === 'snapshots') snapshots.push(plain(item[1] ?? ''));
  }
  const type = TYPES.find((one) => one === values.get('type'));
  const name = values.get('name') ?? '';
  if (name === '' || name.includes('/') || !type) return undefined;
  return {
    ...{ name, type, snapshots },
    ...{ backend: values.get('backend') ?? '', pool: values.get('pool') ?? '' },
    optimized: values.get('optimized') === 'true',
  };
}

/** A scalar without its quotes. */
function plain(scalar: string): string {
  const text = scalar.trim();
  if (/^'.*'$/s.test(text)) return text.slice(1, -1).replaceAll("''", "'");
  if (!/^".*"$/s.test(text)) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}

/**
 * Snapshots that the index names and the archive does not hold.
 * @param entries names of what is in the archive, two levels below `backup`
 */
export function missingParts(index: BackupIndex, entries: ReadonlySet<string>): string[] {
  const root = index.type === 'custom' ? 'volume' : index.type;
  const own = [...entries].filter((entry) => !entry.includes('snapshots/'));
  const held = new Set([...entries].flatMap((entry) => /snapshots\/(.+)$/.exec(entry)?.[1] ?? []));
  const has = (name: string) => ENDINGS.some((ending) => held.has(name + ending));
  const hasRoot = own.some((entry) => ENDINGS.some((ending) => entry.split('/')[0] === root + ending));
  return [...(hasRoot ? [] : [index.name]), ...index.snapshots.filter((name) => !has(name))];
}

/** Behind the name of what is in the archive: a folder, a driver's own format, the disk of a virtual machine. */
const ENDINGS = ['', '.bin', '.img', '-config', '-config.bin', '.iso'];

/** Whether both are the same names, in whatever order. */
export function haveSameNames(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify([...one].toSorted()) === JSON.stringify([...other].toSorted());
}
