/**
 * Work without VS Code: what is written where, so that it runs by itself and is found again.
 */
import * as z from 'zod/mini';
import type { SnapshotServerPair } from '../../model.ts';
import { jobFor } from '../mirror/mirrorJobs.ts';
import { quoteForShell } from '../quote.ts';
import { isTimeZone } from '../schedule/zone.ts';
import { mirrorScript } from './mirrorScript.ts';
import { pruneScript } from './pruneScript.ts';
import { scriptText } from './script.ts';

/** What starts it: systemd for one user or for the machine, or cron. */
export type AutomationKind = 'user' | 'system' | 'cron';

interface Runs {
  readonly kind: AutomationKind;
  /** `OnCalendar=` of systemd, or five fields of cron. */
  readonly when: string;
  /** SHA-256 of the server's certificate that the instances are on. */
  readonly fingerprint: string;
  readonly instances: readonly { readonly project: string; readonly instance: string }[];
}

export interface MirrorAutomation extends Runs {
  readonly does: 'mirror';
  readonly pair: SnapshotServerPair;
  /** Whether what was deleted on an original may be deleted on its mirror. */
  readonly mayDelete: boolean;
}

/** Prunes by the rules that stand on the instances. */
export interface PruneAutomation extends Runs {
  readonly does: 'prune';
  readonly remote: string;
  /** The time zone of its server. */
  readonly zone: string;
}

/** All that an automation is made of; it stands in its script. */
export type Automation = MirrorAutomation | PruneAutomation;

/** Where things are on the machine. */
export interface AutomationPlaces {
  /** Absolute paths of folders. */
  readonly scripts: string;
  readonly units: string;
  /** Who runs it, by the system's systemd. */
  readonly user: string;
  /** The `incus` program, as an absolute path or a name, and variables that it needs. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A file to be written. */
export interface AutomationFile {
  readonly path: string;
  readonly text: string;
  readonly executable: boolean;
}

const MARK = 'incus-snapshots-automation';

const name = z.string().check(z.minLength(1));
const runs = {
  kind: z.enum(['user', 'system', 'cron']),
  when: name,
  fingerprint: z.string(),
  instances: z.array(z.object({ project: name, instance: name })),
};
const record = z.discriminatedUnion('does', [
  z.object({
    does: z.literal('mirror'),
    ...runs,
    pair: z.object({
      from: name,
      to: name,
      mode: z.enum(['pull', 'push', 'relay']),
      targetProject: z.optional(name),
      targetPool: z.optional(name),
    }),
    mayDelete: z.boolean(),
  }),
  z.object({ does: z.literal('prune'), ...runs, remote: name, zone: z.string().check(z.refine(isTimeZone)) }),
]);

/** Begins the names of all automations of a kind. */
export const NAME_PREFIX = 'incus-snapshots-';

/** Names an automation, and its files: one for each pair of remotes, or for each remote. */
export function automationName(
  automation: Pick<MirrorAutomation, 'does' | 'pair'> | Pick<PruneAutomation, 'does' | 'remote'>,
): string {
  const plain = (text: string) => text.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '') || 'remote';
  return automation.does === 'mirror'
    ? `${NAME_PREFIX}mirror-${plain(automation.pair.from)}-to-${plain(automation.pair.to)}`
    : `${NAME_PREFIX}prune-${plain(automation.remote)}`;
}

/** Whether a text can stand for times: nothing in it can end a line of a unit or of a crontab, or begin another. */
export function isWhen(kind: AutomationKind, when: string): boolean {
  if (kind === 'cron') return /^(?:[0-9*,/A-Za-z-]+ ){4}[0-9*,/A-Za-z-]+$/.test(when);
  return /^[A-Za-z0-9*:,./~ -]{1,80}$/.test(when) && when.trim() === when;
}

