import assert from 'node:assert/strict';
import { waitFor } from '../../lab/process.ts';
import type { Rule } from '../../lab/fake-incus.ts';
import { type Answer, confirms, leaves, picks, presses, types } from '../support/dialogs.ts';
import { useHost } from '../support/host.ts';

const FULL = 'Disk, configuration and devices';
const KEEP = "Disk, configuration and devices, but keep today's snapshot settings";
const FIRST = 'Snapshot First, Then Restore';

describe('a restore that goes wrong', () => {
  const host = useHost();
  const { lab } = host;

  /** A running container with the snapshot `base`, and since then the file `/root/after`. */
  async function changed(name: string, config: Record<string, string> = {}): Promise<void> {
    await host.container(name, { config });
    await lab.must('snapshot', 'create', name, 'base');
    await host.exec(name, 'touch', '/root/after');
    await host.load();
  }

  const hasFile = async (name: string) =>
    (await lab.incus('exec', '-T', name, '--', 'test', '-e', '/root/after')).exitCode === 0;
  const statusOf = async (name: string) => (await host.real(name))?.status;
  const restore = (name: string, ...answers: Answer[]) =>
    host.run('restoreSnapshot', [host.snapshot(name, 'base')], ...answers);
  const fails = (...prefix: string[]): Rule => ({ prefix, do: { stderr: 'Error: Boom\n', exitCode: 1 } });
  const changes = () =>
    host
      .calls('local:')
      .filter((line) => /^incus (stop|start|snapshot|config)/.test(line) && !line.includes('-f json'));

  it('leaves the instance running where restoring fails, and says how far it came, once, with the log', async () => {
    await changed('fault-restore');
    host.fake([fails('snapshot', 'restore')]);
    const asked = await restore('fault-restore', presses('Restore'), presses('Show Log'));
    const message = asked.at(-1);
    assert.equal(message?.kind, 'error');
    assert.equal(
      message.text,
      'fault-restore was not restored; this step failed: restoring. Incus says: Boom. It runs again.',
    );
    assert.deepEqual(message.options, ['Show Log']);
    assert.equal(asked.length, 2);
    assert.equal(host.window.logShown, 1);
    assert.equal(await statusOf('fault-restore'), 'Running');
    assert.equal(await hasFile('fault-restore'), true);
    assert.match(host.tree(), /fault-restore running · 1 snapshot/);
    assert.deepEqual(host.window.status, []);
  });

  it('starts it again where only the starting failed, once', async () => {
    await changed('fault-start');
    host.fake([{ ...fails('start'), times: 1 }]);
    const [, message] = await restore('fault-start', presses('Restore'), leaves);
    assert.match(
      message?.text ?? '',
      /^fault-start was restored, but a later step failed: starting again\. .* It runs again\.$/,
    );
    assert.equal(await statusOf('fault-start'), 'Running');
    assert.equal(await hasFile('fault-start'), false);
  });

  it('says so where it cannot be started at all', async () => {
    await changed('fault-dead');
    host.fake([fails('start')]);
    const [, message] = await restore('fault-dead', presses('Restore'), leaves);
    assert.match(message?.text ?? '', /It is stopped, and could not be started: start it by hand\.$/);
    assert.match(host.tree(), /fault-dead stopped · 1 snapshot/);
  });

  it('does not touch the instance where the snapshot that is to be made first fails', async () => {
    await changed('fault-first');
    host.fake([fails('snapshot', 'create')]);
    const [, message] = await restore('fault-first', presses(FIRST), leaves);
    assert.match(message?.text ?? '', /was not restored; this step failed: making a snapshot first\./);
    assert.equal(changes().length, 1);
    assert.equal(await hasFile('fault-first'), true);
  });

  it('tells of the snapshot that was made first where a later step fails', async () => {
    await changed('fault-later');
    host.fake([fails('snapshot', 'restore')]);
    const [, message] = await restore('fault-later', presses(FIRST), leaves);
    assert.match(message?.text ?? '', /The snapshot that was made first is there\. It runs again\.$/);
    assert.deepEqual(await host.snapshots('fault-later'), ['base', 'before-restore-1']);
    assert.equal(host.tree(host.instance('fault-later')), 'before-restore-1 AGE\nbase AGE');
  });

  it('leaves it running where the settings cannot be put back', async () => {
    await changed('fault-keep');
    await lab.must('config', 'set', 'fault-keep', 'snapshots.schedule=@daily');
    await host.load();
    host.fake([fails('config', 'set')]);
    const asked = await restore('fault-keep', picks(KEEP), presses('Restore'), leaves);
    assert.match(
      asked.at(-1)?.text ?? '',
      /^fault-keep was restored, but a later step failed: putting the snapshot settings back\. .* It runs again\.$/,
    );
    assert.equal(await statusOf('fault-keep'), 'Running');
  });

  it('asks before it forces an instance that does not shut down, and then restores it', async () => {
    await changed('fault-stubborn', { 'raw.lxc': 'lxc.signal.halt = SIGWINCH' });
    await host.setting('stopTimeout', 1);
    const [, force] = await restore('fault-stubborn', presses('Restore'), leaves);
    assert.equal(force?.text, 'fault-stubborn did not shut down within 1 seconds.');
    assert.equal(force.modal, true);
    assert.match(force.detail, /pulling the plug/);
    assert.equal(await statusOf('fault-stubborn'), 'Running');
    assert.equal(await hasFile('fault-stubborn'), true);

    await restore('fault-stubborn', presses(FIRST), presses('Force Stop'));
    assert.equal(await statusOf('fault-stubborn'), 'Running');
    assert.equal(await hasFile('fault-stubborn'), false);
    assert.deepEqual(await host.snapshots('fault-stubborn'), ['base', 'before-restore-1'], 'it is made once');
    assert.deepEqual(host.window.status, ['fault-stubborn was restored to base.']);
  });

  it('does nothing where the snapshot was made again in the meantime', async () => {
    await changed('fault-remade');
    const remake = async () => {
      await lab.must('snapshot', 'delete', 'fault-remade', 'base');
      await lab.must('snapshot', 'create', 'fault-remade', 'base');
    };
    const [, message] = await restore('fault-remade', presses('Restore', remake), leaves);
    assert.equal(
      message?.text,
      'It was changed by someone else in the meantime. Nothing was done; look again and repeat.',
    );
    assert.equal(await hasFile('fault-remade'), true);
    assert.deepEqual(changes(), []);
  });

  it('does nothing where the dialog would say something else by now', async () => {
    await changed('fault-changed');
    const schedule = () => lab.must('config', 'set', 'fault-changed', 'snapshots.schedule=@daily');
    const [, message] = await restore('fault-changed', presses('Restore', schedule), leaves);
    assert.match(message?.text ?? '', /^It was changed by someone else/);
    const remove = () => lab.must('snapshot', 'delete', 'fault-changed', 'base');
    const [, , gone] = await restore('fault-changed', picks(FULL), presses('Restore', remove), leaves);
    assert.equal(gone?.text, 'The snapshot is gone from the server. Refresh the view.');
    assert.deepEqual(changes(), []);
  });

  it('can be cancelled while it waits for its turn, and not once the instance is stopped', async () => {
    await changed('fault-cancel');
    const { queue } = host.parts;
    const turn = Promise.withResolvers<undefined>();
    const other = queue.run(host.turn('fault-cancel'), undefined, () => turn.promise);
    const waiting = restore('fault-cancel', presses('Restore'));
    const progress = await waitFor('the progress', () => host.window.progress.find(({ title }) => title !== ''));
    assert.deepEqual([progress.title, progress.cancellable], ['Restoring fault-cancel to base', true]);
    progress.cancel();
    await waiting;
    turn.resolve(undefined);
    await other;
    assert.deepEqual(changes(), []);

    const gate = `${lab.folder}/fault-gate`;
    const fake = host.fake([{ prefix: ['snapshot', 'restore'], do: { real: true, delayUntilFile: gate } }]);
    const running = restore('fault-cancel', presses('Restore'));
    const shown = await waitFor('the step', () =>
      host.window.progress.find(({ messages }) => messages.includes('restoring')),
    );
    await waitFor('the call', () => fake.calls().find(({ argv }) => argv[1] === 'restore'));
    shown.cancel();
    host.touch(gate);
    await running;
    assert.equal(await statusOf('fault-cancel'), 'Running');
    assert.equal(await hasFile('fault-cancel'), false);
  });

  it('asks whether the memory is to come back where a snapshot holds it, and runs on where Incus cannot do that', async () => {
    await changed('fault-memory');
    await host.sql("UPDATE instances_snapshots SET stateful = 1 WHERE name = 'base'");
    await host.load();
    await host.treeBecomes(/base AGE · stateful/);
    const [memory, dialog, message] = await restore(
      'fault-memory',
      picks('Resume with its memory'),
      presses('Restore'),
      leaves,
    );
    assert.deepEqual(memory?.options, ['Resume with its memory', 'Start afresh']);
    assert.match(dialog?.detail ?? '', /The instance will be resumed with the memory of the snapshot\./);
    assert.match(message?.text ?? '', /It runs again\.$/);
    assert.equal(await statusOf('fault-memory'), 'Running');
    const [, afresh] = await restore('fault-memory', picks('Start afresh'), presses('Restore'));
    assert.match(afresh?.detail ?? '', /it will be shut down, restored and started again/);
    assert.equal(await hasFile('fault-memory'), false);
    assert.equal(await statusOf('fault-memory'), 'Running');
  });

  it('does not wait for ever', async () => {
    await changed('fault-hang');
    await host.setting('timeouts.change', 2);
    host.fake([{ prefix: ['snapshot', 'restore'], do: { hang: true } }]);
    const [, message] = await restore('fault-hang', presses('Restore'), leaves);
    assert.match(
      message?.text ?? '',
      /The server did not answer in time\. It may still be at work: .* It runs again\.$/,
    );
    assert.equal(await statusOf('fault-hang'), 'Running');
  });
});

