import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { mustRun, waitFor } from '../../lab/process.ts';
import { type Answer, leaves, picks, presses } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';

describe('starting and stopping', () => {
  const host = useHost();
  const { lab } = host;
  const statusOf = async (name: string) => (await host.real(name))?.status;

  it('starts and stops, and asks before it stops', async () => {
    await host.container('power-one');
    await host.load();
    const row = host.instance('power-one');
    const [left] = await host.run('stopInstance', [row], leaves);
    assert.deepEqual([left?.text, left?.modal, left?.options], ['Stop power-one?', true, ['Stop']]);
    assert.equal(left?.detail, 'local: power-one');
    assert.equal(await statusOf('power-one'), 'Running');
    await host.run('stopInstance', [row], presses('Stop'));
    assert.equal(await statusOf('power-one'), 'Stopped');
    assert.match(host.tree(), /power-one stopped/);
    await host.run('startInstance', [row]);
    assert.equal(await statusOf('power-one'), 'Running');
    assert.match(host.tree(), /power-one running/);
    assert.deepEqual(host.window.status, ['power-one stopped.', 'power-one started.']);
  });

  it('restarts: all processes are others', async () => {
    await host.container('power-restart');
    await host.exec('power-restart', 'touch', '/run/before', '/root/kept');
    const started = () => host.exec('power-restart', 'stat', '-c', '%Y', '/proc/1');
    const before = await started();
    await host.load();
    const [asked] = await host.run('restartInstance', [host.instance('power-restart')], presses('Restart'));
    assert.equal(asked?.text, 'Restart power-restart?');
    assert.notEqual(await started(), before);
    assert.match(host.tree(), /power-restart running/);
  });

  it('works on several at once, and tells which failed', async () => {
    for (const name of ['power-a', 'power-b', 'power-c']) await host.container(name, { stopped: true });
    await host.load();
    await lab.must('start', 'power-b');
    const rows = ['power-a', 'power-b', 'power-c'].map((name) => host.instance(name));
    const [message] = await host.run('startInstance', rows, leaves);
    assert.equal(
      message?.text,
      '2 of 3 instances started. power-b: The instance is running. Stop it first, then try again.',
    );
    assert.match(host.tree(), /power-a running.*\n.*power-b running.*\n.*power-c running/);
    await host.run('stopInstance', rows, presses('Stop'));
    assert.deepEqual(await Promise.all(['power-a', 'power-b', 'power-c'].map(statusOf)), [
      'Stopped',
      'Stopped',
      'Stopped',
    ]);
  });

  it('asks before it forces what does not shut down in time', async () => {
    await host.container('power-stubborn', { config: { 'raw.lxc': 'lxc.signal.halt = SIGWINCH' } });
    await host.setting('stopTimeout', 1);
    await host.load();
    const row = host.instance('power-stubborn');
    const [, force, message] = await host.run('stopInstance', [row], presses('Stop'), leaves, leaves);
    assert.equal(force?.text, 'power-stubborn did not shut down within 1 seconds.');
    assert.match(message?.text ?? '', /did not shut down in time and was left running/);
    assert.equal(await statusOf('power-stubborn'), 'Running');
    await host.run('stopInstance', [row], presses('Stop'), presses('Force Stop'));
    assert.equal(await statusOf('power-stubborn'), 'Stopped');
    assert.equal(host.window.status.at(-1), 'power-stubborn stopped.');
  });

  it('stops, and resumes, a frozen one', async () => {
    await host.container('power-frozen');
    await lab.must('pause', 'power-frozen');
    await host.load();
    const row = host.instance('power-frozen');
    assert.match(host.tree(), /power-frozen frozen/);
    assert.match(host.item(row).contextValue ?? '', /canStart;canStop$/);
    await host.run('startInstance', [row]);
    assert.equal(await statusOf('power-frozen'), 'Running');
    await lab.must('pause', 'power-frozen');
    // It is resumed first, so that it hears the request to shut down and need not be forced.
    await host.run('stopInstance', [row], presses('Stop'));
    assert.equal(await statusOf('power-frozen'), 'Stopped');
  });

  it('offers in the palette what fits', async () => {
    await host.container('power-off', { stopped: true });
    await host.load();
    const [start] = await host.run('startInstance', [], leaves);
    assert.deepEqual(start?.options, ['power-off']);
    const [stop] = await host.run('stopInstance', [], leaves);
    assert.deepEqual(stop?.options, ['rockylinux-test-9', 'ubuntu-test']);
  });
});

