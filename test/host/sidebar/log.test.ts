import assert from 'node:assert/strict';
import { mustRun, waitFor } from '../../lab/process.ts';
import { leaves, presses, types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';

const byText = (a: readonly string[], b: readonly string[]) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

describe('the log', () => {
  const host = useHost();
  const { lab } = host;

  it('has every call as a command line that can be pasted: in a shell it calls the same again', async () => {
    // The 6.0 server makes such names, the 7.0 one but the tamer of them.
    const odd = lab.primary.line === '6.0' ? ["it's$(id)\\", 'a"b`c', 'a\nb'] : ['a\\b', 'a;b', 'a|b'];
    await host.container('log-odd', { stopped: true });
    for (const name of odd) {
      await lab.must(
        'query',
        '-X',
        'POST',
        '--wait',
        '-d',
        JSON.stringify({ name }),
        '/1.0/instances/log-odd/snapshots',
      );
    }
    const fake = host.fake([]);
    await host.load();
    await host.run('createSnapshot', [host.instance('log-odd')], types('plain'), types('3d'));
    await host.run('restoreSnapshot', [host.snapshot('log-odd', odd[0]!)], presses('Restore'));
    await host.run(
      'deleteSnapshot',
      odd.map((name) => host.snapshot('log-odd', name)),
      presses('Delete'),
    );
    await host.run('showInstanceInfo', [host.instance('log-odd')]);
    const made = fake.calls().map(({ argv }) => argv);
    const logged = host.window.log.map(({ text }) => text);
    assert.equal(logged.length, made.length, 'one entry for each call');
    for (const line of logged) assert.match(line, / # \d+ ms, exit 0$/);

    // In this shell `incus` tells its arguments, each with a NUL byte behind it and one more behind all.
    const shell = `incus() { printf '%s\\0' "$@"; printf '\\0'; }\n${logged.join('\n')}\n`;
    const told = (await mustRun(['/bin/sh', '-c', shell])).split('\0\0').slice(0, -1);
    assert.deepEqual(told.map((argv) => argv.split('\0')).toSorted(byText), made.toSorted(byText));
  });

  it('says why a call failed, in the words of Incus, and how one ended that did not end by itself', async () => {
    await host.container('log-fail', { stopped: true });
    await host.load();
    const row = host.instance('log-fail');
    host.fake([
      { prefix: ['snapshot', 'create'], times: 1, do: { stderr: 'Error: Boom\nand more\n', exitCode: 1 } },
      { prefix: ['snapshot', 'create'], times: 1, do: { signal: 'SIGSEGV' } },
      { prefix: ['snapshot', 'create'], times: 1, do: { hang: true } },
    ]);
    await host.setting('timeouts.change', 1);
    for (const name of ['a', 'b', 'c']) await host.run('createSnapshot', [row], types(name), types(''), leaves);
    const lines = host.window.log.filter(({ text }) => text.startsWith('incus snapshot create'));
    assert.deepEqual(new Set(lines.map(({ level }) => level)), new Set(['error']));
    assert.match(lines[0]?.text ?? '', / -- local:log-fail a # \d+ ms, exit 1\nBoom\nand more$/);
    assert.match(lines[1]?.text ?? '', / -- local:log-fail b # \d+ ms, \w+\nended by SIGSEGV$/);
    assert.match(lines[2]?.text ?? '', / -- local:log-fail c # 1\d{3} ms, timedOut\nno answer in time$/);
  });

  it('does not call it a failure where a call was broken off because nobody waits for it', async () => {
    const fake = host.fake([{ match: [`${SNAPSHOT_REMOTE}:/1.0$`], do: { hang: true } }]);
    const loading = host.parts.inventory.refresh();
    await waitFor('the call', () => fake.calls().find(({ argv }) => argv.includes(`${SNAPSHOT_REMOTE}:/1.0`)));
    host.parts.inventory.dispose();
    await loading;
    const line = host.window.log.find(({ text }) => text.includes(`${SNAPSHOT_REMOTE}:/1.0 `));
    assert.equal(line?.level, 'info');
    assert.match(line.text, /, cancelled$/);
  });
});
