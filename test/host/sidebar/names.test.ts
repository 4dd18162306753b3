import assert from 'node:assert/strict';
import type { Node } from '../../../src/vscode/tree/nodes.ts';
import type { Line } from '../../lab/server.ts';
import { confirms, leaves, presses, types } from '../support/dialogs.ts';
import { useHost } from '../support/host.ts';

/** What Incus may hold, or have held before it was upgraded; each is a folder's name, a path, a flag, a program. */
const LISTED = ['-x', '.', '..', 'a%b', 'a%62', 'a+b', 'a b', '$(x)', '`x`', "it's", 'a"b', 'a\nb', 'é', '*', '‮x'];
const LONG = 'é'.repeat(127) + 'x';

/** Names that the server makes itself, and has to be able to do everything with. */
const MADE: Record<Line, string[]> = {
  '6.0': ['-x', 'a%b', 'a%62', '$(x)', '`x`', "it's", 'a"b', 'a\nb', 'é', '*', 'a:b', 'a=b', 'a;b', '#', LONG],
  '7.0': ['a%b', 'a%62', 'a:b', 'a;b', 'a@b', 'a#b', 'a\\b', 'a|b', 'a=b', 'a,b', 'a..b'],
};

/** Those of them that are restored as well, which takes longer. */
const RESTORED = ['-x', 'a%b', '$(x)', 'a\nb', LONG, 'a\\b', 'a..b'];

/** A name on one line, as rows show it. */
const shown = (name: string) => name.replace('\n', '␊').replace('‮', '\\u202e');

