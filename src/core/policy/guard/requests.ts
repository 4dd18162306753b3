/**
 * Which requests to Incus' REST API may ever be sent. `allowed.ts` asks it of what `incus query` is given; it serves
 * as well for what goes through a proxy.
 */
import { isGivenBackupName } from '../backup/files.ts';
import { checkNewSnapshotName, checkSnapshotUse, checkVolumeUse, snapshotPathSegment } from '../names.ts';

/** A part of a request that is not on the list; `undefined` where all of it is. */
export type RequestRefusal = 'method' | 'path' | 'body';

/** What Incus accepts as an instance's name (`validate.IsHostname`); no such name can leave its place in a path. */
export const INSTANCE_NAME = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/;

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** RFC 3339, which Go's zero time ("never") is too. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** What may stand in a URL as it is, and whole escapes. */
const URL_TEXT = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*$/;

/**
 * Why a request must not be sent. `GET` may read anything under `/1.0`. The others are these, with at most
 * `?project=P&target=MEMBER`:
 *
 * - `POST /1.0/instances/I/snapshots` with `name`, `expires_at`, `stateful`: makes a snapshot
 * - `PUT /1.0/instances/I` with `restore` and `disk_only: true`, and only with both: restores the disk. Without a
 *   snapshot's name in `restore` it would replace the instance's configuration
 * - `PATCH /1.0/instances/I/snapshots/S` with `expires_at` alone
 * - `DELETE /1.0/instances/I/snapshots/S`
 * - the same three under `/1.0/storage-pools/P/volumes/custom/V/snapshots`, without `stateful`: snapshots of volumes
 * - `DELETE /1.0/operations/UUID`: cancels an operation
 * - `DELETE /1.0/instances/I/backups/backupN`, and of a custom volume: what an export left that broke off. Only names that the server gives
 *
 * `S` must be written as `snapshotPathSegment` writes it, so that it decodes to one name, which is not `.` or `..`.
 * That matters: a server from 7.0.1 on resolves dots in a path (Go's `ServeMux`), and `snapshots/..` is the instance.
 *
 * @param path with its query, as it stands in the URL
 * @param body JSON; `undefined`: none
 */
