import * as vscode from 'vscode';
import type { Volume } from '../../core/model.ts';
import { type CronGrammar, grammarOf } from '../../core/policy/schedule/cron.ts';
import { isExpirySetting } from '../../core/policy/schedule/expiry.ts';
import { forecast } from '../../core/policy/schedule/forecast.ts';
import { checkVolumeSchedule } from '../../core/policy/volumes/volumeSchedule.ts';
import { scheduleErrors } from '../schedule/formState.ts';
import { clockTime, scheduleSentence } from '../schedule/words.ts';
import { timeZoneOf } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { chooseVolumes } from './chooseVolume.ts';
import { done, inView } from './report.ts';
import type { Handler, Services } from './services.ts';

const KEYS = { schedule: 'snapshots.schedule', pattern: 'snapshots.pattern', expiry: 'snapshots.expiry' } as const;

type Values = Readonly<Record<keyof typeof KEYS, string>>;

/** Sets when snapshots of a volume are made, how they are called and when they expire. What it showed alone is overwritten. */
export const editVolumeSchedule: Handler = async (services, selection) => {
  const one = { ...selection, volumes: selection.volumes.slice(0, 1) };
  const [volume] = (await chooseVolumes(services, one, { title: vscode.l10n.t('Edit Volume Schedule') })) ?? [];
  const wish = volume && (await ask(services, volume));
  if (!wish) return;
  const config = Object.fromEntries(Object.entries(KEYS).map(([field, key]) => [key, wish[field as keyof Values]]));
  await inView(() => services.volumeActions.configure(volume.ref, config, undefined, volume.config), 'volumes');
  done(scheduleSentence(wish.schedule));
};

async function ask({ inventory }: Services, volume: Volume): Promise<Values | undefined> {
  const title = vscode.l10n.t('Schedule of {0}', oneLine(volume.ref.volume));
  const server = inventory.server(volume.ref.remote);
  const grammars = new Set(server ? [grammarOf(server)] : []);
  const zone = timeZoneOf(volume.ref.remote);
  const input = (field: keyof Values, prompt: string, check: (text: string) => ReturnType<typeof told>) =>
    vscode.window.showInputBox({
      ...{ title, prompt, value: volume.config[KEYS[field]] ?? '', ignoreFocusOut: true },
      validateInput: (text) => check(text.trim()),
    });
  const schedule = await input(
    'schedule',
    vscode.l10n.t('When? Five fields or a word like @daily, several with a comma and a space between. Empty: never.'),
    (text) => scheduleProblem(text, grammars) ?? told(nextRun(text, grammars, zone)),
  );
  if (schedule === undefined) return undefined;
  const problems = (values: Partial<Values>) =>
    scheduleErrors(forecastOf({ schedule: schedule.trim(), pattern: '', expiry: '', ...values }, grammars, zone));
  const pattern = await input('pattern', vscode.l10n.t('How are they called? Empty: snap%d.'), (text) =>
    problem(problems({ pattern: text }).pattern),
  );
  if (pattern === undefined) return undefined;
  const expiry = await input(
    'expiry',
    vscode.l10n.t('When do they expire? E.g. 2w, or 1d 12H. Empty: never.'),
    (text) => problem(isExpirySetting(text) ? '' : problems({ expiry: text }).expiry),
  );
  return expiry === undefined
    ? undefined
    : { schedule: schedule.trim(), pattern: pattern.trim(), expiry: expiry.trim() };
}

function scheduleProblem(text: string, grammars: ReadonlySet<CronGrammar>): string | undefined {
  const verdicts = [...grammars].map((grammar) => checkVolumeSchedule(text, grammar));
  if (verdicts.includes('startOnly'))
    return vscode.l10n.t('A volume does not start: @startup and @never are for instances.');
  if (!verdicts.includes('refused')) return undefined;
  return vscode.l10n.t(
    'Incus would refuse this. Five fields, or one of the words with @; several with a comma and a space between.',
  );
}

/** The schedule in words, and when it makes the next snapshot where that can be told. */
function nextRun(schedule: string, grammars: ReadonlySet<CronGrammar>, zone: string): string {
  const [next] = forecastOf({ schedule, pattern: '', expiry: '' }, grammars, zone).runs;
  const sentence = scheduleSentence(schedule);
  return next ? `${sentence} ${vscode.l10n.t('Next: {0}.', clockTime(next.at, zone))}` : sentence;
}

function forecastOf(values: Values, grammars: ReadonlySet<CronGrammar>, zone: string) {
  const [grammar = 'robfig'] = grammars;
  // A volume has no state in which none would be made.
  return forecast({ settings: { ...values, stopped: true }, grammar, zone, now: new Date(), snapshots: [] });
}

function told(message: string): vscode.InputBoxValidationMessage | string | undefined {
  return { message, severity: vscode.InputBoxValidationSeverity.Info };
}

function problem(text: string): string | undefined {
  return text === '' ? undefined : text;
}
