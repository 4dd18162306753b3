import assert from 'node:assert/strict';
import { mustRun, waitFor } from '../../lab/process.ts';
import { toIncusError } from '../../../src/core/incus/errors.ts';
import { leaves, presses, types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';

describe('no way to lose an instance', () => {
  const host = useHost();
  const { lab } = host;
  const stays = async (name: string) => {
    const real = await host.real(name);
    assert.deepEqual([real?.status, real?.ephemeral], ['Running', true], `${name} is there, runs, and is what it was`);
  };

  async function ephemeral(name: string): Promise<void> {
    await host.container(name, { ephemeral: true });
    await lab.must('snapshot', 'create', name, 'base');
    await lab.must('exec', '-T', name, '--', 'touch', '/root/after');
    await host.load();
  }

  it('refuses to stop an ephemeral instance, which would be deleted', async () => {
    await ephemeral('safe-stop');
    const row = host.instance('safe-stop');
    assert.match(host.tree(), /safe-stop running · 1 snapshot · ephemeral/);
    assert.doesNotMatch(host.item(row).contextValue ?? '', /canStop/);
    const [message] = await host.run('stopInstance', [row], leaves);
    assert.equal(
      message?.text,
      'The instance is ephemeral: Incus would delete it and its snapshots when it stops. It was left running.',
    );
    const [copy] = await host.run('copyCommand', [row], leaves);
    assert.equal(copy?.options.includes('Stop'), false);
    await host.run('stopInstance', [host.instance('ubuntu-test'), row], leaves);
    assert.deepEqual(host.calls('incus stop'), []);
    await stays('safe-stop');
  });

  it('sees that an instance has become ephemeral since the view was read', async () => {
    await host.container('safe-became');
    await host.load();
    const become = () => lab.must('query', '-X', 'PATCH', '-d', '{"ephemeral":true}', '/1.0/instances/safe-became');
    const [, message] = await host.run('stopInstance', [host.instance('safe-became')], presses('Stop', become), leaves);
    assert.match(message?.text ?? '', /The instance is ephemeral/);
    assert.deepEqual(host.calls('incus stop'), []);
    await stays('safe-became');
  });

  it('restores and restarts an ephemeral instance, which is there afterwards', async () => {
    await ephemeral('safe-restore');
    const [dialog] = await host.run('restoreSnapshot', [host.snapshot('safe-restore', 'base')], presses('Restore'));
    assert.match(dialog?.detail ?? '', /The instance is ephemeral and running: Incus will end it at once/);
    await stays('safe-restore');
    assert.equal((await lab.incus('file', 'pull', 'safe-restore/root/after', '-')).exitCode, 1);
    await host.run('restartInstance', [host.instance('safe-restore')], presses('Restart'));
    await stays('safe-restore');
    assert.deepEqual(await host.snapshots('safe-restore'), ['base']);
    assert.deepEqual(host.calls('incus stop'), []);
  });

  it('restores a frozen ephemeral instance as well', async () => {
    await ephemeral('safe-frozen');
    await lab.must('pause', 'safe-frozen');
    await host.load();
    await host.run('restoreSnapshot', [host.snapshot('safe-frozen', 'base')], presses('Restore'));
    await stays('safe-frozen');
    assert.deepEqual(host.calls('incus stop'), []);
  });

  it('leaves an ephemeral instance running where restoring it fails', async () => {
    await ephemeral('safe-fault');
    host.fake([{ prefix: ['snapshot', 'restore'], do: { stderr: 'Error: Boom\n', exitCode: 1 } }]);
    const row = host.snapshot('safe-fault', 'base');
    const [, message] = await host.run('restoreSnapshot', [row], presses('Restore'), leaves);
    assert.match(message?.text ?? '', /^safe-fault was not restored; .* It runs again\.$/);
    await stays('safe-fault');
  });

  it('does not let an alias of the user turn deleting a snapshot into deleting its instance', async () => {
    const INCUS_CONF = host.conf((config) => {
      config.aliases = { 'snapshot delete': 'delete --force' };
    });
    for (const name of ['safe-alias', 'safe-victim']) {
      await host.container(name, { stopped: true });
      await lab.must('snapshot', 'create', name, 'one');
    }
    const byHand = [lab.client, 'snapshot', 'delete', 'safe-victim'];
    await mustRun(byHand, { env: lab.environment({ INCUS_CONF }) });
    assert.equal(await host.real('safe-victim'), undefined, 'that is what the alias does');
    await host.load();
    await host.run('deleteSnapshot', [host.snapshot('safe-alias', 'one')], presses('Delete'));
    assert.deepEqual(await host.snapshots('safe-alias'), []);
  });

  it('starts nothing that could delete one, whoever asks', async () => {
    await host.container('safe-guard', { stopped: true });
    const { client } = host.parts;
    for (const argv of [
      ['delete', '--', 'local:safe-guard'],
      ['delete', '--force', 'local:safe-guard'],
      ['snapshot', 'delete', '--project', 'default', '--', 'local:safe-guard'],
      ['query', '--raw', '--wait', '-X', 'DELETE', '--', 'local:/1.0/instances/safe-guard'],
      ['query', '--raw', '--wait', '-X', 'DELETE', '--', 'local:/1.0/instances/safe-guard/snapshots/..'],
    ]) {
      const said = await client.change({ argv, changes: true }).then(
        () => 'done',
        (e: unknown) => toIncusError(e).kind,
      );
      assert.equal(said, 'refusedCommand', argv.join(' '));
    }
    assert.ok(await host.real('safe-guard'));
    assert.equal(host.calls('refusedCommand').length, 5, 'each stands in the log');
  });
});

describe('actions on one instance', () => {
  const host = useHost();
  const { lab } = host;

  it('wait for each other: deleting a snapshot during its restore would ruin the instance', async () => {
    await host.container('queue-same');
    await lab.must('snapshot', 'create', 'queue-same', 'base');
    await lab.must('exec', '-T', 'queue-same', '--', 'touch', '/root/after');
    await host.load();
    const gate = `${lab.folder}/queue-gate`;
    const fake = host.fake([{ prefix: ['snapshot', 'restore'], do: { real: true, delayUntilFile: gate } }]);
    const row = host.snapshot('queue-same', 'base');
    const restoring = host.run('restoreSnapshot', [row], presses('Restore'));
    await waitFor('the restore', () => fake.calls().find(({ argv }) => argv[1] === 'restore'));
    const busy = host.item(host.instance('queue-same'));
    assert.match(busy.contextValue ?? '', /;busy$/);

    const deleting = host.run('deleteSnapshot', [row], presses('Delete'));
    await host.run('createSnapshot', [host.instance('ubuntu-test')], types('queue-other'), types(''));
    host.later(() => lab.incus('snapshot', 'delete', 'ubuntu-test', 'queue-other'));
    assert.deepEqual(await host.snapshots('ubuntu-test'), ['queue-other'], 'other instances do not wait');
    assert.equal(
      fake.calls().some(({ argv }) => argv[1] === 'delete'),
      false,
    );

    host.touch(gate);
    await Promise.all([restoring, deleting]);
    const verbs = fake.calls().flatMap(({ argv }) => (argv[0] === 'query' ? [] : [argv.slice(0, 2).join(' ')]));
    assert.deepEqual(
      verbs.filter((verb) => !verb.includes('create')),
      ['stop --project', 'snapshot restore', 'start --project', 'snapshot delete'],
    );
    assert.deepEqual(await host.snapshots('queue-same'), []);
    assert.equal((await host.real('queue-same'))?.status, 'Running');
    await lab.must('exec', '-T', 'queue-same', '--', 'test', '!', '-e', '/root/after');
  });

  it('wait for each other by whichever remote of a server they come', async () => {
    host.conf(({ remotes }) => {
      remotes['second'] = { addr: 'unix://', protocol: 'incus', public: false };
    });
    await host.load();
    assert.equal(host.turn('ubuntu-test', 'second'), host.turn('ubuntu-test', 'local'));
    assert.notEqual(host.turn('ubuntu-test', SNAPSHOT_REMOTE), host.turn('ubuntu-test', 'local'));
  });

  it('can be left while they wait, and then do not happen', async () => {
    await host.container('queue-leave', { stopped: true });
    await host.load();
    const turn = Promise.withResolvers<undefined>();
    const row = host.instance('queue-leave');
    const other = host.parts.queue.run(host.turn('queue-leave'), undefined, () => turn.promise);
    const creating = host.run('createSnapshot', [row], types('never'), types(''));
    const progress = await waitFor('the progress', () => host.window.progress.find(({ cancellable }) => cancellable));
    assert.equal(progress.title, 'Creating a snapshot of queue-leave');
    progress.cancel();
    await creating;
    turn.resolve(undefined);
    await other;
    assert.deepEqual(await host.snapshots('queue-leave'), []);
    assert.deepEqual(
      host.dialogs.asked.filter(({ kind }) => kind === 'error'),
      [],
    );
  });
});