/** The files of an automation, its script first. */
export function automationFiles(automation: Automation, places: AutomationPlaces): AutomationFile[] {
  const title = automationName(automation);
  const script = `${places.scripts}/${title}.sh`;
  const { program, env } = places;
  const text = scriptText({
    name: title,
    settings: `${MARK} ${JSON.stringify(automation)}`,
    program,
    env,
    ...work(automation),
  });
  const files = [{ path: script, text, executable: true }];
  if (automation.kind === 'cron') return files;
  const unit = (ending: string, of: string) => ({
    path: `${places.units}/${title}${ending}`,
    text: of,
    executable: false,
  });
  return [
    ...files,
    unit('.service', serviceText(automation, script, places.user)),
    unit('.timer', timerText(automation)),
  ];
}

function work(automation: Automation) {
  const { instances, fingerprint } = automation;
  if (automation.does === 'mirror') {
    const { pair, mayDelete } = automation;
    const mirrors = instances.map((one) => ({ job: jobFor(pair, { remote: pair.from, ...one }), fingerprint }));
    return mirrorScript(mirrors, mayDelete);
  }
  const { remote, zone } = automation;
  return pruneScript(
    instances.map((one) => ({ remote, ...one })),
    fingerprint,
    zone,
  );
}

/** What it does, in words for the system's own lists. */
function workText(automation: Automation): string {
  if (automation.does === 'prune') return `prune the snapshots of ${unitText(automation.remote)}`;
  return `mirror ${unitText(automation.pair.from)} to ${unitText(automation.pair.to)}`;
}

function serviceText(automation: Automation, script: string, user: string): string {
  return [
    '[Unit]',
    `Description=Incus Snapshots: ${workText(automation)}`,
    'Documentation=man:incus(1)',
    '',
    '[Service]',
    'Type=oneshot',
    ...(automation.kind === 'system' ? [`User=${unitText(user)}`] : []),
    `ExecStart=/bin/sh "${unitText(script)}"`,
    '',
  ].join('\n');
}

function timerText(automation: Automation): string {
  return [
    '[Unit]',
    `Description=Incus Snapshots: when to ${workText(automation)}`,
    '',
    '[Timer]',
    `OnCalendar=${automation.when}`,
    'Persistent=true',
    '',
    '[Install]',
    'WantedBy=timers.target',
    '',
  ].join('\n');
}

/** Within a unit's double quotes: `%` and `$` have a meaning there, and a line's end would begin a setting. */
function unitText(text: string): string {
  return text
    .replaceAll(/[\u0000-\u001f]/g, ' ')
    .replaceAll(/[\\"]/g, '\\$&')
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$');
}

/** The line of a crontab, with the mark by which it is found again. To cron `%` is the end of a line. */
export function cronLine(automation: Automation, places: AutomationPlaces): string {
  const title = automationName(automation);
  const command = quoteForShell(['/bin/sh', `${places.scripts}/${title}.sh`], 'posix').replaceAll('%', String.raw`\%`);
  return `${automation.when} ${command} # ${MARK} ${title}`;
}

/** A crontab with this automation's line in place of an earlier one. */
export function withCronLine(crontab: string, automation: Automation, places: AutomationPlaces): string {
  return `${withoutCronLine(crontab, automation)}${cronLine(automation, places)}\n`;
}

/** A crontab without this automation's line; all others stay as they are. */
export function withoutCronLine(crontab: string, automation: Automation): string {
  const mark = ` # ${MARK} ${automationName(automation)}`;
  const lines = crontab.split('\n').filter((line) => !line.endsWith(mark));
  const text = lines.join('\n');
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** What a script that was found says of itself; `undefined`: it is none of ours. */
export function readAutomation(script: string): Automation | undefined {
  const line = script.split('\n').find((one) => one.startsWith(`# ${MARK} `));
  if (line === undefined) return undefined;
  try {
    const parsed = record.safeParse(JSON.parse(line.slice(`# ${MARK} `.length)));
    if (!parsed.success) return undefined;
    if (parsed.data.does === 'prune') return parsed.data;
    const { pair, ...rest } = parsed.data;
    const { targetProject, targetPool, ...sides } = pair;
    return {
      ...rest,
      pair: {
        ...sides,
        ...(targetProject !== undefined && { targetProject }),
        ...(targetPool !== undefined && { targetPool }),
      },
    };
  } catch {
    return undefined;
  }
}
