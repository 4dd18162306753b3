import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { followContext } from '../../../src/vscode/contextKeys.ts';
import { onDidChangeProgram } from '../../../src/vscode/settings.ts';
import type { Answer } from '../../lab/fake-incus.ts';
import { waitFor } from '../../lab/process.ts';
import { leaves, presses, types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';
import { text } from '../support/tree.ts';

const NO_PROGRAM = 'The program "incus" was not found. Install the Incus client, or set its path in the settings.';
const BAD_PROGRAM =
  'The path in "incusSnapshots.cliPath" is not a program that can be run. Correct it in the settings.';
const NO_ANSWER = 'The answer could not be understood. Check that "incusSnapshots.cliPath" is the Incus client.';

describe('the program', () => {
  const host = useHost();

  /** Reads the remotes, and tells which welcome the view shows. */
  async function welcome(): Promise<string | undefined> {
    const following = followContext(host.parts.inventory);
    await host.load();
    following.dispose();
    return host.window.ran
      .findLast((command) => command.startsWith('setContext incusSnapshots.welcome'))
      ?.split(' ')
      .at(-1);
  }

  it('is not on the PATH: the welcome says so, and so does each action', async () => {
    host.env({ PATH: host.folder() });
    assert.equal(await welcome(), 'noProgram');
    assert.equal(host.tree(), '');
    const [message] = await host.run('createSnapshot', [], presses('Open Settings'));
    assert.deepEqual([message?.text, message?.options], [NO_PROGRAM, ['Open Settings', 'Show Log']]);
    assert.deepEqual(host.window.ran.at(-1), 'workbench.action.openSettings incusSnapshots.cliPath');
    const [problem] = await host.run('showRemoteProblem', [], leaves);
    assert.equal(problem?.text, NO_PROGRAM);
    assert.match(host.calls('incus remote list')[0] ?? '', /^incus remote list -f json # \d+ ms, noProgram\n/);
  });

  it('comes and goes: after that the view is as it was', async () => {
    const { PATH } = process.env;
    host.env({ PATH: host.folder() });
    assert.equal(await welcome(), 'noProgram');
    host.env({ PATH });
    assert.equal(await welcome(), 'none');
    assert.match(host.tree(), /^local .* · 2 instances\n/);
    host.env({ PATH: host.folder() });
    await host.run('createSnapshot', [host.instance('ubuntu-test')], types('x'), types(''), leaves);
    assert.equal(host.dialogs.last.text, NO_PROGRAM);
  });

  for (const [what, make] of [
    ['a folder', (path: string) => path],
    [
      'a file that cannot be run',
      (path: string) => (writeFileSync(join(path, 'incus'), '#!/bin/sh\n'), join(path, 'incus')),
    ],
  ] as const) {
    it(`is ${what}`, async () => {
      await host.setting('cliPath', make(host.folder()));
      assert.equal(await welcome(), 'badProgram');
      const [message] = await host.run('startInstance', [], leaves);
      assert.equal(message?.text, BAD_PROGRAM);
    });
  }

  it('is another program', async () => {
    await host.setting('cliPath', '/bin/echo');
    assert.equal(await welcome(), 'badProgram');
    const [message] = await host.run('startInstance', [], leaves);
    assert.equal(message?.text, NO_ANSWER);
    assert.match(
      host.calls('/bin/echo remote list')[0] ?? '',
      /exit 0\nremote list -f json/,
      'what it said is in the log',
    );
    await host.setting('cliPath', '/bin/false');
    assert.equal(await welcome(), 'failed');
    const text = join(host.folder(), 'incus');
    writeFileSync(text, 'just words\n');
    chmodSync(text, 0o755);
    await host.setting('cliPath', text);
    assert.equal(await welcome(), 'failed');
  });

  it('is where the setting says, with the environment that it says', async () => {
    const own = host.conf(({ remotes }) => {
      remotes['second'] = { addr: 'unix://', protocol: 'incus', public: false };
    });
    host.env({ INCUS_CONF: host.folder(), PATH: host.folder() });
    let told = 0;
    const listening = onDidChangeProgram(() => {
      told++;
    });
    host.later(() => {
      listening.dispose();
    });
    await host.setting('cliPath', host.lab.client);
    await host.setting('environment', { INCUS_CONF: own });
    await waitFor('the changes to be told', () => (told >= 2 ? true : undefined));
    assert.equal(await welcome(), 'none');
    assert.match(host.tree(), /^second .* · 2 instances$/m);
    assert.equal(host.calls('incus remote list')[0]?.startsWith(`${host.lab.client} remote list`), true);
  });

  it('is the default where the settings make no sense', async () => {
    for (const [key, value] of [
      ['cliPath', 7],
      ['cliPath', '  '],
      ['cliPath', './incus'],
      ['environment', { 'A=B': 'x' }],
      ['environment', { INCUS_CONF: 1 }],
      ['timeouts.read', -1],
      ['timeouts.read', 'soon'],
      ['stopTimeout', 1e9],
    ] as const) {
      await host.setting(key, value);
    }
    assert.equal(await welcome(), 'none');
    assert.match(host.tree(), /^local .* · 2 instances\n/);
    assert.ok(host.calls('remote list')[0]?.startsWith('incus remote list'));
  });

  it('is asked in one locale, with stdin closed and without aliases, whatever the user has set', async () => {
    host.env({ LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8', LANGUAGE: 'de:fr', INCUS_ALIASES: '0' });
    await host.container('program-locale', { stopped: true });
    const fake = host.fake([]);
    await host.load();
    await host.run('createSnapshot', [host.instance('program-locale')], types('one'), types(''));
    const calls = fake.calls();
    assert.ok(calls.length > 8);
    for (const { env, stdin, argv } of calls) {
      const seen = { stdin, LC_ALL: env['LC_ALL'], LANGUAGE: env['LANGUAGE'], INCUS_ALIASES: env['INCUS_ALIASES'] };
      assert.deepEqual(seen, { stdin: 'closed', LC_ALL: 'C.UTF-8', LANGUAGE: '', INCUS_ALIASES: '1' }, argv.join(' '));
    }
  });

  it('does not take another project or remote for granted, whatever the user has set', async () => {
    await host.container('program-project', { stopped: true });
    host.env({ INCUS_PROJECT: 'nonsense', INCUS_REMOTE: SNAPSHOT_REMOTE });
    host.conf((config) => {
      Object.assign(config, { 'default-remote': SNAPSHOT_REMOTE });
      Object.assign(config.remotes['local'] ?? {}, { project: 'nonsense' });
    });
    await host.load();
    await host.run('createSnapshot', [host.instance('program-project')], types('one'), types(''));
    await host.run('createSnapshot', [host.instance('program-project')], types('two'), types('3d'));
    await host.run('restoreSnapshot', [host.snapshot('program-project', 'one')], presses('Restore'));
    await host.run('renameSnapshot', [host.snapshot('program-project', 'one')], types('first'));
    await host.run('deleteSnapshot', [host.snapshot('program-project', 'two')], presses('Delete'));
    assert.deepEqual(await host.snapshots('program-project'), ['first']);
  });
});

describe('an odd answer', () => {
  const host = useHost();
  const answer = (metadata: unknown): Answer => ({
    stdout: JSON.stringify({ type: 'sync', status_code: 200, metadata }),
  });
  const rowOf = (name: string) =>
    host
      .tree()
      .split('\n')
      .find((line) => line.startsWith(name));
  const ODD = `${SNAPSHOT_REMOTE} answers in a way that is not understood`;

  const answers: [string, string, Answer, string][] = [
    ['no JSON', '/1.0$', { stdout: '<html>gateway</html>' }, ODD],
    ['no text', '/1.0/projects', { stdoutBase64: '//79AA==' }, ODD],
    ['nothing', '/1.0/instances\\?', { stdout: '' }, ODD],
    ['half of it', '/1.0/instances\\?', { stdout: '{"type":"sync","metadata":[{"na' }, ODD],
    ['another shape', '/1.0/projects', answer({ projects: 1 }), ODD],
    ['no envelope', '/1.0$', { stdout: '[]' }, ODD],
    ['a crash', '/1.0$', { signal: 'SIGSEGV' }, `${SNAPSHOT_REMOTE} down`],
    ['an exit code alone', '/1.0$', { exitCode: 3 }, `${SNAPSHOT_REMOTE} down`],
  ];
  for (const [what, path, said, row] of answers) {
    it(`costs its own remote alone: ${what}`, async () => {
      host.fake([{ match: [`${SNAPSHOT_REMOTE}:${path}`], do: said }]);
      await host.load();
      assert.equal(rowOf(SNAPSHOT_REMOTE), row);
      assert.match(host.tree(), /^local .* · 2 instances\n.*running · no snapshots\n/);
      assert.equal(host.window.log.filter(({ level }) => level === 'error').length, 1, 'it stands in the log once');
    });
  }

  it('costs one row where one record is bad, and the log says which', async () => {
    const good = {
      name: 'good',
      type: 'virtual-machine',
      status: 'Running',
      created_at: '2026-01-02T03:04:05Z',
      location: 'node-2',
      expanded_config: null,
      added_in_incus_9: { anything: [1] },
    };
    const snapshots = [
      { name: 'fine', created_at: '2026-01-02T03:04:05Z' },
      { name: 'timeless', created_at: 'yesterday' },
      { created_at: '2026-01-02T03:04:05Z' },
      'nonsense',
    ];
    const rows = [good, { ...good, name: 'typeless', type: 'jail' }, { name: 7 }, null];
    host.fake([
      { match: ['local:/1.0/instances\\?recursion=1'], do: answer(rows) },
      { match: ['local:/1.0/instances/good'], do: answer({ ...good, snapshots }) },
    ]);
    await host.load();
    assert.equal(
      host.tree(),
      text`
        local ${await host.version('local')} · 1 instance · 3 not readable
          good running · 1 snapshot · node-2
            fine AGE
        ${SNAPSHOT_REMOTE} ${await host.version(SNAPSHOT_REMOTE)} · 0 instances
          No instances
      `,
    );
    assert.match(host.tooltip(host.instance('good')), /virtual machine · running/);
    assert.match(host.tooltip(host.remote('local')), /3 instances could not be read\. The log says why\./);
    const warnings = host.window.log.flatMap(({ level, text: line }) =>
      level === 'warn' ? [line.split(':', 1)[0]] : [],
    );
    assert.deepEqual(warnings.toSorted(), [
      'instance "typeless"',
      'instance without a name',
      'instance without a name',
      'snapshot "timeless" of good',
      'snapshot without a name of good',
      'snapshot without a name of good',
    ]);
  });

  it('says that snapshots are not known where the server did not tell them: that is not "none"', async () => {
    const row = { type: 'container', status: 'Running', created_at: '2026-01-02T03:04:05Z' };
    const down = { ...row, name: 'on-a-member-that-is-down', status: 'Error', snapshots: null };
    const silent = { ...row, name: 'silent' };
    host.fake([
      { match: ['local:/1.0/instances\\?recursion=1'], do: answer([down, silent]) },
      { match: ['local:/1.0/instances/on-a'], do: answer(down) },
      { match: ['local:/1.0/instances/silent'], do: { stderr: 'Error: i/o timeout\n', exitCode: 1 } },
    ]);
    await host.load();
    assert.equal(
      host.tree(host.remote('local')),
      text`
        on-a-member-that-is-down error · snapshots not known
          The snapshots are not known: the server did not tell them
        silent running · snapshots not known
          The snapshots are not known: the server did not tell them
      `,
    );
  });

  it('to an action is not taken for success', async () => {
    await host.container('odd-action', { stopped: true });
    await host.load();
    host.fake([{ prefix: ['snapshot', 'create'], do: { stdout: 'done!' } }]);
    const [, , message] = await host.run(
      'createSnapshot',
      [host.instance('odd-action')],
      types('one'),
      types(''),
      leaves,
    );
    assert.equal(message?.text, 'The snapshot is gone from the server. Refresh the view.');
    assert.deepEqual(host.window.status, []);
  });
});
