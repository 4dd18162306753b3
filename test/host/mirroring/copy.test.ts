/** One snapshot as an instance of its own on another server, by menu and by drag and drop. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { DragAndDrop } from '../../../src/vscode/tree/dragAndDrop.ts';
import { instanceNode } from '../../../src/vscode/tree/nodes.ts';
import { confirms, leaves, picks } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE } from '../support/host.ts';
import { useMirroring } from '../support/mirroring.ts';

describe('a copy of a snapshot on another server', () => {
  const mirrors = useMirroring();
  const { host } = mirrors;

  async function original(name: string): Promise<void> {
    await mirrors.original(name, { config: { 'boot.autostart': 'true', 'snapshots.schedule': '@yearly' } });
    await mirrors.snapshot(name, 's1', 's2');
  }

  it('is made as the book does it, by the name that is proposed, and does nothing by itself', async () => {
    await original('cp-first');
    await host.load();
    const [asked] = await host.run('copySnapshotToServer', [host.snapshot('cp-first', 's1')], confirms);
    assert.equal(asked?.value, 'cp-first');
    const copy = await mirrors.there('cp-first');
    assert.equal(copy.status, 'Stopped');
    assert.equal(copy.config['boot.autostart'], 'false');
    assert.equal(copy.config['snapshots.schedule'], undefined);
    assert.deepEqual(copy.snapshots ?? [], []);
    assert.equal(
      mirrors.status,
      `Copied to ${SNAPSHOT_REMOTE} as cp-first. It is stopped, and starts only when you start it.`,
    );
    assert.deepEqual(host.revealed, [
      instanceNode({ remote: SNAPSHOT_REMOTE, project: 'default', instance: 'cp-first' }),
    ]);
  });

  it('asks what to do where the name is taken: another name, or mirroring instead', async () => {
    await original('cp-taken');
    await mirrors.begin();
    await mirrors.mirror('cp-taken');
    const row = host.snapshot('cp-taken', 's1');
    const [taken, named] = await host.run('copySnapshotToServer', [row], picks('Another name'), confirms);
    assert.deepEqual(taken?.options, ['Mirror cp-taken instead', 'Another name']);
    assert.equal(named?.value, 'cp-taken-s1');
    const copy = await mirrors.there('cp-taken-s1');
    // What was copied of an original whose mirror is there is nobody's mirror.
    assert.equal(copy.config['user.incus-snapshots.source'], undefined);
    await mirrors.snapshot('cp-taken', 's3');
    await host.run('copySnapshotToServer', [row], picks('Mirror cp-taken instead'));
    await mirrors.isWhole('cp-taken');
    await host.run('copySnapshotToServer', [row], leaves);
    assert.deepEqual(await mirrors.names('cp-taken'), ['cp-taken', 'cp-taken-s1']);
  });

  it('is made by dropping the snapshot onto the server, and an instance dropped there is mirrored', async () => {
    await original('cp-drop');
    await mirrors.begin();
    const controller = new DragAndDrop();
    const drag = async (row: Parameters<DragAndDrop['handleDrag']>[0][number], onto: string) => {
      const data = new vscode.DataTransfer();
      controller.handleDrag([row], data);
      await controller.handleDrop(host.remote(onto), data);
    };
    // Onto its own server, nothing is asked and nothing is done.
    await drag(host.snapshot('cp-drop', 's1'), 'local');
    host.dialogs.script(confirms);
    await drag(host.snapshot('cp-drop', 's1'), SNAPSHOT_REMOTE);
    host.dialogs.check();
    assert.equal((await mirrors.there('cp-drop')).status, 'Stopped');
    await original('cp-drag');
    await host.load();
    await drag(host.instance('cp-drag'), SNAPSHOT_REMOTE);
    await mirrors.isWhole('cp-drag');
  });
});
