/** Where automations are installed in tests, and their scripts run. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { mustRun, type Result, run } from '../../lab/process.ts';
import type { Host } from './host.ts';

/** A user's machine, as far as an automation changes it. */
export interface Machine {
  readonly script: string;
  readonly unit: (ending: string) => string;
  readonly log: string;
  readonly lock: string;
  /** What the programs of the system were told. */
  readonly calls: () => string[];
  readonly crontab: () => string;
  /** Has the programs that look for mistakes look at all of it. */
  readonly verify: () => Promise<void>;
}

/**
 * Folders of a user's own, and stand-ins for the programs that this machine may not run: they note what they are told.
 * @param name of the automation
 */
export function machineOf(host: Pick<Host, 'folder' | 'env'>, name: string): Machine {
  const folder = host.folder();
  const bin = join(folder, 'bin');
  const calls = join(folder, 'calls');
  const crontab = join(folder, 'crontab');
  mkdirSync(bin);
  writeFileSync(join(bin, 'systemctl'), `#!/bin/sh\necho "systemctl $*" >>'${calls}'\n`);
  const lists = `if [ "$1" = -l ]; then cat '${crontab}' 2>/dev/null || { echo 'no crontab for me' >&2; exit 1; }; else`;
  writeFileSync(join(bin, 'crontab'), `#!/bin/sh\necho "crontab $1" >>'${calls}'\n${lists} cp "$1" '${crontab}'; fi\n`);
  for (const program of ['systemctl', 'crontab']) chmodSync(join(bin, program), 0o755);
  host.env({
    PATH: [bin, process.env['PATH'] ?? ''].join(delimiter),
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_STATE_HOME: join(folder, 'state'),
  });
  const script = join(folder, 'data', 'incus-snapshots', `${name}.sh`);
  const unit = (ending: string) => join(folder, 'config', 'systemd', 'user', `${name}${ending}`);
  return {
    script,
    unit,
    log: join(folder, 'state', 'incus-snapshots', `${name}.log`),
    lock: join(folder, 'state', 'incus-snapshots', `${name}.lock`),
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
    crontab: () => readFileSync(crontab, 'utf8'),
    verify: async () => {
      await mustRun(['shellcheck', '--shell=sh', script]);
      const verify = ['systemd-analyze', 'verify', '--man=no', unit('.service'), unit('.timer')];
      const verified = await run(verify).catch(() => undefined);
      if (verified) assert.equal(verified.exitCode, 0, verified.stderr);
      else process.stdout.write('    systemd-analyze is not on this machine: the units were not verified\n');
    },
  };
}

/** Runs a script as systemd and cron do: without this program's own environment. */
export function runScript(script: string): Promise<Result> {
  const { HOME, XDG_STATE_HOME } = process.env;
  return run(['/bin/sh', script], { env: { HOME, XDG_STATE_HOME, PATH: '/usr/bin:/bin' } });
}
