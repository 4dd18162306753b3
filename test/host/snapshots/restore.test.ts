import assert from 'node:assert/strict';
import { confirms, leaves, picks, presses, types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';

const FULL = 'Disk, configuration and devices';
const KEEP = "Disk, configuration and devices, but keep today's snapshot settings";
const FIRST = 'Snapshot First, Then Restore';

describe('restoring a snapshot', () => {
  const host = useHost();
  const { lab } = host;

  /** Has a snapshot `base` made of it, and then a file in it that the snapshot has not. */
  async function changeAfterSnapshot(name: string): Promise<void> {
    await lab.must('snapshot', 'create', name, 'base');
    await lab.must('file', 'create', `${name}/root/after`);
    await host.load();
  }

  async function hasFile(name: string, path = 'root/after'): Promise<boolean> {
    return (await lab.incus('file', 'pull', `${name}/${path}`, '-')).exitCode === 0;
  }

  const verbs = () =>
    host.calls('local:').flatMap((line) => /^incus (stop|start|snapshot \w+|config set)\b/.exec(line)?.[1] ?? []);

  it('is chapter 8 of the book: snapshot, touch, restore, the file is gone, it runs again, delete', async () => {
    host.later(() => lab.incus('snapshot', 'delete', 'ubuntu-test', 'ubuntu-test-1'));
    await host.load();
    const [name, expiry] = await host.run('createSnapshot', [host.instance('ubuntu-test')], confirms, types(''));
    assert.equal(name?.value, 'ubuntu-test-1');
    assert.equal(expiry?.prompt, 'When does it expire? Empty: never.');
    assert.equal(host.tree(host.instance('ubuntu-test')), 'ubuntu-test-1 AGE');
    assert.deepEqual(host.revealed, [host.snapshot('ubuntu-test', 'ubuntu-test-1')]);

    await host.exec('ubuntu-test', 'touch', '/root/after');
    const [dialog] = await host.run(
      'restoreSnapshot',
      [host.snapshot('ubuntu-test', 'ubuntu-test-1')],
      presses('Restore'),
    );
    assert.equal(dialog?.text, 'Restore ubuntu-test to the snapshot ubuntu-test-1?');
    assert.equal(dialog.modal, true);
    assert.deepEqual(dialog.options, [FIRST, 'Restore']);
    assert.match(
      dialog.detail,
      /^Remote: local, project: default\n\nTaken: .* UTC\)\n\nThe instance is running: it will be shut down, restored and started again. What was written to its disk since then will be lost.$/,
    );
    assert.deepEqual(host.window.progress.at(-1)?.messages, [
      'looking once more',
      'shutting down',
      'restoring',
      'starting again',
    ]);
    assert.deepEqual(host.window.status, [
      'Snapshot ubuntu-test-1 of ubuntu-test created.',
      'ubuntu-test was restored to ubuntu-test-1.',
    ]);
    assert.equal(await hasFile('ubuntu-test'), false);
    assert.equal((await host.real('ubuntu-test'))?.status, 'Running');
    assert.match(host.tree(), /ubuntu-test running · 1 snapshot/);

    await host.run('deleteSnapshot', [host.snapshot('ubuntu-test', 'ubuntu-test-1')], presses('Delete'));
    assert.deepEqual(await host.snapshots('ubuntu-test'), []);
    assert.match(host.tree(), /ubuntu-test running · no snapshots/);
    assert.deepEqual(verbs(), ['snapshot create', 'stop', 'snapshot restore', 'start', 'snapshot delete']);
  });

  it('does nothing when the dialog is left', async () => {
    await host.container('restore-left');
    await changeAfterSnapshot('restore-left');
    await host.run('restoreSnapshot', [host.snapshot('restore-left', 'base')], leaves);
    assert.equal(await hasFile('restore-left'), true);
    assert.deepEqual(verbs(), []);
  });

  it('leaves a stopped instance stopped', async () => {
    await host.container('restore-stopped', { stopped: true });
    await changeAfterSnapshot('restore-stopped');
    const row = host.snapshot('restore-stopped', 'base');
    const [dialog] = await host.run('restoreSnapshot', [row], presses('Restore'));
    assert.match(dialog?.detail ?? '', /The instance is stopped and stays so\./);
    assert.equal(await hasFile('restore-stopped'), false);
    assert.equal((await host.real('restore-stopped'))?.status, 'Stopped');
    assert.deepEqual(verbs(), ['snapshot restore']);
  });

  it('brings back a frozen instance, which runs afterwards', async () => {
    await host.container('restore-frozen');
    await changeAfterSnapshot('restore-frozen');
    await lab.must('pause', 'restore-frozen');
    await host.load();
    assert.match(host.tree(), /restore-frozen frozen/);
    await host.run('restoreSnapshot', [host.snapshot('restore-frozen', 'base')], presses('Restore'));
    assert.equal(await hasFile('restore-frozen'), false);
    assert.equal((await host.real('restore-frozen'))?.status, 'Running');
    assert.deepEqual(verbs(), ['start', 'stop', 'snapshot restore', 'start']);
  });

  it('makes a snapshot first where that is wished, which holds what was lost', async () => {
    await host.container('restore-first', { stopped: true });
    await changeAfterSnapshot('restore-first');
    await host.run('restoreSnapshot', [host.snapshot('restore-first', 'base')], presses(FIRST));
    assert.equal(await hasFile('restore-first'), false);
    assert.deepEqual(await host.snapshots('restore-first'), ['base', 'before-restore-1']);
    assert.equal(host.tree(host.instance('restore-first')), 'before-restore-1 AGE\nbase AGE');
    await host.run('restoreSnapshot', [host.snapshot('restore-first', 'before-restore-1')], presses('Restore'));
    assert.equal(await hasFile('restore-first'), true);
  });

  it("keeps today's snapshot settings where that is wished", async () => {
    await host.container('restore-keep', { stopped: true, config: { 'snapshots.expiry': '1w' } });
    await changeAfterSnapshot('restore-keep');
    await lab.must(
      'config',
      'set',
      'restore-keep',
      'snapshots.schedule=@daily',
      'snapshots.expiry=',
      'user.note=later',
    );
    await host.load();
    const row = host.snapshot('restore-keep', 'base');
    const [way, dialog] = await host.run('restoreSnapshot', [row], picks(KEEP), presses('Restore'));
    assert.deepEqual(way?.options.slice(0, 2), [KEEP, FULL]);
    assert.match(dialog?.detail ?? '', /Settings that change:\nuser.note: "later" will be removed(\n\n|$)/);
    assert.match(dialog?.detail ?? '', /Kept as they are today: snapshots.expiry, snapshots.schedule/);
    const { config } = (await host.real('restore-keep'))!;
    assert.equal(config['snapshots.schedule'], '@daily');
    assert.equal(config['snapshots.expiry'] ?? '', '');
    assert.equal(config['user.note'], undefined);
    assert.equal(await hasFile('restore-keep'), false);
    await host.treeBecomes(/restore-keep stopped · 1 snapshot · once a day/);
  });

  it('says which settings, devices and description it reverts, and which volumes it leaves alone', async () => {
    await host.container('restore-config', { stopped: true, config: { 'user.note': 'old' } });
    await lab.must('storage', 'volume', 'create', 'default', 'restore-volume');
    host.later(() => lab.incus('storage', 'volume', 'delete', 'default', 'restore-volume'));
    host.later(() => lab.incus('delete', 'restore-config'));
    await changeAfterSnapshot('restore-config');
    await lab.must(
      'config',
      'set',
      'restore-config',
      'snapshots.schedule=@daily',
      'user.note=new',
      `user.long=${'x'.repeat(99)}`,
    );
    await lab.must(
      'config',
      'device',
      'add',
      'restore-config',
      'data',
      'disk',
      'pool=default',
      'source=restore-volume',
      'path=/data',
    );
    await lab.must('query', '-X', 'PATCH', '-d', '{"description":"mine"}', '/1.0/instances/restore-config');
    await host.load();
    const [, dialog] = await host.run(
      'restoreSnapshot',
      [host.snapshot('restore-config', 'base')],
      picks(FULL),
      presses('Restore'),
    );
    const [, , , settings, volumes] = dialog?.detail.split('\n\n') ?? [];
    assert.deepEqual(settings?.split('\n'), [
      'Settings that change:',
      'snapshots.schedule: "@daily" will be removed',
      `user.long: ${'x'.repeat(60)}… will be removed`,
      'user.note: "new" → "old"',
      'Device data: will be detached',
      'Description: "mine" → ""',
    ]);
    assert.equal(volumes, 'Not restored with it, since they are volumes of their own: default/restore-volume');
    const { config, devices, description } = (await host.real('restore-config'))!;
    assert.equal(config['snapshots.schedule'], undefined);
    assert.equal(config['user.note'], 'old');
    assert.deepEqual(devices, {});
    assert.equal(description, '');
  });

  for (const on of ['local', SNAPSHOT_REMOTE]) {
    it(`offers the disk alone where the server can do that, and leaves the settings then (${on})`, async () => {
      await host.container('restore-disk', { on, stopped: true });
      await lab.must('snapshot', 'create', `${on}:restore-disk`, 'base');
      await lab.must('file', 'create', `${on}:restore-disk/root/after`);
      await lab.must('config', 'set', `${on}:restore-disk`, 'user.note=later');
      await host.load();
      const { api_extensions: known } = await lab.query<{ api_extensions: string[] }>(`${on}:/1.0`);
      const row = host.snapshot('restore-disk', 'base', { on });
      if (!known.includes('instance_snapshot_disk_only_restore')) {
        const [dialog] = await host.run('restoreSnapshot', [row], leaves);
        assert.equal(dialog?.kind, 'warning', 'there is no choice');
        return;
      }
      const [way, dialog] = await host.run('restoreSnapshot', [row], picks('Disk only'), presses('Restore'));
      assert.deepEqual(way?.options, [FULL, 'Disk only']);
      assert.doesNotMatch(dialog?.detail ?? '', /Settings that change/);
      assert.equal(await hasFile(`${on}:restore-disk`), false);
      assert.equal((await host.real('restore-disk', { on }))?.config['user.note'], 'later');
    });
  }

  it('is chosen in the palette by instance and snapshot', async () => {
    await host.container('restore-palette', { stopped: true });
    await changeAfterSnapshot('restore-palette');
    await lab.must('snapshot', 'create', 'restore-palette', 'newer');
    await host.load();
    const [which, snapshot] = await host.run(
      'restoreSnapshot',
      [],
      picks('restore-palette'),
      picks('base'),
      presses('Restore'),
    );
    assert.deepEqual(which?.options, ['restore-palette'], 'those without snapshots are left out');
    assert.deepEqual(which.optionDetails, ['local | stopped · 2 snapshots']);
    assert.deepEqual(snapshot?.options, ['newer', 'base']);
    assert.equal(await hasFile('restore-palette'), false);
    assert.deepEqual(await host.snapshots('restore-palette'), ['base', 'newer'], 'a pool that keeps newer ones');
  });
});
