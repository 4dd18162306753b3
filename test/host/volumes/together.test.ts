import assert from 'node:assert/strict';
import { leaves, picks, presses } from '../support/dialogs.ts';
import { useHost } from '../support/host.ts';
import { usesVolumes } from '../support/volumes.ts';

describe('restoring an instance that has volumes', () => {
  const host = useHost();
  const { lab } = host;
  const volumes = usesVolumes(host);

  it('says which do not go back, and takes along those that have a snapshot of that name, as the user says', async () => {
    await host.container('both-user');
    const ref = await volumes.make('both-data');
    await volumes.attach(ref, 'both-user');
    const write = (word: string) =>
      host.exec('both-user', 'sh', '-c', `echo ${word} > /data/file; echo ${word} > /root/file`);
    const said = async () =>
      (await Promise.all(['/data/file', '/root/file'].map((path) => volumes.file('both-user', path)))).map((text) =>
        text.trim(),
      );
    await write('good');
    await lab.must('snapshot', 'create', 'both-user', 'alone');
    await lab.must('snapshot', 'create', 'both-user', 'set');
    await lab.must('storage', 'volume', 'snapshot', 'create', 'local:default', 'both-data', 'set');
    await host.load();

    // Of a name that the volume has not: it is only told of.
    await write('bad');
    const [alone] = await host.run('restoreSnapshot', [host.snapshot('both-user', 'alone')], leaves);
    assert.match(alone?.detail ?? '', /Not restored with it, since they are volumes of their own: default\/both-data/);

    const row = host.snapshot('both-user', 'set');
    const [offered, question] = await host.run('restoreSnapshot', [row], picks('default/both-data'), leaves);
    assert.deepEqual([offered?.many, offered?.options], [true, ['default/both-data']]);
    assert.match(
      question?.detail ?? '',
      /Volumes that go back too, to their snapshots of the same name: default\/both-data/,
    );
    assert.deepEqual(await said(), ['bad', 'bad']);

    await host.run('restoreSnapshot', [row], picks(), presses('Restore'));
    assert.deepEqual(await said(), ['bad', 'good'], 'the volume stays where it was not picked');
    await write('bad');
    await host.run('restoreSnapshot', [row], picks('default/both-data'), presses('Snapshot First, Then Restore'));
    assert.deepEqual(await said(), ['good', 'good']);
    assert.deepEqual(await volumes.snapshots(ref), ['set', 'before-restore-1']);
    assert.equal((await host.real('both-user'))?.status, 'Running');

    // Another instance that runs on it would lose its data underneath: then it is not offered.
    await host.container('both-other');
    await volumes.attach(ref, 'both-other');
    await host.load();
    const asked = await host.run('restoreSnapshot', [row], leaves);
    assert.equal(asked.length, 1);
    assert.match(
      asked[0]?.detail ?? '',
      /Not restored with it, since they are volumes of their own: default\/both-data/,
    );
  });
});
