import type { Config, InstanceRef, ProfileRef, ProjectRef, SnapshotRef, TransferMode } from '../model.ts';
import type { Compression } from '../policy/backup/files.ts';
import { drillProgram } from '../policy/mirror/drill.ts';
import { NEVER } from '../policy/schedule/expiry.ts';
import { checkSnapshotUse, snapshotPathSegment } from '../policy/names.ts';

/**
 * Every argv that the extension can give to `incus`, as values. A function here builds; nothing runs. Names stand
 * behind `--`, remotes are always named, and what a name could break out of (the path of a query) is encoded.
 *
 * Nothing here can delete an instance, but for temporary copies; `policy/guard/allowed.ts` holds every argv against that before
 * it runs.
 */
export interface IncusCommand {
  readonly argv: readonly string[];
  /** Whether it changes anything on a server: such calls are queued per instance and have a longer time-out. */
  readonly changes: boolean;
  /** Given on stdin: what must not stand in the process list, nor in the log. */
  readonly input?: string;
}

/** A command that only reads. */
export const reads = (...argv: string[]): IncusCommand => ({ argv, changes: false });
/** A command that changes something. */
export const changes = (...argv: string[]): IncusCommand => ({ argv, changes: true });

/** Names the project, without which the CLI would take whichever the remote happens to have. */
export const inProject = (ref: ProjectRef): string[] => ['--project', ref.project];
const nameOf = (ref: InstanceRef): string => `${ref.remote}:${ref.instance}`;

/** All remotes of the client's configuration. */
export function listRemotes(): IncusCommand {
  return reads('remote', 'list', '-f', 'json');
}

export type Query = Readonly<Record<string, string>>;

/** Path of an object of Incus' REST API, each segment encoded (`doc/rest-api.md` of Incus). */
export function apiPath(segments: readonly string[], query: Query = {}): string {
  const path = ['', '1.0', ...segments.map((segment) => encodeURIComponent(segment))].join('/');
  const search = new URLSearchParams(query).toString();
  return search === '' ? path : `${path}?${search}`;
}

/** Path of one instance. */
export function instancePath(ref: InstanceRef, query: Query = {}): string {
  return apiPath(['instances', ref.instance], { project: ref.project, ...query });
}

/** Path of one snapshot. */
export function snapshotPath(ref: SnapshotRef): string {
  const instance = apiPath(['instances', ref.instance, 'snapshots']);
  const search = new URLSearchParams({ project: ref.project }).toString();
  return `${instance}/${snapshotPathSegment(ref.snapshot)}?${search}`;
}

/** Reads an object of the API. `--raw` keeps the envelope, and with it the error's code. */
export function get(remote: string, path: string): IncusCommand {
  return reads('query', '--raw', '--', `${remote}:${path}`);
}

/**
 * A local socket that speaks the remote's API. It deletes whatever file is at `socket`, and ends by itself when nothing
 * has used it for `idle` seconds (`cmd/incus/remote_unix.go` of Incus).
 */
export function proxy(remote: string, socket: string, idle: number): IncusCommand {
  return reads('remote', 'proxy', '--timeout', String(idle), '--', `${remote}:`, socket);
}

/** The server's events as lines of JSON. `--type` is repeated: a list of types yields nothing on 6.0. */
export function monitor(remote: string): IncusCommand {
  const types = ['--type', 'lifecycle', '--type', 'operation'];
  return reads('monitor', '--format', 'json', ...types, '--all-projects', '--', `${remote}:`);
}

/** Has the API change something, and waits for it. */
export function send(
  remote: string,
  method: 'POST' | 'PUT' | 'PATCH',
  path: string,
  body: Readonly<Record<string, unknown>>,
): IncusCommand {
  return changes('query', '--raw', '--wait', '-X', method, '-d', JSON.stringify(body), '--', `${remote}:${path}`);
}

export interface NewSnapshot {
  /** Absent: the server names it by `snapshots.pattern`. */
  readonly name?: string;
  /** Absent: as `snapshots.expiry` (or `snapshots.expiry.manual`) of the instance says. */
  readonly expiresAt?: Date | 'never';
  readonly stateful?: boolean;
}

/**
 * Makes a snapshot. With an expiry it goes through the API, since `--expiry` is unknown to the 6.0 client.
 */
export function createSnapshot(ref: InstanceRef, snapshot: NewSnapshot): IncusCommand {
  if (snapshot.expiresAt) {
    const path = apiPath(['instances', ref.instance, 'snapshots'], { project: ref.project });
    return send(ref.remote, 'POST', path, {
      ...(snapshot.name !== undefined && { name: snapshot.name }),
      expires_at: wireTime(snapshot.expiresAt),
      ...(snapshot.stateful && { stateful: true }),
    });
  }
  const flags = snapshot.stateful ? ['--stateful'] : [];
  const names = snapshot.name === undefined ? [nameOf(ref)] : [nameOf(ref), snapshot.name];
  return changes('snapshot', 'create', ...inProject(ref), ...flags, '--', ...names);
}