describe('snapshots with odd names', () => {
  const host = useHost();
  const { lab } = host;
  const row = (instance: string, name: string) => host.snapshot(instance, name);
  const changes = () => host.calls('incus ').filter((line) => !/^incus (remote list|query --raw -- )/.test(line));

  /** Gives snapshots other names in the database, so that every server holds any name; takes them back at the end. */
  async function rename(instance: string, names: readonly (readonly [from: string, to: string])[]): Promise<void> {
    const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
    const set = (from: string, to: string) =>
      host.sql(
        `UPDATE instances_snapshots SET name = ${quoted(to)} WHERE name = ${quoted(from)} ` +
          `AND instance_id = (SELECT id FROM instances WHERE name = '${instance}')`,
      );
    for (const [from, to] of names) {
      host.later(() => set(to, from));
      await set(from, to);
    }
  }

  it('are all listed, each on one line, with what they are in the tooltip', async () => {
    await host.container('name-list', { stopped: true });
    const names = [...LISTED, LONG];
    const made = names.map((name, i) => [`s${i}`, name] as const);
    for (const [name] of made) await lab.must('snapshot', 'create', 'name-list', name);
    await rename('name-list', made);
    await host.load();
    const rows = host.tree(host.instance('name-list')).split('\n');
    assert.deepEqual(
      rows,
      names.toReversed().map((name) => `${shown(name)} AGE`),
    );
    for (const name of ['..', 'a%b', 'a+b']) assert.match(host.tooltip(row('name-list', name)), /refused for safety/);
    assert.doesNotMatch(host.tooltip(row('name-list', '$(x)')), /refused for safety/);
  });

  for (const name of ['.', '..']) {
    it(`are refused whatever is to be done, where it is a folder: ${name}`, async () => {
      await host.container('name-dots', { stopped: true });
      await lab.must('snapshot', 'create', 'name-dots', 'plain');
      await rename('name-dots', [['plain', name]]);
      await host.load();
      const refused = async (id: Parameters<typeof host.run>[0], ...rows: Node[]) => {
        const asked = await host.run(id, rows, leaves);
        assert.deepEqual(
          asked.map(({ kind, options }) => [kind, options]),
          [['error', ['Show Log']]],
          id,
        );
        assert.match(asked[0]?.text ?? '', new RegExp(`the name "${name.replaceAll('.', '\\.')}" for something else`));
      };
      for (const id of ['restoreSnapshot', 'renameSnapshot', 'setSnapshotExpiry', 'deleteSnapshot'] as const) {
        await refused(id, row('name-dots', name));
      }
      await refused('createInstanceFromSnapshot', row('name-dots', name));
      assert.deepEqual(changes(), []);
      assert.deepEqual(await host.snapshots('name-dots'), [name]);
    });
  }

  it('take nothing else with them: deleting several with such a one among them does nothing', async () => {
    await host.container('name-among', { stopped: true });
    for (const one of ['one', 'two']) await lab.must('snapshot', 'create', 'name-among', one);
    await rename('name-among', [['two', '..']]);
    await host.load();
    await host.run('deleteSnapshot', [row('name-among', 'one'), row('name-among', '..')], leaves);
    assert.deepEqual(await host.snapshots('name-among'), ['one', '..']);
  });

  it('are refused where the client would hit another snapshot, with the reason', async () => {
    await host.container('name-percent', { stopped: true });
    await lab.must('snapshot', 'create', 'name-percent', 'ab');
    await lab.must('snapshot', 'create', 'name-percent', 'plain');
    await rename('name-percent', [['plain', 'a%62']]);
    await host.load();
    for (const id of ['renameSnapshot', 'createInstanceFromSnapshot'] as const) {
      const [message] = await host.run(id, [row('name-percent', 'a%62')], leaves);
      assert.match(
        message?.text ?? '',
        /the name "a%62" for something else, and could hit another snapshot\. Nothing was done/,
      );
    }
    assert.deepEqual(changes(), []);
    const copy = await host.run('copyCommand', [row('name-percent', 'a%62')], leaves);
    assert.deepEqual(copy[0]?.options, ['Restore', 'Delete']);
  });

  it('are handled, each by itself, as far as the server makes them', async () => {
    const names = MADE[lab.primary.line];
    await host.container('name-made', { stopped: true });
    const make = (name: string) =>
      lab.must('query', '-X', 'POST', '--wait', '-d', JSON.stringify({ name }), '/1.0/instances/name-made/snapshots');
    for (const name of ['ab', ...names]) await make(name);
    await host.load();
    assert.deepEqual(
      host.tree(host.instance('name-made')).split('\n').toReversed(),
      ['ab', ...names].map((name) => `${shown(name)} AGE`),
    );
    const rows = names.map((name) => row('name-made', name));
    for (const name of names.filter((one) => RESTORED.includes(one))) {
      await lab.must('file', 'create', 'name-made/root/after');
      const [dialog] = await host.run('restoreSnapshot', [row('name-made', name)], presses('Restore'));
      assert.equal(dialog?.text, `Restore name-made to the snapshot ${shown(name)}?`);
      assert.equal((await lab.incus('file', 'pull', 'name-made/root/after', '-')).exitCode, 1, `restored to ${name}`);
    }
    await host.run('setSnapshotExpiry', rows, types('10d'));
    const expiring = (await host.real('name-made'))?.snapshots?.filter((s) => s.expires_at !== '0001-01-01T00:00:00Z');
    assert.deepEqual(expiring?.map(({ name }) => name).toSorted(), names.toSorted());

    const [list] = await host.run('deleteSnapshot', rows, presses('Delete'));
    for (const name of names)
      assert.ok(list?.detail.includes(`local: name-made/${shown(name)}\n`), `${name} is listed`);
    assert.deepEqual(await host.snapshots('name-made'), ['ab'], 'a%62 is not ab');
    assert.equal(host.window.status.at(-1), `${names.length} snapshots deleted.`);
  });

  it('are renamed and made an instance of, as far as that is safe', async () => {
    const name = lab.primary.line === '6.0' ? '-$(x)' : 'a;b';
    await host.container('name-copy', { stopped: true });
    await lab.must(
      'query',
      '-X',
      'POST',
      '--wait',
      '-d',
      JSON.stringify({ name }),
      '/1.0/instances/name-copy/snapshots',
    );
    await host.load();
    host.later(() => lab.incus('delete', '--force', 'made-of-odd'));
    const [proposed] = await host.run('createInstanceFromSnapshot', [row('name-copy', name)], types('made-of-odd'));
    assert.match(proposed?.value ?? '', /^name-copy-[a-z-]+$/);
    assert.equal((await host.real('made-of-odd'))?.status, 'Stopped');
    const [renamed] = await host.run('renameSnapshot', [row('name-copy', name)], types('plain', [name]));
    assert.equal(renamed?.value, name);
    assert.deepEqual(await host.snapshots('name-copy'), ['plain']);
  });

  it('do not stand in the way of new ones', async () => {
    await host.container('name-next', { stopped: true });
    await lab.must('snapshot', 'create', 'name-next', 'name-next-99999999999');
    await host.load();
    const [asked] = await host.run('createSnapshot', [host.instance('name-next')], confirms, types(''));
    assert.equal(asked?.value, 'name-next-1');
  });
});
