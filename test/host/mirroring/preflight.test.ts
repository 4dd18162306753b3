import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { snapshotServers } from '../../../src/vscode/settings.ts';
import { waitFor } from '../../lab/process.ts';
import { confirms, leaves, picks, presses, types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';
import { newClientOf, tokenOf } from '../support/newClient.ts';

describe('setting up a snapshot server', () => {
  const host = useHost();
  const { lab } = host;

  /** The list of checks, once all are done. */
  async function checks() {
    const box = await host.dialogs.box();
    await waitFor('the checks', () => (box.busy ? undefined : true));
    return box;
  }

  async function noTrialIsLeft(): Promise<void> {
    for (const remote of ['local', SNAPSHOT_REMOTE]) {
      const names = await lab.query<string[]>(`${remote}:/1.0/instances?all-projects=true`);
      assert.deepEqual(
        names.filter((name) => name.includes('incus-snapshots-tmp-')),
        [],
      );
    }
  }

  it('leads from a server that nobody trusts to one that can hold mirrors, and makes what is missing there', async () => {
    await host.setting('snapshotServers', []);
    host.later(() => lab.incus('profile', 'delete', 'pre-extra'));
    host.later(() => lab.incus('profile', 'delete', `${SNAPSHOT_REMOTE}:pre-extra`));
    await lab.must('profile', 'create', 'pre-extra');
    await lab.must('profile', 'set', 'pre-extra', 'user.secret=none-of-your-business', 'limits.cpu=1');
    await host.container('pre-one', { stopped: true });
    await lab.must('profile', 'add', 'pre-one', 'pre-extra');
    newClientOf(host);
    await host.load();
    const flow = host.run(
      'setUpSnapshotServer',
      [],
      ...[picks('$(add) Add Remote'), types(await tokenOf(host)), confirms, presses('Trust This Server')],
      ...[presses('Create Profile'), presses('Copy the Commands for the Way Back')],
    );
    let box = await checks();
    assert.match(box.title, /: local → incus-snapshot$/);
    assert.ok(box.lines().includes('A trial copy works by pull, push, relay'), box.lines().join('\n'));
    assert.ok(!box.lines().some((line) => line.startsWith('Mirror local')), 'not before what is missing is there');
    box.enter('$(error) Missing profiles: pre-extra');
    await waitFor('the profile', async () => {
      const found = await lab.incus('profile', 'show', `${SNAPSHOT_REMOTE}:pre-extra`);
      return found.exitCode === 0 && found.stdout.includes('limits.cpu: "1"') ? true : undefined;
    });
    assert.equal(host.calls('none-of-your-business').length, 0, 'what is in a profile stands in no log');
    await waitFor('the checks to be run again', () => (box.isOpen ? undefined : true));
    box = await checks();
    assert.ok(box.lines().includes('The profiles are there'), box.lines().join('\n'));
    box.enter('$(arrow-right) Mirror local to incus-snapshot');
    await flow;
    assert.deepEqual(snapshotServers(), [{ from: 'local', to: 'incus-snapshot', mode: 'pull' }]);
    assert.match(
      await vscode.env.clipboard.readText(),
      /incus config trust add .*\n.*\nincus remote add primary TOKEN$/,
    );
    assert.equal(host.parts.draft.route, undefined);
    await noTrialIsLeft();
  });

  it('can be left and taken up again, and makes a project as it is on the source', async () => {
    const project = 'pre-project';
    await host.setting('snapshotServers', []);
    host.later(() => lab.incus('project', 'delete', project));
    host.later(() => lab.incus('project', 'delete', `${SNAPSHOT_REMOTE}:${project}`));
    await lab.must('project', 'create', project, '-c', 'features.images=false', '-c', 'features.profiles=false');
    await host.container('pre-two', { stopped: true, project });
    await host.load();
    const left = host.run('setUpSnapshotServer', [], picks('local'), picks(SNAPSHOT_REMOTE));
    (await checks()).escape();
    await left;
    await noTrialIsLeft();
    const again = host.run(
      'setUpSnapshotServer',
      [],
      picks(`Go on: local to ${SNAPSHOT_REMOTE}`),
      presses('Create Project'),
    );
    const box = await checks();
    box.enter(`$(error) Missing projects: ${project}`);
    await waitFor('the checks to be run again', () => (box.isOpen ? undefined : true));
    const next = await checks();
    assert.ok(next.lines().includes('The projects are there'), next.lines().join('\n'));
    const { config } = await lab.query<{ config: Record<string, string> }>(
      `${SNAPSHOT_REMOTE}:/1.0/projects/${project}`,
    );
    assert.equal(config['features.profiles'], 'false');
    next.escape();
    await again;
    await noTrialIsLeft();
  });

  it('asks for the project where there are several, and takes it up again', async () => {
    await host.setting('snapshotServers', []);
    host.later(() => lab.incus('project', 'delete', `${SNAPSHOT_REMOTE}:pre-there`));
    await lab.must('project', 'create', `${SNAPSHOT_REMOTE}:pre-there`, '-c', 'features.profiles=false');
    await host.container('pre-three', { stopped: true });
    await host.load();
    const where = [picks('local'), picks(SNAPSHOT_REMOTE), picks('pre-there'), leaves];
    const flow = host.run('setUpSnapshotServer', [host.instance('pre-three')], ...where);
    const box = await checks();
    assert.ok(box.lines().includes('The projects are there'), box.lines().join('\n'));
    assert.ok(
      box.lines().some((line) => /^[\d.]+ GiB are free(; .*)?$/.test(line)),
      box.lines().join('\n'),
    );
    assert.equal(host.parts.draft.route?.targetProject, 'pre-there');
    box.enter(`$(arrow-right) Mirror local to ${SNAPSHOT_REMOTE}`);
    await flow;
    assert.deepEqual(snapshotServers(), [
      { from: 'local', to: SNAPSHOT_REMOTE, mode: 'pull', targetProject: 'pre-there' },
    ]);
    await noTrialIsLeft();
  });

  it('says of a server that refuses the connection what can be done there', async () => {
    host.conf((config) => {
      config.remotes['gone'] = { addr: 'https://127.0.0.1:9', protocol: 'incus', auth_type: 'tls' };
    });
    await host.parts.inventory.refresh();
    const flow = host.run('setUpSnapshotServer', [], picks('local'), picks('gone'));
    const box = await checks();
    assert.equal(box.lines().length, 3, 'nothing more can be told');
    box.enter('$(error) gone: The server refused the connection.');
    await waitFor('the checks to be run again', () => (box.isOpen ? undefined : true));
    assert.match(await vscode.env.clipboard.readText(), /core\.https_address=:9\nsudo ufw allow 9\/tcp/);
    (await checks()).escape();
    await flow;
  });
});
