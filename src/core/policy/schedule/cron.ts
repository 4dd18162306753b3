/**
 * Cron expressions as Incus reads them. Up to 6.0.4 and 6.11 it reads them with robfig/cron, from 6.0.5 and 6.12 on
 * with adhocore/gronx; what they accept, and when it fires, differs. Both are followed to the letter here, so that
 * what is foretold is what the server does.
 */
import { type CronDay, type CronTimes, type FieldValues, type Verdict, wholeNumber } from './cronFields.ts';
import { gronxTimes, gronxVerdict } from './gronx.ts';

export type { CronTimes, Verdict } from './cronFields.ts';

export type CronGrammar = 'robfig' | 'gronx';

/** Which grammar a server has. No extension was named for it, so the next one that both of its lines got is asked. */
export function grammarOf(server: { readonly version: string; readonly extensions: ReadonlySet<string> }): CronGrammar {
  if (server.extensions.has('snapshot_manual_expiry')) return 'gronx';
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(server.version) ?? [];
  return Number(major) === 6 && Number(minor) >= 12 ? 'gronx' : 'robfig';
}

/** What Incus says to a cron expression that is set as a trigger of a schedule. */
export function checkCron(text: string, grammar: CronGrammar): Verdict {
  if (grammar === 'gronx') return gronxVerdict(text);
  return text.split(' ').length === 5 && robfigTimes(text) ? 'accepted' : 'refused';
}

/** When an expression fires; `undefined` where it cannot be read, and so never does. */
export function cronTimes(text: string, grammar: CronGrammar): CronTimes | undefined {
  return grammar === 'gronx' ? gronxTimes(text) : robfigTimes(text);
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const BOUNDS: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
];

interface RobfigField {
  readonly values: FieldValues;
  /** It has a star without a step, which joins the two fields for days by "and". */
  readonly star: boolean;
}

/** `Parser.Parse` in `parser.go` of robfig/cron v3, as `ParseStandard` calls it. */
function robfigTimes(text: string): CronTimes | undefined {
  // Incus writes the text in small letters first, so that `TZ=` is none of the parser's own words.
  const fields = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (fields.length !== BOUNDS.length) return undefined;
  const read = fields.map((field, at) => robfigField(field, BOUNDS[at] ?? { min: 0, max: 0 }));
  const [minute, hour, day, month, weekday] = read;
  if (!minute || !hour || !day || !month || !weekday) return undefined;
  const fits = (one: CronDay): boolean => {
    const isDay = day.values.has(one.day);
    const isWeekday = weekday.values.has(one.weekday);
    return day.star || weekday.star ? isDay && isWeekday : isDay || isWeekday;
  };
  return {
    minutes: minute.values,
    hours: hour.values,
    isOn: (one) => month.values.has(one.month) && fits(one),
  };
}

function robfigField(field: string, bounds: Bounds): RobfigField | undefined {
  const values = new Set<number>();
  let star = false;
  for (const part of field.split(',').filter(Boolean)) {
    const range = robfigRange(part, bounds);
    if (!range) return undefined;
    for (let value = range.start; value <= range.end; value += range.step) values.add(value);
    star ||= range.star;
  }
  return { values, star };
}

/** `getRange`: what stands behind a star and a hyphen is not looked at. */
function robfigRange(part: string, { min, max, names = [] }: Bounds) {
  const [range = '', stepText, ...more] = part.split('/');
  const ends = range.split('-');
  const isStar = ends[0] === '*' || ends[0] === '?';
  const isSingle = ends.length === 1;
  const step = stepText === undefined ? 1 : wholeNumber(stepText);
  if (more.length > 0 || step === undefined || step <= 0) return undefined;
  if (isStar) return { start: min, end: max, step, star: step === 1 };
  if (ends.length > 2) return undefined;
  const number = (text: string | undefined): number | undefined => {
    const named = names.indexOf(text ?? '');
    return named < 0 ? wholeNumber(text ?? '') : named + min;
  };
  const start = number(ends[0]);
  const end = isSingle ? (stepText === undefined ? start : max) : number(ends[1]);
  if (start === undefined || end === undefined || start < min || end > max || start > end) return undefined;
  return { start, end, step, star: false };
}