describe('looking into an instance', () => {
  const host = useHost();
  const { lab } = host;

  it('shows what Incus tells of it, read-only, and afresh each time', async () => {
    await host.container('look-info', { stopped: true });
    await host.load();
    await host.run('showInstanceInfo', [host.instance('look-info')]);
    const { document } = vscode.window.activeTextEditor!;
    assert.equal(document.uri.scheme, 'incus-info');
    assert.equal(document.uri.path, '/local/default/look-info');
    assert.match(document.getText(), /^Name: look-info\n(.*\n)*Status: STOPPED/);
    await lab.must('snapshot', 'create', 'look-info', 'seen');
    await host.run('showInstanceInfo', [host.instance('look-info')]);
    await waitFor('the document to change', () => (document.getText().includes('seen') ? true : undefined));
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });

  it('opens a root shell with exactly these arguments, and without the aliases of the user', async () => {
    await host.container('look-shell');
    await host.load();
    await host.run('openShell', [host.instance('look-shell')]);
    const [terminal] = host.window.terminals;
    const options = terminal?.creationOptions as vscode.TerminalOptions;
    assert.equal(options.name, 'look-shell (local)');
    assert.equal(options.shellPath, 'incus');
    assert.deepEqual(options.shellArgs, ['exec', '--project', 'default', 'local:look-shell', '--', 'su', '-l']);
    assert.deepEqual(options.env, { INCUS_ALIASES: '1' });
    terminal?.sendText('touch /root/by-hand');
    await waitFor('what was typed', async () =>
      (await lab.incus('exec', '-T', 'look-shell', '--', 'test', '-e', '/root/by-hand')).exitCode === 0
        ? true
        : undefined,
    );
  });

  it('does not open a shell in an instance that has been stopped', async () => {
    await host.container('look-stopped', { stopped: true });
    await host.load();
    const [message] = await host.run('openShell', [host.instance('look-stopped')], leaves);
    assert.equal(message?.text, 'The instance is not running. Start it first, then try again.');
    assert.deepEqual(host.window.terminals, []);
  });

  it('copies command lines that do what the actions do', async () => {
    const on = SNAPSHOT_REMOTE;
    await host.container('look-copy', { on });
    await host.load();
    const copy = async (row: Parameters<typeof host.run>[1], ...answers: Answer[]) => {
      const [pick] = await host.run('copyCommand', row, ...answers);
      return { pick, line: await vscode.env.clipboard.readText() };
    };
    const inShell = (line: string) => mustRun(['/bin/sh', '-c', line], { env: lab.environment() });
    const instance = host.instance('look-copy', { on });
    const { pick, line } = await copy([instance], picks('Create Snapshot'));
    assert.deepEqual(pick?.options, ['Create Snapshot', 'Open Shell', 'Stop', 'Restart', 'Show Info']);
    assert.equal(line, `incus snapshot create --project default -- ${on}:look-copy look-copy-1`);
    await inShell(line);
    assert.deepEqual(await host.snapshots('look-copy', { on }), ['look-copy-1']);
    assert.equal(host.window.status.at(-1), `Copied: ${line}`);

    await host.run('refresh', [instance]);
    await host.treeBecomes(/look-copy running · 1 snapshot/);
    await lab.must('exec', '-T', `${on}:look-copy`, '--', 'touch', '/root/after');
    const restore = await copy([host.snapshot('look-copy', 'look-copy-1', { on })], picks('Restore'));
    assert.deepEqual(restore.pick?.options, ['Restore', 'Create Instance from Snapshot', 'Delete']);
    await inShell(restore.line);
    assert.equal((await lab.incus('file', 'pull', `${on}:look-copy/root/after`, '-')).exitCode, 1);
    assert.equal((await host.real('look-copy', { on }))?.status, 'Running');
    const remove = await copy([host.snapshot('look-copy', 'look-copy-1', { on })], picks('Delete'));
    await inShell(remove.line);
    assert.deepEqual(await host.snapshots('look-copy', { on }), []);
  });

  it('reads again what is selected, or everything', async () => {
    await host.container('look-new', { stopped: true });
    await host.load();
    await lab.must('snapshot', 'create', 'look-new', 'by-hand');
    const count = () => host.calls('incus query').filter((line) => line.includes(SNAPSHOT_REMOTE)).length;
    const before = count();
    await host.run('refresh', [host.instance('look-new')]);
    await host.treeBecomes(/look-new stopped · 1 snapshot\n {4}by-hand AGE/);
    assert.equal(count(), before, 'the other remote is left alone');
    await host.run('refresh', []);
    assert.ok(count() > before);
  });

  it('shows the log, the settings and how to install', async () => {
    await host.run('showLog', []);
    await host.run('openSettings', []);
    await host.run('openInstallGuide', []);
    assert.equal(host.window.logShown, 1);
    assert.deepEqual(host.window.ran, ['workbench.action.openSettings incusSnapshots.cliPath']);
    assert.match(host.window.opened[0] ?? '', /^https:\/\/linuxcontainers\.org\/incus\//);
  });
});
