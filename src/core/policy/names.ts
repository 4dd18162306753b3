/**
 * Which names may be given to new things, and which existing names may be handed to which operation.
 */

/** Why a name cannot be given to something new. */
export type NameProblem = 'empty' | 'tooLong' | 'badCharacter' | 'badStart' | 'badEnd' | 'onlyDigits' | 'taken';

/** Why a remote cannot be used: the CLI would take its name for something else. */
export type RemoteNameProblem = 'empty' | 'equals' | 'slash' | 'leadingDash' | 'colon' | 'nul' | 'illFormed';

/** What is done to a snapshot, as far as its name travels in different ways. */
export type SnapshotOperation = 'restore' | 'rename' | 'delete' | 'deleteByPath' | 'copy' | 'setExpiry';

/** Why an operation must not be tried on a snapshot of this name. */
export type SnapshotUseProblem = 'empty' | 'dots' | 'slash' | 'percent' | 'plus' | 'nul' | 'illFormed';

/** `validate.IsHostname` of Incus. */
const INSTANCE_NAME_MAX = 63;

/** `validate.IsAPIName` of Incus, from 6.0.5 on. */
const SNAPSHOT_NAME_MAX = 64;

/**
 * What is wrong with a name for a new snapshot; `undefined`: nothing. An empty name is `empty`, though Incus takes it
 * (`snapshots.pattern` names the snapshot then): whether that is meant is the caller's to say.
 *
 * The rule is narrower than that of any Incus line, so that the name works everywhere, in a path and behind a shell
 * prompt: 6.0.4 refuses only ``/ ? & +`` and white space (`validate.IsURLSegmentSafe`), later ones also
 * ``$ " ' ` *`` and what does not begin and end alphanumeric (`validate.IsAPIName`). Of these, 6.0.5 to 6.23 refuse
 * a name of one character, which the rule lets pass: it is for the server to say.
 */
export function checkNewSnapshotName(name: string, taken: Iterable<string>): NameProblem | undefined {
  if (name === '') return 'empty';
  if (/[^A-Za-z0-9._-]/.test(name)) return 'badCharacter';
  if (/^[._-]/.test(name)) return 'badStart';
  if (/[._-]$/.test(name)) return 'badEnd';
  if (name.length > SNAPSHOT_NAME_MAX) return 'tooLong';
  return new Set(taken).has(name) ? 'taken' : undefined;
}

/**
 * What is wrong with a name for a new instance; `undefined`: nothing. The rule is Incus' own
 * (`validate.IsHostname`), except that Incus lets digits pass that are too many for a 64-bit number.
 */
export function checkNewInstanceName(name: string, taken: Iterable<string>): NameProblem | undefined {
  if (name === '') return 'empty';
  if (/[^A-Za-z0-9-]/.test(name)) return 'badCharacter';
  if (name.startsWith('-')) return 'badStart';
  if (name.endsWith('-')) return 'badEnd';
  if (name.length > INSTANCE_NAME_MAX) return 'tooLong';
  if (/^\d+$/.test(name)) return 'onlyDigits';
  return new Set(taken).has(name) ? 'taken' : undefined;
}

/**
 * Why the CLI cannot be trusted with a remote of this name; `undefined`: it can.
 *
 * `a=b:c1` is read as a key and a value (`config set` would then change the server's configuration), `a/b:c1` as a
 * snapshot of the default remote (`ParseRemote` in `shared/cliconfig/remote.go`), `-r:` as flags.
 */
export function checkRemoteName(name: string): RemoteNameProblem | undefined {
  if (name === '') return 'empty';
  if (name.includes('\0')) return 'nul';
  if (!name.isWellFormed()) return 'illFormed';
  if (name.includes(':')) return 'colon';
  if (name.includes('=')) return 'equals';
  if (name.includes('/')) return 'slash';
  return name.startsWith('-') ? 'leadingDash' : undefined;
}

/**
 * Why an operation must not be tried on a snapshot of this name; `undefined`: it is safe. What stands against a name
 * lies in how it travels:
 *
 * - The CLI puts it into the path of a request, escaped once (`url.PathEscape`), and every Incus up to 7.3 decodes
 *   the path and then decodes the name **again** (`url.QueryUnescape` in `cmd/incusd/instance_snapshot.go`). So
 *   `a%62` arrives as `ab` and `a+b` as `a b`: another snapshot is hit, with exit code 0 (measured: deletion on 6.0.4
 *   and 7.0.2, a copy on 6.0.4). `a%b` is an error (`invalid URL escape`). Hence `percent` and `plus` for `rename`,
 *   `delete` and `copy`. (Incus refuses a `+` in a name, but not in one that `snapshots.pattern` makes.)
 * - `restore` sends the name in the body, where nothing decodes it. But the 6.0 CLI takes `c2/s` for a snapshot of
 *   another instance, and the server sets out to restore that one: `slash`.
 * - `setExpiry` and `deleteByPath` go through a path of our own, in which {@link snapshotPathSegment} escapes twice:
 *   exact.
 * - `.` and `..` are folders to the storage driver, and segments that a server from 7.0.1 on resolves before it looks
 *   at the request (it answers 307, and the client follows with the same method): `snapshots/..` is the instance
 *   itself. Measured on 7.0.2: `incus snapshot delete c1 ..` deletes a stopped instance and all its snapshots with
 *   exit code 0, and `rename` renames it. Nothing may ever be done to these.
 *
 * A leading `-`, a newline, quotes and the like are harmless in an argv behind `--`.
 */
