import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyedQueue } from '../../../../src/core/actions/queue.ts';
import { Temporaries } from '../../../../src/core/actions/temporary.ts';
import { IncusClient } from '../../../../src/core/incus/client.ts';
import { Runner } from '../../../../src/core/incus/runner.ts';
import { QueryTransport } from '../../../../src/core/incus/transport.ts';
import { Inventory } from '../../../../src/core/inventory/inventory.ts';
import { TEMPORARY_KEY, temporaryMark } from '../../../../src/core/policy/temporary.ts';
import { fakeIncus, type FakeIncus, type Rule } from '../../../lab/fake-incus.ts';

const maker = { client: 'a1', window: 'b2' };
const place = { remote: 'local', project: 'default' };
const name = 'incus-snapshots-tmp-0f3a9c1e';
const ref = { ...place, instance: name };
const mark = temporaryMark(maker, 'drill');
const answer = (metadata: unknown) => ({ stdout: JSON.stringify({ type: 'sync', error_code: 0, metadata }) });
const missing = { stdout: JSON.stringify({ type: 'error', error_code: 404, error: 'Instance not found' }) };

/** What the server says of an instance: so often, or always. */
function says(instance: string, status: string, key: string | undefined, times?: number): Rule {
  const config = key === undefined ? {} : { [TEMPORARY_KEY]: key };
  const record = { name: instance, project: 'default', type: 'container', status, created_at: '', config };
  return { match: [`/1\\.0/instances/${instance}\\?`], do: answer(record), ...(times !== undefined && { times }) };
}
const isGone: Rule = { match: ['/1\\.0/instances/'], do: missing };
const refusesOnce: Rule = {
  match: ['^delete'],
  do: { stderr: 'Error: Instance is busy running a "create" operation', exitCode: 1 },
  times: 1,
};
const changes: Rule = { match: ['^(delete|stop|copy)'], do: {} };

describe('temporary copies', () => {
  let fake: FakeIncus;
  let inventory: Inventory;
  let temporaries: Temporaries;
  let left: string[];

  beforeEach(() => {
    fake = fakeIncus();
    left = [];
    const runner = new Runner(
      () => ({ path: 'incus', env: fake.env }),
      () => undefined,
    );
    const client = new IncusClient(
      runner,
      new QueryTransport(runner),
      () => ({ read: 5_000, change: 5_000 }),
      () => undefined,
    );
    inventory = new Inventory(client);
    temporaries = new Temporaries(client, inventory, new KeyedQueue(), maker, ({ instance }, { kind }) => {
      left.push(`${instance}: ${kind}`);
    });
  });

  afterEach(() => {
    inventory.dispose();
    fake.remove();
  });

  const ran = () =>
    fake
      .calls()
      .map(({ argv }) => argv)
      .filter(([verb]) => verb !== 'query')
      .map((argv) => argv.join(' '));

  it('are stopped and deleted', async () => {
    fake.play([says(name, 'Running', mark, 1), says(name, 'Stopped', mark, 1), isGone, changes]);
    await temporaries.remove(ref);
    expect(ran()).toEqual([
      `stop --project default --force -- local:${name}`,
      `delete --project default -- local:${name}`,
    ]);
  });

  it('are well removed where they are gone', async () => {
    fake.play([isGone, changes]);
    await temporaries.remove(ref);
    expect(ran()).toEqual([]);
  });

  it('are waited for while something is still at work on them', async () => {
    fake.play([says(name, 'Stopped', mark, 2), isGone, refusesOnce, changes]);
    await temporaries.remove(ref);
    expect(ran()).toEqual([`delete --project default -- local:${name}`, `delete --project default -- local:${name}`]);
  });

  it.each([
    ['has the name without the key', name, undefined],
    ['has the name and a key that nobody made', name, 'yes'],
    ['has the key without the name', 'web', mark],
  ])('are never what %s', async (_, instance, key) => {
    fake.play([says(instance, 'Stopped', key), changes]);
    await expect(temporaries.remove({ ...place, instance })).rejects.toMatchObject({ kind: 'refusedCommand' });
    expect(ran()).toEqual([]);
  });

  it('are never what became another instance after it was stopped', async () => {
    fake.play([says(name, 'Running', mark, 1), says(name, 'Stopped', undefined), changes]);
    await expect(temporaries.remove(ref)).rejects.toMatchObject({ kind: 'refusedCommand' });
    expect(ran()).toEqual([`stop --project default --force -- local:${name}`]);
  });

  it('go away when the work is done, and when it fails', async () => {
    const any: Rule[] = [{ match: ['/1\\.0/instances/'], do: missing }, changes];
    fake.play(any);
    const used: string[] = [];
    const make = (at: { ref: { instance: string }; mark: string }) => {
      used.push(at.ref.instance);
      expect(at.mark).toBe(mark);
      return Promise.resolve();
    };
    expect(await temporaries.use(place, 'drill', make, () => Promise.resolve(7))).toBe(7);
    await expect(
      temporaries.use(place, 'drill', make, () => Promise.reject(new Error('the work failed'))),
    ).rejects.toThrow('the work failed');
    expect(new Set(used).size).toBe(2);
    const read = fake.calls().map(({ argv }) => argv.join(' '));
    for (const one of used) expect(read.some((call) => call.includes(one))).toBe(true);
    expect(left).toEqual([]);
  });

  it('that could not be removed are told, and the work counts all the same', async () => {
    fake.play([{ match: ['/1\\.0/instances/'], do: { stderr: 'Error: connect: connection refused', exitCode: 1 } }]);
    const made = await temporaries.use(
      place,
      'drill',
      () => Promise.resolve(),
      ({ instance }) => Promise.resolve(instance),
    );
    expect(left).toEqual([`${made}: connectionRefused`]);
  });

  it('are found, with whose they are; those in use are not', async () => {
    const row = (instance: string, key: string) => ({
      name: instance,
      project: 'default',
      type: 'container',
      status: 'Stopped',
      created_at: '2026-01-01T00:00:00Z',
      config: { [TEMPORARY_KEY]: key },
    });
    const listing = (rows: object[]): Rule[] => [
      { match: ['^remote list'], do: { stdout: JSON.stringify({ local: { Protocol: 'incus' } }) } },
      { match: ['local:/1\\.0$'], do: answer({ auth: 'trusted' }) },
      { match: ['local:/1\\.0/projects$'], do: answer(['/1.0/projects/default']) },
      { match: ['local:/1\\.0/instances\\?'], do: answer(rows) },
      isGone,
    ];
    const others = [
      row('incus-snapshots-tmp-aaaa', mark),
      row('incus-snapshots-tmp-bbbb', 'a1/c3/files'),
      row('incus-snapshots-tmp-cccc', 'z9/b2/trial'),
      row('web', mark),
    ];
    fake.play(listing(others));
    await temporaries.use(
      place,
      'drill',
      async ({ ref: { instance } }) => {
        fake.play(listing([...others, row(instance, mark)]));
        await inventory.refresh();
      },
      () => {
        const found = temporaries.leftovers().map((one) => `${one.ref.instance} ${one.owner}`);
        expect(found).toEqual([
          'incus-snapshots-tmp-aaaa window',
          'incus-snapshots-tmp-bbbb client',
          'incus-snapshots-tmp-cccc other',
        ]);
        return Promise.resolve();
      },
    );
  });
});
