/** Pruning without VS Code: what is installed, and what its script does on a real server. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SOURCE_KEY } from '../../../src/core/policy/mirror/mirrorKeys.ts';
import { machineOf, runScript } from '../support/automation.ts';
import { leaves, picks, presses } from '../support/dialogs.ts';
import { useHost } from '../support/host.ts';

const NAME = 'incus-snapshots-prune-local';
const RETENTION = 'user.incus-snapshots.retention';

describe('automated pruning', () => {
  const host = useHost();
  const { lab } = host;

  /** A stopped container with rules and snapshots, the oldest first. */
  async function ruled(name: string, rules: string, ...snapshots: string[]): Promise<void> {
    await host.container(name, { stopped: true, config: { [RETENTION]: rules } });
    for (const one of snapshots) await lab.must('snapshot', 'create', name, one);
  }

  const install = (names: readonly string[], kind = 'systemd, for this user') =>
    host.run('automatePruning', [], picks(...names), picks(kind), picks('Every hour'), presses('Install'));

  it('is shown before it is installed, and then prunes by the rules on the instances', async () => {
    const { script, unit, calls, log, verify } = machineOf(host, NAME);
    await ruled('keep-two', 'last=2', 'a', 'pinned', 'b', 'c', 'd');
    await ruled('keep-one', 'hourly=1', 'first', 'second');
    await host.load();
    await host.run('pinSnapshot', [host.snapshot('keep-two', 'pinned')]);
    const asked = await install(['keep-one', 'keep-two']);
    assert.match(asked.at(-1)?.text ?? '', /^The editor shows what would be written\. Nothing is installed yet\.$/);
    assert.deepEqual(calls(), [
      'systemctl --user daemon-reload',
      `systemctl --user enable --now ${NAME}.timer`,
      `systemctl --user restart ${NAME}.timer`,
    ]);
    assert.match(readFileSync(unit('.timer'), 'utf8'), /^OnCalendar=\*-\*-\* \*:37:00$/m);
    await verify();

    const first = await runScript(script);
    assert.equal(first.exitCode, 0, first.stdout + first.stderr);
    assert.deepEqual(await host.snapshots('keep-two'), ['pinned', 'c', 'd']);
    assert.deepEqual(await host.snapshots('keep-one'), ['second']);
    assert.match(first.stdout, /keep-two \(default\): 2 deleted, 3 stay/);
    // What is left is what the rules keep.
    assert.equal((await runScript(script)).exitCode, 0);
    assert.deepEqual(await host.snapshots('keep-two'), ['pinned', 'c', 'd']);
    assert.match(readFileSync(log, 'utf8'), /2 of 2 instances pruned/);
  });

  it('deletes nothing where it is not sure, goes on with the others, and says so', async () => {
    const { script, lock } = machineOf(host, NAME);
    await ruled('rules-odd', 'last=1', 'a', 'b');
    await ruled('rules-gone', 'last=1', 'a', 'b');
    await ruled('rules-mirror', 'last=1', 'a', 'b');
    await ruled('rules-well', 'last=1', 'a', 'b');
    await host.load();
    await install(['rules-gone', 'rules-mirror', 'rules-odd', 'rules-well']);
    await lab.must('config', 'set', 'rules-odd', `${RETENTION}=last=many`);
    await lab.must('config', 'unset', 'rules-gone', RETENTION);
    await lab.must('config', 'set', 'rules-mirror', `${SOURCE_KEY}=${'f'.repeat(64)}/default/else`);
    // Another run is at work.
    mkdirSync(lock, { recursive: true });
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    writeFileSync(join(lock, 'owner'), `${process.pid} ${boot}\n`);
    assert.equal((await runScript(script)).exitCode, 75);
    assert.deepEqual(await host.snapshots('rules-well'), ['a', 'b']);
    writeFileSync(join(lock, 'owner'), `${process.pid} another-boot\n`);

    const { exitCode, stdout } = await runScript(script);
    assert.equal(exitCode, 1);
    for (const name of ['rules-odd', 'rules-gone', 'rules-mirror']) {
      assert.deepEqual(await host.snapshots(name), ['a', 'b'], name);
    }
    assert.deepEqual(await host.snapshots('rules-well'), ['b']);
    assert.match(stdout, /rules-odd \(default\): its rules cannot be read: last=many/);
    assert.match(stdout, /rules-gone \(default\): it has no rules: left alone/);
    assert.match(stdout, /rules-mirror \(default\): a mirror loses its snapshots with its original: left alone/);
    assert.match(stdout, /3 of 4 instances pruned/);
    assert.ok(!existsSync(lock));
  });

  it('is offered with tiers, found again, changed to cron, and removed', async () => {
    const { script, unit, crontab } = machineOf(host, NAME);
    await host.container('tiers-auto', { stopped: true });
    await host.load();
    const [told] = await host.run('automatePruning', [], leaves);
    assert.match(told?.text ?? '', /^No instance has rules to prune by\./);
    await host.run(
      'setTiers',
      [host.instance('tiers-auto')],
      picks('Daily for a month, monthly for a year'),
      presses('Set, and Prune by Itself…'),
      picks('tiers-auto'),
      picks('systemd, for this user'),
      picks('Every night'),
      presses('Install'),
    );
    assert.ok(existsSync(script) && existsSync(unit('.timer')));
    await host.run(
      'automatePruning',
      [],
      picks('Change local'),
      picks('tiers-auto'),
      picks('cron'),
      picks('Every six hours'),
      presses('Install'),
    );
    assert.ok(!existsSync(unit('.timer')) && !existsSync(unit('.service')));
    assert.match(
      crontab(),
      new RegExp(`^37 \\*/6 \\* \\* \\* /bin/sh .*/${NAME}\\.sh # incus-snapshots-automation ${NAME}$`, 'm'),
    );
    await host.run('automatePruning', [], picks('Remove local'), presses('Remove'));
    assert.equal(crontab(), '');
    assert.ok(!existsSync(script));
  });
});
