import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IncusError } from '../../../../src/core/incus/errors.ts';
import { instanceRecord, isUsual, parseInstance, parseInstances } from '../../../../src/core/incus/instances.ts';
import {
  parseEnvelope,
  parseProfile,
  parseProfiles,
  parseProjectUrls,
  parseRemotes,
  parseServer,
} from '../../../../src/core/incus/schemas.ts';

const row = {
  name: 'c1',
  project: 'default',
  type: 'container',
  status: 'Running',
  created_at: '2026-01-01T00:00:00Z',
};

function gather() {
  const bad: string[] = [];
  return { bad, onBad: (what: string, why: string) => void bad.push(`${what}: ${why}`) };
}

function kindOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof IncusError) return error.kind;
    throw error;
  }
  return 'nothing thrown';
}

describe('an answer of the API', () => {
  it('gives its metadata', () => {
    expect(parseEnvelope('{"type":"sync","error_code":0,"metadata":[1]}', [])).toEqual([1]);
  });

  it('is an error by its code, though the CLI ends with 0', () => {
    const text = JSON.stringify({ type: 'error', error_code: 404, error: 'Instance not found' });
    expect(kindOf(() => parseEnvelope(text, []))).toBe('instanceMissing');
    expect(kindOf(() => parseEnvelope('{"type":"error","error_code":403,"error":"nope"}', []))).toBe('untrusted');
  });

  it.each(['', 'Usage: incus', '<html>', '[]', 'null', '{}', '{"hello":1}', '{"type":'])('is garbage: %s', (text) => {
    expect(kindOf(() => parseEnvelope(text, []))).toBe('garbage');
  });
});

describe('instances', () => {
  it('keep what is used, whatever else a newer server sends', () => {
    const { onBad } = gather();
    const [instance] = parseInstances([{ ...row, brand_new: { x: 1 }, location: 'none' }], 'local', onBad);
    expect(instance).toMatchObject({ ref: { remote: 'local', project: 'default', instance: 'c1' }, status: 'Running' });
    expect(instance?.location).toBeUndefined();
    expect(instance?.snapshots).toBeUndefined();
  });

  it('lose one row for one bad record, and say which', () => {
    const { bad, onBad } = gather();
    const records = [row, { ...row, name: 'c2', type: 'spaceship' }, 17, null, { name: 'c3' }, { ...row, name: 'c4' }];
    expect(parseInstances(records, 'local', onBad).map(({ ref }) => ref.instance)).toEqual(['c1', 'c4']);
    expect(bad).toHaveLength(4);
    expect(bad[0]).toContain('"c2"');
  });

  it('are garbage where there is no list', () => {
    expect(kindOf(() => parseInstances({ not: 'a list' }, 'local', () => undefined))).toBe('garbage');
  });

  it('have no snapshots where Incus says null, unless their cluster member is down', () => {
    const read = (more: object) => parseInstance({ ...row, ...more }, 'local', () => undefined).snapshots;
    expect(read({ snapshots: [] })).toEqual([]);
    expect(read({ snapshots: null })).toEqual([]);
    expect(read({ snapshots: null, status: 'Error' })).toBeUndefined();
    expect(read({})).toBeUndefined();
  });

  it('have snapshots in the order in which they were made, whatever they are called', () => {
    const { bad, onBad } = gather();
    const names = ['-x', '..', 'a%b', '$(x)', 'new\nline', 'ü'.repeat(127)];
    const snapshots = names.map((name, i) => ({
      name,
      created_at: `2026-01-01T00:00:0${9 - i}.5Z`,
      expires_at: '0001-01-01T00:00:00Z',
    }));
    const broken = [{ name: 'no-time' }, { name: 'bad-time', created_at: 'yesterday' }, {}];
    const instance = parseInstance({ ...row, snapshots: [...snapshots, ...broken] }, 'local', onBad);
    expect(instance.snapshots?.map(({ ref }) => ref.snapshot)).toEqual(names.toReversed());
    expect(instance.snapshots?.every(({ expiresAt }) => expiresAt === undefined)).toBe(true);
    expect(bad).toHaveLength(3);
  });

  it('read an expiry, and never where Incus writes its zero time', () => {
    const read = (expires_at: unknown) =>
      parseInstance(
        { ...row, snapshots: [{ name: 's', created_at: row.created_at, expires_at }] },
        'l',
        () => undefined,
      ).snapshots?.[0]?.expiresAt;
    expect(read('2030-01-01T00:00:00Z')).toEqual(new Date('2030-01-01T00:00:00Z'));
    expect(read('0001-01-01T00:00:00Z')).toBeUndefined();
    expect(read(null)).toBeUndefined();
    expect(read('whenever')).toBeUndefined();
  });
});

