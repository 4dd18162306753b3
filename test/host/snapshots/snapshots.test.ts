import assert from 'node:assert/strict';
import { confirms, leaves, picks, presses, types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';

const DAY = 86_400_000;

describe('creating a snapshot', () => {
  const host = useHost();
  const { lab } = host;
  const snapshotOf = async (name: string, snapshot: string) =>
    (await host.real(name))?.snapshots?.find((one) => one.name === snapshot);

  it('proposes the next name, and checks as one types', async () => {
    await host.container('snap-name', { stopped: true });
    await lab.must('snapshot', 'create', 'snap-name', 'snap-name-7');
    await host.load();
    const bad = ['snap-name-7', 'a b', '-x', '..', 'x/', 'ä', 'a%b', '$(x)', 'x'.repeat(65), 'a\nb'];
    const [name] = await host.run('createSnapshot', [host.instance('snap-name')], types('Fine_1.2', bad), types(''));
    assert.equal(name?.text, 'Create Snapshot of snap-name');
    assert.equal(name.value, 'snap-name-8');
    assert.equal(name.complaints[0], 'The name is taken.');
    assert.deepEqual(await host.snapshots('snap-name'), ['snap-name-7', 'Fine_1.2']);
    assert.equal(host.tree(host.instance('snap-name')), 'Fine_1.2 AGE\nsnap-name-7 AGE');
    assert.deepEqual(host.revealed, [host.snapshot('snap-name', 'Fine_1.2')]);
    assert.deepEqual(host.window.status, ['Snapshot Fine_1.2 of snap-name created.']);
    assert.equal(host.window.progress[0]?.inView, true);
  });

  it('leaves the name to the server where none is given, and says by which pattern', async () => {
    await host.container('snap-pattern', { stopped: true, config: { 'snapshots.pattern': 'auto%d' } });
    await host.load();
    for (const expected of ['auto0', 'auto1']) {
      const [name] = await host.run('createSnapshot', [host.instance('snap-pattern')], types(''), types(''));
      assert.equal(name?.prompt, 'Name of the snapshot. Empty: the server names it by its pattern auto%d.');
      assert.equal(host.window.status.at(-1), `Snapshot ${expected} of snap-pattern created.`);
      assert.deepEqual(host.revealed.at(-1), host.snapshot('snap-pattern', expected));
    }
    await host.run('createSnapshot', [host.instance('snap-pattern')], types(''), types('3d'));
    assert.deepEqual(await host.snapshots('snap-pattern'), ['auto0', 'auto1', 'auto2']);
  });

  it('says what goes wrong with a bad pattern, in the words of Incus', async () => {
    await host.container('snap-bad', { stopped: true, config: { 'snapshots.pattern': '{{ nothing' } });
    await host.load();
    const asked = await host.run(
      'createSnapshot',
      [host.instance('snap-bad')],
      types(''),
      types(''),
      presses('Show Log'),
    );
    assert.equal(asked.length, 3);
    assert.match(asked[2]?.text ?? '', /^Incus says: .+\.$/);
    assert.equal(host.window.logShown, 1);
    assert.deepEqual(await host.snapshots('snap-bad'), []);
  });

  it('takes an expiry: a span, a date, never, or what the settings say', async () => {
    await host.container('snap-expiry', { stopped: true, config: { 'snapshots.expiry': '2w' } });
    await host.load();
    const bad = ['soon', '1d1H', '0d', '1D', '2020-01-01', '2031-02-30', '99999y'];
    const make = (name: string, expiry: string, refused: string[] = []) =>
      host.run('createSnapshot', [host.instance('snap-expiry')], types(name), types(expiry, refused));
    const [, asked] = await make('span', '1d 12H', bad);
    assert.equal(asked?.prompt, 'When does it expire? Empty: after 2w, as the settings of the instance say.');
    assert.equal(asked.complaints.length, bad.length);
    await make('date', '2031-01-02 03:04');
    await make('never', 'never');
    await make('settings', '');
    const expiry = async (name: string) => (await snapshotOf('snap-expiry', name))?.expires_at ?? '';
    const distance = async (name: string) => (Date.parse(await expiry(name)) - Date.now()) / DAY;
    assert.ok(Math.abs((await distance('span')) - 1.5) < 0.01);
    assert.equal(Date.parse(await expiry('date')), new Date(2031, 0, 2, 3, 4).getTime());
    assert.equal(await expiry('never'), '0001-01-01T00:00:00Z');
    assert.ok(Math.abs((await distance('settings')) - 14) < 0.01);
    assert.match(host.tree(host.instance('snap-expiry')), /never AGE$/m);
  });

  it('asks nothing more, and makes nothing, when one leaves', async () => {
    await host.container('snap-leave', { stopped: true });
    await host.load();
    await host.run('createSnapshot', [host.instance('snap-leave')], leaves);
    await host.run('createSnapshot', [host.instance('snap-leave')], confirms, leaves);
    assert.deepEqual(await host.snapshots('snap-leave'), []);
  });

  it('works on several instances at once, with one result for each', async () => {
    const names = ['snap-many-1', 'snap-many-2', 'snap-many-3'];
    for (const name of names) await host.container(name, { stopped: true });
    await host.load();
    // Made by someone else since the view was read.
    await lab.must('snapshot', 'create', 'snap-many-2', 'all');
    const rows = names.map((name) => host.instance(name));
    const [name, , message] = await host.run('createSnapshot', rows, types('all'), types(''), presses('Show Log'));
    assert.equal(name?.text, 'Create Snapshot of 3 Instances');
    assert.equal(name.value, 'snapshot-1');
    assert.equal(
      message?.text,
      '2 of 3 snapshots created. snap-many-2: The name is taken. Nothing was changed; choose another name.',
    );
    for (const one of names) assert.deepEqual(await host.snapshots(one), ['all']);
    const progress = host.window.progress.find(({ title }) => title === 'Creating snapshots');
    assert.deepEqual(progress?.messages.toSorted(), names);
    await host.run('createSnapshot', rows, types('again'), types(''));
    assert.deepEqual(host.window.status, ['3 snapshots created.']);
  });

  it('picks from all remotes in the palette', async () => {
    await host.container('snap-palette', { on: SNAPSHOT_REMOTE, stopped: true });
    await host.load();
    const [which] = await host.run('createSnapshot', [], picks('snap-palette', 'ubuntu-test'), leaves);
    assert.deepEqual(which?.options, ['rockylinux-test-9', 'ubuntu-test', 'snap-palette']);
    assert.equal(which.optionDetails[2], `${SNAPSHOT_REMOTE} | stopped · no snapshots`);
    assert.equal(which.many, true);
  });

  it('saves the memory only where that is set, and says why Incus cannot', async () => {
    await host.container('snap-memory', { config: { 'migration.stateful': 'true' } });
    await host.load();
    const asked = await host.run(
      'createSnapshot',
      [host.instance('snap-memory')],
      types('with'),
      types(''),
      picks('Disk and memory (stateful)'),
      leaves,
    );
    assert.equal(
      asked.at(-1)?.text,
      'The memory cannot be saved or restored here: it needs migration.stateful=true, and CRIU for containers. Try without it.',
    );
    assert.deepEqual(await host.snapshots('snap-memory'), []);
    await host.run('createSnapshot', [host.instance('snap-memory')], types('without'), types(''), picks('Disk only'));
    assert.deepEqual(await host.snapshots('snap-memory'), ['without']);
  });
});

describe('a snapshot that is there', () => {
  const host = useHost();
  const { lab } = host;

  async function withSnapshots(name: string, ...snapshots: string[]): Promise<void> {
    await host.container(name, { stopped: true });
    for (const one of snapshots) await lab.must('snapshot', 'create', name, one);
    await host.load();
  }

  it('gets another name', async () => {
    await withSnapshots('snap-rename', 'old', 'other');
    const [asked] = await host.run(
      'renameSnapshot',
      [host.snapshot('snap-rename', 'old')],
      types('new', ['other', '']),
    );
    assert.equal(asked?.value, 'old');
    assert.deepEqual(await host.snapshots('snap-rename'), ['new', 'other']);
    assert.equal(host.tree(host.instance('snap-rename')), 'other AGE\nnew AGE');
    assert.deepEqual(host.revealed, [host.snapshot('snap-rename', 'new')]);
    await host.run('renameSnapshot', [host.snapshot('snap-rename', 'new')], confirms);
    assert.equal(host.calls('snapshot rename').length, 1, 'its own name is no change');
  });

  it('is not renamed where it has become another one in the meantime', async () => {
    await withSnapshots('snap-other', 'one');
    const row = host.snapshot('snap-other', 'one');
    await lab.must('snapshot', 'delete', 'snap-other', 'one');
    await lab.must('snapshot', 'create', 'snap-other', 'one');
    const [, message] = await host.run('renameSnapshot', [row], types('two'), leaves);
    assert.match(message?.text ?? '', /^It was changed by someone else in the meantime\./);
    assert.deepEqual(await host.snapshots('snap-other'), ['one']);
  });

  it('gets another expiry, alone or with others, and none again', async () => {
    await withSnapshots('snap-until', 'one', 'two');
    const rows = ['one', 'two'].map((name) => host.snapshot('snap-until', name));
    const [several] = await host.run('setSnapshotExpiry', rows, types('10d'));
    assert.equal(several?.text, 'Expiry of 2 Snapshots');
    assert.equal(host.tree(host.instance('snap-until')), 'two AGE · expires in 10 days\none AGE · expires in 10 days');
    const [single] = await host.run('setSnapshotExpiry', rows.slice(0, 1), types(''));
    assert.match(single?.prompt ?? '', /^It expires .* UTC\)\. Empty: never\.$/);
    assert.equal(host.tree(host.instance('snap-until')), 'two AGE · expires in 10 days\none AGE');
    await host.run('setSnapshotExpiry', rows, leaves);
    assert.equal((await host.real('snap-until'))?.snapshots?.[0]?.expires_at, '0001-01-01T00:00:00Z');
    assert.match(host.window.status[0] ?? '', /^Expires .* UTC\)\.$/);
    assert.equal(host.window.status[1], 'Never expires.');
  });

  it('is deleted only after a question that names it', async () => {
    await withSnapshots('snap-delete', 'one', 'two', 'three');
    const rows = ['one', 'two'].map((name) => host.snapshot('snap-delete', name));
    const [left] = await host.run('deleteSnapshot', rows, leaves);
    assert.deepEqual(
      [left?.kind, left?.modal, left?.text, left?.options],
      ['warning', true, 'Delete 2 snapshots?', ['Delete']],
    );
    assert.match(
      left?.detail ?? '',
      /^local: snap-delete\/one\nlocal: snap-delete\/two\n\nThey cannot be brought back\./,
    );
    assert.deepEqual(await host.snapshots('snap-delete'), ['one', 'two', 'three']);
    await host.run('deleteSnapshot', rows, presses('Delete'));
    assert.deepEqual(await host.snapshots('snap-delete'), ['three']);
    assert.equal(host.tree(host.instance('snap-delete')), 'three AGE');
    const [single] = await host.run('deleteSnapshot', [host.snapshot('snap-delete', 'three')], presses('Delete'));
    assert.equal(single?.text, 'Delete the snapshot three of snap-delete?');
    assert.deepEqual(host.window.status, ['2 snapshots deleted.', 'Snapshot snap-delete/three deleted.']);
  });

  it('has the keyboard work on what is selected', async () => {
    await withSnapshots('snap-keys', 'one', 'two');
    host.selection = [host.snapshot('snap-keys', 'two'), host.instance('ubuntu-test')];
    const command = host.window.commands.get('deleteSnapshot');
    host.dialogs.script(presses('Delete'));
    await command?.('selection');
    host.dialogs.check();
    assert.deepEqual(await host.snapshots('snap-keys'), ['one']);
  });

  it('lists so many names that the buttons stay on the screen, and tells each failure once', async () => {
    const names = Array.from({ length: 22 }, (_, i) => `s${String(i).padStart(2, '0')}`);
    await withSnapshots('snap-lots', ...names);
    await lab.must('snapshot', 'delete', 'snap-lots', 's21');
    const rows = names.map((name) => host.snapshot('snap-lots', name));
    const [dialog, message] = await host.run('deleteSnapshot', rows, presses('Delete'), leaves);
    assert.equal(dialog?.detail.split('\n')[20], 'and 2 more');
    assert.equal(
      message?.text,
      '21 of 22 snapshots deleted. snap-lots/s21: The snapshot is gone from the server. Refresh the view.',
    );
    assert.deepEqual(await host.snapshots('snap-lots'), []);
  });

  it('becomes an instance of its own, which is stopped', async () => {
    await withSnapshots('snap-copy', 'base');
    host.later(() => lab.incus('delete', '--force', 'snap-copy-base'));
    const [name] = await host.run('createInstanceFromSnapshot', [host.snapshot('snap-copy', 'base')], confirms);
    assert.equal(name?.value, 'snap-copy-base');
    const made = await host.real('snap-copy-base');
    assert.equal(made?.status, 'Stopped');
    assert.deepEqual(made.snapshots ?? [], []);
    assert.match(host.tree(), /snap-copy-base stopped · no snapshots/);
    assert.deepEqual(host.revealed, [host.instance('snap-copy-base')]);
    assert.equal(host.window.progress.at(-1)?.cancellable, false, 'nobody can cancel it');
  });

  it('is chosen in the palette, and an instance without any says so', async () => {
    await host.container('snap-none', { stopped: true });
    await host.load();
    const [nothing] = await host.run('deleteSnapshot', [], leaves);
    assert.equal(nothing?.text, 'There is no instance that this could be done to.');
    await lab.must('snapshot', 'create', 'snap-none', 'one');
    await host.load();
    await host.treeBecomes(/snap-none stopped · 1 snapshot/);
    const [, which] = await host.run('deleteSnapshot', [], picks('snap-none'), picks('one'), leaves);
    assert.equal(which?.many, true);
    await lab.must('snapshot', 'delete', 'snap-none', 'one');
    const [, told] = await host.run('renameSnapshot', [], picks('snap-none'), leaves);
    assert.equal(told?.text, 'snap-none has no snapshots.');
  });
});
