import assert from 'node:assert/strict';
import { volumeNode } from '../../../src/vscode/volumes/nodes.ts';
import { leaves, picks, presses, types } from '../support/dialogs.ts';
import { useHost } from '../support/host.ts';
import { usesVolumes } from '../support/volumes.ts';
import { ALL_OR_NOTHING, FROZEN, Grouped } from './grouped.ts';

describe('a group with custom volumes', () => {
  const host = useHost();
  const { lab } = host;
  const grouped = new Grouped(host);
  const volumes = usesVolumes(host);

  it('is snapshotted frozen, damaged, and restored as one, in containers and volumes', async () => {
    const names = ['grp-app', 'grp-job', 'grp-sql'];
    const all = [...names, 'grp-reader'];
    await host.setting('groups', undefined);
    const [data, logs] = await Promise.all([volumes.make('grp-data'), volumes.make('grp-logs')]);
    await Promise.all(all.map((name) => host.container(name)));
    await volumes.attach(data, 'grp-sql');
    await volumes.attach(data, 'grp-reader');
    await volumes.attach(logs, 'grp-app');
    // Found by its label as well, it counts once.
    await lab.must('storage', 'volume', 'set', 'local:default', 'grp-logs', 'user.snapshot-group.suite=true');
    await host.load();
    const rows = names.map((name) => host.instance(name));
    const [, along] = await host.run('createGroup', rows, types('suite'), picks('Take Attached Volumes Along'));
    assert.deepEqual(along?.optionDetails[0], 'default/grp-data, default/grp-logs');

    const files = [
      ...names.map((name) => [name, '/root/file'] as const),
      ...[['grp-sql', '/data/file'] as const, ['grp-app', '/data/file'] as const],
    ];
    const write = async (word: string) => {
      for (const [name, path] of files) await host.exec(name, 'sh', '-c', `echo ${word} > ${path}`);
    };
    const contents = () => Promise.all(files.map(([name, path]) => volumes.file(name, path)));
    await write('good');
    const asked = await grouped.snapshot('suite', [FROZEN], 'good');
    assert.match(asked[2]?.optionDetails[0] ?? '', /Not paused, though they use its volumes: grp-reader\.$/);
    assert.match(grouped.status, /^Snapshot good of suite created: 5 members\. Longest pause of a member: /);
    const at = (...parts: string[]) =>
      host.window.log.findIndex(({ text }) => parts.every((part) => text.includes(part)));
    for (const [user, volume] of [
      ['grp-sql', 'grp-data'],
      ['grp-app', 'grp-logs'],
    ] as const) {
      const made = at('incus storage volume snapshot create ', volume);
      assert.ok(at('incus pause ', `local:${user}`) < made, `${user} stands still before ${volume} is snapshotted`);
      assert.ok(made < at('incus start ', `local:${user}`), `${user} is resumed after ${volume} was snapshotted`);
    }
    assert.deepEqual(await grouped.states(all), ['Running', 'Running', 'Running', 'Running']);
    assert.equal(
      grouped.view(),
      [
        'suite 5 members · 1 common snapshot',
        '  Members 5 members',
        ...names.map((name) => `    ${name} running`),
        '    default/grp-data used by grp-reader, grp-sql',
        '    default/grp-logs used by grp-app',
        '  good complete · AGE',
        ...[...names, 'default/grp-data', 'default/grp-logs'].map((name) => `    ${name} AGE`),
      ].join('\n'),
    );

    await write('bad');
    const [question] = await host.run('restoreGroup', [grouped.row('suite', 'good')], presses('Restore 5 members'));
    assert.match(
      question?.detail ?? '',
      /^Restored: grp-app, grp-job, grp-sql, default\/grp-data, default\/grp-logs\. /m,
    );
    assert.match(question?.detail ?? '', /though not restored, since they use these volumes: grp-reader$/m);
    assert.doesNotMatch(question?.detail ?? '', /volumes of their own/);
    assert.equal(grouped.status, 'suite was restored to good: 5 members.');
    assert.deepEqual(
      await contents(),
      files.map(() => 'good\n'),
    );
    assert.deepEqual(await grouped.states(all), ['Running', 'Running', 'Running', 'Running']);

    await host.run('deleteGroupSnapshot', [grouped.row('suite', 'good')], presses('Delete'));
    assert.equal(grouped.status, '5 snapshots deleted.');
    assert.deepEqual(await grouped.snapshots(names), [[], [], []]);
    assert.deepEqual([await volumes.snapshots(data), await volumes.snapshots(logs)], [[], []]);
  });

  it('may be made of volumes, and has the snapshot of a volume taken back where an instance fails', async () => {
    await host.setting('groups', undefined);
    const ref = await volumes.make('grp-store');
    await host.load();
    await host.run('createGroup', [host.parts.volumesProvider.rowFor(volumeNode(ref))], types('store'));
    assert.equal(grouped.status, 'Group store created: 1 member.');
    const [told] = await host.run('mirrorGroup', [grouped.row('store')], leaves);
    assert.equal(told?.text, 'The group store has volumes only: default/grp-store. This is done to instances.');

    const label = { 'user.snapshot-group.store': 'true' };
    await host.container('grp-torn', { stopped: true, config: label });
    await host.load();
    const full = { stderr: 'Error: Create instance snapshot: write: no space left on device\n', exitCode: 1 };
    host.fake([{ match: ['^snapshot create', 'local:grp-torn '], do: full }]);
    const [, , , back] = await grouped.snapshot('store', [FROZEN, ALL_OR_NOTHING], 'whole', leaves);
    assert.match(back?.text ?? '', /made of 0 of 2 members\. .* Taken back: default\/grp-store\.$/);
    assert.deepEqual(await volumes.snapshots(ref), []);
    const [, , , kept] = await grouped.snapshot('store', [FROZEN], 'half', leaves);
    assert.match(kept?.text ?? '', /made of 1 of 2 members\. .* Kept: default\/grp-store\.$/);
    assert.deepEqual(await volumes.snapshots(ref), ['half']);
    assert.doesNotMatch(grouped.view(), /complete/);

    const [untold] = await host.run('drillGroup', [grouped.row('store')], leaves, leaves);
    assert.equal(untold?.text, 'Volumes are not mirrored, so the snapshot server has nothing of default/grp-store.');
  });
});
