import { describe, expect, it } from 'vitest';
import { parseCustomVolume, parseCustomVolumes, parsePools } from '../../../../src/core/incus/storage.ts';

const place = { remote: 'local', pool: 'default' };
const refused: string[] = [];
const onBad = (what: string) => void refused.push(what);

const row = (name: string, more: object = {}) => ({
  ...{ name, project: 'default', type: 'custom', content_type: 'filesystem', location: 'none', description: '' },
  ...{ created_at: '2026-11-28T04:04:42.45489554Z', config: { 'user.app': 'shop' }, used_by: [] },
  ...more,
});

describe('the volumes of a pool', () => {
  it('have their snapshots as rows of their own, on 6.0', () => {
    const volumes = parseCustomVolumes(
      [
        row('data/new', { created_at: '2026-11-28T05:00:00Z' }),
        row('data', {
          used_by: ['/1.0/instances/c1?project=web', '/1.0/profiles/default', '/1.0/instances/c1?project=web'],
        }),
        row('data/old', { created_at: '2026-11-28T04:30:00Z' }),
        row('data', { project: 'web', content_type: 'block' }),
        row('data/theirs', { project: 'web' }),
      ],
      place,
      onBad,
    );
    expect(
      volumes.map(({ ref, snapshots }) => [ref.project, ref.volume, snapshots.map((s) => s.ref.snapshot)]),
    ).toEqual([
      ['default', 'data', ['old', 'new']],
      ['web', 'data', ['theirs']],
    ]);
    expect(volumes[0]?.usedBy).toEqual([{ remote: 'local', project: 'web', instance: 'c1' }]);
    expect(volumes[0]?.snapshots[0]?.expiresAt).toBeUndefined();
    expect(volumes[1]?.contentType).toBe('block');
  });

  it('have them in their records, with what the server knows of expiry and size, on 7.0', () => {
    const snapshots = [
      { name: 'a', created_at: '2026-11-28T04:10:00Z', expires_at: null },
      { name: 'b', created_at: '2026-11-28T04:20:00Z', expires_at: '2033-01-01T00:00:00Z' },
    ];
    const [data, bare] = parseCustomVolumes(
      [
        row('data', { snapshots, state: { usage: { used: 4096, total: 0 } } }),
        row('bare', { snapshots: null, state: null }),
      ],
      place,
      onBad,
    );
    expect(data?.snapshots.map((s) => s.expiresAt)).toEqual(['never', new Date('2033-01-01T00:00:00Z')]);
    expect(data?.usedBytes).toBe(4096);
    expect(bare?.snapshots).toEqual([]);
    expect(bare).not.toHaveProperty('usedBytes');
  });

  it('name who uses them in one order, whatever order the server names them in', () => {
    const users = ['b?project=default', 'a?project=web', 'a?project=default'].map((user) => `/1.0/instances/${user}`);
    const [one, other] = [users, users.toReversed()].map(
      (used_by) => parseCustomVolumes([row('data', { used_by })], place, onBad)[0]?.usedBy,
    );
    expect(one?.map(({ project, instance }) => [project, instance])).toEqual([
      ['default', 'a'],
      ['default', 'b'],
      ['web', 'a'],
    ]);
    expect(other).toEqual(one);
  });

  it('of two members of a cluster are told apart', () => {
    const listed = ['n1', 'n2'].flatMap((location) => [
      row('data', { location }),
      row(`data/on-${location}`, { location }),
    ]);
    const volumes = parseCustomVolumes(listed, place, onBad);
    expect(volumes.map(({ ref, snapshots }) => [ref.location, snapshots.map((s) => s.ref.snapshot)])).toEqual([
      ['n1', ['on-n1']],
      ['n2', ['on-n2']],
    ]);
  });

  it('one bad record costs one row', () => {
    refused.length = 0;
    const volumes = parseCustomVolumes(
      [row('good'), row('bad', { used_by: 1 }), 7, row('good/s', { created_at: 'x' }), row('good/t')],
      place,
      onBad,
    );
    expect(volumes.map(({ ref, snapshots }) => [ref.volume, snapshots.length])).toEqual([['good', 1]]);
    expect(refused).toHaveLength(3);
  });
});

describe('one volume', () => {
  it('tells when its snapshots expire; none means never there', () => {
    const volume = parseCustomVolume(
      row('data'),
      [
        { name: 'data/a', created_at: '2026-11-28T04:10:00Z', expires_at: null },
        { name: 'data/b', created_at: '2026-11-28T04:20:00Z', expires_at: '2033-01-01T00:00:00Z' },
        { name: 'data/c', created_at: '2026-11-28T04:30:00Z' },
      ],
      place,
      onBad,
    );
    expect(volume.snapshots.map(({ ref, expiresAt }) => [ref.snapshot, expiresAt])).toEqual([
      ['a', 'never'],
      ['b', new Date('2033-01-01T00:00:00Z')],
      ['c', 'never'],
    ]);
  });

  it('that cannot be read is a failure', () => {
    expect(() => parseCustomVolume({}, [], place, onBad)).toThrow(expect.objectContaining({ kind: 'garbage' }));
  });
});

it('pools are read one by one', () => {
  expect(parsePools([{ name: 'p', driver: 'zfs', config: null }, { name: 1 }], onBad)).toEqual([
    { name: 'p', driver: 'zfs', config: {} },
  ]);
});
