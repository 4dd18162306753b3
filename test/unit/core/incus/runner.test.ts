import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IncusError, toIncusError } from '../../../../src/core/incus/errors.ts';
import { type CallRecord, Runner } from '../../../../src/core/incus/runner.ts';
import { fakeIncus, type FakeIncus } from '../../../lab/fake-incus.ts';

const LIST = ['remote', 'list', '-f', 'json'];
const START = ['start', '--project', 'default', '--', 'local:c1'];

describe('a call of incus', () => {
  let fake: FakeIncus;
  let folder: string;
  let calls: CallRecord[];

  beforeEach(() => {
    fake = fakeIncus({ otherwise: { stdout: '{}' } });
    folder = mkdtempSync(join(tmpdir(), 'incus-runner-'));
    calls = [];
  });

  afterEach(() => {
    fake.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const runner = (path = 'incus', env: Record<string, string> = fake.env) =>
    new Runner(
      () => ({ path, env }),
      (call) => calls.push(call),
    );

  async function failure(work: Promise<unknown>): Promise<IncusError> {
    return work.then(
      () => Promise.reject(new Error('nothing was thrown')),
      (error: unknown) => toIncusError(error),
    );
  }

  it('has stdin closed, the C locale, and no aliases of the user', async () => {
    process.env['LANG'] = 'de_DE.UTF-8';
    expect((await runner().run(LIST, { timeout: 10_000 })).stdout).toBe('{}');
    const [call] = fake.calls();
    expect(call).toMatchObject({ argv: LIST, stdin: 'closed' });
    expect(call?.env).toMatchObject({ LC_ALL: 'C.UTF-8', LANGUAGE: '', INCUS_ALIASES: '1' });
    expect(calls).toMatchObject([{ program: 'incus', argv: LIST, exitCode: 0 }]);
  });

  it('cannot be talked out of that by its settings', async () => {
    const env = { ...fake.env, INCUS_ALIASES: '0', LC_ALL: 'de_DE.UTF-8' };
    await runner('incus', env).run(LIST, { timeout: 10_000 });
    expect(fake.calls()[0]?.env).toMatchObject({ LC_ALL: 'C.UTF-8', INCUS_ALIASES: '1' });
  });

  it('does not start what could delete an instance', async () => {
    const error = await failure(runner().run(['delete', '--force', 'local:c1'], { timeout: 10_000 }));
    expect(error.kind).toBe('refusedCommand');
    expect(fake.calls()).toEqual([]);
    expect(calls[0]?.failure?.kind).toBe('refusedCommand');
  });

  it('takes names for names, never for something to a shell', async () => {
    const argv = ['snapshot', 'restore', '--project', 'default', '--', 'local:c1', '$(touch x)\n`id`;"\''];
    await runner().run(argv, { timeout: 10_000 });
    expect(fake.calls()[0]?.argv).toEqual(argv);
  });

  it('fails with what Incus said', async () => {
    fake.play([], { stderr: 'Error: The instance is already running\nTry `incus info`\n', exitCode: 1 });
    const error = await failure(runner().run(START, { timeout: 10_000 }));
    expect(error).toMatchObject({ kind: 'running', exitCode: 1, argv: START });
    expect(calls).toMatchObject([{ exitCode: 1, failure: { kind: 'running' } }]);
  });

  it('fails with what stands on stdout where stderr is empty, as the 7.0 client does', async () => {
    fake.play([], { stdout: 'Usage: incus start', exitCode: 1 });
    expect((await failure(runner().run(START, { timeout: 10_000 }))).text).toBe('Usage: incus start');
  });

  it('is ended when it hangs, even where it does not listen', async () => {
    fake.play([], { hang: true, ignoreSigterm: true });
    const error = await failure(runner().run(LIST, { timeout: 300 }));
    expect(error.kind).toBe('timedOut');
    const pid = fake.calls()[0]?.pid ?? 0;
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('is ended when it is cancelled', async () => {
    fake.play([], { hang: true });
    const abort = new AbortController();
    const running = failure(runner().run(LIST, { timeout: 10_000, signal: abort.signal }));
    await expect.poll(() => fake.calls().length).toBe(1);
    abort.abort();
    expect((await running).kind).toBe('cancelled');
    expect((await failure(runner().run(LIST, { timeout: 10_000, signal: abort.signal }))).kind).toBe('cancelled');
    expect(fake.calls()).toHaveLength(1);
  });

  it('is made again while another client writes the configuration, whatever it does', async () => {
    const unwritten = {
      stderr: 'Error: Failed to load configuration: Unable to decode the configuration: yaml: no documents in stream\n',
      exitCode: 1,
    };
    fake.play([{ match: ['^start'], times: 3, do: unwritten }], { stdout: 'done' });
    expect((await runner().run(START, { timeout: 10_000 })).stdout).toBe('done');
    expect(fake.calls().map(({ argv }) => argv)).toEqual([START, START, START, START]);
    expect(calls.map(({ exitCode }) => exitCode)).toEqual([1, 1, 1, 0]);

    fake.play([], unwritten);
    expect((await failure(runner().run(LIST, { timeout: 10_000 }))).kind).toBe('configBeingWritten');
    expect(fake.calls()).toHaveLength(4 + 5);

    fake.play([], { stderr: 'Error: The instance is already running\n', exitCode: 1 });
    await failure(runner().run(START, { timeout: 10_000 }));
    expect(fake.calls(), 'nothing else is made again').toHaveLength(4 + 5 + 1);
  });

  it('is not made again once it is cancelled', async () => {
    fake.play([], { stderr: 'Error: Failed to load configuration: yaml: no documents in stream\n', exitCode: 1 });
    const abort = new AbortController();
    const once = new Runner(
      () => ({ path: 'incus', env: fake.env }),
      () => {
        abort.abort();
      },
    );
    expect((await failure(once.run(LIST, { timeout: 10_000, signal: abort.signal }))).kind).toBe('cancelled');
    expect(fake.calls()).toHaveLength(1);
  });

  it('tells a death by a signal', async () => {
    fake.play([], { signal: 'SIGSEGV' });
    expect((await failure(runner().run(LIST, { timeout: 10_000 }))).text).toContain('SIGSEGV');
  });

  it('says that there is no such program', async () => {
    const empty = { PATH: folder };
    expect((await failure(runner('incus', empty).run(LIST, { timeout: 10_000 }))).kind).toBe('noProgram');
    const nowhere = join(folder, 'nowhere', 'incus');
    expect((await failure(runner(nowhere).run(LIST, { timeout: 10_000 }))).kind).toBe('noProgram');
  });

  it('says that a path is no program', async () => {
    const text = join(folder, 'text');
    writeFileSync(text, 'just text');
    expect((await failure(runner(text).run(LIST, { timeout: 10_000 }))).kind).toBe('badProgram');
    expect((await failure(runner(folder).run(LIST, { timeout: 10_000 }))).kind).toBe('badProgram');
  });
});
