import assert from 'node:assert/strict';
import * as commands from '../../../src/core/incus/commands.ts';
import type { IncusErrorKind } from '../../../src/core/incus/errors.ts';
import type { InstanceRef } from '../../../src/core/model.ts';
import { waitFor } from '../../lab/process.ts';
import { leaves, presses, types } from '../support/dialogs.ts';
import { useHost } from '../support/host.ts';

/** What the servers really say, and the sentence that becomes of it. Guards and questions beforehand are passed by. */
describe('what Incus says', () => {
  const host = useHost();
  const { lab } = host;
  const ref = (instance: string): InstanceRef => ({ remote: 'local', project: 'default', instance });
  const snapshot = (instance: string, name: string) => ({ ...ref(instance), snapshot: name });

  /** Runs commands past all that the extension checks beforehand; each is to fail in the same way. */
  async function says(kind: IncusErrorKind, words: RegExp, ...failing: commands.IncusCommand[]): Promise<void> {
    for (const command of failing) {
      const said = await host.sentence(host.parts.client.change(command));
      const line = host.window.log.at(-1);
      assert.equal(said.kind, kind, line?.text);
      assert.match(said.words, words);
      assert.equal(line?.level, 'error');
      assert.match(line.text, /^incus .* # \d+ ms, exit [01]\n./, "Incus' own words stand in the log");
    }
  }

  it('of an instance that is gone', () =>
    says(
      'instanceMissing',
      /^The instance is gone from the server\. Refresh the view\.$/,
      commands.startInstance(ref('error-none')),
      commands.createSnapshot(ref('error-none'), { name: 'x' }),
      commands.createSnapshot(ref('error-none'), { name: 'x', expiresAt: 'never' }),
      commands.showInfo(ref('error-none')),
    ));

  it('of a snapshot that is gone', () =>
    says(
      'snapshotMissing',
      /^The snapshot is gone from the server\. Refresh the view\.$/,
      commands.restoreSnapshot(snapshot('ubuntu-test', 'none'), {}),
      commands.renameSnapshot(snapshot('ubuntu-test', 'none'), 'other'),
      commands.deleteSnapshot(snapshot('ubuntu-test', 'none')),
      commands.deleteSnapshot(snapshot('ubuntu-test', 'a%b')),
      commands.setSnapshotExpiry(snapshot('ubuntu-test', 'none'), 'never'),
      commands.copySnapshot(snapshot('ubuntu-test', 'none'), ref('other')),
    ));

  it('of a project that is gone', () => {
    const gone = { ...ref('ubuntu-test'), project: 'error-none' };
    const sentence = /^The project is gone from the server\. Refresh the view\.$/;
    return says(
      'projectMissing',
      sentence,
      commands.startInstance(gone),
      commands.createSnapshot(gone, { expiresAt: 'never' }),
    );
  });

  it('of a remote that the client does not have', () => {
    const nowhere = { ...ref('x'), remote: 'error-none' };
    const sentence = /^The client has no such remote any more\. Refresh the view\.$/;
    return says('noSuchRemote', sentence, commands.startInstance(nowhere), commands.get('error-none', '/1.0'));
  });

  it('of a name that is taken', async () => {
    await host.container('error-taken', { stopped: true });
    for (const name of ['one', 'two']) await lab.must('snapshot', 'create', 'error-taken', name);
    await says(
      'exists',
      /^The name is taken\. Nothing was changed; choose another name\.$/,
      commands.createSnapshot(ref('error-taken'), { name: 'one' }),
      commands.createSnapshot(ref('error-taken'), { name: 'one', expiresAt: 'never' }),
      commands.renameSnapshot(snapshot('error-taken', 'one'), 'two'),
      commands.copySnapshot(snapshot('error-taken', 'one'), ref('ubuntu-test')),
    );
  });

  it('of a name that a pattern makes and that cannot be', async () => {
    await host.container('error-name', { stopped: true, config: { 'snapshots.pattern': 'a b' } });
    await says(
      'badName',
      /^Incus does not accept the name\. Nothing was changed\. It says: .+\.$/,
      commands.createSnapshot(ref('error-name'), {}),
      commands.createSnapshot(ref('error-name'), { expiresAt: 'never' }),
    );
  });

  it('of an instance that runs, or does not', async () => {
    await host.container('error-stopped', { stopped: true });
    await says('running', /^The instance is running\./, commands.startInstance(ref('ubuntu-test')));
    const { stopInstance, restartInstance } = commands;
    const stopped = ref('error-stopped');
    await says('notRunning', /^The instance is not running\./, stopInstance(stopped, {}), restartInstance(stopped, {}));
  });

  it('of an instance that is busy, and of one that does not shut down', async () => {
    await host.container('error-busy', { config: { 'raw.lxc': 'lxc.signal.halt = SIGWINCH' } });
    await lab.must('snapshot', 'create', 'error-busy', 'one');
    const stopping = says(
      'stopTimedOut',
      /^The instance did not shut down in time and was left running\./,
      commands.stopInstance(ref('error-busy'), { timeout: 3 }),
    );
    await waitFor('the stop to begin', async () => {
      const { running = [] } = await lab.query<{ running?: string[] }>('/1.0/operations');
      return running.length > 0 ? true : undefined;
    });
    const restore = commands.restoreSnapshot(snapshot('error-busy', 'one'), {});
    const { kind, words } = await host.sentence(host.parts.client.change(restore));
    assert.equal(kind, 'busy');
    assert.match(
      words,
      /^The instance is busy with something else\. Nothing was changed; try again when that has ended\.$/,
    );
    await stopping;
  });

  it('of memory that cannot be saved or restored', async () => {
    await host.container('error-memory');
    await lab.must('snapshot', 'create', 'error-memory', 'one');
    await says(
      'statefulImpossible',
      /^The memory cannot be saved or restored here/,
      commands.createSnapshot(ref('error-memory'), { name: 'two', stateful: true }),
      commands.createSnapshot(ref('error-memory'), { name: 'two', stateful: true, expiresAt: 'never' }),
      commands.restoreSnapshot(snapshot('error-memory', 'one'), { stateful: true }),
    );
  });

  it('of a limit of the project', async () => {
    const project = 'error-limit';
    const flags = ['limits.instances=1', 'features.images=false', 'features.profiles=false'].flatMap((one) => [
      '-c',
      one,
    ]);
    await lab.must('project', 'create', project, ...flags);
    host.later(() => lab.incus('project', 'delete', project));
    await host.container('error-only', { project, stopped: true });
    await lab.must('snapshot', 'create', '--project', project, 'error-only', 'one');
    const only = { ...snapshot('error-only', 'one'), project };
    await says(
      'limitReached',
      /^A limit of the project is reached\. Incus says: Reached maximum number of instances/,
      commands.copySnapshot(only, { ...only, instance: 'error-second' }),
    );
  });

  it('of an instance that must not be started, where the server knows that', async () => {
    await host.container('error-protected', { stopped: true });
    const { api_extensions: known } = await lab.query<{ api_extensions: string[] }>('/1.0');
    const set = await lab.incus('config', 'set', 'error-protected', 'security.protection.start=true');
    if (!known.includes('instance_protection_start')) {
      assert.equal(set.exitCode, 1, 'this server does not know it');
      return;
    }
    await says('protected', /^The instance is protected\./, commands.startInstance(ref('error-protected')));
  });

  it('of a pool without space', async () => {
    const pool = 'error-tiny';
    await lab.must('storage', 'create', pool, 'btrfs', 'size=128MiB');
    host.later(() => lab.must('storage', 'delete', pool));
    await host.container('error-full', { pool });
    const small = 'i=0; while [ $i -lt 9999 ] && dd if=/dev/zero of=/root/$i bs=1800 count=1; do i=$((i+1)); done';
    const fill = `dd if=/dev/zero of=/root/big bs=1M; (${small}) 2>/dev/null`;
    await lab.incus('exec', '-T', 'error-full', '--', 'sh', '-c', fill);
    await says(
      'diskFull',
      /^There is no space left on the storage pool\. Delete snapshots or enlarge the pool/,
      commands.createSnapshot(ref('error-full'), { name: 'one' }),
      commands.createSnapshot(ref('error-full'), { name: 'one', expiresAt: 'never' }),
    );
  });

  it('of a daemon that has been killed', async () => {
    await host.load();
    await lab.primary.kill();
    host.later(() => lab.primary.start());
    await says(
      'daemonDown',
      /^The Incus daemon on this machine is not running\. Start it \(systemctl start incus\), then refresh\.$/,
      commands.startInstance(ref('ubuntu-test')),
      commands.get('local', '/1.0'),
    );
    const [message] = await host.run('startInstance', [host.instance('ubuntu-test')], leaves);
    assert.equal(
      message?.text,
      '0 of 1 instances started. ubuntu-test: The Incus daemon on this machine is not running. Start it (systemctl start incus), then refresh.',
    );
    await lab.primary.start();
    await host.run('refresh', []);
    await host.treeBecomes(/ubuntu-test running · no snapshots/);
  });
});

describe('a failure', () => {
  const host = useHost();
  const { lab } = host;

  it('is shown once, with the way to the log, whatever command it was', async () => {
    await host.container('fail-gone', { stopped: true });
    await lab.must('snapshot', 'create', 'fail-gone', 'one');
    await host.load();
    const instance = host.instance('fail-gone');
    const row = host.snapshot('fail-gone', 'one');
    await lab.must('delete', 'fail-gone');
    const once = async (...run: Parameters<typeof host.run>) => {
      await host.run(...run);
      const told = host.dialogs.asked.splice(0).filter(({ kind }) => kind === 'error');
      assert.equal(told.length, 1, run[0]);
      assert.match(told[0]?.text ?? '', /The instance is gone from the server\. Refresh the view\.$/, run[0]);
      assert.deepEqual(told[0]?.options, ['Show Log']);
    };
    await once('showInstanceInfo', [instance], presses('Show Log'));
    assert.equal(host.window.logShown, 1);
    await once('createSnapshot', [instance], types('x'), types(''), leaves);
    // The row has gone with that.
    assert.equal(host.tree().includes('fail-gone'), false);
    for (const id of ['startInstance', 'openShell', 'copyCommand'] as const) await once(id, [instance], leaves);
    for (const id of ['restoreSnapshot', 'renameSnapshot', 'deleteSnapshot'] as const) {
      await host.run(id, [row], leaves);
      assert.equal(host.dialogs.last.text, 'The snapshot is gone from the server. Refresh the view.', id);
    }
  });

  it('inside the extension is shown as well, and stands in the log with its place in the program', async () => {
    await host.load();
    const { info } = host.parts;
    info.show = () => Promise.reject(new TypeError('x is not a function'));
    const [message] = await host.run('showInstanceInfo', [host.instance('ubuntu-test')], presses('Show Log'));
    assert.equal(message?.text, 'Incus says: x is not a function.');
    assert.match(host.window.log.at(-1)?.text ?? '', /^TypeError: x is not a function\n\s+at /);
  });
});
