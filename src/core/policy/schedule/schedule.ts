/**
 * `snapshots.schedule` in words.
 */
import cronstrue from 'cronstrue';
import 'cronstrue/locales/de.js';
import 'cronstrue/locales/fr.js';
import 'cronstrue/locales/it.js';
import { checkCron, type CronGrammar, type Verdict } from './cron.ts';

/** The aliases for which Incus picks the minute (and, but for the first two, the hour) itself, once per instance. */
export type ScheduleAlias = 'hourly' | 'midnight' | 'daily' | 'weekly' | 'monthly' | 'yearly';

/** One trigger of a schedule. */
export type ScheduleItem =
  | { readonly kind: 'alias'; readonly alias: ScheduleAlias }
  /** Five fields that have the same meaning for every Incus. */
  | { readonly kind: 'cron'; readonly expression: string }
  /** Each time the instance starts. */
  | { readonly kind: 'startup' }
  | { readonly kind: 'never' }
  /** To be shown as it is: not understood, or understood differently by different servers. */
  | { readonly kind: 'other'; readonly text: string };

/** Triggers, any of which makes a snapshot. */
export type Schedule = readonly ScheduleItem[];

/** What the aliases mean, in the user's language. Times are the server's, and none of them is midnight sharp. */
export interface SchedulePhrases {
  /** Once an hour, at a minute that Incus picks. */
  readonly hourly: string;
  /** Once a day, between midnight and one o'clock. */
  readonly midnight: string;
  /** Once a day, at a time that Incus picks. */
  readonly daily: string;
  /** Each Sunday, at a time that Incus picks. */
  readonly weekly: string;
  /** On the first of each month, at a time that Incus picks. */
  readonly monthly: string;
  /** On 1 January, at a time that Incus picks. */
  readonly yearly: string;
  /** Each time the instance starts. */
  readonly startup: string;
}

export interface DescribeOptions {
  /** A BCP 47 tag, as in `vscode.env.language`. Cron is put into words in German, French, Italian, else English. */
  readonly locale: string;
  readonly phrases: SchedulePhrases;
}

/** `SnapshotScheduleAliases` in `cmd/incusd/snapshot_common.go` of Incus. */
const ALIASES: ReadonlyMap<string, ScheduleAlias> = new Map([
  ['@hourly', 'hourly'],
  ['@midnight', 'midnight'],
  ['@daily', 'daily'],
  ['@weekly', 'weekly'],
  ['@monthly', 'monthly'],
  ['@annually', 'yearly'],
  ['@yearly', 'yearly'],
]);

/** The alias that a trigger in small letters is, if it is one. */
export function scheduleAlias(trigger: string): ScheduleAlias | undefined {
  return ALIASES.get(trigger);
}

/**
 * What Incus says when this is set as `snapshots.schedule` of an instance (`validate.IsCron`): nothing at all, or
 * triggers with comma **and** space between them.
 */
export function checkSchedule(text: string, grammar: CronGrammar): Verdict {
  if (text === '') return 'accepted';
  // Go writes the Turkish capital dotted I as a plain small one; JavaScript adds a mark to it.
  const verdicts = text
    .replaceAll('\u0130', 'i')
    .toLowerCase()
    .split(', ')
    .map((trigger) =>
      ALIASES.has(trigger) || trigger === '@startup' || trigger === '@never' ? 'accepted' : checkCron(trigger, grammar),
    );
  if (verdicts.includes('refused')) return 'refused';
  return verdicts.includes('unsettled') ? 'unsettled' : 'accepted';
}

/** Lists of stars, numbers, names and ranges, with steps: what both of Incus' cron parsers know. */
const CRON_PART = /^(?:\*|(?:\d{1,2}|[A-Za-z]{3})(?:-(?:\d{1,2}|[A-Za-z]{3}))?)(?:\/\d{1,2})?$/;

const LANGUAGES = new Set(['de', 'fr', 'it']);

/**
 * Reads a schedule: one trigger, or several with comma **and** space between them. The empty text is no trigger at
 * all.
 *
 * In a list Incus splits once more at every bare comma (`buildCronSpecs` in `cmd/incusd/snapshot_common.go`), so
 * `0 6,18 * * *, @weekly` is accepted and its first trigger never fires. Such a one is `other`: told in words, it
 * would promise snapshots that nobody makes.
 */
export function parseSchedule(text: string): Schedule {
  const triggers = text.split(', ').map((trigger) => trigger.trim());
  return triggers
    .filter((trigger) => trigger !== '')
    .map((trigger) =>
      triggers.length > 1 && trigger.includes(',') ? { kind: 'other', text: trigger } : parseTrigger(trigger),
    );
}

function parseTrigger(trigger: string): ScheduleItem {
  const lower = trigger.toLowerCase();
  if (lower === '@never') return { kind: 'never' };
  if (lower === '@startup') return { kind: 'startup' };
  const alias = ALIASES.get(lower);
  if (alias) return { kind: 'alias', alias };
  const fields = trigger.split(' ');
  return fields.length === 5 && fields.every((field) => field.split(',').every((part) => CRON_PART.test(part)))
    ? { kind: 'cron', expression: trigger }
    : { kind: 'other', text: trigger };
}

/**
 * A schedule in words, in the language asked for; `undefined` where there is none (absent, empty, or `@never` alone).
 * What is not understood stays as it is written. Triggers are joined as that language joins a list.
 */
export function describeSchedule(text: string | undefined, options: DescribeOptions): string | undefined {
  const language = options.locale.split(/[-_]/, 1)[0]?.toLowerCase() ?? '';
  const locale = LANGUAGES.has(language) ? language : 'en';
  const told = parseSchedule(text ?? '')
    .map((item) => describeItem(item, locale, options.phrases))
    .filter((phrase) => phrase !== undefined);
  if (told.length === 0) return undefined;
  return new Intl.ListFormat(listLocale(options.locale), { type: 'conjunction' }).format(told);
}

function describeItem(item: ScheduleItem, locale: string, phrases: SchedulePhrases): string | undefined {
  switch (item.kind) {
    case 'never':
      return undefined;
    case 'startup':
      return phrases.startup;
    case 'alias':
      return phrases[item.alias];
    case 'cron':
      return inWords(item.expression, locale) ?? item.expression;
    case 'other':
      return item.text;
  }
}

function inWords(expression: string, locale: string): string | undefined {
  try {
    return cronstrue.toString(expression, { locale, use24HourTimeFormat: true });
  } catch {
    return undefined;
  }
}

/** The tag if it is one, else English: `vscode.env.language` also holds names of tests, such as `qps-ploc`. */
function listLocale(tag: string): string {
  try {
    return Intl.ListFormat.supportedLocalesOf(tag)[0] ?? 'en';
  } catch {
    return 'en';
  }
}
