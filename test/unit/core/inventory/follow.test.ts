import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IncusClient } from '../../../../src/core/incus/client.ts';
import { IncusError } from '../../../../src/core/incus/errors.ts';
import { Runner } from '../../../../src/core/incus/runner.ts';
import type { EventListener, Transport } from '../../../../src/core/incus/transport.ts';
import { Follower } from '../../../../src/core/inventory/follow.ts';
import { Inventory, type InventoryChange } from '../../../../src/core/inventory/inventory.ts';
import { fakeIncus, type FakeIncus } from '../../../lab/fake-incus.ts';

interface Wire {
  name: string;
  status: string;
  config: { 'user.x'?: string };
  snapshots: { name: string; created_at: string }[] | null;
}

/** A server behind the transport's interface: what it holds, what it is asked, and what it tells its listeners. */
class FakeServer implements Transport {
  readonly isOneProcessPerCall = false;
  instances = new Map<string, Wire>();
  asked: string[] = [];
  /** Holds answers about instances back until it is resolved. */
  gate: Promise<unknown> = Promise.resolve();
  failing: RegExp | undefined;
  isDeaf = false;
  clustered = false;
  #listener: EventListener | undefined;
  #hangUp: ((reason: IncusError) => void) | undefined;

  has(name: string, snapshots: string[] = [], more: Partial<Wire> = {}): void {
    const all = snapshots.map((one) => ({ name: one, created_at: '2026-01-01T00:00:00Z' }));
    this.instances.set(name, { name, status: 'Stopped', config: {}, snapshots: all, ...more });
  }

  locate(): void {
    // It is asked alike wherever it is.
  }

  async get<T>(_remote: string, path: string, parse: (metadata: unknown) => T): Promise<T> {
    this.asked.push(path);
    const answer = this.#answer(path);
    if (path.startsWith('/1.0/instances')) await this.gate;
    if (this.failing?.test(path)) throw new IncusError('unreachable', { text: 'i/o timeout' });
    if (answer === undefined) throw new IncusError('instanceMissing', { text: 'Instance not found' });
    return parse(answer);
  }

  listen(_remote: string, listener: EventListener, signal: AbortSignal): Promise<IncusError> {
    if (this.isDeaf) return Promise.resolve(new IncusError('unreachable', { text: '403' }));
    this.#listener = listener;
    listener.onOpen();
    return new Promise((resolve) => {
      this.#hangUp = resolve;
      signal.addEventListener('abort', () => {
        resolve(new IncusError('cancelled', { text: 'left' }));
      });
    });
  }

  close(): void {
    // It keeps nothing.
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  get isHeard(): boolean {
    return this.#listener !== undefined;
  }

  hangUp(kind: 'unreachable' | 'cancelled' | 'timedOut' = 'unreachable'): void {
    this.#listener = undefined;
    this.#hangUp?.(new IncusError(kind, { text: 'the connection ended' }));
  }

  lifecycle(action: string, path: string, context: object = {}): void {
    this.#tell('lifecycle', { action, source: `/1.0/instances/${path}`, context });
  }

  operation(id: string, code: number, description: string, resources: object | null, err = ''): void {
    this.#tell('operation', { id, status_code: code, description, resources, err });
  }

  #tell(type: string, metadata: object): void {
    const timestamp = '2026-01-01T00:00:00Z';
    this.#listener?.onMessage(JSON.stringify({ type, timestamp, project: 'default', metadata }));
  }

  #answer(path: string): unknown {
    const [, , kind, name] = path.split('?', 1)[0]!.split('/');
    if (kind === undefined) {
      return { auth: 'trusted', environment: { server_version: '7.0.2', server_clustered: this.clustered } };
    }
    if (kind === 'projects') return ['/1.0/projects/default'];
    const wire = (record: Wire) => ({
      ...structuredClone(record),
      type: 'container',
      project: 'default',
      created_at: '',
    });
    if (name === undefined) {
      return [...this.instances.values()].map((record) => ({ ...wire(record), snapshots: undefined }));
    }
    const record = this.instances.get(name);
    return record && wire(record);
  }
}

