import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IncusClient } from '../../../../src/core/incus/client.ts';
import { Runner } from '../../../../src/core/incus/runner.ts';
import { QueryTransport } from '../../../../src/core/incus/transport.ts';
import { Inventory } from '../../../../src/core/inventory/inventory.ts';
import { countOf } from '../../../../src/core/inventory/rows.ts';
import { fakeIncus, type FakeIncus, type Rule } from '../../../lab/fake-incus.ts';

const answer = (metadata: unknown) => ({ stdout: JSON.stringify({ type: 'sync', error_code: 0, metadata }) });
const trusted = { auth: 'trusted', auth_user_method: 'unix', environment: { server_version: '6.0.4' } };
const row = (name: string) => ({ name, project: 'default', type: 'container', status: 'Running', created_at: '' });
const snapshot = (name: string) => ({ name, created_at: '2026-01-01T00:00:00Z' });

/** Rules for one remote: what it greets with, its instances, and the details of each. */
function remote(name: string, instances: object[], greeting: object = trusted): Rule[] {
  return [
    { match: [`${name}:/1\\.0$`], do: answer(greeting) },
    { match: [`${name}:/1\\.0/projects$`], do: answer(['/1.0/projects/default']) },
    { match: [`${name}:/1\\.0/instances\\?`], do: answer(instances) },
  ];
}

