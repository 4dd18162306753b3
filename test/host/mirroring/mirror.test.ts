import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { leaves, picks, presses, types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE } from '../support/host.ts';
import { useMirroring } from '../support/mirroring.ts';

const KEEP = 'Keep Them, Then Mirror';
const DELETE = 'Mirror and Delete';

describe('mirroring an instance', () => {
  const mirrors = useMirroring();
  const { host } = mirrors;
  const { lab } = host;

  it('makes a mirror that does nothing by itself, knows whose it is, and shows everywhere', async () => {
    await mirrors.original('m-first', { config: { 'boot.autostart': 'true', 'snapshots.schedule': '@yearly' } });
    await mirrors.snapshot('m-first', 's1', 's2');
    await mirrors.begin();
    assert.match(mirrors.view(), /m-first not mirrored/);
    assert.deepEqual(await mirrors.mirror('m-first'), []);
    await mirrors.isWhole('m-first');
    const { config } = await mirrors.there('m-first');
    assert.equal(config['user.incus-snapshots.origin.boot.autostart'], 'true');
    assert.equal(config['user.incus-snapshots.origin.snapshots.schedule'], '@yearly');
    assert.deepEqual(await mirrors.names('m-first'), ['m-first']);
    assert.equal(mirrors.status, `m-first mirrored to ${SNAPSHOT_REMOTE}. Snapshots sent: 2, deleted: 0.`);
    await host.treeBecomes(/m-first stopped · 2 snapshots .* · mirrored AGE/, host.remote('local'));
    await host.treeBecomes(/^s2 AGE · mirrored\ns1 AGE · mirrored$/, host.instance('m-first'));
    await host.treeBecomes(/m-first stopped · 2 snapshots · mirror of local/, host.remote(SNAPSHOT_REMOTE));
    assert.match(mirrors.view(), /m-first in step · mirrored AGE/);
    assert.match(host.tooltip(host.instance('m-first')), /Mirror on incus-snapshot: in step · mirrored/);
  });

  it('takes a running instance along, and its live state', async () => {
    await mirrors.original('m-live', { stopped: false });
    await mirrors.snapshot('m-live', 's1');
    await mirrors.begin();
    await mirrors.mirror('m-live');
    await mirrors.isWhole('m-live');
    const sum = await mirrors.fill('m-live', 'since', 1000);
    await mirrors.mirror('m-live');
    assert.equal(await mirrors.sum('m-live', 'since'), sum);
    assert.equal((await host.real('m-live'))?.status, 'Running');
  });

  it('makes a snapshot first where there is none to build on, and says so', async () => {
    await mirrors.original('m-none');
    await mirrors.begin();
    await mirrors.mirror('m-none');
    await mirrors.isWhole('m-none');
    assert.deepEqual(await host.snapshots('m-none'), ['mirror-1']);
    assert.match(mirrors.status, /The snapshot mirror-1 was made for it\./);
    await mirrors.original('m-plain');
    await host.setting('mirror.snapshotFirst', false);
    await host.load();
    await mirrors.mirror('m-plain');
    await mirrors.isWhole('m-plain');
    assert.deepEqual(await host.snapshots('m-plain'), []);
  });

  it('says what will be deleted there, does nothing unasked, and keeps it where that is wanted', async () => {
    await mirrors.original('m-plan');
    await mirrors.snapshot('m-plan', 'same', 'again');
    await mirrors.begin();
    await mirrors.mirror('m-plan');
    await lab.must('snapshot', 'create', `${SNAPSHOT_REMOTE}:m-plan`, 'only-there');
    await lab.must('snapshot', 'delete', 'm-plan', 'again');
    // Snapshots of one second are the same to Incus: the new one is to be of another.
    const [before] = (await mirrors.there('m-plan')).snapshots?.filter(({ name }) => name === 'again') ?? [];
    do {
      await lab.incus('snapshot', 'delete', 'm-plan', 'again');
      await mirrors.snapshot('m-plan', 'again');
    } while (await madeIn('m-plan', 'again', before?.created_at.slice(0, 19) ?? ''));
    await host.load();
    const there = await mirrors.there('m-plan');

    const [left] = await mirrors.mirror('m-plan', leaves);
    assert.equal(left?.modal, true);
    assert.equal(left.text, 'Mirror local: m-plan to incus-snapshot?');
    assert.match(left.detail, /^Only on incus-snapshot, and deleted there: only-there$/m);
    assert.match(left.detail, /^Made again under the same name, and replaced on incus-snapshot: again$/m);
    assert.match(left.detail, /^Snapshots there already: 1$/m);
    assert.deepEqual(left.options, [KEEP, DELETE, 'Show Plan']);
    await mirrors.mirror('m-plan', presses('Show Plan'));
    const shown = vscode.window.activeTextEditor?.document.getText() ?? '';
    assert.match(shown, /Deleted on the target:\n {2}again .*\n {2}only-there /);
    assert.deepEqual(await mirrors.there('m-plan'), there, 'nothing was done');

    await mirrors.mirror('m-plan', presses(KEEP));
    await mirrors.isWhole('m-plan');
    assert.deepEqual(await mirrors.names('m-plan'), ['m-plan', 'm-plan-kept-again', 'm-plan-kept-only-there']);
    const kept = await mirrors.there('m-plan-kept-only-there');
    assert.equal(kept.status, 'Stopped');
    assert.equal(kept.config['boot.autostart'], 'false');
    assert.equal(kept.config['user.incus-snapshots.source'], undefined);
    assert.match(mirrors.status, /Snapshots sent: 1, deleted: 2\. Kept as instances: 2\./);
  });

  /** Whether a snapshot was made in this second. */
  async function madeIn(name: string, snapshot: string, second: string): Promise<boolean> {
    const made = (await host.real(name))?.snapshots?.find((one) => one.name === snapshot);
    return made?.created_at.slice(0, 19) === second;
  }

  it('does nothing where more would be deleted by now than was agreed to', async () => {
    await mirrors.original('m-more');
    await mirrors.snapshot('m-more', 's1');
    await mirrors.begin();
    await mirrors.mirror('m-more');
    await lab.must('snapshot', 'create', `${SNAPSHOT_REMOTE}:m-more`, 'x1');
    const another = () => lab.must('snapshot', 'create', `${SNAPSHOT_REMOTE}:m-more`, 'x2');
    const [, message] = await mirrors.mirror('m-more', presses(DELETE, another), leaves);
    assert.match(message?.text ?? '', /^m-more: It was changed by someone else in the meantime\. Nothing was done/);
    assert.deepEqual(await host.snapshots('m-more', { on: SNAPSHOT_REMOTE }), ['s1', 'x1', 'x2']);
  });

  it('follows what the source renamed and deleted', async () => {
    await mirrors.original('m-moved');
    await mirrors.snapshot('m-moved', 's1', 's2', 's3');
    await mirrors.begin();
    await mirrors.mirror('m-moved');
    await lab.must('snapshot', 'rename', 'm-moved', 's1', 'renamed');
    await lab.must('snapshot', 'delete', 'm-moved', 's2');
    const [dialog] = await mirrors.mirror('m-moved', presses(DELETE));
    assert.match(dialog?.detail ?? '', /^Only on incus-snapshot, and deleted there: s1, s2$/m);
    assert.match(dialog?.detail ?? '', /^Sent: renamed$/m);
    await mirrors.isWhole('m-moved');
  });

  it('puts back what somebody changed on the mirror', async () => {
    await mirrors.original('m-hand', { config: { 'boot.autostart': 'true' } });
    await mirrors.snapshot('m-hand', 's1');
    await mirrors.begin();
    await mirrors.mirror('m-hand');
    const changed = ['boot.autostart=true', 'security.protection.delete=false', 'snapshots.schedule=@daily'];
    await lab.must('config', 'set', `${SNAPSHOT_REMOTE}:m-hand`, ...changed);
    await mirrors.mirror('m-hand');
    await mirrors.isWhole('m-hand');
  });

  it('takes no schedule from a profile of the mirror', async () => {
    for (const on of ['local', SNAPSHOT_REMOTE]) {
      host.later(() => lab.must('profile', 'delete', `${on}:m-daily`));
      await lab.must('profile', 'create', `${on}:m-daily`);
      await lab.must('profile', 'set', `${on}:m-daily`, 'snapshots.schedule=@yearly');
    }
    await mirrors.original('m-profile');
    await lab.must('profile', 'add', 'local:m-profile', 'm-daily');
    await mirrors.begin();
    await mirrors.mirror('m-profile');
    await mirrors.mirror('m-profile');
    const { config } = await mirrors.there('m-profile');
    assert.equal(config['snapshots.schedule'], '@never');
  });

  it('mirrors what is chosen in the palette, and a mirror’s row stands for its original', async () => {
    await mirrors.original('m-palette');
    await mirrors.snapshot('m-palette', 's1');
    await mirrors.begin();
    const [pick] = await host.run('mirrorInstance', [], picks('m-palette'));
    assert.equal(pick?.many, true);
    assert.ok(!pick.optionDetails.some((detail) => detail.startsWith(SNAPSHOT_REMOTE)));
    await mirrors.isWhole('m-palette');
    await mirrors.snapshot('m-palette', 's2');
    await host.load();
    await host.run('mirrorInstance', [host.instance('m-palette', { on: SNAPSHOT_REMOTE })]);
    await mirrors.isWhole('m-palette');
  });

  it('offers the settings where no snapshot server is named', async () => {
    await host.load();
    const [message] = await host.run('mirrorInstance', [host.instance('ubuntu-test')], presses('Open Settings'));
    assert.equal(message?.text, 'No snapshot server is set up yet.');
    assert.deepEqual(host.window.ran, ['workbench.action.openSettings incusSnapshots.snapshotServers']);
  });
});

