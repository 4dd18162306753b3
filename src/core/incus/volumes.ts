import { DEFAULT_PROJECT, type SnapshotName } from '../model.ts';
import { isRecord, recordsIn } from './schemas.ts';
import { parseTime } from './time.ts';

interface VolumeRecord {
  readonly name: string;
  readonly project?: string;
  readonly created_at?: string;
  /** Only at recursion 2 of servers with `storage_volume_full`; `null`: none. */
  readonly snapshots?: readonly unknown[] | null;
}

/** There are more of these than of anything else; a schema would take as long as reading the JSON does. */
function isVolumeRecord(value: unknown): value is VolumeRecord {
  return (
    isRecord(value) &&
    typeof value['name'] === 'string' &&
    isTextOrAbsent(value['project']) &&
    isTextOrAbsent(value['created_at']) &&
    isListOrAbsent(value['snapshots'])
  );
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isListOrAbsent(value: unknown): boolean {
  return value === undefined || value === null || Array.isArray(value);
}

/** A root volume, or a snapshot of one, as a listing of volumes shows them. */
export interface VolumeRow {
  readonly project: string;
  readonly instance: string;
  /** Absent: the volume itself. */
  readonly snapshot?: SnapshotName;
}

/**
 * `/1.0/storage-pools/P/volumes/container`: the volumes, and as further rows their snapshots. At recursion 1 of a server
 * without `storage_volume_full` the latter are records named `volume/snapshot`; at recursion 2 of one with it they are in
 * their volume's record.
 */
export function parseInstanceVolumes(value: unknown): VolumeRow[] {
  const rows: VolumeRow[] = [];
  for (const record of recordsIn(value)) {
    if (!isVolumeRecord(record)) continue;
    const { name, created_at: createdAt = '' } = record;
    const project = record.project === undefined || record.project === '' ? DEFAULT_PROJECT : record.project;
    const slash = name.indexOf('/');
    const instance = slash < 0 ? name : name.slice(0, slash);
    if (slash >= 0) {
      rows.push({ project, instance, snapshot: { name: name.slice(slash + 1), createdAt: parseTime(createdAt) } });
      continue;
    }
    const volume = { project, instance };
    rows.push(volume);
    if (record.snapshots) rows.push(...snapshotRows(volume, record.snapshots));
  }
  return rows;
}

function snapshotRows(volume: VolumeRow, records: readonly unknown[]): VolumeRow[] {
  return records.filter(isVolumeRecord).map(({ name, created_at: createdAt = '' }) => {
    return { ...volume, snapshot: { name: name.slice(name.indexOf('/') + 1), createdAt: parseTime(createdAt) } };
  });
}
