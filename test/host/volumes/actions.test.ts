import assert from 'node:assert/strict';
import type { VolumeSnapshot } from '../../../src/core/model.ts';
import { useHost } from '../support/host.ts';
import { usesVolumes } from '../support/volumes.ts';

describe('snapshots of volumes', () => {
  const host = useHost();
  const { lab } = host;
  const volumes = usesVolumes(host);

  const names = (of: readonly VolumeSnapshot[]) => of.map(({ ref }) => ref.snapshot);

  it('are made, renamed, given an expiry and deleted; the volume is left alone', async () => {
    await host.load();
    const ref = await volumes.make('vol-daily');
    const { volumeActions: actions, volumes: inventory } = host.parts;
    const first = await actions.createSnapshot(ref, { name: 'one' });
    const named = await actions.createSnapshot(ref, {});
    assert.equal(named.ref.snapshot, 'snap0');
    const at = new Date('2031-01-02T03:04:05Z');
    const expiring = await actions.createSnapshot(ref, { name: 'two', expiresAt: at });
    assert.deepEqual(expiring.expiresAt, at);

    const taken = await host.sentence(actions.renameSnapshot(first, 'two'));
    assert.deepEqual(taken, { kind: 'exists', words: 'The name is taken. Nothing was changed; choose another name.' });
    assert.equal((await host.sentence(actions.createSnapshot(ref, { name: 'two' }))).kind, 'exists');
    const renamed = await actions.renameSnapshot(first, 'first');
    await actions.setSnapshotExpiry(renamed, at);
    await actions.setSnapshotExpiry(expiring, 'never');
    const now = await inventory.refreshVolume(ref);
    assert.deepEqual(
      now.snapshots.map((s) => [s.ref.snapshot, s.expiresAt]),
      [
        ['first', at],
        ['snap0', 'never'],
        ['two', 'never'],
      ],
    );

    await actions.deleteSnapshot(named);
    assert.equal((await host.sentence(actions.deleteSnapshot(named))).kind, 'snapshotMissing');
    assert.deepEqual(await volumes.snapshots(ref), ['first', 'two']);
    assert.equal(
      (await host.sentence(actions.createSnapshot({ ...ref, volume: 'vol-none' }, {}))).kind,
      'volumeMissing',
    );
  });

  it('that were made again in the meantime are others', async () => {
    await host.load();
    const ref = await volumes.make('vol-again');
    const { volumeActions: actions } = host.parts;
    const seen = await actions.createSnapshot(ref, { name: 'one' });
    await lab.must('storage', 'volume', 'snapshot', 'delete', 'local:default', 'vol-again', 'one');
    await lab.must('storage', 'volume', 'snapshot', 'create', 'local:default', 'vol-again', 'one');
    assert.equal((await host.sentence(actions.deleteSnapshot(seen))).kind, 'changedMeanwhile');
    assert.deepEqual(await volumes.snapshots(ref), ['one']);
  });

  it('become volumes of their own, here and on the snapshot server, and write over none', async () => {
    await host.load();
    const ref = await volumes.make('vol-source', { 'snapshots.schedule': '@daily', 'user.app': 'shop' });
    const { volumeActions: actions } = host.parts;
    await actions.configure(ref, { 'user.incus-snapshots.note': 'mine' });
    const seen = await actions.createSnapshot(ref, { name: 'one' });
    const here = await actions.copySnapshot(seen, volumes.expect('vol-copy'));
    assert.deepEqual(
      [here.config['snapshots.schedule'], here.config['user.app'], here.config['user.incus-snapshots.note']],
      ['@daily', 'shop', undefined],
    );
    const there = await actions.copySnapshot(seen, volumes.expect('vol-copy', 'incus-snapshot'), 'pull');
    assert.equal(there.config['snapshots.schedule'], undefined, 'it takes no snapshots by itself beside the original');
    assert.equal(there.config['user.app'], 'shop');
    assert.deepEqual(names(there.snapshots), []);
    const again = await host.sentence(actions.copySnapshot(seen, there.ref, 'pull'));
    assert.equal(again.kind, 'exists');
  });

  it('bring a volume back; the instances that use it are stopped for it, and run again', async () => {
    await host.container('vol-user');
    const ref = await volumes.make('vol-used');
    await volumes.attach(ref, 'vol-user');
    await host.exec('vol-user', 'sh', '-c', 'echo good > /data/file');
    await host.load();
    const { volumeActions: actions, volumeRestore: restore } = host.parts;
    const seen = await actions.createSnapshot(ref, { name: 'good' });
    await host.exec('vol-user', 'sh', '-c', 'echo bad > /data/file');
    const agreed = await restore.plan(seen);
    assert.deepEqual(
      agreed.users.map((user) => [user.ref.instance, user.isRunning]),
      [['vol-user', true]],
    );
    const steps: string[] = [];
    const request = { seen, agreed, safetySnapshot: 'before', stop: { timeout: 30 } };
    const outcome = await restore.run(request, new AbortController().signal, (step) => steps.push(step));
    assert.deepEqual(steps, ['check', 'safetySnapshot', 'stop', 'restore', 'start']);
    assert.equal(outcome.failed, undefined);
    assert.deepEqual(
      outcome.users.map(({ runs }) => runs),
      [true],
    );
    assert.equal((await volumes.file('vol-user', '/data/file')).trim(), 'good');
    assert.deepEqual(await volumes.snapshots(ref), ['good', 'before']);

    // Who was not asked about is not stopped.
    const stale = await host.sentence(
      restore.run({ ...request, agreed: { ...agreed, users: [] } }, new AbortController().signal, () => undefined),
    );
    assert.equal(stale.kind, 'changedMeanwhile');
    assert.equal((await host.real('vol-user'))?.status, 'Running');
  });

  if (lab.primary.line !== '7.0') {
    it('(dependent volumes need a server of 7.0: npm test -- --incus 7.0)');
    return;
  }

  it('that go with their instance are not touched by themselves', async () => {
    await host.container('vol-owner', { stopped: true });
    const ref = await volumes.make('vol-dependent');
    await volumes.attach(ref, 'vol-owner', { dependent: 'true' });
    await lab.must('snapshot', 'create', 'vol-owner', 'one');
    await host.load();
    const { volumeActions: actions, volumeRestore: restore, volumes: inventory } = host.parts;
    const { snapshots } = await inventory.refreshVolume(ref);
    assert.deepEqual(names(snapshots), ['one']);
    const [seen] = snapshots;
    assert.ok(seen);
    for (const work of [
      actions.createSnapshot(ref, { name: 'two' }),
      actions.deleteSnapshot(seen),
      actions.renameSnapshot(seen, 'three'),
    ]) {
      assert.equal((await host.sentence(work)).kind, 'dependentVolume');
    }
    assert.equal((await restore.plan(seen)).blockedBy?.reason, 'dependent');
  });
});
