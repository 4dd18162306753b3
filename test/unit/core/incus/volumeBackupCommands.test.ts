import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRestoringVolume } from '../../../../src/core/incus/backups.ts';
import * as commands from '../../../../src/core/incus/volumeBackupCommands.ts';
import { refusalOf } from '../../../../src/core/policy/guard/allowed.ts';

const ref = { remote: 'local', project: 'default', pool: 'p 1', volume: 'data' };
const temporary = { ...ref, volume: 'incus-snapshots-tmp-0f3a' };
const PATH = '/x/.incus-snapshots-aB3xYz/backup';

describe('the command lines about backup files of volumes', () => {
  it.each([
    [
      commands.exportVolume(ref, PATH, { compression: 'gzip', withSnapshots: false, optimized: true }),
      `storage volume export --project default --compression gzip --volume-only --optimized-storage -- local:p 1 data ${PATH}`,
    ],
    [
      commands.importVolume({ ...temporary, location: 'n1' }, '/x/v.tar'),
      'storage volume import --project default --target n1 -- local:p 1 /x/v.tar incus-snapshots-tmp-0f3a',
    ],
    [
      commands.renameTemporaryVolume(temporary, 'data-2'),
      'storage volume rename --project default -- local:p 1 incus-snapshots-tmp-0f3a data-2',
    ],
    [
      commands.deleteTemporaryVolume(temporary),
      'storage volume delete --project default -- local:p 1 incus-snapshots-tmp-0f3a',
    ],
    [
      commands.deleteVolumeBackup(ref, 'backup0'),
      'query --raw --wait -X DELETE -- local:/1.0/storage-pools/p%201/volumes/custom/data/backups/backup0?project=default',
    ],
  ])('%j', ({ argv }, line) => {
    expect(argv.join(' ')).toBe(line);
    expect(refusalOf(argv)).toBeUndefined();
  });

  it('take away, rename or make only what has a reserved name', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('incus-snapshots-tmp-0f3a', 'data', '..', '/x/v.tar', PATH));
    fc.assert(
      fc.property(text, text, (volume, other) => {
        const some = { ...ref, volume };
        const isReserved = /^incus-snapshots-tmp-[a-z0-9]{4,32}$/.test(volume);
        for (const { argv } of [
          commands.importVolume(some, other),
          commands.renameTemporaryVolume(some, other),
          commands.deleteTemporaryVolume(some),
        ]) {
          if (refusalOf(argv) === undefined) expect(isReserved).toBe(true);
        }
      }),
    );
  });
});

describe('whether a server makes a volume of a file', () => {
  const operation = (volume: string, description = 'Restoring custom volume backup') => ({
    ...{ id: 'x', description, status_code: 103 },
    resources: { storage_volumes: [`/1.0/storage-pools/p%201/volumes/custom/${volume}?project=other`] },
  });

  it('is told by what runs there', () => {
    expect(isRestoringVolume({ running: [operation('data')] }, ref)).toBe(true);
    expect(isRestoringVolume({ running: [{}, operation('data-2')] }, ref)).toBe(false);
    expect(isRestoringVolume({ running: [operation('data', 'Copying storage volume')] }, ref)).toBe(false);
    for (const other of [{ failure: [operation('data')] }, {}, null, 'x'])
      expect(isRestoringVolume(other, ref)).toBe(false);
  });
});