describe('following a server', () => {
  let fake: FakeIncus;
  let server: FakeServer;
  let inventory: Inventory;
  let follower: Follower;
  let changes: InventoryChange[];
  let failed: string[];

  beforeEach(() => {
    const remotes = { r: { Protocol: 'incus', Addr: 'unix://' } };
    fake = fakeIncus({ rules: [{ match: ['^remote list'], do: { stdout: JSON.stringify(remotes) } }] });
    const runner = new Runner(
      () => ({ path: 'incus', env: fake.env }),
      () => undefined,
    );
    server = new FakeServer();
    const client = new IncusClient(
      runner,
      server,
      () => ({ read: 10_000, change: 10_000 }),
      () => undefined,
    );
    inventory = new Inventory(client);
    changes = [];
    failed = [];
    inventory.onDidChange((change) => changes.push(change));
    follower = new Follower(client, inventory, (ref, error) => failed.push(`${ref.snapshot}: ${error.text}`));
  });

  afterEach(() => {
    follower.dispose();
    inventory.dispose();
    fake.remove();
  });

  const shown = () =>
    inventory.instances('r').map(({ instance: { ref, status, config, snapshots }, details }) => {
      const names = snapshots?.map((one) => (one.pending ? `${one.ref.snapshot}*` : one.ref.snapshot)).join(',');
      return [ref.instance, status, details, names ?? '-', config['user.x']].filter(Boolean).join(' ');
    });
  const shows = (...rows: string[]) => expect.poll(shown, { timeout: 10_000 }).toEqual(rows);
  const asksOf = (name: string) => server.asked.filter((path) => path.startsWith(`/1.0/instances/${name}?`)).length;

  async function start(): Promise<void> {
    await follower.start();
    await inventory.settled();
  }

  it('asks for the new name where a change is followed at once by a rename', async () => {
    server.has('c1', ['s1']);
    await start();
    await shows('c1 Stopped read s1');
    const { promise, resolve } = Promise.withResolvers<undefined>();
    server.gate = promise;
    server.instances.delete('c1');
    server.has('c2', ['s1'], { config: { 'user.x': 'changed' } });
    server.lifecycle('instance-updated', 'c1');
    server.lifecycle('instance-renamed', 'c2', { old_name: 'c1' });
    await expect.poll(() => asksOf('c1')).toBe(2);
    resolve(undefined);
    await shows('c2 Stopped read s1 changed');
  });

  it('asks nothing after a rename that came alone, or a state', async () => {
    server.has('c1', ['s1']);
    await start();
    await shows('c1 Stopped read s1');
    server.asked = [];
    server.lifecycle('instance-started', 'c1');
    server.lifecycle('instance-renamed', 'c2', { old_name: 'c1' });
    await shows('c2 Running read s1');
    expect(server.asked).toEqual([]);
  });

  it('loses nothing that happens while the first listing is on its way', async () => {
    server.has('c1');
    const { promise, resolve } = Promise.withResolvers<undefined>();
    await follower.start();
    await expect.poll(() => server.asked).toContain('/1.0');
    server.gate = promise;
    await expect.poll(() => server.asked.some((path) => path.includes('recursion=1&all-projects'))).toBe(true);
    server.has('c2', ['s1']);
    server.instances.delete('c1');
    server.lifecycle('instance-created', 'c2');
    server.lifecycle('instance-deleted', 'c1');
    await expect.poll(() => asksOf('c2')).toBe(1);
    resolve(undefined);
    await shows('c2 Stopped read s1');
  });

  it('reads in full what events told in part while everything was being read again', async () => {
    server.has('c1', ['s1']);
    await start();
    await shows('c1 Stopped read s1');
    const { promise, resolve } = Promise.withResolvers<undefined>();
    server.has('c1', ['s1', 's2'], { config: { 'user.x': 'changed' } });
    server.asked = [];
    server.gate = promise;
    server.hangUp();
    await expect.poll(() => server.asked.some((path) => path.includes('recursion=1&all-projects'))).toBe(true);
    server.has('c1', ['s1', 's2'], { config: { 'user.x': 'changed' }, status: 'Running' });
    server.lifecycle('instance-started', 'c1');
    await shows('c1 Running read s1');
    resolve(undefined);
    await shows('c1 Running read s1,s2 changed');
  });

  it('asks again for what it could not read, until it can', async () => {
    server.has('c1', ['s1']);
    server.has('c2', []);
    await start();
    await shows('c1 Stopped read s1', 'c2 Stopped read');
    server.failing = /instances\/c1\?/;
    server.has('c1', ['s1'], { config: { 'user.x': 'changed' } });
    server.lifecycle('instance-updated', 'c1');
    await expect.poll(() => inventory.instances('r')[0]?.details).toBe('failed');
    const before = asksOf('c1');
    await expect.poll(() => asksOf('c1'), { timeout: 5_000 }).toBe(before + 1);
    server.failing = undefined;
    await shows('c1 Stopped read s1 changed', 'c2 Stopped read');
    expect(asksOf('c2')).toBe(1);
  });

  it('shows what a schedule or a copy has made as made, once that has ended', async () => {
    server.has('c1', ['s1']);
    await start();
    await shows('c1 Stopped read s1');
    const copy = { instances: ['/1.0/instances/c1'] };
    server.operation('1', 103, 'Snapshotting instance', {});
    server.operation('2', 103, 'Creating instance', copy);
    server.has('c1', ['s1', 'snap0', 'copied']);
    server.lifecycle('instance-snapshot-created', 'c1/snapshots/snap0');
    server.lifecycle('instance-snapshot-created', 'c1/snapshots/copied');
    await shows('c1 Stopped read s1,snap0*,copied*');
    server.operation('1', 200, 'Snapshotting instance', {});
    server.operation('2', 200, 'Creating instance', copy);
    await shows('c1 Stopped read s1,snap0,copied');
    expect(failed).toEqual([]);
  });

  it('takes away a snapshot that failed, and says why; another time under the same name as well', async () => {
    server.has('c1', []);
    await start();
    await shows('c1 Stopped read');
    for (const id of ['1', '2']) {
      const resources = { instances: ['/1.0/instances/c1'], instances_snapshots: ['/1.0/instances/c1/snapshots/s1'] };
      server.operation(id, 103, 'Snapshotting instance', resources);
      server.lifecycle('instance-snapshot-created', 'c1/snapshots/s1');
      await shows('c1 Stopped read s1*');
      server.operation(id, 400, 'Snapshotting instance', resources, `no space ${id}`);
      await shows('c1 Stopped read');
    }
    expect(failed).toEqual(['s1: no space 1', 's1: no space 2']);
  });

  it('makes one update of a burst, and loses none of it', async () => {
    server.has('c1', []);
    await start();
    await shows('c1 Stopped read');
    const names = Array.from({ length: 100 }, (_, i) => `s${100 + i}`);
    server.has('c1', names);
    changes = [];
    server.asked = [];
    for (const [i, name] of names.entries()) {
      const resources = {
        instances: ['/1.0/instances/c1'],
        instances_snapshots: [`/1.0/instances/c1/snapshots/${name}`],
      };
      server.operation(String(i), 103, 'Snapshotting instance', resources);
      server.lifecycle('instance-snapshot-created', `c1/snapshots/${name}`);
      server.operation(String(i), 200, 'Snapshotting instance', resources);
    }
    await shows(`c1 Stopped read ${names.join(',')}`);
    expect(asksOf('c1')).toBeLessThanOrEqual(2);
  });

  it('reads a server again whose reading failed while its events went on', async () => {
    server.has('c1', ['s1']);
    await start();
    await shows('c1 Stopped read s1');
    server.failing = /./;
    await inventory.refreshRemote('r');
    expect(inventory.remote('r')?.state.kind).toBe('failed');
    const before = server.asked.length;
    await expect.poll(() => server.asked.length).toBeGreaterThan(before);
    server.failing = undefined;
    await shows('c1 Stopped read s1');
    expect(server.isHeard).toBe(true);
  });

  it('is still listening after a connection that ended for whatever reason', async () => {
    server.has('c1');
    await start();
    for (const kind of ['unreachable', 'cancelled', 'timedOut'] as const) {
      server.hangUp(kind);
      expect(server.isHeard).toBe(false);
      await expect.poll(() => server.isHeard, { timeout: 10_000 }).toBe(true);
    }
    await shows('c1 Stopped read');
  }, 30_000);

  it('does not call a server down because a connection to it ended', async () => {
    server.has('c1');
    await start();
    changes = [];
    server.hangUp();
    await expect.poll(() => server.isHeard, { timeout: 10_000 }).toBe(true);
    await shows('c1 Stopped read');
    expect(inventory.remote('r')?.state.kind).toBe('ready');
  });

  it('reads a server that does not let its events be heard', async () => {
    server.isDeaf = true;
    server.has('c1', ['s1']);
    await start();
    await shows('c1 Stopped read s1');
  });

  it('does not wait for its next attempt where somebody else found the server again', async () => {
    server.has('c1');
    server.isDeaf = true;
    server.failing = /./;
    await start();
    // Some attempts in vain make the pause long.
    await expect.poll(() => server.asked.length, { timeout: 20_000 }).toBeGreaterThan(3);
    server.failing = undefined;
    server.isDeaf = false;
    await inventory.refreshRemote('r');
    await expect.poll(() => server.isHeard, { timeout: 500 }).toBe(true);
  }, 30_000);

  it('does not take snapshots on a lost member for none, asks nothing of it, and finds it again', async () => {
    server.clustered = true;
    server.has('here', ['s1']);
    server.has('lost', ['s1', 's2']);
    await start();
    await shows('here Stopped read s1', 'lost Stopped read s1,s2');
    server.has('lost', [], { status: 'Error', snapshots: null });
    server.asked = [];
    await inventory.refreshRemote('r');
    await expect.poll(() => inventory.instances('r').map(({ details }) => details)).toEqual(['read', 'failed']);
    expect(asksOf('lost')).toBe(0);
    server.has('lost', ['s1', 's2', 's3']);
    await shows('here Stopped read s1', 'lost Stopped read s1,s2,s3');
  }, 30_000);

  it('follows a remote that has another address by then as a new one', async () => {
    server.has('c1');
    await start();
    await shows('c1 Stopped read');
    server.instances.clear();
    server.has('other');
    const remotes = { r: { Protocol: 'incus', Addr: 'https://127.0.0.1:1' } };
    fake.play([{ match: ['^remote list'], do: { stdout: JSON.stringify(remotes) } }]);
    await inventory.refreshRemotes();
    expect(inventory.remote('r')?.state.kind).toBe('connecting');
    await shows('other Stopped read');
  });

  it('leaves no timer behind', async () => {
    server.has('c1');
    server.failing = /instances\/c1\?/;
    await start();
    await expect.poll(() => inventory.instances('r')[0]?.details).toBe('failed');
    follower.setVisible(true);
    follower.dispose();
    inventory.dispose();
    const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
    const own = timers();
    server.lifecycle('instance-updated', 'c1');
    expect(timers()).toBe(own);
  });
});