export interface RestoreMode {
  /** Bring back the memory as well; only where the snapshot is stateful. */
  readonly stateful?: boolean;
  /** Leave configuration, devices and memory as they are (`instance_snapshot_disk_only_restore`). */
  readonly diskOnly?: boolean;
}

/**
 * Brings an instance back to one of its snapshots. The disk alone goes through the API, since `--diskonly` is unknown
 * to the 6.0 client; a server that does not know `disk_only` would restore everything.
 */
export function restoreSnapshot(ref: SnapshotRef, mode: RestoreMode): IncusCommand {
  if (mode.diskOnly) return send(ref.remote, 'PUT', instancePath(ref), { restore: ref.snapshot, disk_only: true });
  const flags = mode.stateful ? ['--stateful'] : [];
  return changes('snapshot', 'restore', ...inProject(ref), ...flags, '--', nameOf(ref), ref.snapshot);
}

/** Gives a snapshot another name. */
export function renameSnapshot(ref: SnapshotRef, name: string): IncusCommand {
  return changes('snapshot', 'rename', ...inProject(ref), '--', nameOf(ref), ref.snapshot, name);
}

/**
 * Deletes one snapshot, and nothing else. A name that the CLI's own verb would hand over as another one goes through
 * the API, where it can be escaped so that it means itself.
 */
export function deleteSnapshot(ref: SnapshotRef): IncusCommand {
  if (checkSnapshotUse(ref.snapshot, 'delete')) {
    return changes('query', '--raw', '--wait', '-X', 'DELETE', '--', `${ref.remote}:${snapshotPath(ref)}`);
  }
  return changes('snapshot', 'delete', ...inProject(ref), '--', nameOf(ref), ref.snapshot);
}

/**
 * Sets when a snapshot expires.
 */
export function setSnapshotExpiry(ref: SnapshotRef, expiresAt: Date | 'never'): IncusCommand {
  return send(ref.remote, 'PATCH', snapshotPath(ref), { expires_at: wireTime(expiresAt) });
}

export interface CopyOptions {
  /** Keys that the copy gets; an empty value takes the source's key away. */
  readonly config?: Config;
  /** Devices that the copy does not get. */
  readonly without?: readonly string[];
  /** How the data travels between two servers; absent: as Incus does it (`pull`). */
  readonly mode?: TransferMode;
  /** The pool of the copy's root disk; absent: as the source says, or its profiles. */
  readonly pool?: string;
}

/** Makes a stopped instance of its own out of a snapshot, there or elsewhere. Where the name is taken, Incus refuses. */
export function copySnapshot(from: SnapshotRef, to: InstanceRef, options: CopyOptions = {}): IncusCommand {
  const { config = {}, without = [], mode, pool } = options;
  const flags = [
    ...(to.project === from.project ? [] : ['--target-project', to.project]),
    ...(mode === undefined ? [] : ['--mode', mode]),
    ...(pool === undefined ? [] : ['--storage', pool]),
    ...settings(config),
    ...without.flatMap((device) => ['-d', `${device},type=none`]),
  ];
  return changes('copy', ...inProject(from), '-q', ...flags, '--', `${nameOf(from)}/${from.snapshot}`, nameOf(to));
}

/** Makes a stopped copy of a whole instance on its server, snapshots included. Where the name is taken, Incus refuses. */
export function copyInstance(from: InstanceRef, name: string, config: Config): IncusCommand {
  return changes('copy', ...inProject(from), '-q', ...settings(config), '--', nameOf(from), `${from.remote}:${name}`);
}

/**
 * Deletes a temporary copy that is stopped. Whoever runs it has read the instance and found its key
 * (`policy/temporary.ts`); without the reserved name it is refused.
 */
export function deleteTemporary(ref: InstanceRef): IncusCommand {
  return changes('delete', ...inProject(ref), '--', nameOf(ref));
}

export interface MirrorWay {
  readonly mode: TransferMode;
  /** Pool of the mirror's root disk, for a first run; absent: the one of that name, or of the target's profile. */
  readonly pool?: string;
}

/**
 * Makes `target` an exact mirror of `source`, as a stopped instance: **snapshots that only the target has are deleted**.
 * Afterwards the CLI writes the source's whole configuration there, with `config` over it; an empty value takes a key
 * away. `policy/mirror/mirrorKeys.ts` says what has to stand in it.
 */
export function mirrorInstance(
  source: InstanceRef,
  target: InstanceRef,
  config: Config,
  { mode, pool }: MirrorWay,
): IncusCommand {
  const way = ['--target-project', target.project, ...(pool === undefined ? [] : ['--storage', pool]), '--mode', mode];
  const names = [nameOf(source), nameOf(target)];
  return changes('copy', ...inProject(source), ...way, '--refresh', '-q', ...settings(config), '--', ...names);
}

/** Gives an instance another name. */
export function renameInstance(ref: InstanceRef, name: string): IncusCommand {
  return changes('rename', ...inProject(ref), '--', nameOf(ref), name);
}

