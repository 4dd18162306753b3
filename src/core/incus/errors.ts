/**
 * What went wrong, told apart once, here. Wording for the user is the business of `vscode/messages.ts`.
 */

export type IncusErrorKind =
  // the program
  | 'noProgram'
  | 'badProgram'
  | 'refusedCommand'
  | 'cancelled'
  | 'timedOut'
  // a program of the system, beside `incus`
  | 'system'
  | 'garbage'
  | 'configBeingWritten'
  // the server
  | 'noSuchRemote'
  | 'daemonDown'
  | 'connectionRefused'
  | 'hostUnknown'
  | 'unreachable'
  | 'certificateChanged'
  | 'noClientCertificate'
  | 'untrusted'
  | 'tokenRefused'
  | 'otherServer'
  | 'forbiddenProject'
  | 'memberDown'
  // the thing
  | 'instanceMissing'
  | 'snapshotMissing'
  | 'projectMissing'
  | 'exists'
  | 'busy'
  | 'running'
  | 'notRunning'
  | 'protected'
  | 'diskFull'
  | 'statefulImpossible'
  | 'freezeFailed'
  | 'newerSnapshots'
  | 'profileMissing'
  | 'poolMissing'
  | 'volumeMissing'
  | 'dependentVolume'
  | 'volumeInUse'
  | 'stopTimedOut'
  | 'badName'
  | 'unsafeName'
  | 'ephemeral'
  | 'changedMeanwhile'
  | 'limitReached'
  // a file of this machine
  | 'fileExists'
  | 'folderRefused'
  | 'folderFull'
  | 'packingMissing'
  // what of a backup it is stands in `text`: `BackupProblem` of `backup/archive.ts`
  | 'backupDamaged'
  // a mirror
  | 'copyInterrupted'
  | 'mirrorBlocked'
  | 'mirrorParted'
  | 'notVerified'
  | 'other';

export interface IncusErrorDetails {
  /** The arguments of the call, without the program. */
  readonly argv?: readonly string[];
  readonly exitCode?: number;
  /** What the program or the server said, without the leading `Error: `. */
  readonly text: string;
  readonly cause?: unknown;
}

/** Every failure of a call to Incus. */
export class IncusError extends Error {
  readonly kind: IncusErrorKind;
  readonly argv: readonly string[];
  readonly exitCode: number | undefined;
  /** Incus' own words, for the log and as the detail of a message. */
  readonly text: string;

  constructor(kind: IncusErrorKind, details: IncusErrorDetails) {
    super(`${kind}: ${details.text}`, { cause: details.cause });
    this.name = 'IncusError';
    this.kind = kind;
    this.argv = details.argv ?? [];
    this.exitCode = details.exitCode;
    this.text = details.text;
  }
}

/** Reads any thrown value as an `IncusError`, so that a caller has one shape to deal with. */
export function toIncusError(error: unknown): IncusError {
  if (error instanceof IncusError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new IncusError('other', { text, cause: error });
}

/**
 * The texts by which Incus' errors are told apart, first match wins; both lines (6.0.4, 7.0.2) and their clients.
 * The child runs in the C locale, since Incus translates its messages. Specific ones stand before general ones: a
 * wrapped error names the outer failure first and the cause last.
 */
const PATTERNS: readonly (readonly [IncusErrorKind, RegExp])[] = [
  ['configBeingWritten', /Failed to load configuration:.*no documents in stream/s],
  ['noSuchRemote', /The remote ".*" doesn't exist/s],
  ['daemonDown', /daemon doesn't appear to be started/],
  ['daemonDown', /unix\.socket.*(no such file or directory|connection refused)/s],
  ['certificateChanged', /failed to verify certificate|x509:/],
  ['connectionRefused', /connect: connection refused/],
  ['hostUnknown', /no such host|server misbehaving/],
  ['unreachable', /no route to host|network is unreachable|i\/o timeout|connection reset|Bad Gateway|broken pipe/],
  ['noClientCertificate', /Missing TLS client certificate and key/],
  ['forbiddenProject', /User does not have permissions? for project/],
  ['tokenRefused', /Token has expired|No matching certificate add operation found|Invalid .*trust token/i],
  ['untrusted', /not authorized|Certificate isn't trusted|\bForbidden\b/i],
  ['memberDown', /Target cluster member is unavailable|cluster member.*offline/is],
  ['statefulImpossible', /Stateful snapshots require|Unable to create a stateful snapshot|CRIU isn't installed/],
  ['statefulImpossible', /Stateful snapshot restore requested but snapshot is stateless/],
  ['freezeFailed', /freezing the container failed/],
  ['newerSnapshots', /cannot be restored due to subsequent/],
  ['diskFull', /no space left on device|disk quota exceeded/i],
  // btrfs: what is there is no ancestor of what is sent; the last is what such a failure leaves behind (6.0.4).
  ['mirrorParted', /cannot find parent subvolume|migration\.\d+\/.*file exists|exists in database but not on storage/s],
  ['exists', /UNIQUE constraint failed|already exists|already in use|: file exists/],
  ['snapshotMissing', /Instance_snapshot not found|Instance snapshot not found|Snapshot .* does not exist/s],
  ['instanceMissing', /Instance not found/],
  ['projectMissing', /Project not found/],
  ['profileMissing', /Requested profile ".*" doesn't exist|Profile not found/s],
  ['poolMissing', /Storage pool not found/],
  ['volumeMissing', /Storage (?:pool )?volume (?:".*" )?not found/s],
  ['dependentVolume', /not allowed for dependent volumes/],
  ['volumeInUse', /used by running instances/],
  ['protected', /Instance is protected|(delete|startup) protection enabled/i],
  ['stopTimedOut', /Failed shutting down instance.*(deadline exceeded|timed? ?out)|context deadline exceeded/is],
  ['busy', /Instance is busy running|matching non-reusable operation|already being migrated/],
  ['running', /is currently running|Instance is running|is already running|must not be running/],
  ['notRunning', /already stopped|isn't running|is not running/],
  ['changedMeanwhile', /ETag doesn't match/],
  // A new copy waits for an earlier one of the same source that died, and then shares its failure (measured).
  ['copyInterrupted', /Failed getting migration source filesystem connection/],
  ['packingMissing', /Compression algorithm ".*" isn't supported/],
  ['limitReached', /Reached maximum number of|reached.*limits?\./i],
  [
    'badName',
    /Invalid instance name|Invalid instance snapshot name|Invalid snapshot name|[Nn]ames? (can|must|contains|is)/,
  ],
];

/** Tells from Incus' own words what went wrong. */
export function classify(text: string): IncusErrorKind {
  return PATTERNS.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other';
}

/** The message inside the CLI's stderr: warnings dropped, `Error: ` stripped. */
export function errorTextOf(stderr: string): string {
  const at = stderr.search(/^Error: /m);
  return (at < 0 ? stderr : stderr.slice(at + 'Error: '.length)).trim();
}