export function checkSnapshotUse(name: string, operation: SnapshotOperation): SnapshotUseProblem | undefined {
  if (name === '') return 'empty';
  if (name === '.' || name === '..') return 'dots';
  if (name.includes('/')) return 'slash';
  if (name.includes('\0')) return 'nul';
  if (!name.isWellFormed()) return 'illFormed';
  if (['restore', 'setExpiry', 'deleteByPath'].includes(operation)) return undefined;
  if (name.includes('%')) return 'percent';
  return name.includes('+') ? 'plus' : undefined;
}

/**
 * Why nothing may be done with a pool or volume of this name; `undefined`: it is safe. It travels in paths that servers
 * decode twice, as {@link checkSnapshotUse} tells, and as the middle of `pool/volume/snapshot`.
 */
export function checkVolumeUse(name: string): SnapshotUseProblem | undefined {
  return checkSnapshotUse(name, 'copy');
}

/**
 * A snapshot's name as a segment of an API path that reaches this snapshot and no other: escaped twice, since the
 * server decodes twice (see {@link checkSnapshotUse}). With it, `DELETE` and `PATCH` work on names with `%` and `+`
 * too. Plain names stay as they are.
 * @throws URIError on a lone surrogate, which no name from a server has
 */
export function snapshotPathSegment(name: string): string {
  return encodeURIComponent(encodeURIComponent(name));
}

/**
 * A name for the next snapshot: the instance's name and a number, one above the highest in use, like
 * `ubuntu-test-1`. It is valid by {@link checkNewSnapshotName}, and free.
 */
export function proposeSnapshotName(instance: string, taken: Iterable<string>): string {
  const used = new Set(taken);
  const stem = trimmed(instance.replaceAll(/[^A-Za-z0-9._-]+/g, '-'), SNAPSHOT_NAME_MAX) || 'snap';
  let number = 1 + Math.max(0, ...numbersAfter(`${stem}-`, used));
  let name: string;
  do name = withSuffix(stem, `-${number++}`, SNAPSHOT_NAME_MAX);
  while (used.has(name));
  return name;
}

/**
 * A name for an instance that is made of a snapshot. A snapshot that bears the instance's name, like
 * `ubuntu-test-1`, gives it its own; any other is put behind the instance's: `ubuntu-test-before-upgrade`. It is
 * valid by {@link checkNewInstanceName}, and free.
 */
export function proposeInstanceName(instance: string, snapshot: string, taken: Iterable<string>): string {
  const used = new Set(taken);
  const whole = snapshot.startsWith(`${instance}-`) ? snapshot : `${instance}-${snapshot}`;
  const plain = trimmed(whole.replaceAll(/[^A-Za-z0-9]+/g, '-'), INSTANCE_NAME_MAX);
  const stem = plain === '' || /^\d+$/.test(plain) ? trimmed(`copy-${plain}`, INSTANCE_NAME_MAX) : plain;
  let name = stem;
  for (let number = 2; used.has(name); number++) name = withSuffix(stem, `-${number}`, INSTANCE_NAME_MAX);
  return name;
}

/** A name for a volume that is made of a snapshot: valid by {@link checkNewSnapshotName}, whose rule volumes share, and free. */
export function proposeVolumeName(volume: string, snapshot: string, taken: Iterable<string>): string {
  const used = new Set(taken);
  const whole = snapshot.startsWith(`${volume}-`) ? snapshot : `${volume}-${snapshot}`;
  const stem = trimmed(whole.replaceAll(/[^A-Za-z0-9._-]+/g, '-'), SNAPSHOT_NAME_MAX) || 'volume';
  let name = stem;
  for (let number = 2; used.has(name); number++) name = withSuffix(stem, `-${number}`, SNAPSHOT_NAME_MAX);
  return name;
}

/** The numbers behind a prefix. Those of more than nine digits are no count (they are dates, mostly). */
function numbersAfter(prefix: string, names: Iterable<string>): number[] {
  return [...names]
    .filter((name) => name.startsWith(prefix) && /^\d{1,9}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
}

/** Within the length, and without punctuation at its ends. */
function trimmed(text: string, length: number): string {
  return text
    .replace(/^[._-]+/, '')
    .slice(0, length)
    .replace(/[._-]+$/, '');
}

function withSuffix(stem: string, suffix: string, length: number): string {
  return `${trimmed(stem, length - suffix.length)}${suffix}`;
}
