import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toIncusError } from '../../../../src/core/incus/errors.ts';
import { ProxyTransport } from '../../../../src/core/incus/proxyTransport.ts';
import { Runner } from '../../../../src/core/incus/runner.ts';
import { QueryTransport } from '../../../../src/core/incus/transport.ts';
import { fakeIncus, type FakeIncus } from '../../../lab/fake-incus.ts';

const UNWRITTEN = { stderr: 'Error: Failed to load configuration: yaml: no documents in stream\n', exitCode: 1 };

describe('a way to a remote', () => {
  let fake: FakeIncus;
  let query: QueryTransport;
  let proxied: ProxyTransport;

  beforeEach(() => {
    fake = fakeIncus();
    const runner = new Runner(
      () => ({ path: 'incus', env: fake.env }),
      () => undefined,
    );
    query = new QueryTransport(runner);
    proxied = new ProxyTransport(runner, query, () => true);
  });

  afterEach(async () => {
    await proxied.dispose();
    fake.remove();
  });

  const asked = () => fake.calls().map(({ argv }) => argv.slice(0, 2).join(' '));
  const listener = (heard: string[]) => ({
    onOpen: () => heard.push('(open)'),
    onMessage: (message: string) => heard.push(message),
  });

  const there = { match: ['^query .*r:/1\\.0$'], do: { stdout: '{"type":"sync","metadata":{}}' } };

  it('hears events although the configuration was just being written', async () => {
    fake.play([{ prefix: ['monitor'], times: 2, do: UNWRITTEN }, there], { stdout: '{"a":1}\n\n', hang: true });
    const heard: string[] = [];
    const stop = new AbortController();
    const ended = query.listen('r', listener(heard), stop.signal);
    await expect.poll(() => [...new Set(heard)].sort()).toEqual(['(open)', '{"a":1}']);
    stop.abort();
    expect((await ended).kind).toBe('cancelled');
    expect(asked().filter((one) => one === 'monitor --format')).toHaveLength(3);
  });

  it('looks once more when events are heard for sure, and is open only when the server answers', async () => {
    fake.play([
      { prefix: ['monitor'], do: { hang: true } },
      { ...there, do: { ...there.do, delayUntilFile: fake.env.FAKE_INCUS_CALLS + '.go' } },
    ]);
    const heard: string[] = [];
    const stop = new AbortController();
    const ended = query.listen('r', listener(heard), stop.signal);
    await expect.poll(asked).toHaveLength(2);
    expect(heard).toEqual([]);
    writeFileSync(fake.env.FAKE_INCUS_CALLS + '.go', '');
    await expect.poll(() => heard, { timeout: 10_000 }).toEqual(['(open)', '(open)']);
    stop.abort();
    await ended;
  }, 20_000);

  it('gives up where the configuration stays empty, and says so', async () => {
    fake.play([], UNWRITTEN);
    expect((await query.listen('r', listener([]), new AbortController().signal)).kind).toBe('configBeingWritten');
    expect(asked().filter((one) => one === 'monitor --format')).toHaveLength(5);
  });

  it('has its proxy although the configuration was just being written', async () => {
    fake.play([{ prefix: ['remote', 'proxy'], times: 2, do: UNWRITTEN }], { hang: true });
    const stop = new AbortController();
    const answer = proxied
      .get('r', '/1.0', (metadata) => metadata, { timeout: 20_000, signal: stop.signal })
      .catch(toIncusError);
    await expect.poll(asked).toEqual(['remote proxy', 'remote proxy', 'remote proxy']);
    stop.abort();
    expect(await answer).toMatchObject({ kind: 'cancelled' });
  });

  it('is not taken from one who waits because another one left', async () => {
    fake.play([{ prefix: ['remote', 'proxy'], do: { hang: true } }]);
    const stop = new AbortController();
    const limits = { timeout: 500 };
    const left = proxied.get('r', '/1.0', () => 0, { timeout: 20_000, signal: stop.signal }).catch(toIncusError);
    const stays = proxied.get('r', '/1.0', () => 0, limits).catch(toIncusError);
    stop.abort();
    expect(await left).toMatchObject({ kind: 'cancelled' });
    expect(await stays).toMatchObject({ kind: 'timedOut' });
    expect(asked()).toEqual(['remote proxy']);
  });

  it('leaves no process behind, not even one that was still starting', async () => {
    fake.play([], { hang: true });
    const answer = proxied.get('r', '/1.0', () => 0, { timeout: 20_000 }).catch(toIncusError);
    await expect.poll(asked).toEqual(['remote proxy']);
    await proxied.dispose();
    const pid = fake.calls()[0]?.pid ?? 0;
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(await answer).toMatchObject({ kind: 'cancelled' });
  });

  it('is another one when the remote has another address', async () => {
    fake.play([], { hang: true });
    proxied.locate([{ name: 'r', address: 'https://127.0.0.1:1' }]);
    const answer = proxied.get('r', '/1.0', () => 0, { timeout: 20_000 }).catch(toIncusError);
    await expect.poll(asked).toEqual(['remote proxy']);
    const pid = fake.calls()[0]?.pid ?? 0;
    proxied.locate([{ name: 'r', address: 'https://127.0.0.1:1' }]);
    expect(() => process.kill(pid, 0)).not.toThrow();
    proxied.locate([{ name: 'r', address: 'https://127.0.0.1:2' }]);
    expect(await answer).toMatchObject({ kind: 'cancelled' });
  });
});