describe('what stands against mirroring', () => {
  const mirrors = useMirroring();
  const { host } = mirrors;
  const { lab } = host;

  it('is a mirror that runs', async () => {
    await mirrors.original('m-runs');
    await mirrors.begin();
    await mirrors.mirror('m-runs');
    const protects = (await mirrors.there('m-runs')).config['security.protection.start'] === 'true';
    if (protects) await lab.must('config', 'set', `${SNAPSHOT_REMOTE}:m-runs`, 'security.protection.start=false');
    await lab.must('start', `${SNAPSHOT_REMOTE}:m-runs`);
    const [message] = await mirrors.mirror('m-runs', leaves);
    assert.match(message?.text ?? '', /The mirror of m-runs on incus-snapshot runs\. Stop it first/);
    assert.equal((await mirrors.there('m-runs')).status, 'Running');
    assert.equal(lab.snapshotServer.line === '7.0', protects, 'where a server can, it keeps a mirror from starting');
  });

  it('is an instance that is no mirror of it, until its name is typed', async () => {
    await mirrors.original('m-foreign');
    await host.container('m-foreign', { on: SNAPSHOT_REMOTE, stopped: true });
    await lab.must('snapshot', 'create', `${SNAPSHOT_REMOTE}:m-foreign`, 'precious');
    await mirrors.begin();
    const [box] = await mirrors.mirror('m-foreign', leaves);
    assert.equal(box?.text, 'Overwrite m-foreign on incus-snapshot?');
    assert.match(box.prompt, /is an instance of its own, not a mirror\. Type its name/);
    const [, dialog] = await mirrors.mirror('m-foreign', types('m-foreign', ['', 'yes']), leaves);
    assert.match(dialog?.detail ?? '', /It is kept there as m-foreign-kept-mirror, and the instance is sent whole/);
    assert.doesNotMatch(dialog?.detail ?? '', /deleted there/);
    assert.deepEqual(await host.snapshots('m-foreign', { on: SNAPSHOT_REMOTE }), ['precious']);
    // On btrfs nothing can be built on it, and to write over it would leave it broken.
    await mirrors.mirror('m-foreign', types('m-foreign'), presses('Mirror Anew'));
    await mirrors.isWhole('m-foreign');
    assert.deepEqual(await host.snapshots('m-foreign-kept-mirror', { on: SNAPSHOT_REMOTE }), ['precious']);
  });

  it('is that it would go onto its own original', async () => {
    await mirrors.original('m-origin');
    await mirrors.begin([
      { from: 'local', to: SNAPSHOT_REMOTE, mode: 'pull' },
      { from: SNAPSHOT_REMOTE, to: 'local', mode: 'pull' },
    ]);
    await mirrors.mirror('m-origin');
    const ref = { project: 'default', instance: 'm-origin' };
    const source = { remote: SNAPSHOT_REMOTE, ...ref };
    const back = await host.parts.mirrors.plan({ source, target: { remote: 'local', ...ref }, mode: 'pull' });
    assert.ok(back.blocks.some(({ reason }) => reason === 'ontoItsOrigin'));
  });

  it('is what the snapshot server lacks', async () => {
    host.later(() => lab.must('profile', 'delete', 'local:m-web'));
    await lab.must('profile', 'create', 'local:m-web');
    await mirrors.original('m-lacks');
    await lab.must('profile', 'add', 'local:m-lacks', 'm-web');
    await mirrors.begin();
    const [message] = await mirrors.mirror('m-lacks', leaves);
    assert.equal(message?.text, 'm-lacks: incus-snapshot lacks profiles: m-web. Create them there, then try again.');
    await mirrors.begin([{ from: 'local', to: SNAPSHOT_REMOTE, mode: 'pull', targetProject: 'm-nowhere' }]);
    const [project] = await mirrors.mirror('m-lacks', leaves);
    assert.match(project?.text ?? '', /incus-snapshot has no project m-nowhere\./);
    assert.deepEqual(await mirrors.names('m-lacks'), []);
  });

  it('is a key that an older server does not know, said before anything is sent', async () => {
    const newer = lab.snapshotServer.line === '7.0' ? SNAPSHOT_REMOTE : 'local';
    const older = newer === 'local' ? SNAPSHOT_REMOTE : 'local';
    const knows = (await lab.query<{ api_extensions: string[] }>(`${newer}:/1.0`)).api_extensions.includes(
      'snapshot_manual_expiry',
    );
    mirrors.forget('m-key', 'local');
    mirrors.forget('m-key');
    const config: Record<string, string> = knows ? { 'snapshots.expiry.manual': '3d' } : {};
    await lab.must('init', '--quiet', `${newer}:busybox`, `${newer}:m-key`);
    for (const [key, value] of Object.entries(config))
      await lab.must('config', 'set', `${newer}:m-key`, `${key}=${value}`);
    await lab.must('snapshot', 'create', `${newer}:m-key`, 's1');
    await mirrors.begin([{ from: newer, to: older, mode: 'pull' }]);
    const row = host.instance('m-key', { on: newer });
    if (lab.primary.line === lab.snapshotServer.line) {
      await host.run('mirrorInstance', [row]);
      assert.match(mirrors.status, /^m-key mirrored to /);
      return;
    }
    const [message] = await host.run('mirrorInstance', [row], leaves);
    assert.match(message?.text ?? '', /local is of an older Incus and does not know: snapshots\.expiry\.manual\./);
    assert.match(message?.text ?? '', /Unset it on m-key .* These snapshots hold it for good, .*: s1\./);
    assert.equal(await host.real('m-key', { on: older }), undefined);
  });
});