export interface ExportOptions {
  readonly compression: Compression;
  readonly withSnapshots: boolean;
  /** In the format of the pool's driver, which only a pool with the same driver takes. */
  readonly optimized: boolean;
}

/**
 * Writes a backup of an instance to a file of this machine. The 6.0 client writes over a file that is there, so it is
 * given none but one in a folder of ours (`core/backup/workingFolder.ts`). It tells on stdout how far it is.
 */
export function exportInstance(ref: InstanceRef, path: string, options: ExportOptions): IncusCommand {
  const flags = [
    ...['--compression', options.compression],
    ...(options.withSnapshots ? [] : ['--instance-only']),
    ...(options.optimized ? ['--optimized-storage'] : []),
  ];
  return changes('export', ...inProject(ref), ...flags, '--', nameOf(ref), path);
}

/**
 * Makes an instance of a backup file, under a name that is reserved for temporary copies: it gets its own when it is
 * whole. It tells on stdout how far it is.
 * @param pool absent: the one that the file says, or that of the profiles
 */
export function importInstance(temporary: InstanceRef, path: string, pool?: string): IncusCommand {
  const flags = pool === undefined ? [] : ['--storage', pool];
  const names = [`${temporary.remote}:`, path, temporary.instance];
  return changes('import', ...inProject(temporary), ...flags, '--', ...names);
}

/** Takes away what a server keeps of an export that broke off. Only names that the server gave can be given. */
export function deleteBackup(ref: InstanceRef, backup: string): IncusCommand {
  const path = apiPath(['instances', ref.instance, 'backups', backup], { project: ref.project });
  return changes('query', '--raw', '--wait', '-X', 'DELETE', '--', `${ref.remote}:${path}`);
}

/** Asks the server to break off an operation. */
export function cancelOperation(remote: string, id: string): IncusCommand {
  return changes('query', '--raw', '-X', 'DELETE', '--', `${remote}:${apiPath(['operations', id])}`);
}

function settings(config: Config): string[] {
  return Object.entries(config).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

/** Runs a command in a temporary copy, as `policy/mirror/drill.ts` wraps it. In any other instance it is refused. */
export function execInTemporary(ref: InstanceRef, command: string): IncusCommand {
  return changes('exec', ...inProject(ref), '-n', '-T', '--', nameOf(ref), ...drillProgram(command));
}

/** Starts a stopped instance, and resumes a frozen one. */
export function startInstance(ref: InstanceRef): IncusCommand {
  return changes('start', ...inProject(ref), '--', nameOf(ref));
}

/** Pauses a running instance: its processes stay in memory and do nothing until it is started. */
export function pauseInstance(ref: InstanceRef): IncusCommand {
  return changes('pause', ...inProject(ref), '--', nameOf(ref));
}

export interface StopMode {
  /** End it at once, like pulling the plug. */
  readonly force?: boolean;
  /** Seconds that a clean shutdown may take. */
  readonly timeout?: number;
}

/** Stops an instance. On an ephemeral one Incus would delete it: `policy/lifecycle.ts` tells. */
export function stopInstance(ref: InstanceRef, mode: StopMode): IncusCommand {
  return changes('stop', ...inProject(ref), ...stopFlags(mode), '--', nameOf(ref));
}

/** Restarts an instance. */
export function restartInstance(ref: InstanceRef, mode: StopMode): IncusCommand {
  return changes('restart', ...inProject(ref), ...stopFlags(mode), '--', nameOf(ref));
}

function stopFlags(mode: StopMode): string[] {
  if (mode.force) return ['--force'];
  return mode.timeout === undefined ? [] : ['--timeout', String(mode.timeout)];
}

/** Sets keys of an instance; an empty value takes the key away. */
export function setConfig(ref: InstanceRef, config: Config): IncusCommand {
  const pairs = Object.entries(config).map(([key, value]) => `${key}=${value}`);
  return changes('config', 'set', ...inProject(ref), '--', nameOf(ref), ...pairs);
}

/** Sets keys of a profile, and so of all instances that have it; an empty value takes the key away. */
export function setProfileConfig(ref: ProfileRef, config: Config): IncusCommand {
  const pairs = Object.entries(config).map(([key, value]) => `${key}=${value}`);
  return changes('profile', 'set', ...inProject(ref), '--', `${ref.remote}:${ref.profile}`, ...pairs);
}

/** What `incus info` tells of an instance, as text. */
export function showInfo(ref: InstanceRef): IncusCommand {
  return reads('info', ...inProject(ref), '--', nameOf(ref));
}

/** A root shell inside a running instance; for a terminal, not for the runner. */
export function openShell(ref: InstanceRef): IncusCommand {
  return changes('exec', ...inProject(ref), nameOf(ref), '--', 'su', '-l');
}

/** RFC 3339 in whole seconds: Incus keeps no more of an expiry. Never is Go's zero time: `null` would change nothing. */
export function wireTime(at: Date | 'never'): string {
  if (at === 'never') return NEVER;
  return at.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
