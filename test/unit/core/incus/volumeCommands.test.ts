import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IncusCommand } from '../../../../src/core/incus/commands.ts';
import * as commands from '../../../../src/core/incus/volumeCommands.ts';
import { refusalOf } from '../../../../src/core/policy/guard/allowed.ts';

const ref = { remote: 'local', project: 'default', pool: 'default', volume: 'data' };
const snapshot = { ...ref, snapshot: 's1' };
const onMember = { ...snapshot, location: 'n2' };

describe('the command lines about volumes', () => {
  const lines: [string, IncusCommand, string][] = [
    [
      'a snapshot',
      commands.createVolumeSnapshot(ref, { name: 's1' }),
      'storage volume snapshot create --project default -- local:default data s1',
    ],
    [
      'a snapshot that the server names',
      commands.createVolumeSnapshot(ref, {}),
      'storage volume snapshot create --project default -- local:default data',
    ],
    [
      'a snapshot with an expiry, for which the 6.0 client has no flag',
      commands.createVolumeSnapshot(ref, { name: 's1', expiresAt: new Date('2030-01-01T00:00:00.9Z') }),
      'query --raw --wait -X POST -d {"name":"s1","expires_at":"2030-01-01T00:00:00Z"} -- ' +
        'local:/1.0/storage-pools/default/volumes/custom/data/snapshots?project=default',
    ],
    [
      'a restore on one member of a cluster',
      commands.restoreVolumeSnapshot(onMember),
      'storage volume snapshot restore --project default --target n2 -- local:default data s1',
    ],
    [
      'another name',
      commands.renameVolumeSnapshot(snapshot, 's2'),
      'storage volume snapshot rename --project default -- local:default data s1 s2',
    ],
    [
      'a deletion',
      commands.deleteVolumeSnapshot(snapshot),
      'storage volume snapshot delete --project default -- local:default data s1',
    ],
    [
      'a deletion by a path that means this name and no other',
      commands.deleteVolumeSnapshot({ ...onMember, snapshot: 'a%62' }),
      'query --raw --wait -X DELETE -- ' +
        'local:/1.0/storage-pools/default/volumes/custom/data/snapshots/a%252562?project=default&target=n2',
    ],
    [
      'no expiry any more',
      commands.setVolumeSnapshotExpiry(snapshot, 'never'),
      'query --raw --wait -X PATCH -d {"expires_at":"0001-01-01T00:00:00Z"} -- ' +
        'local:/1.0/storage-pools/default/volumes/custom/data/snapshots/s1?project=default',
    ],
    [
      'settings',
      commands.setVolumeConfig(ref, { 'snapshots.schedule': '@daily', 'user.incus-snapshots.source': '' }),
      'storage volume set --project default -- local:default data snapshots.schedule=@daily user.incus-snapshots.source=',
    ],
    [
      'a volume out of a snapshot',
      commands.copyVolumeSnapshot(snapshot, { ...ref, volume: 'data-2' }),
      'storage volume copy --project default -q -- local:default/data/s1 local:default/data-2',
    ],
    [
      'a volume out of a snapshot on another server',
      commands.copyVolumeSnapshot(onMember, { remote: 'snap', project: 'copies', pool: 'big', volume: 'd' }, 'relay'),
      'storage volume copy --project default -q --target-project copies --mode relay --target n2 -- ' +
        'local:default/data/s1 snap:big/d',
    ],
  ];

  it.each(lines)('%s', (_, { argv }, line) => {
    expect(argv.join(' ')).toBe(line);
    expect(refusalOf(argv)).toBeUndefined();
  });
});

describe('no way to lose a volume', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '',
      '.',
      '..',
      '-x',
      '--refresh',
      'delete',
      'data',
      'data/s1',
      'a=b',
      'default',
      '--',
      'a%2e',
      'a+b',
    ),
  );
  const at = fc.oneof(
    fc.date({ min: new Date('2026-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
    fc.constant('never' as const),
  );
  const refs = fc.record(
    { remote: text, project: text, pool: text, volume: text, snapshot: text, location: text },
    { requiredKeys: ['remote', 'project', 'pool', 'volume', 'snapshot'] },
  );
  const builders: Record<string, fc.Arbitrary<IncusCommand>> = {
    createVolumeSnapshot: fc
      .tuple(refs, fc.record({ name: text, expiresAt: at }, { requiredKeys: [] }))
      .map(([r, wish]) => commands.createVolumeSnapshot(r, wish)),
    restoreVolumeSnapshot: refs.map((r) => commands.restoreVolumeSnapshot(r)),
    renameVolumeSnapshot: fc.tuple(refs, text).map(([r, name]) => commands.renameVolumeSnapshot(r, name)),
    deleteVolumeSnapshot: refs.map((r) => commands.deleteVolumeSnapshot(r)),
    setVolumeSnapshotExpiry: fc.tuple(refs, at).map(([r, when]) => commands.setVolumeSnapshotExpiry(r, when)),
    setVolumeConfig: fc
      .tuple(refs, fc.dictionary(text, text))
      .map(([r, config]) => commands.setVolumeConfig(r, config)),
    copyVolumeSnapshot: fc
      .tuple(refs, refs, fc.constantFrom('pull' as const, 'push' as const, 'relay' as const, undefined))
      .map(([from, to, mode]) => commands.copyVolumeSnapshot(from, to, mode)),
  };

  it('covers every builder of the module', () => {
    const other = ['volumePath', 'volumeSnapshotsPath', 'volumeSnapshotPath'];
    const built = Object.keys(commands).filter((name) => !other.includes(name));
    expect(Object.keys(builders).sort()).toEqual(built.sort());
  });

  it.each(Object.entries(builders))('%s: what passes the guard deletes and overwrites no volume', (_, builder) => {
    fc.assert(
      fc.property(builder, ({ argv }) => {
        if (refusalOf(argv) === undefined) expect(harms(argv)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  /** Written from Incus' own command reference, not from the guard that it judges. */
  function harms(argv: readonly string[]): boolean {
    const names = argv.slice(argv.indexOf('--') + 1);
    const words = argv.slice(0, 4).join(' ');
    const isOwnName = (name = '') => !['', '.', '..'].includes(name) && !/[/%+\0]/.test(name);
    if (argv[0] === 'query') {
      const path = (names[0] ?? '').replace(/^[^:]*:/, '');
      const method = argv[argv.indexOf('-X') + 1];
      const one = /^\/1\.0\/storage-pools\/[^/?]+\/volumes\/custom\/[^/?]+\/snapshots\/(?!\.{1,2}(\?|$))[^/?]+(\?|$)/;
      return method === 'POST' ? !/\/snapshots(\?|$)/.test(path) : !one.test(path);
    }
    if (words === 'storage volume snapshot delete') {
      return names.length !== 3 || !names.slice(1).every(isOwnName) || !isOwnName(names[0]?.replace(/^[^:]*:/, ''));
    }
    if (argv.includes('--refresh') && argv.indexOf('--refresh') < argv.indexOf('--')) {
      // Only as what a flag with a value takes for its value.
      return !['--project', '--target-project', '--target', '--destination-target'].includes(
        argv[argv.indexOf('--refresh') - 1] ?? '',
      );
    }
    return !/^storage volume (snapshot (create|restore|rename)|set --project|copy --project)/.test(words);
  }
});
