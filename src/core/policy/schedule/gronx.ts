/**
 * Cron expressions as adhocore/gronx reads them (`gronx.go`, `checker.go`, `validator.go` of its version 1.20), the
 * parser of newer Incus. It has no grammar of its own: it asks of each field whether it is due in some moment, and
 * what fails while it asks is an error.
 */
import { type CronDay, type CronTimes, type Verdict, wholeNumber } from './cronFields.ts';

const NAMES: ReadonlyMap<string, string> = new Map(
  'SUN MON TUE WED THU FRI SAT'
    .split(' ')
    .map((name, at) => [name, String(at)] as const)
    .concat(
      'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ').map((name, at) => [name, String(at + 1)] as const),
    ),
);

const ANY_NAME = new RegExp([...NAMES.keys()].join('|'), 'g');

const TAGS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@hourly': '0 * * * *',
  '@always': '* * * * *',
  '@5minutes': '*/5 * * * *',
  '@10minutes': '*/10 * * * *',
  '@15minutes': '*/15 * * * *',
  '@30minutes': '0,30 * * * *',
  '@everysecond': '* * * * * *',
};

/** Second, minute, hour, day, month, weekday, year. */
const BOUNDS: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
  [0, 9999],
];

const DAY = 3;
const WEEKDAY = 5;
const YEAR = 6;

/** `Segments`: seven fields, or six without a year; `undefined`: too few or too many. */
function segmentsOf(text: string): string[] | undefined {
  const trimmed = text.replace(/^[ \t]+|[ \t]+$/g, '');
  const tag = trimmed.toLowerCase();
  const expression = (Object.hasOwn(TAGS, tag) ? TAGS[tag] : undefined) ?? trimmed;
  const segments = expression
    .replace(/[\t\n\f\r ]+/g, ' ')
    .toUpperCase()
    .replace(ANY_NAME, (name) => NAMES.get(name) ?? name)
    .split(' ');
  if (segments.length < 5 || segments.length > 7) return undefined;
  const lacksSeconds = segments.length === 5 || (segments.length === 6 && /\d{4}/.test(segments[5] ?? ''));
  return lacksSeconds ? ['0', ...segments] : segments;
}

type Due = boolean | 'error';

/** `isOffsetDue`: one part of a list, against the value that the field has in some moment. */
function isPartDue(part: string, value: number, at: number): Due {
  if (part === '*' || part === '?') return true;
  const [min, max] = BOUNDS[at] ?? [0, 0];
  if (part.includes('/')) return isInStep(part, value, min, max);
  if (part.includes('-')) {
    const [start, end] = (at === WEEKDAY ? part.replace('7-', '0-') : part).split('-').map(wholeNumber);
    if (start === undefined || end === undefined || end < start || start < min || end > max) return 'error';
    return start <= value && value <= end;
  }
  const number = wholeNumber(part);
  if (number === undefined || number < min || number > max) return 'error';
  return number === value || (at === WEEKDAY && number === 7 && value === 0);
}

function isInStep(part: string, value: number, min: number, max: number): Due {
  const [range = '', stepText = ''] = part.split('/');
  const step = wholeNumber(stepText);
  if (step === undefined || step <= 0) return 'error';
  if (part.startsWith('*/')) return (value - min) % step === 0;
  if (part.startsWith('0/')) return value % step === 0;
  const [startText = '', endText] = range.split('-');
  const start = wholeNumber(startText);
  const end = endText === undefined ? value : wholeNumber(endText);
  if (start === undefined || end === undefined) return 'error';
  if ((endText !== undefined && end < start) || start < min || end > max) return 'error';
  return value >= start && value <= end && (value - start) % step === 0;
}

