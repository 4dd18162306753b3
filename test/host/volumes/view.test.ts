import assert from 'node:assert/strict';
import { waitFor } from '../../lab/process.ts';
import {
  volumeNode,
  type VolumeNode,
  volumeRemoteNode,
  volumeSnapshotNode,
} from '../../../src/vscode/volumes/nodes.ts';
import { confirms, leaves, picks, presses, types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';
import { wordsOf } from '../support/tree.ts';
import { usesVolumes } from '../support/volumes.ts';

describe('the view of volumes', () => {
  const host = useHost();
  const { lab } = host;
  const volumes = usesVolumes(host);

  /** Opens the view: it reads the volumes and hears of them from then on. */
  async function open(): Promise<void> {
    const { volumes: inventory, volumesProvider, follower } = host.parts;
    await follower.start();
    host.later(inventory.watch());
    volumesProvider.setVisible(true);
    await waitFor('the volumes of both servers', () =>
      ['local', SNAPSHOT_REMOTE].every((remote) => inventory.state(remote).kind === 'ready') ? true : undefined,
    );
  }

  /** The rows below one as indented text, without volumes of other tests. */
  function rows(node: VolumeNode | undefined, of: string, depth = 0): string {
    const { volumesProvider: provider } = host.parts;
    return provider
      .getChildren(node)
      .filter((child) => !('ref' in child) || child.ref.volume.startsWith(of))
      .map((child) => {
        if (node) assert.equal(provider.getParent(child)?.id, node.id);
        const below = rows(child, of, depth + 1);
        const words = `${'  '.repeat(depth)}${wordsOf(provider.getTreeItem(child))}`;
        return below === '' ? words : `${words}\n${below}`;
      })
      .join('\n');
  }

  const shown = (of: string) => rows(volumeRemoteNode('local'), of);
  const becomes = async (of: string, wanted: RegExp) => {
    await waitFor('the view', () => (wanted.test(shown(of)) ? true : undefined), 15_000).catch(() => {
      assert.match(shown(of), wanted);
    });
  };
  const item = (node: VolumeNode) => host.parts.volumesProvider.getTreeItem(node);

  it('shows pools, volumes and who uses them, and hears of all that others do', async () => {
    await host.container('seen-user', { stopped: true });
    await open();
    const ref = await volumes.make('seen-data', { 'snapshots.schedule': '@daily', size: '64MiB' });
    await becomes(
      'seen-',
      /^default btrfs · \d+ volumes?\n  seen-data file system · no snapshots · (?:.* of )?64MiB(?: in use)? · not used · once a day/,
    );
    await volumes.attach(ref, 'seen-user');
    await becomes(
      'seen-',
      /seen-data file system · no snapshots · (?:.* of )?64MiB(?: in use)? · used by seen-user · once a day/,
    );
    await lab.must('storage', 'volume', 'snapshot', 'create', 'local:default', 'seen-data', 'one');
    await becomes('seen-', /1 snapshot .*\n {4}one AGE$/);
    await lab.must('storage', 'volume', 'snapshot', 'rename', 'local:default', 'seen-data', 'one', 'two');
    await becomes('seen-', /1 snapshot .*\n {4}two AGE$/);
    const path = 'local:/1.0/storage-pools/default/volumes/custom/seen-data/snapshots/two';
    await lab.must('query', '-X', 'PATCH', '-d', '{"expires_at":"2099-01-01T00:00:00Z"}', path);
    await becomes('seen-', /\n {4}two AGE · expires in \d+ years$/);
    assert.equal(item(volumeNode(ref)).contextValue, 'volume;free');
    await lab.must('storage', 'volume', 'snapshot', 'delete', 'local:default', 'seen-data', 'two');
    await becomes('seen-', /no snapshots/);
  });

  it('makes, renames, gives an expiry and deletes, each asked first where something is lost', async () => {
    await open();
    const refs = [await volumes.make('work-one'), await volumes.make('work-two')];
    const [one] = refs;
    assert.ok(one);
    await becomes('work-', /work-one .*\n.*work-two/);
    await host.run('createVolumeSnapshot', refs.map(volumeNode), types('first'), types('7d'));
    await becomes('work-', /work-one .*1 snapshot.*\n +first AGE · expires in 7 days\n.*work-two .*1 snapshot/);
    assert.equal(host.window.status.at(-1), '2 snapshots created.');
    await host.run('createVolumeSnapshot', [volumeNode(one)], confirms, confirms);
    assert.deepEqual(await volumes.snapshots(one), ['first', 'work-one-1']);
    await becomes('work-', /work-one-1 AGE/);
    const row = (snapshot: string) => volumeSnapshotNode({ ...one, snapshot });
    await host.run('renameVolumeSnapshot', [row('work-one-1')], types('renamed'));
    await becomes('work-', /renamed AGE/);
    await host.run('setVolumeSnapshotExpiry', [row('renamed')], types('2099-01-01'));
    await becomes('work-', /renamed AGE · expires in \d+ years/);
    const [question] = await host.run('deleteVolumeSnapshot', [row('renamed')], leaves);
    assert.equal(question?.text, 'Delete the snapshot renamed of the volume work-one?');
    assert.match(question.detail, /^local \/ default: work-one\/renamed\n\nThey cannot be brought back/);
    assert.deepEqual(await volumes.snapshots(one), ['first', 'renamed']);
    await host.run('deleteVolumeSnapshot', [row('renamed'), row('first')], presses('Delete'));
    assert.deepEqual(await volumes.snapshots(one), []);
    await becomes('work-', /work-one file system · no snapshots/);
  });

  it('names the instances that are stopped for a restore, and says what became of it', async () => {
    await host.container('back-user');
    const ref = await volumes.make('back-data');
    await volumes.attach(ref, 'back-user');
    await host.exec('back-user', 'sh', '-c', 'echo good > /data/file');
    await lab.must('storage', 'volume', 'snapshot', 'create', 'local:default', 'back-data', 'good');
    await host.exec('back-user', 'sh', '-c', 'echo bad > /data/file');
    await open();
    await becomes('back-', /good AGE/);
    const row = volumeSnapshotNode({ ...ref, snapshot: 'good' });
    const [question] = await host.run('restoreVolumeSnapshot', [row], leaves);
    assert.equal(question?.text, 'Restore the volume back-data to the snapshot good?');
    assert.match(question.detail, /will be shut down for it, and started again: back-user/);
    await host.run('restoreVolumeSnapshot', [row], presses('Snapshot First, Then Restore'));
    assert.equal(host.window.status.at(-1), 'back-data was restored to good.');
    assert.equal((await volumes.file('back-user', '/data/file')).trim(), 'good');
    assert.deepEqual(await volumes.snapshots(ref), ['good', 'before-restore-1']);

    host.fake([{ prefix: ['storage', 'volume', 'snapshot', 'restore'], do: { stderr: 'Error: Boom\n', exitCode: 1 } }]);
    const [, message] = await host.run('restoreVolumeSnapshot', [row], presses('Restore'), leaves);
    assert.equal(
      message?.text,
      'back-data was not restored; this step failed: restoring. Incus says: Boom. Running again: back-user.',
    );
    assert.equal((await host.real('back-user'))?.status, 'Running');
  });

  it('makes volumes of snapshots, here and on the snapshot server', async () => {
    const ref = await volumes.make('copy-data', { 'snapshots.schedule': '@daily' });
    await lab.must('storage', 'volume', 'snapshot', 'create', 'local:default', 'copy-data', 'one');
    await open();
    await becomes('copy-', /one AGE/);
    const row = volumeSnapshotNode({ ...ref, snapshot: 'one' });
    volumes.expect('copy-data-one');
    const [named] = await host.run('createVolumeFromSnapshot', [row], confirms);
    assert.equal(named?.value, 'copy-data-one');
    await becomes('copy-', /copy-data-one file system · no snapshots · not used/);
    volumes.expect('copy-data', SNAPSHOT_REMOTE);
    await host.run('copyVolumeSnapshotToServer', [row], confirms);
    assert.equal(host.window.status.at(-1), `Copied to ${SNAPSHOT_REMOTE} as copy-data. It has no schedule there.`);
    const there = await lab.query<{ config: Record<string, string> }>(
      `${SNAPSHOT_REMOTE}:/1.0/storage-pools/default/volumes/custom/copy-data`,
    );
    assert.equal(there.config['snapshots.schedule'], undefined);
    await waitFor('the copy there', () =>
      rows(volumeRemoteNode(SNAPSHOT_REMOTE), 'copy-').includes('copy-data file system') ? true : undefined,
    );
  });

  it('sets when snapshots are made, with what a volume takes for it, and overwrites nothing unseen', async () => {
    const ref = await volumes.make('plan-data');
    await open();
    await becomes('plan-', /plan-data/);
    const [when] = await host.run(
      'editVolumeSchedule',
      [volumeNode(ref)],
      types('0 6 * * *', ['@startup', '@daily, @never', 'every day']),
      types('day-%d', ['two words']),
      types('2w', ['2x']),
    );
    assert.match(when?.complaints[0] ?? '', /^A volume does not start/);
    const config = async () =>
      (await lab.query<{ config: Record<string, string> }>('local:/1.0/storage-pools/default/volumes/custom/plan-data'))
        .config;
    const { 'snapshots.schedule': schedule, 'snapshots.pattern': pattern, 'snapshots.expiry': expiry } = await config();
    assert.deepEqual([schedule, pattern, expiry], ['0 6 * * *', 'day-%d', '2w']);
    await becomes('plan-', /plan-data .* · not used · At 06:00/);
    const meanwhile = async () => {
      await lab.must('storage', 'volume', 'set', 'local:default', 'plan-data', 'snapshots.expiry=3w');
      return '';
    };
    await host.run('editVolumeSchedule', [volumeNode(ref)], confirms, confirms, meanwhile, leaves);
    assert.equal((await config())['snapshots.expiry'], '3w');
    assert.match(host.dialogs.asked.at(-1)?.text ?? '', /changed by someone else/);
  });

  it('asks from the palette which volume, and which snapshot', async () => {
    const ref = await volumes.make('ask-data');
    await lab.must('storage', 'volume', 'snapshot', 'create', 'local:default', 'ask-data', 'one');
    await host.load();
    await host.run('renameVolumeSnapshot', [], picks('ask-data'), picks('one'), types('two'));
    assert.deepEqual(await volumes.snapshots(ref), ['two']);
  });

  if (lab.primary.line !== '7.0') {
    it('(dependent volumes need a server of 7.0: npm test -- --incus 7.0)');
    return;
  }

  it('shows a dependent volume with its instance, and offers for it no more than Incus does', async () => {
    await host.container('dep-owner', { stopped: true });
    const ref = await volumes.make('dep-data');
    await volumes.attach(ref, 'dep-owner', { dependent: 'true' });
    await lab.must('snapshot', 'create', 'dep-owner', 'one');
    await open();
    await becomes('dep-', /dep-data file system · 1 snapshot · (?:.* in use · )?goes with dep-owner\n +one AGE/);
    assert.equal(item(volumeNode(ref)).contextValue, 'volume;dependent');
    const row = volumeSnapshotNode({ ...ref, snapshot: 'one' });
    assert.equal(item(row).contextValue, 'volumeSnapshot;dependent');
    const [message] = await host.run('restoreVolumeSnapshot', [row], leaves);
    assert.match(
      message?.text ?? '',
      /^dep-data was not restored\. It goes with dep-owner: restore the newest snapshot/,
    );
  });
});
