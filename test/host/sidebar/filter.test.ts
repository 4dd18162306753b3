import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { followFilter } from '../../../src/vscode/contextKeys.ts';
import { Arrangement } from '../../../src/vscode/tree/arrangement.ts';
import { waitFor } from '../../lab/process.ts';
import { picks } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';
import { text } from '../support/tree.ts';

describe('a filter on the tree', () => {
  const host = useHost();
  const view: Pick<vscode.TreeView<unknown>, 'message'> = {};
  const follow = () => {
    const following = followFilter(view, host.parts.inventory, host.parts.arrangement);
    host.later(() => following.dispose());
  };
  const local = () => host.tree(host.remote('local'));

  async function fleet(): Promise<void> {
    await host.container('filter-web-1', { stopped: true, config: { 'user.team': 'ops' } });
    await host.container('filter-web-2', { stopped: true });
    await host.lab.must('snapshot', 'create', 'filter-web-2', 'one');
    follow();
    await host.load();
  }

  it('shows what it does while it is typed, and says that it is on', async () => {
    await fleet();
    const all = host.tree();
    const done = host.run('filter', []);
    const box = await host.dialogs.box();
    assert.deepEqual(box.lines().slice(0, 2), [
      'All instances 4 of 4 instances · Enter keeps it',
      'Words that can follow',
    ]);
    box.type('web');
    assert.equal(
      host.tree(),
      text`
        local ${await host.version('local')} · 2 of 4 instances
          filter-web-1 stopped · no snapshots
          filter-web-2 stopped · 1 snapshot
            one AGE
        ${SNAPSHOT_REMOTE} ${await host.version(SNAPSHOT_REMOTE)} · 0 instances
          No instances
      `,
    );
    assert.equal(view.message, '2 of 4 instances: web');
    box.type('web no-');
    box.enter('no-snapshots');
    assert.equal(box.value, 'web no-snapshots ');
    assert.equal(local(), 'filter-web-1 stopped · no snapshots');
    box.type('web no-snapshots running');
    assert.equal(local(), 'No instance fits the filter');
    assert.equal(box.lines()[0], 'web no-snapshots running 0 of 4 instances · Enter keeps it');

    box.type('user.team=ops');
    box.enter();
    await done;
    assert.equal(local(), 'filter-web-1 stopped · no snapshots');
    assert.equal(view.message, '1 of 4 instances: user.team=ops');
    assert.equal(host.window.ran.at(-1), 'setContext incusSnapshots.filtered true');
    await host.run('clearFilter', []);
    assert.equal(view.message, '');
    assert.equal(host.window.ran.at(-1), 'setContext incusSnapshots.filtered false');
    assert.equal(host.tree(), all);
  });

  it('goes back to what it was by Escape, and is not kept while a word says nothing', async () => {
    await fleet();
    host.parts.arrangement.setFilter('web');
    const done = host.run('filter', []);
    const box = await host.dialogs.box();
    assert.equal(box.value, 'web');
    box.type('team:ops');
    assert.equal(box.lines()[0], 'team:ops team:ops is not known: name:, state: and user. keys are');
    box.enter();
    assert.ok(box.isOpen);
    box.type('ubuntu');
    assert.match(local(), /^ubuntu-test running[^\n]*$/);
    box.escape();
    await done;
    assert.equal(host.parts.arrangement.text, 'web');
    assert.equal(view.message, '2 of 4 instances: web');
  });

  it('holds for what comes, changes and goes', async () => {
    await fleet();
    await host.parts.follower.start();
    host.parts.arrangement.setFilter('filter-web stopped');
    assert.match(local(), /^filter-web-1 .*\nfilter-web-2 /);
    await host.container('filter-web-3', { stopped: true });
    await host.treeBecomes(/^filter-web-1 .*\nfilter-web-2 (.*\n)* {2}one AGE\nfilter-web-3 /, host.remote('local'));
    await host.container('filter-other', { stopped: true });
    await waitFor('the message', () => (view.message === '3 of 6 instances: filter-web stopped' ? true : undefined));
    await host.lab.must('start', 'filter-web-1');
    await host.treeBecomes(/^filter-web-2 (.*\n)* {2}one AGE\nfilter-web-3 [^\n]*$/, host.remote('local'));
    assert.equal(host.parts.provider.isShown(host.instance('filter-web-1')), false);
    assert.match(host.tree(), /^local .* · 2 of 6 instances\n/);
  });

  it('sorts by the newest snapshot, and the order is there again in the next window', async () => {
    const kept = new Map<string, unknown>();
    const memory = {
      get: (key: string) => kept.get(key),
      update: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
    } as ConstructorParameters<typeof Arrangement>[0];
    assert.equal(new Arrangement(memory).order, 'name');
    await new Arrangement(memory).setOrder('state');
    assert.equal(new Arrangement(memory).order, 'state');

    await fleet();
    await host.lab.must('snapshot', 'create', 'filter-web-1', 'newer');
    await host.load();
    const names = () => [...local().matchAll(/^[\w-]+/gm)].map(([name]) => name);
    await host.treeBecomes(/newer AGE/);
    assert.deepEqual(names(), ['filter-web-1', 'filter-web-2', 'rockylinux-test-9', 'ubuntu-test']);
    const [question] = await host.run('sort', [], picks('By the newest snapshot, newest first'));
    assert.deepEqual(question?.optionDetails, ['in use', '', '', '']);
    assert.deepEqual(names(), ['filter-web-1', 'filter-web-2', 'rockylinux-test-9', 'ubuntu-test']);
    await host.run('sort', [], picks('By the newest snapshot, what has waited longest first'));
    assert.deepEqual(names(), ['rockylinux-test-9', 'ubuntu-test', 'filter-web-2', 'filter-web-1']);
    await host.run('sort', [], picks('By state, what is wrong first'));
    assert.deepEqual(names(), ['rockylinux-test-9', 'ubuntu-test', 'filter-web-1', 'filter-web-2']);
  });
});

