import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../../lab/process.ts';
import { Following } from '../support/following.ts';
import { beHeld, HELD } from '../support/held.ts';
import { SNAPSHOT_REMOTE, useHost, WAY } from '../support/host.ts';

/** What is done here is done by a second client, as somebody else would: nobody tells the extension. */
describe('following the servers', () => {
  const host = useHost();
  const { lab } = host;
  const following = new Following(host);
  const follow = () => following.start();
  const row = (name: string) => following.row(name);
  const rowBecomes = (name: string, wanted: RegExp, patience?: number) => following.rowBecomes(name, wanted, patience);

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

  it('goes on by the other way when that is wanted: what happens after is heard', async () => {
    await host.container('other-way', { stopped: true });
    await follow();
    host.proxied = !host.proxied;
    host.parts.follower.reconnect();
    const ref = { remote: 'local', project: 'default', instance: 'other-way' };
    const shown = () => host.parts.inventory.instance(ref)?.instance.config['user.x'];
    // A new connection comes with up to two readings of everything; what is shown beyond those was heard.
    for (const value of ['1', '2', '3', '4']) {
      await lab.must('config', 'set', 'other-way', `user.x=${value}`);
      await waitFor(`the change ${value}`, () => (shown() === value ? true : undefined));
    }
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

  it('shows what a copy brings along as made, when it is', async () => {
    await host.container('original', { stopped: true });
    for (const name of ['s1', 's2']) await lab.must('snapshot', 'create', 'original', name);
    await follow();
    host.later(() => lab.incus('delete', '--force', `${SNAPSHOT_REMOTE}:copied`));
    await lab.must('copy', '--quiet', 'original', `${SNAPSHOT_REMOTE}:copied`);
    await rowBecomes('copied', /^copied stopped · 2 snapshots$/);
    await lab.must('snapshot', 'create', 'original', 's3');
    await lab.must('copy', '--quiet', '--refresh', 'original', `${SNAPSHOT_REMOTE}:copied`);
    await host.treeBecomes(/^s3 AGE\ns2 AGE\ns1 AGE$/, host.instance('copied', { on: SNAPSHOT_REMOTE }));
    await following.agree();
  });

  it('shows what a schedule makes as made, when it is', async function () {
    // A schedule is looked at once a minute.
    this.timeout(150_000);
    const config = { 'snapshots.schedule': '* * * * *', 'snapshots.schedule.stopped': 'true' };
    await host.container('scheduled', { stopped: true, config });
    await follow();
    await waitFor(
      'the schedule',
      async () => ((await host.snapshots('scheduled')).length > 0 ? true : undefined),
      90_000,
    );
    await host.treeBecomes(/^snap0 AGE$/m, host.instance('scheduled'));
  });

  it('hears what a client may see that is held to one project, and does not take the rest for gone', async () => {
    await host.container('hidden', { on: SNAPSHOT_REMOTE, stopped: true });
    await beHeld(host);
    await host.parts.follower.start();
    await rowBecomes('held', / · 0 instances · limited access$/);
    await host.treeBecomes(/^None visible: the access of this client may be limited$/, host.remote('held'));
    await host.container('seen-held', { on: SNAPSHOT_REMOTE, project: HELD, stopped: true });
    await rowBecomes('seen-held', /^seen-held stopped · no snapshots$/);
    await lab.must('snapshot', 'create', '--project', HELD, `${SNAPSHOT_REMOTE}:seen-held`, 's1');
    await rowBecomes('seen-held', /^seen-held stopped · 1 snapshot$/);
    assert.equal(row('hidden'), undefined);
  });

  it('ends what runs for a remote that is removed, and nothing else', async () => {
    host.conf(({ remotes }, folder) => {
      remotes['second'] = { ...remotes[SNAPSHOT_REMOTE]! };
      cpSync(join(folder, 'servercerts', `${SNAPSHOT_REMOTE}.crt`), join(folder, 'servercerts', 'second.crt'));
    });
    // Those that come to help where much is asked end by themselves.
    const ends = (remote: string) =>
      host.calls(RUNS).filter((line) => line.includes(` ${remote}:`) && !line.includes('--timeout 5 '));
    await follow();
    await rowBecomes('second', / · \d+ instances?$/);
    host.conf(({ remotes }) => {
      assert.equal(remotes['second'], undefined);
    });
    await host.parts.inventory.refreshRemotes();
    await waitFor('what ran for it to end', () => (ends('second').length > 0 ? true : undefined));
    assert.equal(row('second'), undefined);
    assert.deepEqual([...ends('local'), ...ends(SNAPSHOT_REMOTE)], []);
    await host.container('still', { stopped: true });
    await rowBecomes('still', /^still stopped · no snapshots$/);
  });

  it('leaves no process behind', async () => {
    await follow();
    await waitFor('what runs', () => (programs().length >= 2 ? true : undefined));
    const { follower, inventory, transport } = host.parts;
    follower.dispose();
    inventory.dispose();
    await transport.dispose();
    await waitFor('what runs to end', () => (programs().length === 0 ? true : undefined));
  });
});

/** What runs for as long as servers are followed. */
const RUNS = WAY === 'proxy' ? 'incus remote proxy' : 'incus monitor';

/** The command lines of this process's children that do. */
function programs(): string[] {
  return readdirSync('/proc/self/task')
    .flatMap((thread) => readFileSync(`/proc/self/task/${thread}/children`, 'utf8').trim().split(' '))
    .flatMap((pid) => {
      try {
        return pid === '' ? [] : [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        // It has ended since.
        return [];
      }
    })
    .filter((line) => line.includes(RUNS.slice('incus '.length)));
}
