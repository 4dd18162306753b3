import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IncusError } from '../../../../src/core/incus/errors.ts';
import { Lanes, ONE_BY_ONE, SIDE_BY_SIDE, type LaneRules } from '../../../../src/core/incus/lanes.ts';
import { Gone, type Proxy } from '../../../../src/core/incus/proxy.ts';

/** A proxy as the transport sees one: a socket that is asked, and a process that ends. */
interface FakeProxy {
  proxy: Proxy;
  /** What is being asked of it and not answered, in order. */
  asked: { path: string; response: ServerResponse; isHungUp: boolean }[];
  /** How many were ever asked of it. */
  count: () => number;
  end: () => void;
}

describe('the proxies of a remote', () => {
  const patient = new AbortController().signal;
  let folder: string;
  let proxies: FakeProxy[];
  let servers: Server[];
  let lanes: Lanes | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'incus-lanes-'));
    proxies = [];
    servers = [];
  });

  afterEach(async () => {
    await lanes?.close();
    for (const server of servers) server.closeAllConnections();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(requests: number): Promise<Proxy> {
    const socket = join(folder, `${proxies.length}.sock`);
    const asked: FakeProxy['asked'] = [];
    let count = 0;
    const server = createServer(({ url = '' }, response) => {
      count++;
      const one = { path: url, response, isHungUp: false };
      asked.push(one);
      response.on('close', () => (one.isHungUp = !response.writableEnded));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const { promise: ended, resolve } = Promise.withResolvers<IncusError>();
    const end = () => {
      server.closeAllConnections();
      server.close();
      resolve(new IncusError('unreachable', { text: 'it has ended' }));
    };
    const program = { lines: Readable.from([]) as AsyncIterable<string>, ended, end };
    const proxy = { socket, agent: new Agent({ keepAlive: true, maxSockets: requests }), program };
    proxies.push({ proxy, asked, count: () => count, end });
    return proxy;
  }

  async function start(rules: LaneRules): Promise<Lanes> {
    lanes = new Lanes(await open(rules.requests), rules, () => open(rules.requests));
    return lanes;
  }

  const waiting = () => proxies.map(({ asked }) => asked.length);
  const answer = (at = 0) => {
    for (const { path, response } of proxies[at]?.asked.splice(0, 1) ?? []) response.end(path);
  };

  it('are asked side by side behind TLS, by one proxy', async () => {
    const { ask } = bound(await start(SIDE_BY_SIDE));
    const all = Array.from({ length: 10 }, (_, i) => ask(`/${i}`, patient));
    await expect.poll(waiting).toEqual([8]);
    answer();
    answer();
    await expect.poll(() => [proxies[0]?.count(), ...waiting()]).toEqual([10, 8]);
    for (let i = 0; i < 8; i++) answer();
    expect(await Promise.all(all)).toEqual(Array.from({ length: 10 }, (_, i) => `/${i}`));
    expect(proxies).toHaveLength(1);
  });

  it('are asked one thing after another on this machine', async () => {
    const { ask } = bound(await start({ ...ONE_BY_ONE, lanes: 1 }));
    const all = ['/a', '/b', '/c'].map((path) => ask(path, patient));
    for (const path of ['/a', '/b', '/c']) {
      await expect.poll(() => proxies[0]?.asked.map((one) => one.path), { interval: 1 }).toEqual([path]);
      answer();
    }
    expect(await Promise.all(all)).toEqual(['/a', '/b', '/c']);
  });

  it('are joined by three more while somebody always waits, and by no others', async () => {
    const { ask } = bound(await start(ONE_BY_ONE));
    const all = Array.from({ length: 7 }, (_, i) => ask(`/${i}`, patient));
    await expect.poll(waiting).toEqual([1, 1, 1, 1]);
    for (let i = 0; i < 7; i++) {
      await expect.poll(() => waiting().some((count) => count > 0)).toBe(true);
      expect(Math.max(...waiting())).toBe(1);
      answer(waiting().findIndex((count) => count > 0));
    }
    expect((await Promise.all(all)).sort()).toEqual(Array.from({ length: 7 }, (_, i) => `/${i}`));
    expect(proxies).toHaveLength(4);
  });

  it('are not hung up on: what is no longer wanted is answered before the next thing is asked', async () => {
    const { ask } = bound(await start({ ...ONE_BY_ONE, lanes: 1 }));
    const abort = new AbortController();
    const left = ask('/left', abort.signal);
    await expect.poll(waiting).toEqual([1]);
    const next = ask('/next', patient);
    const unborn = ask('/unborn', abort.signal);
    const reason = new Error('no longer wanted');
    abort.abort(reason);
    await expect(left).rejects.toBe(reason);
    await expect(unborn).rejects.toBe(reason);
    expect(proxies[0]?.asked).toMatchObject([{ path: '/left', isHungUp: false }]);
    answer();
    await expect.poll(() => proxies[0]?.asked.map(({ path }) => path)).toEqual(['/next']);
    answer();
    expect(await next).toBe('/next');
    expect(proxies[0]?.count()).toBe(2);
  });

  it('are hung up on behind TLS, where that does no harm', async () => {
    const { ask } = bound(await start(SIDE_BY_SIDE));
    const abort = new AbortController();
    const left = ask('/left', abort.signal);
    await expect.poll(waiting).toEqual([1]);
    abort.abort(new Error('no longer wanted'));
    await expect(left).rejects.toThrow('no longer wanted');
    await expect.poll(() => proxies[0]?.asked[0]?.isHungUp).toBe(true);
  });

  it('ask again by another where one that came to help ends in the midst of it', async () => {
    const { ask } = bound(await start({ ...ONE_BY_ONE, lanes: 2 }));
    const first = ask('/first', patient);
    const second = ask('/second', patient);
    await expect.poll(waiting).toEqual([1, 1]);
    proxies[1]!.end();
    answer();
    expect(await first).toBe('/first');
    await expect.poll(() => proxies[0]?.asked.map(({ path }) => path)).toEqual(['/second']);
    answer();
    expect(await second).toBe('/second');
  });

  it('are gone with the first', async () => {
    const { ask } = bound(await start({ ...ONE_BY_ONE, lanes: 2 }));
    const all = ['/a', '/b', '/c'].map((path) => ask(path, patient).catch((error: unknown) => error));
    await expect.poll(waiting).toEqual([1, 1]);
    proxies[0]!.end();
    await lanes!.ended;
    for (const error of await Promise.all(all)) expect(error).toBeInstanceOf(Gone);
    await expect(ask('/d', patient)).rejects.toBeInstanceOf(Gone);
    expect(servers.map((server) => server.listening)).toEqual([false, false]);
  });
});

function bound(lanes: Lanes) {
  return { ask: (path: string, over: AbortSignal) => lanes.ask(path, over) };
}
