import { accessSync, constants } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { environmentOf } from '../../core/incus/runner.ts';
import type { AutomationKind, AutomationPlaces } from '../../core/policy/automation/automation.ts';
import { program } from '../settings.ts';

/** Where automations are kept on this machine; asked anew each time, since settings change. */
export function automationPlaces(kind: AutomationKind): AutomationPlaces {
  const { path, env } = program();
  const own = Object.entries(process.env).filter(([name]) => /^INCUS_(CONF|DIR|SOCKET)$/.test(name));
  const { INCUS_ALIASES: _, ...set } = environmentOf({ path, env });
  const shared = { user: userInfo().username, program: found(path), env: { ...textsOf(own), ...set } };
  if (kind === 'system') {
    return { ...shared, scripts: '/usr/local/lib/incus-snapshots', units: '/etc/systemd/system' };
  }
  const data = process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share');
  const config = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  return { ...shared, scripts: join(data, 'incus-snapshots'), units: join(config, 'systemd', 'user') };
}

function textsOf(entries: readonly (readonly [string, string | undefined])[]): Record<string, string> {
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** cron and systemd look in fewer folders than a user's shell does. */
function found(path: string): string {
  if (isAbsolute(path)) return path;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const inFolder = folders.map((folder) => join(folder, path)).find(isProgram);
  return inFolder ?? path;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
