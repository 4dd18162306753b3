import * as z from 'zod/mini';
import type { VolumeRef } from '../model.ts';
import { recordsIn } from './schemas.ts';

/** A backup that a server keeps until it is fetched, or expires. */
export interface ServerBackup {
  readonly name: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

const record = z.object({ name: z.string(), created_at: z.string(), expires_at: z.string() });

/** `/1.0/instances/I/backups?recursion=1`, or those of a volume; what cannot be read is nothing of ours. */
export function parseBackups(value: unknown): ServerBackup[] {
  return recordsIn(value).flatMap((one) => {
    const parsed = record.safeParse(one);
    if (!parsed.success) return [];
    const { name, created_at: createdAt, expires_at: expiresAt } = parsed.data;
    return { name, createdAt: new Date(createdAt), expiresAt: new Date(expiresAt) };
  });
}

const operations = z.record(z.string(), z.array(z.unknown()));

const restoring = z.object({
  description: z.literal('Restoring custom volume backup'),
  resources: z.object({ storage_volumes: z.array(z.string()) }),
});

/** `/1.0/operations?recursion=1`: whether one that runs makes this volume of a backup file. */
export function isRestoringVolume(value: unknown, { pool, volume }: VolumeRef): boolean {
  const lists = operations.safeParse(value);
  const running = lists.success ? (lists.data['running'] ?? []) : [];
  const path = `/1.0/storage-pools/${encodeURIComponent(pool)}/volumes/custom/${encodeURIComponent(volume)}`;
  return running.some((one) => {
    const parsed = restoring.safeParse(one);
    return parsed.success && parsed.data.resources.storage_volumes.some((url) => url.split('?')[0] === path);
  });
}
