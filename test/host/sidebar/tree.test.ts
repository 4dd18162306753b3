import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Node } from '../../../src/vscode/tree/nodes.ts';
import { waitFor } from '../../lab/process.ts';
import { types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';
import { draw, text, wordsOf } from '../support/tree.ts';

describe('the tree', () => {
  const host = useHost();
  const iconOf = (node: Node) => (host.item(node).iconPath as vscode.ThemeIcon).id;
  const makeSnapshots = async (instance: string, ...names: string[]) => {
    for (const name of names) await host.lab.must('snapshot', 'create', instance, name);
  };

  it('shows both servers with their versions and instances, and no image server', async () => {
    assert.match(await host.lab.must('remote', 'list', '-f', 'csv'), /simplestreams/);
    await host.load();
    assert.equal(
      host.tree(),
      text`
        local ${await host.version('local')} · 2 instances
          rockylinux-test-9 running · no snapshots
          ubuntu-test running · no snapshots
        ${SNAPSHOT_REMOTE} ${await host.version(SNAPSHOT_REMOTE)} · 0 instances
          No instances
      `,
    );
    assert.equal(iconOf(host.remote('local')), 'server');
    assert.match(host.tooltip(host.remote('local')), /^local\n\nunix:\/\/\n\nIncus [\d.]+ on \S+$/);
    assert.match(host.tooltip(host.remote(SNAPSHOT_REMOTE)), /\n\nhttps:\/\/127\.0\.0\.1:\d+\n\n/);
  });

  it('says how an instance is and when it is snapshotted, in words', async () => {
    const schedules = {
      'tree-a': '@daily',
      'tree-b': '30 6 * * 1-5',
      'tree-c': '@hourly, @startup',
      'tree-d': '@never',
    };
    for (const [name, schedule] of Object.entries(schedules)) {
      await host.container(name, {
        stopped: true,
        config: { 'snapshots.schedule': schedule, 'snapshots.expiry': '2w' },
      });
    }
    await makeSnapshots('tree-a', 'one', 'two');
    await makeSnapshots('tree-b', 'one');
    await host.load();
    assert.equal(
      host.tree(host.remote('local')),
      text`
        rockylinux-test-9 running · no snapshots
        tree-a stopped · 2 snapshots · once a day, at a time that Incus picks
          two AGE · expires in 14 days
          one AGE · expires in 14 days
        tree-b stopped · 1 snapshot · At 06:30, Monday through Friday
          one AGE · expires in 14 days
        tree-c stopped · no snapshots · once an hour, at a time that Incus picks and when it starts
        tree-d stopped · no snapshots
        ubuntu-test running · no snapshots
      `,
    );
    const tooltip = host.tooltip(host.instance('tree-b'));
    assert.match(tooltip, /container · stopped · \w+/);
    assert.match(tooltip, /Schedule: At 06:30, Monday through Friday \(30 6 \* \* 1-5\)/);
    assert.match(tooltip, /Snapshots expire after 2w/);
    assert.match(host.tooltip(host.instance('ubuntu-test')), /No schedule/);
    assert.equal(iconOf(host.instance('ubuntu-test')), 'package');
  });

  it('tells containers from virtual machines and states by icon, and shows what it does not know as it is', async () => {
    const row = (name: string, type: string, status: string) => ({
      name,
      ...{ type, status, location: 'node-2', created_at: '2026-01-02T03:04:05Z', snapshots: [] },
    });
    const rows = ['container', 'virtual-machine'].flatMap((type) =>
      ['Running', 'Stopped', 'Frozen', 'Error', 'Aborting'].map((status) => row(`${type}-${status}`, type, status)),
    );
    const answer = (metadata: unknown) => ({ stdout: JSON.stringify({ type: 'sync', status_code: 200, metadata }) });
    host.fake([
      { match: ['local:/1.0/instances\\?recursion=1'], do: answer(rows) },
      ...rows.map((one) => ({ match: [`local:/1.0/instances/${one.name}`], do: answer(one) })),
    ]);
    await host.load();
    const looks = draw(host.parts.provider, host.remote('local')).map(
      ({ node, item }) => `${wordsOf(item)}: ${iconOf(node)}`,
    );
    assert.deepEqual(looks, [
      'container-Aborting Aborting · no snapshots · node-2: package',
      'container-Error error · no snapshots · node-2: error',
      'container-Frozen frozen · no snapshots · node-2: debug-pause',
      'container-Running running · no snapshots · node-2: package',
      'container-Stopped stopped · no snapshots · node-2: package',
      'virtual-machine-Aborting Aborting · no snapshots · node-2: vm',
      'virtual-machine-Error error · no snapshots · node-2: error',
      'virtual-machine-Frozen frozen · no snapshots · node-2: vm-active',
      'virtual-machine-Running running · no snapshots · node-2: vm-running',
      'virtual-machine-Stopped stopped · no snapshots · node-2: vm',
    ]);
  });

  it('counts an instance that is being worked on as busy', async () => {
    await host.load();
    const { queue } = host.parts;
    const redrawn = host.redraws();
    const row = host.instance('ubuntu-test');
    const work = Promise.withResolvers<undefined>();
    const done = queue.run(host.turn('ubuntu-test'), undefined, () => work.promise);
    assert.equal(iconOf(row), 'loading~spin');
    assert.match(host.item(row).contextValue ?? '', /;busy$/);
    work.resolve(undefined);
    await done;
    await waitFor('the row to be redrawn', () => (redrawn.length > 0 ? true : undefined));
    assert.deepEqual(redrawn, [[row]]);
    assert.equal(iconOf(row), 'package');
  });

  it('shows snapshots newest first, with age, expiry and memory, and exact times in the tooltip', async () => {
    await host.container('tree-e', { stopped: true });
    await makeSnapshots('tree-e', 'young', 'old', 'oldest');
    const set = (name: string, values: string) =>
      host.sql(`UPDATE instances_snapshots SET ${values} WHERE name = '${name}'`);
    await set('old', "creation_date = '2020-01-02 03:04:05+00:00', stateful = 1");
    await set('oldest', "creation_date = '2019-07-02 03:04:05+00:00', expiry_date = '2020-01-01 00:00:00+00:00'");
    await set('young', "expiry_date = '2999-01-01 00:00:00+00:00'");
    host.env({ TZ: 'Europe/Zurich' });
    await host.load();
    const rows = host.tree(host.instance('tree-e')).split('\n');
    assert.match(rows[0] ?? '', /^young AGE · expires in 9\d\d years$/);
    assert.deepEqual(rows.slice(1), ['old AGE · stateful', 'oldest AGE · expired']);
    const old = host.snapshot('tree-e', 'old');
    assert.match(wordsOf(host.item(old)), /AGE/);
    assert.match(String(host.item(old).description), /^\d+ years ago/);
    assert.equal(
      host.tooltip(old),
      text`
        old

        Taken Thursday, January 2, 2020 at 4:04:05 AM GMT+1 (2020-01-02 03:04:05 UTC)

        Never expires

        Holds the memory as well (stateful)
      `,
    );
    assert.match(host.tooltip(host.snapshot('tree-e', 'oldest')), /Expires Wednesday, January 1, 2020 at 1:00:00 AM/);
    assert.deepEqual(
      ['young', 'old'].map((name) => iconOf(host.snapshot('tree-e', name))),
      ['device-camera', 'save-all'],
    );
  });

  it('has rows for projects only where there is more than one', async () => {
    const project = 'tree-p';
    const on = SNAPSHOT_REMOTE;
    const shared = ['-c', 'features.images=false', '-c', 'features.profiles=false'];
    await host.lab.must('project', 'create', `${on}:${project}`, ...shared);
    host.later(() => host.lab.incus('project', 'delete', `${on}:${project}`));
    await host.container('tree-twin', { on, stopped: true });
    await host.container('tree-twin', { on, project, stopped: true });
    await host.lab.must('snapshot', 'create', '--project', project, `${on}:tree-twin`, 'here');
    await host.load();
    assert.equal(
      host.tree(host.remote(on)),
      text`
        default 1 instance
          tree-twin stopped · no snapshots
        tree-p 1 instance
          tree-twin stopped · 1 snapshot
            here AGE
      `,
    );
    const other = host.instance('tree-twin', { on, project });
    await host.run('createSnapshot', [other], types('there'), types(''));
    assert.equal(host.tree(other), 'there AGE\nhere AGE');
    assert.deepEqual(await host.snapshots('tree-twin', { on }), [], 'its twin is another one');
    const twins = [host.instance('tree-twin', { on }), host.instance('tree-twin', { on, project })];
    assert.deepEqual(
      twins.map((row) => host.parts.provider.getParent(row)?.id),
      [`${on}/default`, `${on}/${project}`],
    );

    await host.lab.must('delete', '--project', project, `${on}:tree-twin`);
    await host.lab.must('project', 'delete', `${on}:${project}`);
    await host.run('refresh', [host.remote(on)]);
    await host.treeBecomes(/^tree-twin stopped · no snapshots$/, host.remote(on));
    assert.equal(host.parts.provider.getParent(host.instance('tree-twin', { on }))?.id, on);
  });

  it('keeps its rows over refreshes: their ids hold nothing that changes', async () => {
    await host.container('tree-f', { stopped: true });
    await makeSnapshots('tree-f', 'kept');
    await host.load();
    const before = draw(host.parts.provider).map(({ node }) => node);
    await host.lab.must('config', 'set', 'tree-f', 'snapshots.schedule=@weekly');
    await host.lab.must('start', 'tree-f');
    await host.sql("UPDATE instances_snapshots SET expiry_date = '2999-01-01 00:00:00+00:00' WHERE name = 'kept'");
    await host.load();
    await host.treeBecomes(/tree-f running · 1 snapshot · once a week.*\n {4}kept AGE · expires/);
    const after = draw(host.parts.provider).map(({ node }) => node);
    assert.equal(after.length, before.length);
    after.forEach((node, i) => {
      assert.equal(node, before[i], `${node.id} is another object`);
    });
  });

  it('redraws a snapshot row when its age changes, and no other', async () => {
    await host.container('tree-g', { stopped: true });
    await makeSnapshots('tree-g', 'ages', 'stays');
    await host.sql("UPDATE instances_snapshots SET creation_date = '2020-01-01 00:00:00+00:00' WHERE name = 'stays'");
    await host.load();
    host.tree();
    const redrawn = host.redraws();
    const { provider } = host.parts;
    const real = Date.now;
    const RealDate = globalThis.Date;
    // Only "now" is another one: 61 s later.
    class Later extends RealDate {
      constructor(...args: [] | [string | number | Date]) {
        super(args[0] ?? real() + 61_000);
      }
    }
    globalThis.Date = Later as DateConstructor;
    try {
      provider.setVisible(true);
      await waitFor('the age to be redrawn', () => (redrawn.length > 0 ? true : undefined));
    } finally {
      globalThis.Date = RealDate;
      provider.setVisible(false);
    }
    assert.deepEqual(redrawn, [[host.snapshot('tree-g', 'ages')]]);
  });

  it('says that it is still looking, and each remote and row by itself', async () => {
    await host.container('tree-h', { stopped: true });
    const gate = `${host.lab.folder}/tree-gate`;
    host.fake([
      { match: [`${SNAPSHOT_REMOTE}:/1.0$`], do: { real: true, delayUntilFile: gate } },
      { match: ['instances/tree-h'], do: { real: true, delayUntilFile: gate } },
    ]);
    const loading = host.parts.inventory.refresh();
    const wanted = text`
      local ${await host.version('local')} · 3 instances
        rockylinux-test-9 running · no snapshots
        tree-h stopped
          Loading…
        ubuntu-test running · no snapshots
      ${SNAPSHOT_REMOTE} connecting…
        Loading…
    `;
    await waitFor('the first rows', () => (host.tree() === wanted ? true : undefined)).catch(() => {
      assert.equal(host.tree(), wanted);
    });
    host.touch(gate);
    await loading;
    await host.treeBecomes(/tree-h stopped · no snapshots\n/);
  });
});
