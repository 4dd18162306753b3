/** Mirroring without VS Code: what is installed, and what its script does on real servers. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { overridesFor, SENDING_KEY, SOURCE_KEY, VERIFIED_KEY } from '../../../src/core/policy/mirror/mirrorKeys.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';
import { waitFor } from '../../lab/process.ts';
import { machineOf, runScript } from '../support/automation.ts';
import { picks, presses } from '../support/dialogs.ts';

describe('without VS Code', () => {
  const host = useHost();
  const { lab } = host;
  const there = { on: SNAPSHOT_REMOTE };
  const NAME = 'incus-snapshots-mirror-local-to-incus-snapshot';
  const EDITOR = /^The editor shows what would be written\. Nothing is installed yet\.$/;

  /** A stopped container with one snapshot; its mirror, which the test makes, is seen to. */
  async function original(name: string, config: Record<string, string> = {}): Promise<void> {
    await host.container(name, { stopped: true, config });
    await lab.must('snapshot', 'create', name, 's1');
    host.later(() => lab.incus('delete', '--force', `${SNAPSHOT_REMOTE}:${name}`));
    host.later(() => lab.incus('config', 'set', `${SNAPSHOT_REMOTE}:${name}`, 'security.protection.delete=false'));
  }

  /** Goes through the command for these instances, and installs. */
  async function install(names: readonly string[], kind = 'systemd, for this user', deletes = 'Stop, and say so') {
    await host.setting('snapshotServers', [{ from: 'local', to: SNAPSHOT_REMOTE }]);
    await host.load();
    return host.run(
      'automateMirroring',
      [],
      picks(...names),
      picks(kind),
      picks('Every night'),
      picks(deletes),
      presses('Install'),
    );
  }

  describe('automated mirroring', () => {
    it('is shown before it is installed, and then runs without VS Code as a run in it does', async () => {
      const { script, unit, calls, log } = machineOf(host, NAME);
      await original('auto-first', { 'snapshots.schedule': '@daily', 'boot.autostart': 'true' });
      const asked = await install(['auto-first']);
      assert.match(asked.at(-1)?.text ?? '', EDITOR);
      assert.deepEqual(calls(), [
        'systemctl --user daemon-reload',
        `systemctl --user enable --now ${NAME}.timer`,
        `systemctl --user restart ${NAME}.timer`,
      ]);
      assert.match(readFileSync(unit('.timer'), 'utf8'), /^OnCalendar=\*-\*-\* 02:07:00$/m);

      const first = await runScript(script);
      assert.equal(first.exitCode, 0, first.stdout + first.stderr);
      assert.match(first.stdout, /auto-first \(default\) to incus-snapshot: mirrored, 1 snapshots/);
      assert.deepEqual(await host.snapshots('auto-first', there), ['s1']);
      const mirror = await host.real('auto-first', there);
      const source = await host.real('auto-first');
      const { environment } = await lab.query<{ environment: { certificate_fingerprint: string } }>('local:/1.0');
      const { api_extensions } = await lab.query<{ api_extensions: string[] }>(`${SNAPSHOT_REMOTE}:/1.0`);
      const wanted = overridesFor({
        source: { config: source?.config ?? {}, expandedConfig: source?.config ?? {} },
        identity: { fingerprint: environment.certificate_fingerprint, project: 'default', instance: 'auto-first' },
        extensions: new Set(api_extensions),
      });
      for (const [key, value] of Object.entries(wanted)) assert.equal(mirror?.config[key] ?? '', value, key);
      assert.ok(Date.parse(mirror?.config[VERIFIED_KEY] ?? ''), 'when it was verified');
      assert.equal(mirror?.config[SENDING_KEY], undefined);

      await lab.must('snapshot', 'create', 'auto-first', 's2');
      assert.equal((await runScript(script)).exitCode, 0);
      assert.deepEqual(await host.snapshots('auto-first', there), ['s1', 's2']);
      assert.match(readFileSync(log, 'utf8'), /1 of 1 instances mirrored/);
    });

    it('passes shellcheck and systemd-analyze', async () => {
      const machine = machineOf(host, NAME);
      await original('auto-lint');
      await install(['auto-lint']);
      await machine.verify();
    });

    it('keeps what only the mirror has until the user decides, and goes on with the others', async () => {
      const { script } = machineOf(host, NAME);
      await original('auto-pruned');
      await original('auto-well');
      await install(['auto-pruned', 'auto-well']);
      assert.equal((await runScript(script)).exitCode, 0);
      await lab.must('snapshot', 'delete', 'auto-pruned', 's1');
      await lab.must('snapshot', 'create', 'auto-well', 's2');
      const { exitCode, stdout } = await runScript(script);
      assert.equal(exitCode, 1);
      assert.match(stdout, /auto-pruned .*the mirror has snapshots that the original has not: s1/);
      assert.match(stdout, /1 of 2 instances mirrored/);
      assert.deepEqual(await host.snapshots('auto-pruned', there), ['s1']);
      assert.deepEqual(await host.snapshots('auto-well', there), ['s1', 's2']);
    });

    it('deletes on the mirror what was deleted, where that was chosen', async () => {
      const { script } = machineOf(host, NAME);
      await original('auto-exact');
      await install(['auto-exact'], 'systemd, for this user', 'Delete it on the mirror as well');
      assert.equal((await runScript(script)).exitCode, 0);
      await lab.must('snapshot', 'delete', 'auto-exact', 's1');
      assert.equal((await runScript(script)).exitCode, 0);
      assert.deepEqual(await host.snapshots('auto-exact', there), []);
    });

    it('writes onto nothing that is not its mirror, and nothing that runs', async () => {
      const { script } = machineOf(host, NAME);
      await original('auto-foreign');
      await original('auto-runs');
      await host.container('auto-foreign', { stopped: true, ...there });
      await host.container('auto-runs', there);
      await install(['auto-foreign', 'auto-runs']);
      const { environment } = await lab.query<{ environment: { certificate_fingerprint: string } }>('local:/1.0');
      const mark = `${SOURCE_KEY}=${environment.certificate_fingerprint}/default/auto-runs`;
      await lab.must('config', 'set', `${SNAPSHOT_REMOTE}:auto-runs`, mark);
      const { exitCode, stdout } = await runScript(script);
      assert.equal(exitCode, 1);
      assert.match(stdout, /auto-foreign there is not its mirror/);
      assert.match(stdout, /auto-runs there runs/);
      assert.deepEqual(await host.snapshots('auto-foreign', there), []);
      assert.deepEqual(await host.snapshots('auto-runs', there), []);
    });

    it('sends again what a run that broke off left in doubt', async () => {
      const { script } = machineOf(host, NAME);
      await original('auto-broken');
      await install(['auto-broken']);
      assert.equal((await runScript(script)).exitCode, 0);
      await lab.must('config', 'set', `${SNAPSHOT_REMOTE}:auto-broken`, `${SENDING_KEY}=["s1"]`);
      assert.equal((await runScript(script)).exitCode, 0);
      const mirror = await host.real('auto-broken', there);
      assert.equal(mirror?.config[SENDING_KEY], undefined);
      assert.deepEqual(await host.snapshots('auto-broken', there), ['s1']);
    });

    it('runs but once at a time, and after a crash again', async () => {
      const { script, lock } = machineOf(host, NAME);
      await original('auto-locked');
      await install(['auto-locked']);
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      mkdirSync(lock, { recursive: true });
      writeFileSync(join(lock, 'owner'), `${process.pid} ${boot}\n`);
      assert.equal((await runScript(script)).exitCode, 75);
      assert.equal(await host.real('auto-locked', there), undefined);
      // The same number, from before the machine was started again.
      writeFileSync(join(lock, 'owner'), `${process.pid} another-boot\n`);
      assert.equal((await runScript(script)).exitCode, 0);
      assert.ok(!existsSync(lock));
      // A script that is ended leaves no lock.
      const both = await Promise.all([runScript(script), runScript(script)]);
      assert.ok(both.some(({ exitCode }) => exitCode === 0));
      await waitFor('the lock to go', () => (existsSync(lock) ? undefined : true));
    });

    it('is found again, changed to cron, and removed, by the same command', async () => {
      const { script, unit, crontab } = machineOf(host, NAME);
      await original('auto-changed');
      await install(['auto-changed']);
      await host.run(
        'automateMirroring',
        [],
        picks('Change local to incus-snapshot'),
        picks('auto-changed'),
        picks('cron'),
        picks('Every hour'),
        picks('Stop, and say so'),
        presses('Install'),
      );
      assert.ok(!existsSync(unit('.timer')) && !existsSync(unit('.service')));
      assert.match(crontab(), new RegExp(`^7 \\* \\* \\* \\* /bin/sh .*/${NAME}\\.sh # incus-snapshots-automation `));
      await host.run('automateMirroring', [], picks('Remove local to incus-snapshot'), presses('Remove'));
      assert.equal(crontab(), '');
      assert.ok(!existsSync(script));
    });
  });
});
