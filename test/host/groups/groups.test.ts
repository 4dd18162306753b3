import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PauseJournal } from '../../../src/core/actions/pauseJournal.ts';
import { waitFor } from '../../lab/process.ts';
import { type Answer, leaves, picks, presses, types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';
import { Mirroring } from '../support/mirroring.ts';
import { ALL_OR_NOTHING, FROZEN, Grouped } from './grouped.ts';

describe('a group of instances', () => {
  const host = useHost();
  const { lab } = host;
  const grouped = new Grouped(host);

  it('is made of a selection, is shown live, and is snapshotted frozen as one set', async () => {
    const names = ['grp-a', 'grp-b', 'grp-c'];
    await host.setting('groups', undefined);
    await Promise.all([host.container('grp-a'), host.container('grp-b'), host.container('grp-c', { stopped: true })]);
    await host.load();
    const [question] = await host.run(
      'createGroup',
      names.map((name) => host.instance(name)),
      types('shop', ['', 'Shop', '-x', 'a b', 'a.b', 'x'.repeat(41)]),
    );
    assert.match(question?.prompt ?? '', /user\.snapshot-group\.NAME=true/);
    assert.equal(grouped.status, 'Group shop created: 3 members.');
    assert.equal((await host.real('grp-a'))?.config['user.snapshot-group.shop'], 'true');
    assert.equal(grouped.view().split('\n')[0], 'shop 3 members · no common snapshots');

    await grouped.snapshot('shop', [FROZEN], 'monday');
    assert.match(
      grouped.status,
      /^Snapshot monday of shop created: 3 members\. Longest pause of a member: \d+(\.\d)? s\.$/,
    );
    assert.deepEqual(await grouped.snapshots(names), [['monday'], ['monday'], ['monday']]);
    assert.deepEqual(await grouped.states(names), ['Running', 'Running', 'Stopped']);
    const at = (verb: string, name: string) =>
      host.window.log.findIndex(({ text }) => text.includes(`incus ${verb} `) && text.includes(`local:${name}`));
    for (const name of ['grp-a', 'grp-b']) {
      assert.ok(at('pause', name) < at('snapshot create', name), `${name} is paused before its snapshot`);
      assert.ok(at('snapshot create', name) < at('start', name), `${name} is resumed after its snapshot`);
    }
    assert.equal(at('pause', 'grp-c'), -1, 'a stopped member is not paused');
    assert.equal(
      grouped.view(),
      [
        'shop 3 members · 1 common snapshot',
        '  Members 3 members',
        '    grp-a running',
        '    grp-b running',
        '    grp-c stopped',
        '  monday complete · AGE',
        '    grp-a AGE',
        '    grp-b AGE',
        '    grp-c AGE',
      ].join('\n'),
    );
    assert.deepEqual(host.memento.keys(), [], 'nothing is owed');

    const [taken] = await host.run('snapshotGroup', [grouped.row('shop')], types('tuesday', ['monday']), leaves);
    assert.equal(taken?.complaints[0], 'The name is taken.');
    await lab.must('snapshot', 'delete', 'grp-b', 'monday');
    await lab.must('config', 'unset', 'grp-c', 'user.snapshot-group.shop');
    await host.load();
    assert.match(grouped.view(), /^shop 2 members · no common snapshots$/m);
  });

  it('leaves paused who was paused by somebody else, and says what a schedule cannot do', async () => {
    const names = ['grp-own', 'grp-other'];
    await grouped.begin('own', names);
    await lab.must('pause', 'grp-other');
    await host.load();
    await grouped.snapshot('own', [FROZEN], 's1');
    assert.deepEqual(await grouped.states(names), ['Running', 'Frozen']);
    assert.deepEqual(await grouped.snapshots(names), [['s1'], ['s1']]);

    await host.run('editGroupSchedule', [grouped.row('own')]);
    assert.match(host.window.webview.title, /2/);
    assert.match(grouped.status, /does not freeze them together/);
  });

  it('keeps what was made, or takes it back, where a member vanishes after it was chosen', async () => {
    const names = ['grp-stay', 'grp-gone'];
    await grouped.begin('vanish', names);
    const vanishing: Answer = async (asking) => {
      await lab.must('delete', '--force', 'grp-gone');
      return picks(FROZEN, ALL_OR_NOTHING)(asking);
    };
    const row = [grouped.row('vanish')];
    const [, , , none] = await host.run('snapshotGroup', row, types('none'), types(''), vanishing, leaves);
    assert.equal(
      none?.text,
      'Snapshot none of vanish is not complete: made of 0 of 2 members. grp-gone: The instance is gone from the server. Refresh the view. Nothing was done to grp-stay.',
    );
    assert.deepEqual(await host.snapshots('grp-stay'), []);

    await host.container('grp-gone', { config: { 'user.app': 'vanish' } });
    await host.load();
    const again: Answer = async (asking) => {
      await lab.must('delete', '--force', 'grp-gone');
      return picks(FROZEN)(asking);
    };
    const [, , , kept] = await host.run('snapshotGroup', row, types('kept'), types(''), again, leaves);
    assert.match(kept?.text ?? '', /made of 1 of 2 members\..* Kept: grp-stay\./);
    assert.deepEqual(await host.snapshots('grp-stay'), ['kept']);
    assert.equal((await host.real('grp-stay'))?.status, 'Running');
  });

  it('calls no half set complete where a pool fills in the middle', async () => {
    const names = ['grp-full-a', 'grp-full-b'];
    await grouped.begin('full', names);
    const full = { stderr: 'Error: Create instance snapshot: write: no space left on device\n', exitCode: 1 };
    host.fake([{ match: ['^snapshot create', 'local:grp-full-b '], do: full }]);
    const [, , , back] = await grouped.snapshot('full', [FROZEN, ALL_OR_NOTHING], 'whole', leaves);
    assert.match(
      back?.text ?? '',
      /made of 0 of 2 members\. grp-full-b: There is no space left.* Taken back: grp-full-a\./,
    );
    assert.deepEqual(await grouped.snapshots(names), [[], []]);

    const [, , , kept] = await grouped.snapshot('full', [FROZEN], 'half', leaves);
    assert.match(kept?.text ?? '', /made of 1 of 2 members\..* Kept: grp-full-a\./);
    assert.deepEqual(await grouped.snapshots(names), [['half'], []]);
    assert.doesNotMatch(grouped.view(), /complete/);
    assert.deepEqual(await grouped.states(names), ['Running', 'Running']);
    assert.deepEqual(host.memento.keys(), []);
  });

  it('can overlap with another at the same moment, and neither waits for the other for ever', async () => {
    const names = ['grp-left', 'grp-both', 'grp-right'];
    await grouped.begin('over', names);
    const ref = (instance: string) => ({ remote: 'local', project: 'default', instance });
    const run = (name: string, ...members: string[]) =>
      host.parts.groupSnapshots.run(
        { members: members.map(ref), snapshot: { name }, frozen: true, onFailure: 'keep' },
        new AbortController().signal,
        () => undefined,
      );
    const runs = [
      run('one', 'grp-left', 'grp-both'),
      run('two', 'grp-both', 'grp-right'),
      run('three', ...names.toReversed()),
    ];
    for (const { results } of await Promise.all(runs)) assert.ok(results.every(({ state }) => state === 'made'));
    assert.deepEqual(await grouped.snapshots(names), [
      ['one', 'three'],
      ['one', 'two', 'three'],
      ['two', 'three'],
    ]);
    assert.deepEqual(await grouped.states(names), ['Running', 'Running', 'Running']);
  });

  it('resumes everybody at once where it is cancelled, and takes back what was made', async () => {
    const names = ['grp-stop-a', 'grp-stop-b'];
    await grouped.begin('stop', names);
    const go = join(host.folder(), 'go');
    host.fake([{ match: ['^snapshot create', 'local:grp-stop-b '], do: { real: true, delayUntilFile: go } }]);
    const running = grouped.snapshot('stop', [FROZEN], 'never');
    const status = async (name: string, wanted: string) =>
      (await host.real(name))?.status === wanted ? true : undefined;
    await waitFor('the members to stand still', () => status('grp-stop-b', 'Frozen'));
    await waitFor('the progress', () => host.window.progress.at(-1)).then((progress) => {
      progress.cancel();
    });
    for (const name of names) await waitFor(`${name} to run`, () => status(name, 'Running'));
    host.touch(go);
    await running;
    assert.match(grouped.status, /^The snapshot never of stop was cancelled\. Taken back: grp-stop-a, grp-stop-b\./);
    assert.deepEqual(await grouped.snapshots(names), [[], []]);
  });
});

describe('a set of a group', () => {
  const host = useHost();
  const { lab } = host;
  const grouped = new Grouped(host);
  const SOURCE = ['grp-db', 'grp-web'] as const;

  /** A set of two members that were damaged since. */
  async function damaged(group: string): Promise<void> {
    await grouped.begin(group, SOURCE);
    await lab.must('config', 'set', 'grp-db', 'boot.autostart.priority=10');
    for (const name of SOURCE) await host.exec(name, 'sh', '-c', 'echo good > /root/data');
    await host.load();
    await grouped.snapshot(group, [FROZEN], 'good');
    for (const name of SOURCE) await host.exec(name, 'sh', '-c', 'echo bad > /root/data');
  }

  const contents = () => Promise.all(SOURCE.map((name) => lab.must('file', 'pull', `${name}/root/data`, '-')));

  it('is restored as one, in the order of the priorities, and deleted as one', async () => {
    await damaged('site');
    const [question] = await host.run('restoreGroup', [grouped.row('site', 'good')], presses('Restore 2 members'));
    assert.equal(question?.text, 'Restore the group site to the set good?');
    assert.match(question.detail, /started in the order of their priority: grp-db, grp-web/);
    assert.equal(grouped.status, 'site was restored to good: 2 members.');
    assert.deepEqual(await contents(), ['good\n', 'good\n']);
    assert.deepEqual(await grouped.states(SOURCE), ['Running', 'Running']);
    const calls = host
      .calls('local:grp-')
      .map((line) => /^incus (stop|snapshot restore|start) .*local:(\S+)/.exec(line))
      .flatMap((match) => (match ? `${match[1]} ${match[2]}` : []));
    assert.deepEqual(
      calls.slice(-6).filter((call) => !call.startsWith('snapshot')),
      ['stop grp-web', 'stop grp-db', 'start grp-db', 'start grp-web'],
    );

    const [sure] = await host.run('deleteGroupSnapshot', [grouped.row('site', 'good')], presses('Delete'));
    assert.equal(sure?.text, 'Delete the snapshot good of the group site?');
    assert.equal(grouped.status, '2 snapshots deleted.');
    assert.deepEqual(await grouped.snapshots(SOURCE), [[], []]);
  });

  it('starts nobody where a member could not be restored, and says so', async () => {
    await damaged('torn');
    host.fake([{ match: ['^snapshot restore', 'local:grp-web '], do: { stderr: 'Error: Boom\n', exitCode: 1 } }]);
    const [, message] = await host.run(
      'restoreGroup',
      [grouped.row('torn', 'good')],
      presses('Restore 2 members'),
      leaves,
    );
    assert.equal(
      message?.text,
      'The group torn was not restored as a whole. grp-web (restoring): Incus says: Boom. Restored: grp-db. Not started, since a member failed: grp-db, grp-web. Restore again, or start them by hand.',
    );
    assert.deepEqual(await grouped.states(SOURCE), ['Stopped', 'Stopped']);
    assert.deepEqual(await contents(), ['good\n', 'bad\n']);
  });

  it('lets all run on, untouched, where a member does not stop', async () => {
    await damaged('stuck');
    host.fake([{ match: ['^stop', 'local:grp-db$'], do: { stderr: 'Error: Boom\n', exitCode: 1 } }]);
    const [, message] = await host.run(
      'restoreGroup',
      [grouped.row('stuck', 'good')],
      presses('Restore 2 members'),
      leaves,
    );
    assert.equal(
      message?.text,
      'The group stuck was not restored as a whole. grp-db (shutting down): Incus says: Boom. No member was restored.',
    );
    assert.deepEqual(await grouped.states(SOURCE), ['Running', 'Running']);
    assert.deepEqual(await contents(), ['bad\n', 'bad\n']);
  });

  it('is mirrored, and tried out on the snapshot server without networks', async () => {
    const mirroring = new Mirroring(host);
    for (const name of SOURCE) mirroring.forget(name);
    await host.setting('snapshotServers', [{ from: 'local', to: SNAPSHOT_REMOTE, mode: 'pull' }]);
    await damaged('far');
    const [early] = await host.run('drillGroup', [grouped.row('far')], leaves);
    assert.match(early?.text ?? '', /^Members without a mirror that is known: grp-db, grp-web\./);
    await host.run('mirrorGroup', [grouped.row('far')]);
    assert.match(grouped.status, /^2 of 2 instances mirrored\./);
    await host.load();
    await host.run('drillGroup', [grouped.row('far')], types('grep -q good /root/data'));
    assert.equal(grouped.status, 'Recovery drill of far passed: 2 members.');
    const [, failed] = await host.run('drillGroup', [grouped.row('far')], types('exit 3'), leaves);
    assert.match(failed?.text ?? '', /^Recovery drill passed by 0 of 2 members\. grp-db: .*exit code 3/);
    assert.deepEqual(await mirroring.names('incus-snapshots-tmp'), []);
  });
});

describe('a group whose members are paused when something dies', () => {
  const host = useHost();
  const { lab } = host;
  const grouped = new Grouped(host);

  it('has them resumed when the daemon is back that was killed', async () => {
    const names = ['grp-dead-a', 'grp-dead-b'];
    await grouped.begin('dead', names);
    const go = join(host.folder(), 'go');
    host.fake([{ match: ['^snapshot create', 'local:grp-dead-'], do: { real: true, delayUntilFile: go } }]);
    const running = grouped.snapshot('dead', [FROZEN, ALL_OR_NOTHING], 'never', leaves);
    await waitFor('both to stand still', async () =>
      (await grouped.states(names)).every((state) => state === 'Frozen') ? true : undefined,
    );
    host.later(() => lab.primary.start());
    await lab.primary.kill();
    host.touch(go);
    const [, , , message] = await running;
    assert.match(message?.text ?? '', /made of 0 of 2 members\./);
    assert.match(message?.text ?? '', /Still paused, since the server did not answer: grp-dead-a, grp-dead-b\./);
    assert.deepEqual(await host.parts.recovery.recover(), [], 'nothing can be done yet');
    assert.equal(host.parts.recovery.isNeeded, true, 'and it is not forgotten');

    await lab.primary.start();
    assert.deepEqual(await grouped.states(names), ['Frozen', 'Frozen']);
    const resumed = await host.parts.recovery.recover();
    assert.deepEqual(resumed.map(({ instance }) => instance).sort(), names);
    assert.deepEqual(await grouped.states(names), ['Running', 'Running']);
    assert.deepEqual(await grouped.snapshots(names), [[], []]);
    assert.deepEqual(host.memento.keys(), []);
  });

  it('has them resumed at the next start when the extension host was killed, and nobody else', async () => {
    const names = ['grp-host-a', 'grp-host-b'];
    await grouped.begin('host', [...names, 'grp-host-own']);
    await lab.must('pause', 'grp-host-own');
    const file = join(host.folder(), 'notes.json');
    const script = join(__dirname, '../../../../test/host/groups/dying-host.ts');
    const env = { ...lab.environment(), ELECTRON_RUN_AS_NODE: '1' };
    const dying = spawn(process.execPath, [script, file, ...names], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [dying.stdout, dying.stderr]) stream.on('data', (text) => (said += String(text)));
    await waitFor('both to be paused', () => (said.includes('paused\n') ? true : undefined)).catch(() =>
      assert.fail(said),
    );
    const [id, entry] = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)[0] ?? [''];
    await host.memento.update(id, entry);
    assert.equal(host.parts.recovery.isNeeded, false, 'whoever lives resumes them itself');
    const { promise: ended, resolve } = Promise.withResolvers<undefined>();
    dying.on('exit', () => {
      resolve(undefined);
    });
    dying.kill('SIGKILL');
    await ended;
    assert.deepEqual(await grouped.states(names), ['Frozen', 'Frozen']);
    const resumed = await host.parts.recovery.recover();
    assert.deepEqual(resumed.map(({ instance }) => instance).sort(), names);
    assert.deepEqual(await grouped.states([...names, 'grp-host-own']), ['Running', 'Running', 'Frozen']);
    assert.deepEqual(host.memento.keys(), []);
  });

  it('deletes what a run could not take back, and nothing that was made since under its name', async () => {
    await grouped.begin('owed', ['grp-owed']);
    await lab.must('snapshot', 'create', 'grp-owed', 'half');
    const at = Date.parse((await host.real('grp-owed'))?.snapshots?.[0]?.created_at ?? '');
    const ref = { remote: 'local', project: 'default', instance: 'grp-owed', snapshot: 'half' };
    const journal = new PauseJournal(host.memento, 'another', () => false);
    const owe = async (from: number, to: number) =>
      journal.end(await journal.begin([]), { paused: [], unwanted: [{ ref, from, to }] });
    await owe(at - 3_600_000, at - 1);
    await host.parts.recovery.recover();
    assert.deepEqual(await host.snapshots('grp-owed'), ['half']);
    await owe(at - 60_000, at + 60_000);
    await host.parts.recovery.recover();
    assert.deepEqual(await host.snapshots('grp-owed'), []);
    assert.deepEqual(host.memento.keys(), []);
  });
});