export function refusalOfRequest(method: string, path: string, body: string | undefined): RequestRefusal | undefined {
  if (!['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(method)) return 'method';
  if (!URL_TEXT.test(path) || hasDots(path)) return 'path';
  if (method === 'GET') {
    if (!/^\/1\.0(?:[/?]|$)/.test(path)) return 'path';
    return body === undefined ? undefined : 'body';
  }
  const segments = segmentsOf(path);
  if (!segments) return 'path';
  const checks = { POST: checkPost, PUT: checkPut, PATCH: checkPatch, DELETE: checkDelete };
  return checks[method as keyof typeof checks](segments, body);
}

/** Whether a segment is `.` or `..`, however often a server would decode it. */
function hasDots(path: string): boolean {
  const [plain = ''] = path.split('?', 1);
  return plain
    .toLowerCase()
    .replaceAll(/%(?:25)*2e/g, '.')
    .replaceAll(/%(?:25)*2f/g, '/')
    .split('/')
    .some((segment) => segment === '.' || segment === '..');
}

/** The segments behind `/1.0/`; `undefined` where the path is none of that, or its query asks for more than a project. */
function segmentsOf(path: string): string[] | undefined {
  const match = /^\/1\.0\/([^?]+)(?:\?project=[^&?;=]+(?:&target=[^&?;=]+)?)?$/.exec(path);
  return match?.[1]?.split('/');
}

function checkPost(segments: readonly string[], body: string | undefined): RequestRefusal | undefined {
  const under = underSnapshots(segments);
  if (under?.rest.length !== 0) return 'path';
  const fields = fieldsOf(body);
  if (!fields) return 'body';
  const isFine = Object.entries(fields).every(([key, value]) => {
    if (key === 'name') return typeof value === 'string' && checkNewSnapshotName(value, []) === undefined;
    if (key === 'expires_at') return isTime(value);
    return key === 'stateful' && !under.isVolume && typeof value === 'boolean';
  });
  return isFine ? undefined : 'body';
}

function checkPut(segments: readonly string[], body: string | undefined): RequestRefusal | undefined {
  const [instances, instance = '', ...rest] = segments;
  if (instances !== 'instances' || !INSTANCE_NAME.test(instance) || rest.length > 0) return 'path';
  const { restore, disk_only: diskOnly, ...others } = fieldsOf(body) ?? {};
  const isFine =
    typeof restore === 'string' &&
    checkSnapshotUse(restore, 'restore') === undefined &&
    diskOnly === true &&
    Object.keys(others).length === 0;
  return isFine ? undefined : 'body';
}

function checkPatch(segments: readonly string[], body: string | undefined): RequestRefusal | undefined {
  if (!isSnapshot(segments)) return 'path';
  const fields = fieldsOf(body);
  const isFine = fields && Object.keys(fields).length === 1 && isTime(fields['expires_at']);
  return isFine ? undefined : 'body';
}

function checkDelete(segments: readonly string[], body: string | undefined): RequestRefusal | undefined {
  const [first, id, ...rest] = segments;
  const isOperation = first === 'operations' && rest.length === 0 && UUID.test(id ?? '');
  if (!isOperation && !isSnapshot(segments) && !isBackup(segments) && !isVolumeBackup(segments)) return 'path';
  return body === undefined ? undefined : 'body';
}

/** What stands behind `instances/I/snapshots`, or behind that of a custom volume. */
function underSnapshots(segments: readonly string[]): { isVolume: boolean; rest: readonly string[] } | undefined {
  const [instances, instance = '', snapshots] = segments;
  if (instances === 'instances' && INSTANCE_NAME.test(instance) && snapshots === 'snapshots') {
    return { isVolume: false, rest: segments.slice(3) };
  }
  const [pools, pool, volumes, custom, volume, last, ...rest] = segments;
  const words = [pools, volumes, custom, last].join(' ');
  const isVolume = words === 'storage-pools volumes custom snapshots' && isSafe(pool) && isSafe(volume);
  return isVolume ? { isVolume, rest } : undefined;
}

/** Whether a segment is a name of a pool or volume, escaped once, that stays the same when it is decoded once more. */
function isSafe(segment = ''): boolean {
  try {
    const name = decodeURIComponent(segment);
    return checkVolumeUse(name) === undefined && encodeURIComponent(name) === segment;
  } catch {
    return false;
  }
}

function isBackup([instances, instance = '', backups, backup = '', ...rest]: readonly string[]): boolean {
  const isUnder = instances === 'instances' && INSTANCE_NAME.test(instance) && backups === 'backups';
  return isUnder && rest.length === 0 && isGivenBackupName(backup);
}

function isVolumeBackup(segments: readonly string[]): boolean {
  const [pools, pool, volumes, custom, volume, backups, backup = '', ...rest] = segments;
  const words = [pools, volumes, custom, backups].join(' ');
  const isUnder = words === 'storage-pools volumes custom backups' && isSafe(pool) && isSafe(volume);
  return isUnder && rest.length === 0 && isGivenBackupName(backup);
}

function isSnapshot(segments: readonly string[]): boolean {
  const [segment = '', ...more] = underSnapshots(segments)?.rest ?? [];
  if (segment === '' || more.length > 0) return false;
  try {
    const name = decodeURIComponent(decodeURIComponent(segment));
    return checkSnapshotUse(name, 'setExpiry') === undefined && snapshotPathSegment(name) === segment;
  } catch {
    return false;
  }
}

/** The members of a JSON object; `undefined` for anything else. */
function fieldsOf(body: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body ?? '');
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && TIME.test(value);
}
