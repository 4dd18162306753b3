/** Reads a backup file from its first byte to its last, and says what is in it and whether it is whole. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type BackupIndex, missingParts, readIndex } from '../policy/backup/backupIndex.ts';
import { TarError, TarReader } from './tar.ts';

/** Why a file cannot be taken for a backup that is whole. */
export type BackupProblem =
  /** Nothing that Incus writes. */
  | 'notABackup'
  /** It ends too early. */
  | 'cutOff'
  /** Something in it is not what was written. */
  | 'broken'
  /** It does not hold all that it says of itself. */
  | 'incomplete'
  /** It is not the file that the checksum beside it was made of. */
  | 'otherSum';

export class BackupError extends Error {
  readonly problem: BackupProblem;

  constructor(problem: BackupProblem, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'BackupError';
    this.problem = problem;
  }
}

/** A backup file that is whole, as far as that can be told here. */
export interface ReadBackup {
  /** SHA-256 of the file, in hex. */
  readonly sum: string;
  /** Absent where the file is packed in a way that only the server can unpack (xz, bzip2, lz4, squashfs). */
  readonly index?: BackupIndex;
}

/** How the first bytes tell what packed it. */
const SIGNS: readonly (readonly [packing: 'gzip' | 'zstd' | 'other', sign: string])[] = [
  ['gzip', '1f8b'],
  ['zstd', '28b52ffd'],
  ['other', 'fd377a585a00'],
  ['other', '425a68'],
  ['other', '04224d18'],
  ['other', '68737173'],
];

/**
 * Reads a whole file.
 * @param onRead told how many bytes have been read, now and then
 * @throws BackupError; what the operating system says of the file; an `AbortError`
 */
export async function readBackup(
  path: string,
  signal?: AbortSignal,
  onRead?: (bytes: number) => void,
): Promise<ReadBackup> {
  const packing = await packingOf(path);
  const hash = createHash('sha256');
  const reader = new TarReader();
  let bytes = 0;
  const counted = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk);
      bytes += chunk.length;
      onRead?.(bytes);
      yield chunk;
    }
  };
  const read = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) if (packing !== 'other') reader.feed(chunk);
  };
  const unpack = packing === 'gzip' ? createGunzip() : packing === 'zstd' ? createZstdDecompress() : new PassThrough();
  try {
    await pipeline(createReadStream(path), counted, unpack, read, signal ? { signal } : {});
    const sum = hash.digest('hex');
    if (packing === 'other') return { sum };
    const { index: text = '', entries } = reader.content();
    const index = readIndex(text);
    if (!index) throw new BackupError('notABackup');
    if (missingParts(index, entries).length > 0) throw new BackupError('incomplete');
    return { sum, index };
  } catch (error) {
    throw backupErrorOf(error);
  }
}

async function packingOf(path: string): Promise<'gzip' | 'zstd' | 'other' | 'none'> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    const start = buffer.subarray(0, bytesRead).toString('hex');
    return SIGNS.find(([, sign]) => start.startsWith(sign))?.[0] ?? 'none';
  } finally {
    await file.close();
  }
}

function backupErrorOf(error: unknown): unknown {
  if (error instanceof TarError) {
    return new BackupError(error.problem === 'noTar' ? 'notABackup' : error.problem, { cause: error });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // What zlib calls an unexpected end of file; zstd has no code of its own for it.
  if (code === 'Z_BUF_ERROR') return new BackupError('cutOff', { cause: error });
  if (/^(?:Z_|ZSTD_|ERR_)/.test(code)) return new BackupError('broken', { cause: error });
  return error;
}
