import * as z from 'zod/mini';
import {
  DEFAULT_PROJECT,
  type InstanceRef,
  type Pool,
  type Volume,
  type VolumeRef,
  type VolumeSnapshot,
} from '../model.ts';
import { NEVER } from '../policy/schedule/expiry.ts';
import { IncusError } from './errors.ts';
import { type BadRecord, config, instanceOfUrl, isRecord, must, nameIn, recordsIn, text, why } from './schemas.ts';
import { parseTime } from './time.ts';

/** Pools, custom volumes and their snapshots, from the wire to the model; as `schemas.ts` does it for instances. */

const volumeRecord = z.object({
  name: z.string().check(z.minLength(1)),
  project: text,
  content_type: text,
  description: text,
  created_at: text,
  location: text,
  config,
  used_by: z._default(z.nullable(z.array(z.string())), []),
  // At recursion 2 of servers with `storage_volume_full`, and in the volume's own object there.
  snapshots: z.optional(z.nullable(z.array(z.unknown()))),
  state: z.optional(
    z.nullable(z.object({ usage: z.optional(z.nullable(z.object({ used: z.optional(z.number()) }))) })),
  ),
});

const snapshotRecord = z.object({
  name: z.string().check(z.minLength(1)),
  created_at: z.string(),
  // Absent in the rows of 6.0, `null` or Go's zero time where it never expires.
  expires_at: z.optional(z.nullable(z.string())),
  description: text,
  config,
});

const poolRecord = z.object({ name: z.string(), driver: z.string(), config });

/** `/1.0/storage-pools/X` */
export function parsePool(value: unknown): Pool {
  const { name, driver, config } = must(poolRecord.safeParse(value));
  return { name, driver, config: config ?? {} };
}

/** `/1.0/storage-pools/X/resources` */
export function parseFreeSpace(value: unknown): number {
  const { space } = must(z.object({ space: z.object({ total: z.number(), used: z.number() }) }).safeParse(value));
  return Math.max(0, space.total - space.used);
}

/** `/1.0/storage-pools?recursion=1` */
export function parsePools(value: unknown, onBad: BadRecord): Pool[] {
  return recordsIn(value).flatMap((record) => {
    const parsed = poolRecord.safeParse(record);
    if (!parsed.success) {
      onBad(`pool ${nameIn(record)}`, why(parsed.error));
      return [];
    }
    return [{ name: parsed.data.name, driver: parsed.data.driver, config: parsed.data.config ?? {} }];
  });
}

interface Place {
  readonly remote: string;
  readonly pool: string;
}

/**
 * `/1.0/storage-pools/P/volumes/custom`: at recursion 1 of 6.0 snapshots are rows of their own, named `volume/snapshot`;
 * at recursion 2 of servers with `storage_volume_full` they are in their volume's record.
 */
export function parseCustomVolumes(value: unknown, place: Place, onBad: BadRecord): Volume[] {
  const records = recordsIn(value);
  const rows = new Map<string, unknown[]>();
  for (const record of records) {
    const slash = slashIn(record);
    if (slash > 0 && isRecord(record)) {
      const key = ownerKey(record, String(record['name']).slice(0, slash));
      rows.set(key, [...(rows.get(key) ?? []), record]);
    }
  }
  return records.flatMap((record) => {
    if (slashIn(record) > 0) return [];
    const own = isRecord(record) ? rows.get(ownerKey(record, String(record['name']))) : undefined;
    return readVolume(record, own, place, onBad) ?? [];
  });
}

/**
 * `/1.0/storage-pools/P/volumes/custom/V`
 * @param snapshots `.../snapshots?recursion=1`
 * @throws IncusError `garbage`
 */
export function parseCustomVolume(value: unknown, snapshots: unknown, place: Place, onBad: BadRecord): Volume {
  let reason = '';
  const listed = recordsIn(snapshots).map((record) =>
    isRecord(record) ? { ...record, expires_at: record['expires_at'] ?? null } : record,
  );
  const volume = readVolume(value, listed, place, (what, text) => {
    reason = text;
    onBad(what, text);
  });
  if (!volume) throw new IncusError('garbage', { text: reason });
  return volume;
}

function slashIn(record: unknown): number {
  return isRecord(record) && typeof record['name'] === 'string' ? record['name'].indexOf('/') : -1;
}

/** Which volume a row belongs to: two projects, and two members of a cluster, can have equal names. */
function ownerKey(record: Readonly<Record<string, unknown>>, volume: string): string {
  return JSON.stringify([record['project'], record['location'], volume]);
}

function readVolume(
  value: unknown,
  rows: readonly unknown[] | undefined,
  { remote, pool }: Place,
  onBad: BadRecord,
): Volume | undefined {
  const parsed = volumeRecord.safeParse(value);
  if (!parsed.success) {
    onBad(`volume ${nameIn(value)}`, why(parsed.error));
    return undefined;
  }
  const r = parsed.data;
  const isPlaced = r.location !== '' && r.location !== 'none';
  const ref: VolumeRef = {
    ...{ remote, project: r.project === '' ? DEFAULT_PROJECT : r.project, pool, volume: r.name },
    ...(isPlaced && { location: r.location }),
  };
  const used = r.state?.usage?.used;
  return {
    ref,
    contentType: r.content_type,
    description: r.description,
    createdAt: parseTime(r.created_at),
    config: r.config ?? {},
    usedBy: usersIn(r.used_by ?? [], remote),
    ...(used !== undefined && used > 0 && { usedBytes: used }),
    snapshots: readSnapshots(rows ?? r.snapshots ?? [], ref, onBad),
  };
}

/**
 * Of what uses a volume only the instances, by project and name; a profile's are named one by one. The server names them in
 * another order each time: it keeps them in a map of Go.
 */
function usersIn(urls: readonly string[], remote: string): InstanceRef[] {
  const refs = urls.flatMap((url) => instanceOfUrl(url, remote) ?? []);
  const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...new Map(refs.map((ref) => [JSON.stringify(ref), ref])).values()].toSorted(
    (a, b) => byText(a.project, b.project) || byText(a.instance, b.instance),
  );
}

function readSnapshots(values: readonly unknown[], ref: VolumeRef, onBad: BadRecord): VolumeSnapshot[] {
  const snapshots = values.flatMap((value): VolumeSnapshot[] => {
    const parsed = snapshotRecord.safeParse(value);
    const createdAt = parsed.success ? parseTime(parsed.data.created_at) : new Date(NaN);
    if (!parsed.success || Number.isNaN(createdAt.getTime())) {
      const reason = parsed.success ? 'created_at is no time' : why(parsed.error);
      onBad(`snapshot ${nameIn(value)} of volume ${ref.volume}`, reason);
      return [];
    }
    const r = parsed.data;
    const snapshot = r.name.slice(r.name.indexOf('/') + 1);
    const expiry = readExpiry(r.expires_at);
    return [
      {
        ref: { ...ref, snapshot },
        createdAt,
        ...(expiry !== undefined && { expiresAt: expiry }),
        description: r.description,
        config: r.config ?? {},
      },
    ];
  });
  return snapshots.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

function readExpiry(value: string | null | undefined): Date | 'never' | undefined {
  if (value === undefined) return undefined;
  if (value === null || value === '' || value === NEVER) return 'never';
  const at = parseTime(value);
  return Number.isNaN(at.getTime()) ? undefined : at;
}
