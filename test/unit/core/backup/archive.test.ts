import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackupError, type BackupProblem, readBackup } from '../../../../src/core/backup/archive.ts';
import { TarError, TarReader } from '../../../../src/core/backup/tar.ts';
import { backup, indexText, tar } from './archives.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'archive-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const whole = backup('web', ['s1', 's2']);

function written(content: Buffer): string {
  const path = join(folder, createHash('sha256').update(content).digest('hex'));
  writeFileSync(path, content);
  return path;
}

async function problemOf(content: Buffer): Promise<BackupProblem | 'none'> {
  try {
    await readBackup(written(content));
    return 'none';
  } catch (error) {
    if (error instanceof BackupError) return error.problem;
    throw error;
  }
}

describe('a backup file that is read', () => {
  it.each([
    ['not packed', (content: Buffer) => content],
    ['by gzip', (content: Buffer) => gzipSync(content)],
    ['by zstd', (content: Buffer) => zstdCompressSync(content)],
  ])('is whole, and says what is in it: %s', async (_, pack) => {
    const content = pack(whole);
    const seen: number[] = [];
    const read = await readBackup(written(content), undefined, (bytes) => seen.push(bytes));
    expect(read.sum).toBe(createHash('sha256').update(content).digest('hex'));
    expect(read.index).toEqual({
      ...{ name: 'web', type: 'container', backend: 'btrfs', pool: 'default', optimized: false },
      snapshots: ['s1', 's2'],
    });
    expect(seen.at(-1)).toBe(content.length);
    // Whatever is missing at its end is missed.
    for (const less of [1, 700, content.length >> 1, content.length - 20]) {
      expect(await problemOf(content.subarray(0, content.length - less)), `${less} bytes less`).not.toBe('none');
    }
  });

  it('is known for cut off, damaged, incomplete or no backup at all', async () => {
    const packed = gzipSync(whole);
    expect(await problemOf(packed.subarray(0, -10))).toBe('cutOff');
    expect(await problemOf(whole.subarray(0, -1024))).toBe('cutOff');
    const bent = Buffer.from(packed);
    bent.writeUInt8(bent.readUInt8(40) ^ 0xff, 40);
    expect(await problemOf(bent)).toBe('broken');
    const missing = tar([
      { name: 'backup/index.yaml', data: Buffer.from(indexText('web', ['s1'])) },
      { name: 'backup/container/x', data: Buffer.alloc(1) },
    ]);
    expect(await problemOf(missing)).toBe('incomplete');
    expect(await problemOf(tar([{ name: 'backup/index.yaml', data: Buffer.from(indexText('web', [])) }]))).toBe(
      'incomplete',
    );
    expect(await problemOf(tar([{ name: 'photos/1.jpg', data: Buffer.alloc(9) }]))).toBe('notABackup');
    for (const other of ['', 'text', 'x'.repeat(5_000)]) expect(await problemOf(Buffer.from(other))).toBe('notABackup');
    expect(await problemOf(Buffer.alloc(10_240))).toBe('notABackup');
    expect(await problemOf(gzipSync(Buffer.from('x'.repeat(5_000))))).toBe('notABackup');
  });

  it('can be packed so that only the server can say', async () => {
    const read = await readBackup(written(Buffer.from('fd377a585a000004', 'hex')));
    expect(read.index).toBeUndefined();
    expect(read.sum).toMatch(/^[0-9a-f]{64}$/);
  });

  it('ends with the signal', async () => {
    await expect(readBackup(written(whole), AbortSignal.abort())).rejects.toThrow(/abort/i);
  });
});

describe('an archive that goes by', () => {
  const content = (chunks: readonly Buffer[]) => {
    const reader = new TarReader();
    for (const chunk of chunks) reader.feed(chunk);
    return reader.content();
  };
  const cut = (at: readonly number[]) => {
    const points = [0, ...at.map((one) => one % whole.length).toSorted((a, b) => a - b), whole.length];
    return points.slice(1).map((end, i) => whole.subarray(points[i], end));
  };

  it('is the same, however it is cut', () => {
    const once = content([whole]);
    expect(once.entries).toEqual(new Set(['index.yaml', 'snapshots/s1', 'snapshots/s2', 'container/rootfs']));
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 20 }), (at) => {
        expect(content(cut(at))).toEqual(once);
      }),
    );
  });

  it('is never whole where its end is missing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => {
        // One of the two empty blocks at the end is no end yet.
        expect(() => content([whole.subarray(0, length)])).toThrow(TarError);
      }),
    );
  });

  it('is refused or read, and nothing else, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), fc.boolean(), (bytes, isBehind) => {
        try {
          content([...(isBehind ? [whole.subarray(0, 1024)] : []), Buffer.from(bytes)]);
        } catch (error) {
          expect(error).toBeInstanceOf(TarError);
        }
      }),
    );
  });
});
