import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WorkingFolder } from '../../../../src/core/backup/workingFolder.ts';
import { toIncusError } from '../../../../src/core/incus/errors.ts';
import { isWorkingPath } from '../../../../src/core/policy/backup/files.ts';

const SUM = 'a'.repeat(64);
let place: string;
let target: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'working-'));
  target = join(place, 'web.tar.gz');
});
afterEach(() => {
  rmSync(place, { recursive: true });
});

const kindOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: unknown) => toIncusError(error).kind,
  );

async function begun(mayReplace: boolean): Promise<WorkingFolder> {
  const folder = await WorkingFolder.make(target, mayReplace);
  expect(isWorkingPath(folder.path)).toBe(true);
  expect(existsSync(folder.path)).toBe(false);
  writeFileSync(folder.path, 'content');
  return folder;
}

describe('the folder in which a backup becomes whole', () => {
  it('gives the file its name with its checksum beside it, and goes', async () => {
    const folder = await begun(false);
    expect(existsSync(target)).toBe(false);
    await folder.finish(SUM);
    await folder.remove();
    expect(readdirSync(place).sort()).toEqual(['web.tar.gz', 'web.tar.gz.sha256']);
    expect(readFileSync(`${target}.sha256`, 'utf8')).toBe(`${SUM}  web.tar.gz\n`);
  });

  it('leaves nothing where it is not finished', async () => {
    const folder = await begun(false);
    await folder.remove();
    expect(readdirSync(place)).toEqual([]);
  });

  it('never takes the place of a file that nobody gave up, also where it came meanwhile', async () => {
    const folder = await begun(false);
    writeFileSync(target, 'somebody was quicker');
    expect(await kindOf(folder.finish(SUM))).toBe('fileExists');
    await folder.remove();
    expect(await kindOf(WorkingFolder.make(target, false))).toBe('fileExists');
    expect(readFileSync(target, 'utf8')).toBe('somebody was quicker');
    expect(readdirSync(place)).toEqual(['web.tar.gz']);
  });

  it('replaces a file and its checksum where that was agreed to', async () => {
    writeFileSync(target, 'old');
    writeFileSync(`${target}.sha256`, `${'b'.repeat(64)}  web.tar.gz\n`);
    const folder = await begun(true);
    await folder.finish(SUM);
    await folder.remove();
    expect(readFileSync(target, 'utf8')).toBe('content');
    expect(readFileSync(`${target}.sha256`, 'utf8')).toContain(SUM);
  });

  it('is not begun where what stands under the name of the checksum is none', async () => {
    writeFileSync(`${target}.sha256`, 'my diary');
    expect(await kindOf(WorkingFolder.make(target, true))).toBe('fileExists');
    expect(readFileSync(`${target}.sha256`, 'utf8')).toBe('my diary');
  });

  it('says where there is no folder', async () => {
    expect(await kindOf(WorkingFolder.make(join(place, 'none', 'web.tar'), false))).toBe('folderRefused');
  });
});
