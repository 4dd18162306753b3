import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { haveSameNames, missingParts, readIndex } from '../../../../../src/core/policy/backup/backupIndex.ts';
import {
  backupFileName,
  checksumLine,
  isAbsolutePath,
  isGivenBackupName,
  isPassingBackup,
  isWorkingPath,
  readChecksum,
} from '../../../../../src/core/policy/backup/files.ts';
import { importedMarks, releasedConfig } from '../../../../../src/core/policy/backup/imported.ts';

describe('the index of a backup', () => {
  it('is read as both lines of Incus write it', () => {
    const six =
      'name: b1\nbackend: btrfs\npool: default\nsnapshots:\n- s1\n- "1.35"\noptimized: true\ntype: container\nconfig:\n  container:\n    name: x\n    snapshots:\n    - no\n';
    const seven =
      "name: 'b1'\nbackend: dir\npool: p 1\nsnapshots:\n  - s1\n  - 'it''s'\noptimized: false\ntype: virtual-machine\n";
    expect(readIndex(six)).toEqual({
      ...{ name: 'b1', type: 'container', backend: 'btrfs', pool: 'default', optimized: true },
      snapshots: ['s1', '1.35'],
    });
    expect(readIndex(seven)).toEqual({
      ...{ name: 'b1', type: 'virtual-machine', backend: 'dir', pool: 'p 1', optimized: false },
      snapshots: ['s1', "it's"],
    });
    expect(readIndex('name: v\ntype: custom\nsnapshots: []\n')?.snapshots).toEqual([]);
  });

  it.each([
    '',
    'name: x',
    'type: container',
    'name: ../x\ntype: container',
    'name: a\nname: b\ntype: container',
    'name: a\ntype: bucket',
  ])('is none: %j', (text) => {
    expect(readIndex(text)).toBeUndefined();
  });

  it('is whatever it is: reading throws nothing', () => {
    fc.assert(fc.property(fc.string(), (text) => void readIndex(text)));
  });

  const index = readIndex('name: b1\ntype: container\nsnapshots:\n- s1\n- s1.x\n')!;

  it.each([
    [['container/rootfs', 'snapshots/s1', 'snapshots/s1.x'], []],
    [['container.bin', 'snapshots/s1.bin', 'snapshots/s1.x.bin'], []],
    [['container/rootfs', 'snapshots/s1.x'], ['s1']],
    [['snapshots/s1', 'snapshots/s1.x'], ['b1']],
    [[], ['b1', 's1', 's1.x']],
  ])('is held against what is there: %j lacks %j', (entries, lacking) => {
    expect(missingParts(index, new Set(entries))).toEqual(lacking);
  });

  it('names virtual machines and volumes as Incus does', () => {
    const machine = readIndex('name: vm\ntype: virtual-machine\nsnapshots:\n- s1\n')!;
    expect(missingParts(machine, new Set(['virtual-machine.img', 'virtual-machine-snapshots/s1.img']))).toEqual([]);
    const volume = readIndex('name: v\ntype: custom\nsnapshots:\n- s1\n')!;
    expect(missingParts(volume, new Set(['volume/file', 'volume-snapshots/s1']))).toEqual([]);
    expect(missingParts(volume, new Set(['volume.bin', 'volume-snapshots/s1.bin']))).toEqual([]);
  });

  it('lists the same, in whatever order', () => {
    expect(haveSameNames(['a', 'b'], ['b', 'a'])).toBe(true);
    expect(haveSameNames(['a'], ['a', 'b'])).toBe(false);
    expect(haveSameNames(['a,b'], ['a', 'b'])).toBe(false);
  });
});

describe('a backup file', () => {
  it('is named by what it holds and when it was made', () => {
    expect(backupFileName('web', new Date(2030, 0, 2, 3, 4), 'gzip')).toBe('web_2030-01-02_03-04.tar.gz');
    expect(backupFileName('web', new Date(2030, 11, 31, 23, 59), 'none')).toBe('web_2030-12-31_23-59.tar');
  });

  it('has a checksum beside it that sha256sum reads, and ours', () => {
    const sum = '0123456789abcdef'.repeat(4);
    expect(checksumLine(sum, 'a b.tar')).toBe(`${sum}  a b.tar\n`);
    expect(checksumLine(sum, 'a\\b\n')).toBe(`\\${sum}  a\\\\b\\n\n`);
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        expect(readChecksum(checksumLine(sum, name))).toBe(sum);
      }),
    );
    expect(readChecksum(sum.toUpperCase())).toBe(sum);
    for (const none of ['', 'my diary', `${sum}0  x`, `${sum}  a\n${sum}  b\n`])
      expect(readChecksum(none)).toBeUndefined();
  });

  it('is written nowhere but in a folder of ours', () => {
    expect(isWorkingPath('/home/me/.incus-snapshots-aB3xYz/backup')).toBe(true);
    expect(isWorkingPath('C:\\Users\\me\\.incus-snapshots-aB3xYz\\backup')).toBe(true);
    for (const path of [
      ...['/home/me/web.tar.gz', 'backup', '.incus-snapshots-aB3xYz/backup', '-', ''],
      ...['/x/.incus-snapshots-aB3xYz/other', '/x/.incus-snapshots-aB3xYz/../backup', '/x/.incus-snapshots-/backup'],
    ]) {
      expect(isWorkingPath(path), path).toBe(false);
    }
    for (const path of ['-', '-x', 'web.tar', './web.tar', '', '/']) expect(isAbsolutePath(path), path).toBe(false);
  });
});

describe('what a server keeps of an export', () => {
  const at = (name: string, hours: number) => ({
    name,
    createdAt: new Date(0),
    expiresAt: new Date(hours * 3_600_000),
  });

  it('is taken for ours only where the server named it and it expires by itself', () => {
    expect(isPassingBackup(at('backup0', 24))).toBe(true);
    for (const other of [at('backup0', 0), at('backup0', 24 * 30), at('monthly', 24), at('backup', 24)]) {
      expect(isPassingBackup(other)).toBe(false);
    }
    fc.assert(fc.property(fc.string(), (name) => isGivenBackupName(name) === /^backup\d{1,9}$/.test(name)));
  });
});

describe('an instance that was made of a file', () => {
  it('loses what it was for others, and keeps how long its snapshots stay', () => {
    const own = (key: string) => `user.incus-snapshots.${key}`;
    const config = {
      [own('source')]: 'a/b/c',
      [own('temporary')]: 'a/b/c',
      [own('pin.12')]: 'true',
      [own('retention')]: 'x',
      'user.mine': 'y',
    };
    expect(importedMarks({ config })).toEqual({ [own('source')]: '', [own('temporary')]: '' });
    expect(importedMarks({ config: { 'user.mine': 'y' } })).toEqual({});
  });

  it('can be removed where it is not whole, whatever protects it', () => {
    expect(releasedConfig({ expandedConfig: { 'security.protection.delete': 'true' } }, 'a/b/import')).toEqual({
      'security.protection.delete': 'false',
      'user.incus-snapshots.temporary': 'a/b/import',
    });
    expect(Object.keys(releasedConfig({ expandedConfig: {} }, 'a/b/import'))).toEqual([
      'user.incus-snapshots.temporary',
    ]);
  });
});
