import * as z from 'zod/mini';
import { recordsIn } from './schemas.ts';

/** A backup that a server keeps until it is fetched, or expires. */
export interface ServerBackup {
  readonly name: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

const record = z.object({ name: z.string(), created_at: z.string(), expires_at: z.string() });

/** `/1.0/instances/I/backups?recursion=1`; what cannot be read is nothing of ours. */
export function parseBackups(value: unknown): ServerBackup[] {
  return recordsIn(value).flatMap((one) => {
    const parsed = record.safeParse(one);
    if (!parsed.success) return [];
    const { name, created_at: createdAt, expires_at: expiresAt } = parsed.data;
    return { name, createdAt: new Date(createdAt), expiresAt: new Date(expiresAt) };
  });
}
