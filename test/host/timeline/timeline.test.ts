import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { fromHost } from '../../../src/protocol/contract.ts';
import { timelineContract, type TimelineRow, type ToTimeline } from '../../../src/protocol/timeline.ts';
import { remoteNode } from '../../../src/vscode/tree/nodes.ts';
import { presses, types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';
import { waitFor } from '../../lab/process.ts';

describe('the timeline', () => {
  const host = useHost();
  const { lab } = host;

  /** The rows as the page has them: what was sent, one message over the other. */
  function rows(): TimelineRow[] {
    return host.window.webview.messages<ToTimeline>().reduce<TimelineRow[]>((before, message) => {
      if (message.kind === 'all') return message.rows;
      return before.map((row) => message.rows.find(({ id }) => id === row.id) ?? row);
    }, []);
  }
  const row = (instance: string) => rows().find((one) => one.instance === instance);
  const rowBecomes = (instance: string, fits: (row: TimelineRow) => boolean) =>
    waitFor(`the row of ${instance}`, () => {
      const found = row(instance);
      return found && fits(found) ? found : undefined;
    });
  const names = ({ snapshots }: TimelineRow) => snapshots.map(({ name }) => name).join();

  it('shows a selection, a remote or everything, each in a panel of its own', async () => {
    await host.container('line-one', { stopped: true });
    await host.load();
    await host.run('showTimeline', [host.instance('line-one')]);
    const first = host.window.webview;
    assert.deepEqual([first.name, first.title], ['timeline', 'Timeline of line-one']);
    first.ready();
    assert.deepEqual(
      rows().map(({ instance }) => instance),
      ['line-one'],
    );
    await host.run('showTimeline', [host.instance('line-one')]);
    assert.deepEqual([host.window.webviews.length, first.reveals], [1, 1]);

    await host.run('showTimeline', [remoteNode(SNAPSHOT_REMOTE)]);
    host.window.webview.ready();
    assert.equal(host.window.webview.title, `Timeline of ${SNAPSHOT_REMOTE}`);
    assert.deepEqual(rows(), []);
    await host.run('showTimeline', []);
    host.window.webview.ready();
    assert.deepEqual(
      rows().map(({ instance }) => instance),
      ['line-one', 'rockylinux-test-9', 'ubuntu-test'],
    );
    for (const frame of host.window.webviews.flatMap(({ sent }) => sent)) {
      assert.ok(fromHost(timelineContract).safeParse(frame).success);
    }
  });

  it('tells snapshots apart, and what a schedule will make', async () => {
    await host.container('line-kinds', {
      config: { 'snapshots.schedule': '0 6 * * *', 'snapshots.expiry': '3d' },
    });
    await lab.must('snapshot', 'create', 'line-kinds');
    await lab.must('snapshot', 'create', 'line-kinds', 'by-hand');
    await host.load();
    await host.run('pinSnapshot', [host.snapshot('line-kinds', 'by-hand')]);
    await host.setting('timeZones', { local: 'Asia/Kathmandu' });
    await host.run('showTimeline', [host.instance('line-kinds')]);
    host.window.webview.ready();
    const found = await rowBecomes('line-kinds', ({ known }) => known === 'all');
    const [made, kept] = found.snapshots;
    assert.deepEqual([made?.name, made?.origin, made?.pinned], ['snap0', 'schedule', false]);
    assert.ok(Math.abs((made?.expires ?? 0) - (made?.at ?? 0) - 3 * 86_400_000) < 2000);
    assert.deepEqual([kept?.origin, kept?.pinned, kept?.expires], ['hand', true, undefined]);
    // Six o'clock in Kathmandu.
    assert.match(new Date(found.runs[0] ?? 0).toISOString(), /T00:15:00/);
    assert.equal(found.schedule, 'At 06:00');
    assert.equal(found.overdue, undefined);
    assert.deepEqual(found.spans, []);
    // Those of an alias come at a time that only Incus knows: a day of Kathmandu, from the next one on.
    await lab.must('config', 'set', 'line-kinds', 'snapshots.schedule=@daily');
    await host.load();
    const { spans, runs } = await rowBecomes('line-kinds', (one) => one.spans.length > 0);
    assert.deepEqual(runs, []);
    assert.match(new Date(spans[0]?.from ?? 0).toISOString(), /T18:15:00/);
  });

  it('follows what happens, and sends all again when its page was loaded anew', async () => {
    await host.container('line-live', { stopped: true });
    host.proxied = true;
    await host.parts.follower.start();
    await host.load();
    await host.run('showTimeline', [host.instance('line-live')]);
    const page = host.window.webview;
    page.ready();
    await lab.must('snapshot', 'create', 'line-live', 'first');
    await rowBecomes('line-live', (one) => names(one) === 'first' && one.snapshots[0]?.pending === false);
    page.setVisible(false);
    const before = page.sent.length;
    await lab.must('snapshot', 'create', 'line-live', 'second');
    await host.treeBecomes(/second AGE\nfirst AGE/, host.instance('line-live'));
    assert.equal(page.sent.length, before, 'nothing is sent to a page that is not there');
    page.setVisible(true);
    page.ready();
    assert.equal(names(row('line-live')!), 'first,second');
    page.close();
    await lab.must('snapshot', 'delete', 'line-live', 'first');
    await host.treeBecomes(/^second AGE$/, host.instance('line-live'));
  });

  it('comes back in the tab that VS Code has kept, and is closed where that says nothing of ours', async () => {
    await host.container('line-again', { stopped: true });
    await host.load();
    await host.run('showTimeline', [host.instance('line-again')]);
    const before = host.window.webview;
    before.ready();
    const { subject } = before.sent[0] as { subject: unknown };
    before.close();
    const tab = host.window.kept('timeline');
    host.parts.timelines.restore(tab.panel, JSON.parse(JSON.stringify(subject)), () => Promise.resolve());
    tab.ready();
    assert.equal(tab.panel.title, 'Timeline of line-again');
    assert.deepEqual(
      rows().map(({ instance }) => instance),
      ['line-again'],
    );
    for (const nonsense of [undefined, { remotes: 'local' }]) {
      const other = host.window.kept('timeline');
      host.parts.timelines.restore(other.panel, nonsense, () => Promise.resolve());
      assert.ok(other.isClosed);
    }
    tab.close();
  });

  it('reads what is in sight, the mirror as well, and shows how they stand', async () => {
    await host.container('line-mirror', { stopped: true });
    await lab.must('snapshot', 'create', 'line-mirror', 'both');
    host.later(() => lab.incus('delete', '--force', `${SNAPSHOT_REMOTE}:line-mirror`));
    await lab.must('copy', 'local:line-mirror', `${SNAPSHOT_REMOTE}:line-mirror`);
    await host.load();
    const source = `${host.parts.inventory.server('local')?.fingerprint ?? ''}/default/line-mirror`;
    await lab.must('config', 'set', `${SNAPSHOT_REMOTE}:line-mirror`, `user.incus-snapshots.source=${source}`);
    await lab.must('snapshot', 'create', 'line-mirror', 'here');
    await host.load();
    await host.run('showTimeline', [host.instance('line-mirror')]);
    host.window.webview.ready();
    host.window.webview.say({ kind: 'inSight', ids: rows().map(({ id }) => id) });
    const found = await rowBecomes('line-mirror', ({ snapshots }) => snapshots.every(({ mirrored }) => mirrored));
    assert.equal(found.mirror, SNAPSHOT_REMOTE);
    assert.deepEqual(
      found.snapshots.map(({ name, mirrored }) => [name, mirrored]),
      [
        ['both', 'mirrored'],
        ['here', 'missing'],
      ],
    );
  });

  it('selects in the tree, and runs the commands that are there', async () => {
    await host.container('line-menu', { stopped: true });
    await lab.must('snapshot', 'create', 'line-menu', 'one');
    await host.load();
    await host.run('showTimeline', [host.instance('line-menu')]);
    const page = host.window.webview;
    page.ready();
    const id = rows()[0]?.id ?? '';
    page.say({ kind: 'select', id, snapshot: 'one' });
    page.say({ kind: 'select', id });
    page.say({ kind: 'select', id: 'local/default/other' });
    await waitFor('the rows', () => (host.revealed.length >= 2 ? true : undefined));
    assert.deepEqual(host.revealed, [host.snapshot('line-menu', 'one'), host.instance('line-menu')]);

    // What VS Code hands over from the menu of a webview.
    const command = (name: string) => host.window.commands.get(name)!;
    const menu = { webviewSection: 'snapshot', preventDefaultContextMenuItems: true, webview: 'x' };
    const ref = { remote: 'local', project: 'default', instance: 'line-menu', snapshot: 'one' };
    host.dialogs.script(types('two'));
    await command('renameSnapshot')({ ...menu, ref });
    assert.deepEqual(await host.snapshots('line-menu'), ['two']);
    host.dialogs.script(presses('Delete'));
    await command('deleteSnapshot')({ ...menu, ref: { ...ref, snapshot: 'two' } });
    assert.deepEqual(await host.snapshots('line-menu'), []);
    await rowBecomes('line-menu', (one) => names(one) === '');
    host.dialogs.check();
  });

  it('saves its picture where one says, and takes nothing else for a picture', async () => {
    await host.container('line-save', { stopped: true });
    await host.load();
    const folder = mkdtempSync(join(lab.folder, 'svg-'));
    const target = join(folder, 'line.svg');
    const { showSaveDialog } = vscode.window;
    host.later(() => Object.assign(vscode.window, { showSaveDialog }));
    Object.assign(vscode.window, { showSaveDialog: () => Promise.resolve(vscode.Uri.file(target)) });
    await host.run('showTimeline', [host.instance('line-save')]);
    const page = host.window.webview;
    page.ready();
    page.say({ kind: 'export', svg: '<script>alert(1)</script>' });
    page.say({ kind: 'export', svg: '<svg xmlns="http://www.w3.org/2000/svg"></svg>' });
    await waitFor('the file', () => (host.window.status.length > 0 ? true : undefined));
    assert.deepEqual(host.window.status, [`Saved: ${target}`]);
    assert.equal(readFileSync(target, 'utf8'), '<svg xmlns="http://www.w3.org/2000/svg"></svg>');
    const warnings = host.window.log.filter(({ level }) => level === 'warn').map(({ text }) => text);
    assert.deepEqual(warnings, ['timeline: a message was dropped: message.svg: invalid_format']);
  });
});