describe('the inventory', () => {
  let fake: FakeIncus;
  let inventory: Inventory;
  let warnings: string[];
  /** Milliseconds that a reading may take; long, where none is to hang. */
  let patience: number;

  beforeEach(() => {
    fake = fakeIncus();
    warnings = [];
    patience = 30_000;
    const runner = new Runner(
      () => ({ path: 'incus', env: fake.env }),
      () => undefined,
    );
    const client = new IncusClient(
      runner,
      new QueryTransport(runner),
      () => ({ read: patience, change: patience }),
      (what) => warnings.push(what),
    );
    inventory = new Inventory(client);
  });

  afterEach(() => {
    inventory.dispose();
    fake.remove();
  });

  const remotes = (...names: string[]): Rule => ({
    match: ['^remote list'],
    do: { stdout: JSON.stringify(Object.fromEntries(names.map((name) => [name, { Protocol: 'incus' }]))) },
  });
  const problemOf = (name: string) => {
    const state = inventory.remote(name)?.state;
    return state?.kind === 'failed' ? state.problem : state?.kind;
  };

  it('says of each remote what is wrong with it, and none delays another', async () => {
    patience = 3_000;
    const untrusted = { ...trusted, auth: 'untrusted' };
    const refused = { stderr: 'Error: Get "https://x": connect: connection refused\n', exitCode: 1 };
    fake.play([
      remotes('good', 'hangs', 'down', 'strange', 'stranger', 'a=b', '-r'),
      ...remote('good', [row('c1')]),
      ...remote('stranger', [], untrusted),
      { match: ['hangs:'], do: { hang: true } },
      { match: ['down:'], do: refused },
      { match: ['strange:'], do: { stdout: '<html>hello</html>' } },
    ]);
    const before: string[] = [];
    inventory.onDidChange((change) => {
      if (change.kind === 'remote') before.push(change.remote);
    });
    await inventory.refresh();
    expect(Object.fromEntries(inventory.remotes.map(({ remote: { name } }) => [name, problemOf(name)]))).toEqual({
      good: 'ready',
      hangs: 'hangs',
      down: 'down',
      strange: 'odd',
      stranger: 'untrusted',
      'a=b': 'badName',
      '-r': 'badName',
    });
    expect(before.indexOf('good')).toBeLessThan(before.indexOf('hangs'));
    expect(fake.calls().some(({ argv }) => argv.join(' ').includes('a=b:') || argv.join(' ').includes('-r:'))).toBe(
      false,
    );
  });

  it('keeps what it can read, and counts what it cannot', async () => {
    fake.play([remotes('r'), ...remote('r', [row('c1'), { name: 'c2' }, row('c3')])]);
    await inventory.refresh();
    expect(inventory.instances('r').map(({ instance }) => instance.ref.instance)).toEqual(['c1', 'c3']);
    expect(inventory.remote('r')?.state).toMatchObject({ kind: 'ready', unread: 1 });
    expect(warnings).toEqual(['instance "c2"']);
  });

  it('does not take snapshots that it could not read for none', async () => {
    fake.play([
      remotes('r'),
      { match: ['instances/c1\\?'], do: answer({ ...row('c1'), snapshots: [snapshot('s1')] }) },
      { match: ['instances/c2\\?'], do: { stderr: 'Error: i/o timeout\n', exitCode: 1 } },
      { match: ['instances/c3\\?'], do: answer({ ...row('c3'), status: 'Error', snapshots: null }) },
      ...remote('r', [row('c1'), row('c2'), row('c3')]),
    ]);
    await inventory.refresh();
    await expect
      .poll(() => inventory.instances('r').map(({ details }) => details))
      .toEqual(['read', 'failed', 'failed']);
    expect(inventory.instances('r').map(({ instance }) => instance.snapshots?.length)).toEqual([
      1,
      undefined,
      undefined,
    ]);
  });

  it('says that a restricted certificate may not see everything', async () => {
    const greeting = { ...trusted, auth_user_method: 'tls', auth_user_name: 'abc' };
    fake.play([
      remotes('held', 'free', 'silent'),
      { match: ['held:/1.0/certificates/abc'], do: answer({ restricted: true }) },
      { match: ['free:/1.0/certificates/abc'], do: answer({ restricted: false }) },
      { match: ['silent:/1.0/certificates/abc'], do: { stdout: '{"type":"error","error_code":403,"error":"no"}' } },
      ...['held', 'free', 'silent'].flatMap((name) => remote(name, [], greeting)),
    ]);
    await inventory.refresh();
    expect(['held', 'free', 'silent'].map((name) => inventory.server(name)?.access)).toEqual([
      'limited',
      'full',
      'limited',
    ]);
  });

  it('never lists with recursion 2, and never twice at a time', async () => {
    fake.play([
      remotes('r'),
      { match: ['instances/c1\\?'], do: answer({ ...row('c1'), snapshots: [] }) },
      ...remote('r', [row('c1')]),
    ]);
    await inventory.refresh();
    await Promise.all([1, 2, 3, 4, 5].map(() => inventory.refreshRemote('r')));
    const lines = fake.calls().map(({ argv }) => argv.join(' '));
    expect(lines.filter((line) => line.includes('recursion=2') || line.startsWith('list'))).toEqual([]);
    expect(lines.filter((line) => line.includes('/instances?'))).toHaveLength(2);
  });

  it('leaves nothing out of date when it reads again, however far down the list it stands', async () => {
    const names = Array.from({ length: 53 }, (_, i) => `c${i + 10}`);
    const opened = { remote: 'r', project: 'default', instance: 'c62' };
    const play = (snapshots: string[]) => {
      fake.play([
        remotes('r'),
        ...remote('r', names.map(row), { ...trusted, api_extensions: ['storage_volume_full'] }),
        { match: ['instances/c62\\?'], do: answer({ ...row('c62'), snapshots: snapshots.map(snapshot) }) },
        {
          match: ['instances/c\\d+/snapshots'],
          do: answer(snapshots.map((name) => `/1.0/instances/c/snapshots/${name}`)),
        },
        { match: ['instances/c\\d+\\?'], do: answer({ ...row('c'), snapshots: [] }) },
      ]);
    };
    const shown = (instance: string) => {
      const entry = inventory.instance({ remote: 'r', project: 'default', instance });
      return entry && `${entry.details} ${countOf(entry)}`;
    };
    play(['s1']);
    await inventory.refresh();
    await expect.poll(() => [shown('c60'), shown('c62')], { timeout: 100_000 }).toEqual(['named 1', 'named 1']);
    inventory.want(opened);
    await expect.poll(() => shown('c62'), { timeout: 100_000 }).toBe('read 1');

    play(['s1', 's2']);
    await inventory.refresh();
    await expect.poll(() => [shown('c60'), shown('c62')], { timeout: 100_000 }).toEqual(['named 2', 'read 2']);
  }, 120_000);

  it('names all by one listing where each call takes a process, on servers that show snapshots in volumes only', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `c${i + 10}`);
    const onPool = (name: string) => ({
      ...row(name),
      expanded_devices: { root: { type: 'disk', path: '/', pool: 'p' } },
    });
    const volumes = [
      { name: 'c68', project: 'default', snapshots: [snapshot('s1'), snapshot('s2')] },
      { name: 'c69', project: 'default', snapshots: null },
    ];
    fake.play([
      remotes('r'),
      ...remote('r', names.map(onPool), { ...trusted, api_extensions: ['storage_volume_full'] }),
      { match: ['storage-pools/p/volumes/container\\?recursion=2'], do: answer(volumes) },
      { match: ['instances/c\\d+/snapshots'], do: answer(['/1.0/instances/c/snapshots/s1']) },
      { match: ['instances/c\\d+\\?'], do: answer({ ...row('c'), snapshots: [] }) },
    ]);
    const shown = (instance: string) => {
      const entry = inventory.instance({ remote: 'r', project: 'default', instance });
      return entry && `${entry.details} ${countOf(entry)}`;
    };
    await inventory.refresh();
    await expect.poll(() => [shown('c68'), shown('c69')], { timeout: 60_000 }).toEqual(['named 2', 'named 0']);
    expect(fake.calls().filter(({ argv }) => /c6[89]\/snapshots/.test(argv.join(' ')))).toEqual([]);
  }, 200_000);

  it('says what is wrong with the program', async () => {
    fake.play([{ match: ['^remote list'], do: { stdout: 'I am not Incus' } }]);
    await inventory.refresh();
    expect(inventory.state).toMatchObject({ kind: 'failed', error: { kind: 'garbage' } });
    expect(inventory.remotes).toEqual([]);
  });
});
