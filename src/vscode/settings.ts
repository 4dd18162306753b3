import { isAbsolute } from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import type { TimeLimits } from '../core/incus/client.ts';
import type { Program } from '../core/incus/runner.ts';
import { DEFAULT_PROJECT, type SnapshotServerPair } from '../core/model.ts';
import { checkGroup, type Group } from '../core/policy/groups/group.ts';
import { checkRemoteName } from '../core/policy/names.ts';
import { isTimeZone } from '../core/policy/schedule/zone.ts';
import { ownZone } from './formats.ts';

/** The section of all settings of the extension. */
export const SECTION = 'incusSnapshots';

const environment = z.record(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/)), z.string());
const secondsAbove = (least: number) => z.number().check(z.gte(least), z.lte(86_400));

/** A value that does not fit its schema is as good as not set: the default holds. */
function read<T>(key: string, schema: z.ZodMiniType<T>, fallback: T): T {
  const parsed = schema.safeParse(vscode.workspace.getConfiguration(SECTION).get(key));
  return parsed.success ? parsed.data : fallback;
}

/**
 * Where `incus` is, and its environment. Workspace settings that are not trusted never get here: both keys are
 * restricted in package.json. A relative path with folders in it would depend on where VS Code was started from, and
 * is not used.
 */
export function program(): Program {
  const path = read('cliPath', z.string(), '').trim();
  const usable = path !== '' && (isAbsolute(path) || !/[\\/]/.test(path));
  return { path: usable ? path : 'incus', env: read('environment', environment, {}) };
}

/**
 * Whether remotes are read by `incus remote proxy`, rather than by `incus query` and `incus monitor`. On Windows there is
 * none to be had, since Node knows no unix sockets there.
 */
export function wantsProxy(): boolean {
  return process.platform !== 'win32' && read('transport', z.enum(['auto', 'query']), 'auto') === 'auto';
}

/** How long calls may take. */
export function timeLimits(): TimeLimits {
  return {
    read: read('timeouts.read', secondsAbove(1), 10) * 1000,
    change: read('timeouts.change', secondsAbove(1), 3600) * 1000,
  };
}

/** Seconds that an instance gets to shut down before its stop counts as failed. */
export function stopTimeout(): number {
  return Math.round(read('stopTimeout', secondsAbove(1), 30));
}

const name = z.string().check(z.minLength(1));
const remoteName = z.string().check(z.refine((value) => checkRemoteName(value) === undefined));
const pair = z.object({
  from: remoteName,
  to: remoteName,
  mode: z._default(z.enum(['pull', 'push', 'relay']), 'pull'),
  targetProject: z.optional(name),
  targetPool: z.optional(name),
});

/**
 * Which remote is mirrored to which. An entry that cannot be read is left out, and so are a remote that would be its own
 * snapshot server, and a pair that is there already.
 */
export function snapshotServers(): SnapshotServerPair[] {
  const pairs: SnapshotServerPair[] = [];
  for (const entry of read('snapshotServers', z.array(z.unknown()), [])) {
    const parsed = pair.safeParse(entry);
    if (!parsed.success) continue;
    const { from, to, mode, targetProject, targetPool } = parsed.data;
    if (from === to || pairs.some((one) => one.from === from && one.to === to)) continue;
    pairs.push({
      ...{ from, to, mode },
      ...(targetProject !== undefined && { targetProject }),
      ...(targetPool !== undefined && { targetPool }),
    });
  }
  return pairs;
}

/** Keeps which remote is mirrored to which; what stood there and could not be read goes. */
export async function setSnapshotServers(pairs: readonly SnapshotServerPair[]): Promise<void> {
  await vscode.workspace
    .getConfiguration(SECTION)
    .update('snapshotServers', pairs.length === 0 ? undefined : pairs, vscode.ConfigurationTarget.Global);
}

const group = z.object({
  name: z.string(),
  remote: z.string(),
  projects: z._default(z.array(z.string()), [DEFAULT_PROJECT]),
  matchLabels: z.record(z.string(), z.string()),
  attachedVolumes: z._default(z.boolean(), false),
  frozen: z._default(z.boolean(), true),
  onFailure: z._default(z.enum(['keep', 'takeBack']), 'keep'),
});

/**
 * The groups, as they are written down. An entry that cannot be read is left out, and so is one of a name that is there
 * already; they are counted, so that it can be said.
 */
export function groups(): { groups: Group[]; unread: number } {
  const entries = read('groups', z.array(z.unknown()), []);
  const found: Group[] = [];
  for (const entry of entries) {
    const parsed = group.safeParse(entry);
    if (!parsed.success || checkGroup(parsed.data)) continue;
    if (!found.some(({ name }) => name === parsed.data.name)) found.push(parsed.data);
  }
  return { groups: found, unread: entries.length - found.length };
}

/** Writes one more group down, where groups are written down already: in the workspace, or for the user. Others stay as they are. */
export async function addGroup(added: Group): Promise<void> {
  const settings = vscode.workspace.getConfiguration(SECTION);
  const inWorkspace = settings.inspect('groups')?.workspaceValue !== undefined;
  const target = inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await settings.update('groups', [...read('groups', z.array(z.unknown()), []), added], target);
}

/** @param listener told when groups were written down otherwise */
export function onDidChangeGroups(listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`${SECTION}.groups`)) listener();
  });
}

/** Milliseconds that a mirror's last verified run may be ago; 0: nothing is ever late. */
export function mirrorMaxAge(): number {
  return read('mirror.maxAge', z.number().check(z.gte(0), z.lte(8760)), 48) * 3_600_000;
}

/** Whether a snapshot is made before a mirror run that would find none to build on. */
export function mirrorsSnapshotFirst(): boolean {
  return read('mirror.snapshotFirst', z.boolean(), true);
}

/** @param listener told when it changed which remote is mirrored to which, and how */
export function onDidChangeSnapshotServers(listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (['snapshotServers', 'mirror'].some((key) => event.affectsConfiguration(`${SECTION}.${key}`))) listener();
  });
}

/**
 * The time zone of a remote's server, in which its schedules run and its days begin: as the user says, else this
 * machine's own. A zone that is none is as good as not said.
 */
export function timeZoneOf(remote: string): string {
  const zone = read('timeZones', z.record(z.string(), z.unknown()), {})[remote];
  return typeof zone === 'string' && isTimeZone(zone) ? zone : ownZone();
}

/** Says in the settings in which zone a remote's server is; `undefined`: in that of this machine. */
export async function setTimeZone(remote: string, zone: string | undefined): Promise<void> {
  const { [remote]: _, ...others } = read('timeZones', z.record(z.string(), z.unknown()), {});
  const zones = zone === undefined ? others : { ...others, [remote]: zone };
  await vscode.workspace
    .getConfiguration(SECTION)
    .update('timeZones', Object.keys(zones).length === 0 ? undefined : zones, vscode.ConfigurationTarget.Global);
}

/** @param listener told when the user has said in which zone a server is */
export function onDidChangeTimeZones(listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`${SECTION}.timeZones`)) listener();
  });
}

/** @param listener told when a setting changed that decides which program is called and how */
export function onDidChangeProgram(listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (['cliPath', 'environment'].some((key) => event.affectsConfiguration(`${SECTION}.${key}`))) listener();
  });
}

/** @param listener told when the user has said by which way servers are read and followed */
export function onDidChangeTransport(listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`${SECTION}.transport`)) listener();
  });
}