/** Whether a part speaks of a day that only the calendar tells: the last one, the nearest working day, the second Friday. */
function isOfCalendar(part: string, at: number): boolean {
  return (at === DAY || at === WEEKDAY) && /[LW#]/.test(part);
}

/** `isValidMonthDay`, `isValidWeekDay`. */
function isOnCalendar(part: string, day: CronDay, at: number): Due {
  const last = new Date(Date.UTC(day.year, day.month, 0)).getUTCDate();
  return at === DAY ? isDayOfMonth(part, day, last) : isNthWeekday(part, day, last);
}

function isDayOfMonth(part: string, day: CronDay, last: number): Due {
  if (part === 'L') return day.day === last;
  const mark = part.indexOf('W');
  const number = mark < 1 ? undefined : wholeNumber(part.slice(0, mark));
  if (number === undefined) return 'error';
  for (const shift of [0, -1, 1, -2, 2]) {
    const candidate = number + shift;
    const weekday = (((day.weekday + candidate - day.day) % 7) + 7) % 7;
    if (candidate > 0 && candidate <= last && weekday > 0 && weekday < 6) return day.day === candidate;
  }
  return false;
}

function isNthWeekday(part: string, day: CronDay, last: number): Due {
  const lastMark = part.indexOf('L');
  if (lastMark > 0) {
    const number = wholeNumber(part.slice(0, lastMark));
    if (number === undefined) return 'error';
    if (number >= 0) return day.weekday === number % 7 && day.day > last - 7;
  }
  const [weekdayText = '', nthText] = part.replaceAll('7#', '0#').split('#');
  if (part.indexOf('#') < 1 || nthText === undefined) return 'error';
  const weekday = wholeNumber(weekdayText);
  const nth = wholeNumber(nthText);
  if (weekday === undefined || nth === undefined) return 'error';
  if (nth < 1 || nth > 5 || weekday !== day.weekday) return false;
  return Math.floor((day.day - 1) / 7) === nth - 1;
}

/** Some Wednesday: what is an error on it is one on every day. */
const SOME_DAY: CronDay = { year: 2026, month: 7, day: 15, weekday: 3 };

/** What the check of a field can end with, when the field has this value: what makes it good or bad comes first. */
function endings(segment: string, value: number, at: number): Set<'good' | 'bad'> {
  const possible = new Set<'good' | 'bad'>();
  for (const part of segment.split(',')) {
    const due = isPartDue(part, value, at);
    if (due === true) return possible.add('good');
    if (!isOfCalendar(part, at)) {
      if (due === 'error') return possible.add('bad');
    } else {
      if (isOnCalendar(part, SOME_DAY, at) === 'error') return possible.add('bad');
      possible.add('good');
    }
  }
  return possible.add('good');
}

/** What version 1.20 refuses before it looks any closer (measured): nothing between two commas, and two slashes. */
function isMisshapen(segment: string): boolean {
  return segment.split(',').some((part) => part === '' || part.split('/').length > 2);
}

/** `IsValid`, in whichever moment the server was started. */
export function gronxVerdict(text: string): Verdict {
  const segments = segmentsOf(text);
  if (!segments || segments.some(isMisshapen)) return 'refused';
  const possible = segments.map((segment, at) => {
    const [min, max] = at === YEAR ? [2024, 2060] : (BOUNDS[at] ?? [0, 0]);
    const highest = at === WEEKDAY ? 6 : max;
    const all = Array.from({ length: highest - min + 1 }, (_, i) => endings(segment, min + i, at));
    return { good: all.some((ends) => ends.has('good')), bad: all.some((ends) => ends.has('bad')) };
  });
  if (possible.some(({ good }) => !good)) return 'refused';
  return possible.some(({ bad }) => bad) ? 'unsettled' : 'accepted';
}

/**
 * When an expression fires. Incus asks once a minute for the next tick and acts where that is the minute to come, so
 * the seconds have to be 0 and nothing else.
 */
export function gronxTimes(text: string): CronTimes | undefined {
  const segments = segmentsOf(text);
  if (!segments || gronxVerdict(text) !== 'accepted') return undefined;
  const [second = '', minute = '', hour = '', day = '', month = '', weekday = '', year = '*'] = segments;
  const seconds = valuesOf(second, 0);
  const isDue = (segment: string, value: number, at: number, on: CronDay) =>
    segment.split(',').some((part) => {
      const due = isPartDue(part, value, at);
      return due === true || (isOfCalendar(part, at) && isOnCalendar(part, on, at) === true);
    });
  const isDay = (on: CronDay) => isDue(day, on.day, DAY, on);
  const isWeekday = (on: CronDay) => isDue(weekday, on.weekday, WEEKDAY, on);
  const isFree = (segment: string) => segment === '*' || segment === '?';
  const isBoth = weekday.startsWith('*/') || day.startsWith('*') || day === '?' || isFree(weekday);
  return {
    minutes: seconds.size === 1 && seconds.has(0) ? valuesOf(minute, 1) : new Set<number>(),
    hours: valuesOf(hour, 2),
    isOn: (on) =>
      isDue(year, on.year, YEAR, on) &&
      isDue(month, on.month, 4, on) &&
      (isBoth ? isDay(on) && isWeekday(on) : isDay(on) || isWeekday(on)),
  };
}

function valuesOf(segment: string, at: number): Set<number> {
  const [min, max] = BOUNDS[at] ?? [0, 0];
  const values = Array.from({ length: max - min + 1 }, (_, i) => min + i);
  return new Set(values.filter((value) => segment.split(',').some((part) => isPartDue(part, value, at) === true)));
}
