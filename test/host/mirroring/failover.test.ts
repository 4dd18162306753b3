/** The day on which the snapshot server is needed, and the way back from it. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../../lab/process.ts';
import { leaves, presses, types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE } from '../support/host.ts';
import { useMirroring } from '../support/mirroring.ts';

const there = { on: SNAPSHOT_REMOTE };
const BACK = 'Go Back';
const PAIR = { from: 'local', to: SNAPSHOT_REMOTE, mode: 'pull' };
const BACKWARDS = { from: SNAPSHOT_REMOTE, to: 'local', mode: 'push' };

describe('a failover', () => {
  const mirrors = useMirroring();
  const { host } = mirrors;
  const { lab } = host;

  /** A running instance with a file and a snapshot, and its mirror; the view is open. */
  async function mirrored(name: string, config: Record<string, string> = {}): Promise<void> {
    await mirrors.original(name, { stopped: false, config });
    mirrors.forget(name, 'local');
    await write('local', name, 'before');
    await mirrors.snapshot(name, 's1');
    await mirrors.begin();
    await mirrors.mirror(name);
    await mirrors.isWhole(name);
  }

  /** Writes a text into the file `said` of an instance, wherever it is and whether or not it runs. */
  async function write(remote: string, name: string, text: string): Promise<void> {
    const folder = mkdtempSync(join(lab.folder, 'write-'));
    writeFileSync(join(folder, 'said'), text);
    await lab.must('file', 'push', '--quiet', join(folder, 'said'), `${remote}:${name}/root/said`);
    rmSync(folder, { recursive: true });
  }

  /** What stands in that file; Incus cannot open it for some seconds after an instance was renamed. */
  async function read(remote: string, name: string): Promise<string> {
    const folder = mkdtempSync(join(lab.folder, 'read-'));
    const to = join(folder, 'said');
    await waitFor(`the file in ${name}`, async () => {
      const { exitCode } = await lab.incus('file', 'pull', '--quiet', `${remote}:${name}/root/said`, to);
      return exitCode === 0 || undefined;
    });
    const text = readFileSync(to, 'utf8');
    rmSync(folder, { recursive: true });
    return text;
  }

  const failOver = (name: string) => host.run('failOver', [host.instance(name, there)], presses('Fail Over'));

  it('stops the original, and starts the mirror as the original was', async () => {
    await mirrored('f-over', { 'boot.autostart': 'true', 'snapshots.schedule': '@yearly' });
    const [asked] = await failOver('f-over');
    assert.match(asked?.detail ?? '', /The original on local runs: it is stopped first, and stays stopped\./);
    const original = await host.real('f-over');
    assert.equal(original?.status, 'Stopped');
    assert.equal(original.config['boot.autostart'], 'false');
    const mirror = await mirrors.there('f-over');
    assert.equal(mirror.status, 'Running');
    assert.equal(mirror.config['boot.autostart'], 'true');
    assert.equal(mirror.config['snapshots.schedule'], '@yearly');
    assert.equal(mirror.config['security.protection.delete'], undefined);
    assert.equal(await read(SNAPSHOT_REMOTE, 'f-over'), 'before');
    assert.equal(mirrors.status, `f-over runs on ${SNAPSHOT_REMOTE} in place of its original.`);
    await host.treeBecomes(/f-over running · .*stands in for its original/, host.remote(SNAPSHOT_REMOTE));
  });

  it('is in no run’s way: what happens in it is not written over, even when it is stopped', async () => {
    await mirrored('f-safe');
    await failOver('f-safe');
    await write(SNAPSHOT_REMOTE, 'f-safe', 'since');
    await lab.must('stop', '--force', `${SNAPSHOT_REMOTE}:f-safe`);
    await host.load();
    await mirrors.mirror('f-safe', leaves);
    assert.equal(await read(SNAPSHOT_REMOTE, 'f-safe'), 'since');
  });

  it('asks by name where the original cannot be asked, since both may run then', async () => {
    await mirrored('f-blind');
    host.later(() => lab.primary.start());
    await lab.primary.stop();
    const blind = host.run('failOver', [host.instance('f-blind', there)], types('f-blind', ['f-blin', '']));
    const [asked] = await blind;
    assert.match(asked?.prompt ?? '', /The original \(local: f-blind\) cannot be reached: it may still run/);
    assert.equal((await mirrors.there('f-blind')).status, 'Running');
  });

  it('changes nothing where the user leaves', async () => {
    await mirrored('f-left');
    await host.run('failOver', [host.instance('f-left', there)], leaves);
    assert.equal((await host.real('f-left'))?.status, 'Running');
    await mirrors.isWhole('f-left');
  });

  it('goes back with what happened meanwhile, and keeps what the original had', async () => {
    await mirrored('f-back', { 'boot.autostart': 'true', 'snapshots.schedule': '@yearly' });
    // What came by several runs is another thing to btrfs than what came by one.
    await mirrors.snapshot('f-back', 's1b');
    const expiry = '2099-01-01T00:00:00Z';
    await expires('f-back', 's1b', expiry);
    await host.load();
    await mirrors.mirror('f-back');
    await failOver('f-back');
    await write(SNAPSHOT_REMOTE, 'f-back', 'since');
    await lab.must('snapshot', 'create', `${SNAPSHOT_REMOTE}:f-back`, 's2');
    await write('local', 'f-back', 'lost otherwise');
    await lab.must('snapshot', 'create', 'local:f-back', 'only-here');
    await host.load();
    const [asked] = await host.run('failBack', [host.instance('f-back', there)], presses(BACK));
    assert.match(asked?.detail ?? '', /it stays beside as f-back-before-failback, stopped/);
    const original = await host.real('f-back');
    assert.equal(original?.status, 'Running');
    assert.equal(original.config['boot.autostart'], 'true');
    assert.equal(original.config['snapshots.schedule'], '@yearly');
    assert.deepEqual(
      Object.keys(original.config).filter(
        (key) => key.startsWith('user.incus-snapshots.') || key.includes('protection'),
      ),
      [],
    );
    assert.equal(await read('local', 'f-back'), 'since');
    assert.deepEqual(await host.snapshots('f-back'), ['s1', 's1b', 's2', 'before-failback-1']);
    assert.equal(original.snapshots?.find(({ name }) => name === 's1b')?.expires_at, expiry);
    // What the original had is there, beside it.
    assert.equal(await read('local', 'f-back-before-failback'), 'lost otherwise');
    assert.deepEqual(await host.snapshots('f-back-before-failback'), ['s1', 's1b', 'only-here', 'before-failback-1']);
    assert.equal((await host.real('f-back-before-failback'))?.status, 'Stopped');
    assert.equal(mirrors.status, 'f-back runs on local again. What was there is f-back-before-failback.');
    await mirrors.isWhole('f-back');
    assert.equal(await read(SNAPSHOT_REMOTE, 'f-back'), 'since');
    await mirrorsOn('f-back', await read(SNAPSHOT_REMOTE, 'f-back'));
  });

  /** Has a snapshot of an original expire. */
  async function expires(name: string, snapshot: string, at: string): Promise<void> {
    const path = `local:/1.0/instances/${name}/snapshots/${snapshot}`;
    await lab.must('query', '--wait', '-X', 'PATCH', '-d', JSON.stringify({ expires_at: at }), path);
  }

  /** Mirrors what has come back, twice: the old mirror is kept under another name, with all it had. */
  async function mirrorsOn(name: string, held: string): Promise<void> {
    const before = await host.snapshots(name, there);
    await write('local', name, 'after the way back');
    await mirrors.snapshot(name, 's8');
    await host.load();
    assert.match(mirrors.view(), new RegExp(`${name} to send: 1 · mirrored AGE · the next run sends it whole`));
    const [plan] = await mirrors.mirror(name, presses('Mirror Anew'));
    assert.match(
      plan?.detail ?? '',
      new RegExp(`It is kept there as ${name}-kept-mirror, and the instance is sent whole`),
    );
    assert.match(mirrors.status, new RegExp(`deleted: 0\\. What was there is ${name}-kept-mirror\\.`));
    assert.deepEqual(await mirrors.names(name), [name, `${name}-kept-mirror`]);
    assert.deepEqual(await host.snapshots(`${name}-kept-mirror`, there), before);
    assert.equal(await read(SNAPSHOT_REMOTE, `${name}-kept-mirror`), held);
    await mirrors.isWhole(name);
    await mirrors.snapshot(name, 's9');
    await host.load();
    assert.deepEqual(await mirrors.mirror(name), []);
    await mirrors.isWhole(name);
    assert.equal(await read(SNAPSHOT_REMOTE, name), 'after the way back');
  }

  it('goes back to where the original is gone, and makes it anew', async () => {
    await mirrored('f-anew');
    await failOver('f-anew');
    await lab.must('delete', '--force', 'local:f-anew');
    await host.load();
    await host.run('failBack', [host.instance('f-anew', there)], presses(BACK));
    assert.equal((await host.real('f-anew'))?.status, 'Running');
    assert.equal(await read('local', 'f-anew'), 'before');
    assert.equal(await host.real('f-anew-incoming'), undefined);
    await mirrors.isWhole('f-anew');
  });

  it('does a way back again that broke off in the middle', async () => {
    await mirrored('f-broken');
    await failOver('f-broken');
    await write(SNAPSHOT_REMOTE, 'f-broken', 'since');
    await lab.must('snapshot', 'create', `${SNAPSHOT_REMOTE}:f-broken`, 's2');
    await host.load();
    const fake = host.fake([
      { match: ['^copy .*--refresh'], do: { stderr: 'Error: websocket: close 1006', exitCode: 1 } },
    ]);
    await host.run('failBack', [host.instance('f-broken', there)], presses(BACK), leaves);
    // What stood in serves again, and the original has its name and all it had.
    assert.equal((await mirrors.there('f-broken')).status, 'Running');
    assert.deepEqual(await host.snapshots('f-broken'), ['s1', 'before-failback-1']);
    assert.equal(await read('local', 'f-broken'), 'before');
    assert.equal(await host.real('f-broken-before-failback'), undefined);
    fake.play([]);
    await host.load();
    await host.run('failBack', [host.instance('f-broken', there)], presses(BACK));
    assert.equal(await read('local', 'f-broken'), 'since');
    assert.equal((await host.real('f-broken'))?.status, 'Running');
    await mirrors.isWhole('f-broken');
  });

  it('as a migration takes along what happened until the stop, and leaves the original stopped', async () => {
    await mirrors.original('f-move', { stopped: false, config: { 'boot.autostart': 'true' } });
    mirrors.forget('f-move', 'local');
    await mirrors.snapshot('f-move', 's1');
    await write('local', 'f-move', 'to the last');
    await mirrors.begin([PAIR, BACKWARDS]);
    await host.run('migrateInstance', [host.instance('f-move')], presses('Migrate'));
    assert.equal(await read(SNAPSHOT_REMOTE, 'f-move'), 'to the last');
    const moved = await mirrors.there('f-move');
    assert.equal(moved.status, 'Running');
    assert.equal(moved.config['boot.autostart'], 'true');
    const original = await host.real('f-move');
    assert.equal(original?.status, 'Stopped');
    assert.equal(original.config['boot.autostart'], 'false');
    // From there on it can be mirrored back, where the original still is: that one is kept.
    mirrors.forget('f-move', 'local');
    await host.load();
    await host.run('mirrorInstance', [host.instance('f-move', there)], types('f-move'), presses('Mirror Anew'));
    assert.equal(await read('local', 'f-move-kept-mirror'), 'to the last');
    await lab.must('snapshot', 'create', `${SNAPSHOT_REMOTE}:f-move`, 's2');
    await host.load();
    assert.deepEqual(await host.run('mirrorInstance', [host.instance('f-move', there)]), []);
    assert.deepEqual(await host.snapshots('f-move'), ['s1', 's2']);
  });
});