describe('a pool that restores only the newest snapshot', () => {
  const host = useHost();
  const { lab } = host;

  /** The pool as a ZFS one would be told; `volume` is the configuration of the root volume. */
  function zfs(volume: Record<string, string>): void {
    const answer = (metadata: unknown) => ({ stdout: JSON.stringify({ type: 'sync', status_code: 200, metadata }) });
    host.fake([
      { match: ['storage-pools/default$'], do: answer({ name: 'default', driver: 'zfs', config: {} }) },
      { match: ['storage-pools/default/volumes/container/'], do: answer({ config: volume }) },
    ]);
  }

  async function twoSnapshots(name: string): Promise<void> {
    await host.container(name, { stopped: true });
    for (const one of ['base', 'newer']) await lab.must('snapshot', 'create', name, one);
    await host.load();
  }

  it('is refused beforehand, and offers an instance of its own instead', async () => {
    await twoSnapshots('pool-keeps');
    zfs({});
    host.later(() => lab.incus('delete', '--force', 'pool-keeps-base'));
    const [refusal, name] = await host.run(
      'restoreSnapshot',
      [host.snapshot('pool-keeps', 'base')],
      presses('Create Instance from Snapshot'),
      confirms,
    );
    assert.match(
      refusal?.text ?? '',
      /^pool-keeps was not restored\. .* delete newer snapshots \(newer\).*zfs\.remove_snapshots/,
    );
    assert.equal(name?.value, 'pool-keeps-base');
    assert.equal((await host.real('pool-keeps-base'))?.status, 'Stopped');
    assert.deepEqual(host.calls('snapshot restore'), []);
  });

  it('names the snapshots that will be deleted, and offers no snapshot first that would not last', async () => {
    await twoSnapshots('pool-drops');
    zfs({ 'zfs.remove_snapshots': 'true' });
    const [dialog] = await host.run('restoreSnapshot', [host.snapshot('pool-drops', 'base')], leaves);
    assert.match(dialog?.detail ?? '', /Newer snapshots that the storage pool will delete: newer\n/);
    assert.match(dialog?.detail ?? '', /A snapshot made first might not survive/);
    assert.deepEqual(dialog?.options, ['Restore']);
  });

  it('asks for a name that is free', async () => {
    await twoSnapshots('pool-name');
    await host.run(
      'createInstanceFromSnapshot',
      [host.snapshot('pool-name', 'base')],
      types('pool-name-2', ['pool-name', 'a.b', '-a', 'a-', '', '123']),
    );
    host.later(() => lab.incus('delete', '--force', 'pool-name-2'));
    assert.equal((await host.real('pool-name-2'))?.status, 'Stopped');
  });
});
