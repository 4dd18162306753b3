import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster } from '../../lab/cluster.ts';
import { mustRun, waitFor } from '../../lab/process.ts';
import { Following } from '../support/following.ts';
import { useHost } from '../support/host.ts';

describe('a cluster of three', () => {
  const host = useHost();
  const { lab } = host;
  const following = new Following(host);

  if (process.env['INCUS_TEST_LINE'] !== '7.0') {
    it('(needs a client and servers of 7.0: npm test -- --incus 7.0)');
    return;
  }

  it('does not show the snapshots on a lost member as none, and finds them again', async function () {
    this.timeout(240_000);
    const cluster = await startCluster(lab, 'member');
    host.later(() => Promise.all(cluster.members.map((member) => member.kill())));
    const [, , third] = cluster.members;
    for (const { name } of cluster.members) {
      await cluster.must('init', '--empty', `local:on-${name}`, '--target', name);
      await cluster.must('snapshot', 'create', `local:on-${name}`, 's1');
    }
    const INCUS_CONF = host.conf((_, conf) => {
      for (const file of ['client.crt', 'client.key']) rmSync(join(conf, file));
    });
    const token = await cluster.token('view');
    await mustRun([lab.client, 'remote', 'add', 'cluster', token, '--accept-certificate'], {
      env: lab.environment({ INCUS_CONF }),
    });
    await host.parts.follower.start();
    for (const { name } of cluster.members) {
      await following.rowBecomes(`on-${name}`, new RegExp(`^on-${name} stopped · 1 snapshot · ${name}$`));
    }
    await cluster.must('config', 'set', 'local:on-member2', 'snapshots.schedule=@daily');
    await following.rowBecomes('on-member2', /^on-member2 stopped · 1 snapshot · once a day.* · member2$/);

    await third.kill();
    await host.run('refresh', []);
    await following.rowBecomes('on-member3', /^on-member3 error · snapshots not known · member3$/, 30_000);
    assert.match(following.row('cluster') ?? '', / · 3 instances$/);
    await following.rowBecomes('on-member1', /^on-member1 stopped · 1 snapshot · member1$/);
    const lost = host.instance('on-member3', { on: 'cluster' });
    await host.treeBecomes(/^The snapshots are not known: the server did not tell them$/, lost);

    // Nobody refreshes: no event tells that it is back.
    await third.start();
    await following.rowBecomes('on-member3', /^on-member3 stopped · 1 snapshot · member3$/, 90_000);
    await host.treeBecomes(/^s1 AGE$/, lost);
    // The others list it as soon as it answers, and refuse work for it until they hear its events again.
    await waitFor('the member to be given work', () =>
      cluster.must('snapshot', 'create', 'local:on-member3', 's2').then(
        () => true,
        (error: unknown) => {
          assert.match(String(error), /Missing event connection with target cluster member/);
          return undefined;
        },
      ),
    );
    await following.rowBecomes('on-member3', /^on-member3 stopped · 2 snapshots · member3$/, 30_000);
  });
});