describe('the tree, redrawn', () => {
  const host = useHost();
  const { lab } = host;

  it('is so where rows look otherwise, and nowhere else', async () => {
    await host.container('redraw-a', { stopped: true });
    await host.container('redraw-b', { stopped: true });
    await host.load();
    host.tree();
    const { inventory, provider } = host.parts;
    const redrawn = host.redraws();
    const after = async (work: () => Promise<unknown>) => {
      redrawn.length = 0;
      await work();
      provider.flush();
      const rows = redrawn.flat();
      host.tree();
      return rows;
    };
    const row = host.instance('redraw-a');

    assert.deepEqual(await after(() => inventory.refresh()), [], 'nothing has changed');
    await lab.must('config', 'set', 'redraw-a', 'snapshots.schedule=@daily');
    assert.deepEqual(await after(() => inventory.refreshRemote('local')), [row], 'one row says something else');
    await lab.must('snapshot', 'create', 'redraw-a', 'one');
    const ref = { remote: 'local', project: 'default', instance: 'redraw-a' };
    assert.deepEqual(await after(() => inventory.refreshInstance(ref)), [row], 'a row has one more below it');
    await host.container('redraw-c', { stopped: true });
    const added = await after(() => inventory.refreshRemote('local'));
    assert.deepEqual(added, [host.remote('local')], 'there is one more row');
    await waitFor('its snapshots', () =>
      inventory.instance({ ...ref, instance: 'redraw-c' })?.details === 'read' ? true : undefined,
    );
    await after(() => Promise.resolve());

    host.parts.arrangement.setFilter('redraw-a');
    provider.flush();
    host.tree();
    await lab.must('config', 'set', 'redraw-b', 'snapshots.schedule=@daily');
    const hidden = await after(() => inventory.refreshInstance({ ...ref, instance: 'redraw-b' }));
    assert.deepEqual(hidden, [], 'what the filter hides');
    host.parts.arrangement.setFilter('redraw');
    assert.deepEqual(await after(() => Promise.resolve()), [host.remote('local')], 'the filter shows more rows');
  });
});