describe('remotes', () => {
  it('are those that hold instances, from both clients', () => {
    const { bad, onBad } = gather();
    const remotes = parseRemotes(
      {
        images: { Addr: 'https://images.example', Protocol: 'simplestreams', Public: true },
        local: { Addr: 'unix://', Protocol: 'incus', Public: false },
        seven: { Addrs: ['https://192.0.2.1:8443'], Protocol: 'incus', Public: false },
        'a=b': { Addr: 'https://192.0.2.2', Protocol: 'incus' },
        broken: 'what?',
      },
      onBad,
    );
    expect(remotes.map(({ name, address }) => `${name} ${address}`)).toEqual([
      'local unix://',
      'seven https://192.0.2.1:8443',
      'a=b https://192.0.2.2',
    ]);
    expect(bad).toHaveLength(1);
  });

  it('are garbage where the program is not Incus', () => {
    expect(kindOf(() => parseRemotes([1, 2], () => undefined))).toBe('garbage');
  });
});

describe('a server', () => {
  it('tells whether it trusts this client, and by which certificate', () => {
    const greeting = parseServer({
      auth: 'trusted',
      auth_user_method: 'tls',
      auth_user_name: 'abc',
      api_extensions: ['x'],
      environment: { server_version: '7.0', server_name: 'n', server_clustered: true },
    });
    expect(greeting).toMatchObject({ trusted: true, certificate: 'abc', server: { version: '7.0', clustered: true } });
    expect(greeting.server.extensions.has('x')).toBe(true);
    expect(parseServer({ auth: 'untrusted' }).trusted).toBe(false);
  });

  it('names its projects by their addresses', () => {
    expect(parseProjectUrls(['/1.0/projects/default', '/1.0/projects/a%20b'])).toEqual(['default', 'a b']);
  });
});

describe('profiles', () => {
  const place = { remote: 'local', project: 'p' };

  it('tell who has them, in whatever project', () => {
    const record = {
      name: '<b>',
      config: { 'snapshots.schedule': '@daily' },
      used_by: [
        '/1.0/instances/c1',
        '/1.0/instances/c2?project=other%20one',
        '/1.0/projects/x',
        '/1.0/instances/c1/snapshots/s',
      ],
    };
    const profile = {
      ref: { ...place, profile: '<b>' },
      config: { 'snapshots.schedule': '@daily' },
      usedBy: [
        { remote: 'local', project: 'default', instance: 'c1' },
        { remote: 'local', project: 'other one', instance: 'c2' },
      ],
    };
    expect(parseProfiles([record], place)).toEqual([profile]);
    expect(parseProfile(record, place)).toEqual(profile);
  });

  it('may have nothing', () => {
    expect(parseProfiles(null, place)).toEqual([]);
    expect(parseProfile({ name: 'x', config: null, used_by: null }, place)).toEqual({
      ref: { ...place, profile: 'x' },
      config: {},
      usedBy: [],
    });
  });
});

describe('a record that is as servers write it', () => {
  const usual = {
    ...row,
    architecture: 'x86_64',
    description: '',
    created_at: '2026-01-01T00:00:00Z',
    last_used_at: '',
  };
  const full = { ...usual, ephemeral: false, location: 'none', profiles: [], config: {}, devices: {} };
  const record = { ...full, expanded_config: { a: 'b' }, expanded_devices: { root: { type: 'disk' } } };

  it('is one in which every field is there and right', () => {
    expect(isUsual(record)).toBe(true);
  });

  it('is read as the schema would read it; whatever is other is left to the schema', () => {
    const keys = fc.constantFrom(...Object.keys(record), 'snapshots');
    const values = fc.constantFrom(
      undefined,
      null,
      '',
      'x',
      1,
      true,
      [],
      [1],
      ['x'],
      {},
      { a: 1 },
      { a: 'b' },
      { a: {} },
    );
    fc.assert(
      fc.property(fc.dictionary(keys, values), (changed) => {
        const value = { ...record, ...changed };
        if (!isUsual(value)) return;
        const parsed = instanceRecord.safeParse(value);
        expect(parsed.success && parsed.data).toMatchObject(
          Object.fromEntries(
            Object.entries(value).filter(([key, one]) => one !== undefined && key in instanceRecord.shape),
          ),
        );
      }),
      { numRuns: 2000 },
    );
  });
});
