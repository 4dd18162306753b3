import * as z from 'zod/mini';
import {
  type Config,
  DEFAULT_PROJECT,
  type Devices,
  type Instance,
  type InstanceRef,
  type Snapshot,
} from '../model.ts';
import { NEVER } from '../policy/schedule/expiry.ts';
import { IncusError } from './errors.ts';
import {
  type BadRecord,
  config,
  devices,
  flag,
  isConfig,
  isDevices,
  isRecord,
  list,
  nameIn,
  recordsIn,
  text,
  why,
} from './schemas.ts';
import { parseTime } from './time.ts';

const snapshotRecord = z.object({
  name: z.string().check(z.minLength(1)),
  created_at: z.string(),
  expires_at: z._default(z.nullable(z.string()), null),
  stateful: flag,
  ephemeral: flag,
  description: text,
  config,
  devices,
});

/** What is used of an instance's record. */
export const instanceRecord = z.object({
  name: z.string().check(z.minLength(1)),
  project: z._default(z.string(), DEFAULT_PROJECT),
  type: z.enum(['container', 'virtual-machine']),
  status: z.string(),
  ephemeral: flag,
  architecture: text,
  description: text,
  created_at: text,
  last_used_at: text,
  location: text,
  profiles: z._default(z.nullable(z.array(z.string())), []),
  config,
  devices,
  expanded_config: config,
  expanded_devices: devices,
  snapshots: z.optional(list),
});

type InstanceRecord = z.infer<typeof instanceRecord>;

const TEXTS = ['status', 'architecture', 'description', 'created_at', 'last_used_at', 'location', 'project'] as const;

/**
 * Whether a record has all fields as servers write them. Nearly all have, and the schema, which fills in what is missing
 * and finds words for what is wrong, would take half as long as reading the JSON does.
 */
export function isUsual(value: unknown): value is InstanceRecord {
  if (!isRecord(value)) return false;
  for (const key of TEXTS) if (typeof value[key] !== 'string') return false;
  return (
    typeof value['name'] === 'string' &&
    value['name'] !== '' &&
    (value['type'] === 'container' || value['type'] === 'virtual-machine') &&
    typeof value['ephemeral'] === 'boolean' &&
    isTexts(value['profiles']) &&
    isConfig(value['config']) &&
    isDevices(value['devices']) &&
    isConfig(value['expanded_config']) &&
    isDevices(value['expanded_devices']) &&
    (value['snapshots'] === undefined || value['snapshots'] === null || Array.isArray(value['snapshots']))
  );
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** `/1.0/instances?recursion=1`: rows without snapshots. */
export function parseInstances(value: unknown, remote: string, onBad: BadRecord): Instance[] {
  return recordsIn(value).flatMap((record) => readInstance(record, remote, onBad) ?? []);
}

/**
 * `/1.0/instances/X?recursion=1`: one instance with its snapshots.
 * @throws IncusError `garbage`
 */
export function parseInstance(value: unknown, remote: string, onBad: BadRecord): Instance {
  let reason = '';
  const instance = readInstance(value, remote, (what, why) => {
    reason = why;
    onBad(what, why);
  });
  if (!instance) throw new IncusError('garbage', { text: reason });
  return instance;
}

function readInstance(value: unknown, remote: string, onBad: BadRecord): Instance | undefined {
  const r = isUsual(value) ? value : readUnusual(value, onBad);
  if (!r) return undefined;
  const ref = { remote, project: r.project, instance: r.name };
  const row = {
    ref,
    type: r.type,
    status: r.status,
    ephemeral: r.ephemeral,
    architecture: r.architecture,
    description: r.description,
    createdAt: parseTime(r.created_at),
    ...readTime('lastUsedAt', r.last_used_at),
    profiles: r.profiles ?? [],
    config: r.config ?? {},
    devices: r.devices ?? {},
    expandedConfig: r.expanded_config ?? {},
    expandedDevices: r.expanded_devices ?? {},
  };
  const isClustered = r.location !== '' && r.location !== 'none';
  // Most of a listing's rows have neither; copies would cost more than all else that is done to a row.
  if (!isClustered && r.snapshots === undefined) return row;
  return { ...row, ...(isClustered && { location: r.location }), ...knownSnapshots(r, ref, onBad) };
}

/** Reads a record of which something is missing or wrong. */
function readUnusual(value: unknown, onBad: BadRecord): InstanceRecord | undefined {
  const parsed = instanceRecord.safeParse(value);
  if (parsed.success) return parsed.data;
  onBad(`instance ${nameIn(value)}`, why(parsed.error));
  return undefined;
}

/**
 * Incus writes `null` for an instance without snapshots, and for one whose cluster member is down; the latter's status
 * is `Error`. A field that is not there was not asked for.
 */
function knownSnapshots(
  { status, snapshots }: { status: string; snapshots?: readonly unknown[] | null | undefined },
  ref: InstanceRef,
  onBad: BadRecord,
): { snapshots?: Snapshot[] } {
  if (snapshots === undefined || (snapshots === null && status === 'Error')) return {};
  return { snapshots: readSnapshots(snapshots ?? [], ref, onBad) };
}

function readSnapshots(values: readonly unknown[], ref: InstanceRef, onBad: BadRecord): Snapshot[] {
  const snapshots = values.flatMap((value): Snapshot[] => {
    const parsed = snapshotRecord.safeParse(value);
    const createdAt = parsed.success ? parseTime(parsed.data.created_at) : new Date(NaN);
    if (!parsed.success || Number.isNaN(createdAt.getTime())) {
      const reason = parsed.success ? 'created_at is no time' : why(parsed.error);
      onBad(`snapshot ${nameIn(value)} of ${ref.instance}`, reason);
      return [];
    }
    const r = parsed.data;
    return [
      {
        ref: { ...ref, snapshot: r.name },
        createdAt,
        ...readExpiry(r.expires_at),
        stateful: r.stateful,
        ephemeral: r.ephemeral,
        description: r.description,
        ...readSettings(r),
      },
    ];
  });
  return snapshots.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

function readSettings(r: { config: Config | null; devices: Devices | null }): { config: Config; devices: Devices } {
  return { config: r.config ?? {}, devices: r.devices ?? {} };
}

/** An expiry that cannot be read is left out: the row stays, and nothing is decided by it. */
function readExpiry(value: string | null): { expiresAt?: Date } {
  return readTime('expiresAt', value ?? '');
}

/** Go's zero time, and the beginning of 1970, stand for "never". */
function readTime<K extends string>(key: K, value: string): Partial<Record<K, Date>> {
  if (value === '' || value === NEVER) return {};
  const at = parseTime(value);
  return Number.isNaN(at.getTime()) || at.getTime() <= 0 ? {} : ({ [key]: at } as Record<K, Date>);
}