describe('mirroring all', () => {
  const mirrors = useMirroring();
  const { host } = mirrors;

  it('proposes what has a mirror, passes over what has nothing to send, and counts', async () => {
    for (const name of ['m-all-a', 'm-all-b', 'm-all-c']) {
      await mirrors.original(name);
      await mirrors.snapshot(name, 's1');
    }
    await mirrors.begin();
    await host.run('mirrorInstance', [host.instance('m-all-a'), host.instance('m-all-b')]);
    assert.equal(mirrors.status, '2 of 2 instances mirrored. Snapshots sent: 2, deleted: 0.');
    await mirrors.snapshot('m-all-b', 's2');
    await host.load();
    const before = host.calls('copy').length;
    const [pick] = await host.run('mirrorAll', [], picks('m-all-a', 'm-all-b', 'm-all-c'), picks('Snapshots only'));
    assert.equal(pick?.text, 'Mirror local to incus-snapshot');
    assert.equal(mirrors.status, '3 of 3 instances mirrored. Nothing to send: 1. Snapshots sent: 2, deleted: 0.');
    assert.equal(host.calls('copy').length - before, 2);
    for (const name of ['m-all-a', 'm-all-b', 'm-all-c']) await mirrors.isWhole(name);
    await host.run('mirrorAll', [], picks('m-all-a', 'm-all-b', 'm-all-c'), picks('Snapshots only'));
    assert.match(mirrors.status, /^3 of 3 instances mirrored\. Nothing to send: 3\./);
    assert.equal(host.calls('copy').length - before, 2);
    await host.run('mirrorAll', [], picks('m-all-a'), picks('Snapshots and the state of now'));
    assert.equal(host.calls('copy').length - before, 3);
  });

  it('tells what stands against one, and mirrors the others', async () => {
    await mirrors.original('m-some-a');
    await mirrors.original('m-some-b');
    await host.container('m-some-b', { on: SNAPSHOT_REMOTE, stopped: true });
    await mirrors.begin();
    const rows = [host.instance('m-some-a'), host.instance('m-some-b')];
    const [message] = await host.run('mirrorInstance', rows, leaves);
    assert.match(
      message?.text ?? '',
      /^1 of 2 instances mirrored\. .*m-some-b: m-some-b on incus-snapshot is an instance/,
    );
    await mirrors.isWhole('m-some-a');
  });

  it('warns of a mirror that is older than it may be', async () => {
    await mirrors.original('m-late');
    await mirrors.begin();
    await mirrors.mirror('m-late');
    const key = 'user.incus-snapshots.verified=2020-01-01T00:00:00Z';
    await host.lab.must('config', 'set', `${SNAPSHOT_REMOTE}:m-late`, key);
    host.memento.clear();
    await host.load();
    assert.match(mirrors.view(), /m-late in step · mirrored AGE · late: mirror it again/);
    assert.match(mirrors.view(), /local → incus-snapshot .* · 1 late/);
    await host.setting('mirror.maxAge', 0);
    assert.doesNotMatch(mirrors.view(), /late: |1 late/);
  });
});
