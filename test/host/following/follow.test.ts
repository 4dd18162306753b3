import assert from 'node:assert/strict';
import { waitFor } from '../../lab/process.ts';
import { SNAPSHOT_REMOTE, useHost, WAY } from '../support/host.ts';

/** What is done here is done by a second client, as somebody else would: nobody tells the extension. */
describe('following the servers', () => {
  const host = useHost();
  const { lab } = host;
  const row = (name: string) =>
    host
      .tree()
      .split('\n')
      .map((line) => line.trim())
      .find((line) => line.startsWith(`${name} `));
  const rowBecomes = async (name: string, wanted: RegExp, patience = 10_000) => {
    await waitFor(`the row of ${name}`, () => (wanted.test(row(name) ?? '') ? true : undefined), patience).catch(() => {
      assert.match(row(name) ?? '(no row)', wanted);
    });
  };

  /** Follows as the view does once it is seen. */
  async function follow(): Promise<void> {
    await host.parts.follower.start();
    await host.parts.inventory.settled();
    await rowBecomes('ubuntu-test', /no snapshots/);
    // A client in the middle of connecting misses what happens: the first event that is heard says that it listens.
    await waitFor('the events to be heard', async () => {
      await lab.must('config', 'set', 'ubuntu-test', `user.heard=${performance.now()}`);
      const heard = host.parts.inventory.instance({ remote: 'local', project: 'default', instance: 'ubuntu-test' });
      return heard?.instance.config['user.heard'] === undefined ? undefined : true;
    });
    host.later(() => lab.must('config', 'unset', 'ubuntu-test', 'user.heard'));
  }

  it('shows what somebody else does to snapshots and instances', async () => {
    await host.container('seen', { stopped: true });
    await follow();
    await rowBecomes('seen', /^seen stopped · no snapshots$/);
    await lab.must('snapshot', 'create', 'seen', 's1');
    await host.treeBecomes(/^s1 AGE$/m, host.instance('seen'));
    await lab.must('snapshot', 'rename', 'seen', 's1', 's2');
    await host.treeBecomes(/^s2 AGE$/m, host.instance('seen'));
    const expiry = JSON.stringify({ expires_at: '2099-01-01T00:00:00Z' });
    await lab.must('query', '-X', 'PATCH', '--wait', '-d', expiry, 'local:/1.0/instances/seen/snapshots/s2');
    await host.treeBecomes(/^s2 AGE · expires/m, host.instance('seen'));
    await lab.must('snapshot', 'delete', 'seen', 's2');
    await rowBecomes('seen', /^seen stopped · no snapshots$/);
    await lab.must('start', 'seen');
    await rowBecomes('seen', /^seen running/);
    await lab.must('pause', 'seen');
    await rowBecomes('seen', /^seen frozen/);
    await lab.must('stop', '--force', 'seen');
    await rowBecomes('seen', /^seen stopped/);
    await lab.must('config', 'set', 'seen', 'snapshots.schedule=@daily');
    await rowBecomes('seen', /once a day/);
    await lab.must('rename', 'seen', 'renamed');
    host.later(() => lab.incus('delete', '--force', 'renamed'));
    await rowBecomes('renamed', /^renamed stopped/);
    assert.equal(row('seen'), undefined);
    await lab.must('delete', 'renamed');
    await waitFor('the row to go', () => (row('renamed') === undefined ? true : undefined));
  });

  it('loses none of many snapshots that are made at once', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `many${i}`);
    await host.container('burst', { stopped: true });
    await follow();
    await rowBecomes('burst', /no snapshots/);
    // Incus itself refuses some of so many at once; those must not stay in the tree either.
    await Promise.all(names.map((name) => lab.incus('snapshot', 'create', 'burst', name)));
    const made = await host.snapshots('burst');
    assert.ok(made.length > 0);
    await host.treeBecomes(new RegExp(`^(many\\d+ AGE\n?){${made.length}}$`), host.instance('burst'));
    const shown = host.tree(host.instance('burst')).replaceAll(' AGE', '').split('\n');
    assert.deepEqual(shown.sort(), made.sort());
  });

  it('shows no snapshot that was begun and failed', async () => {
    await host.container('fails', { stopped: true });
    await follow();
    await lab.must('snapshot', 'create', 'fails', 'there');
    await host.treeBecomes(/^there AGE$/m, host.instance('fails'));
    const again = await lab.incus('snapshot', 'create', 'fails', 'there');
    assert.notEqual(again.exitCode, 0);
    await lab.must('config', 'set', 'fails', 'user.after=1');
    await waitFor('the event after it', () => {
      const entry = host.parts.inventory.instance({ remote: 'local', project: 'default', instance: 'fails' });
      return entry?.instance.config['user.after'] === '1' ? true : undefined;
    });
    assert.match(host.tree(host.instance('fails')), /^there AGE$/);
  });

  it('says that a server was killed, and finds it again with all that happened meanwhile', async () => {
    await follow();
    host.later(async () => {
      if ((await lab.snapshotServer.pid()) === undefined) await lab.snapshotServer.start();
    });
    await rowBecomes(SNAPSHOT_REMOTE, / · 0 instances$/);
    await lab.snapshotServer.kill();
    await rowBecomes(SNAPSHOT_REMOTE, / down$/);
    assert.match(row('local') ?? '', / · \d instances$/);
    await lab.snapshotServer.start();
    await host.container('meanwhile', { on: SNAPSHOT_REMOTE, stopped: true });
    await rowBecomes('meanwhile', /^meanwhile stopped · no snapshots$/, 20_000);
    await lab.must('snapshot', 'create', `${SNAPSHOT_REMOTE}:meanwhile`, 's1');
    await rowBecomes('meanwhile', /^meanwhile stopped · 1 snapshot$/, 20_000);
  });

  it('leaves no process behind', async () => {
    await follow();
    const { follower, inventory, transport } = host.parts;
    follower.dispose();
    inventory.dispose();
    await transport.dispose();
    await waitFor('every call to have ended', () => {
      const ends = host.calls(WAY === 'proxy' ? 'remote proxy' : 'incus monitor').length;
      return ends >= 2 ? true : undefined;
    });
  });
});
