/** Times written by a layout of Go (`Format` in the package `time`), as patterns of snapshot names use them. */
import type { WallTime } from './zone.ts';

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/**
 * The parts of a layout that mean something; the first that fits counts, so longer ones stand before their beginnings.
 * `Jan` is no month in `Janet`, nor `Mon` a day in `Monet`: Go looks whether a small letter follows.
 */
const CHUNK =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|002|__2|_2006|_2|0[1-6]|1(?:5)?|2|3|4|5|PM|pm|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|[.,](?:0+|9+)(?!\d)/g;

/** Of which a foreigner cannot know how the server writes it: the name of a zone, and fractions of a second. */
const UNKNOWABLE = /^(?:MST|[.,][09]+)$/;

/** What stands for seconds that are not known, once for each digit. */
const OPEN_SECOND = 's';

/**
 * `undefined` where it cannot be known from here what the server will write.
 * @param openSeconds the second is not known: letters stand for its digits
 */
export function formatGoTime(time: WallTime, layout: string, openSeconds = false): string | undefined {
  const known = [...layout.matchAll(CHUNK)].every(
    ([chunk]) => !UNKNOWABLE.test(chunk) || (chunk === 'MST' && time.offset === 0),
  );
  if (!known) return undefined;
  return layout.replace(CHUNK, (chunk) =>
    openSeconds && (chunk === '05' || chunk === '5') ? OPEN_SECOND.repeat(2) : written(chunk, time),
  );
}

function written(chunk: string, time: WallTime): string {
  const { year, month, day, hour, minute, second } = time;
  const twelve = hour % 12 === 0 ? 12 : hour % 12;
  const two = (value: number, fill = '0') => String(value).padStart(2, fill);
  const values: Readonly<Record<string, string>> = {
    January: MONTHS[month - 1] ?? '',
    Jan: (MONTHS[month - 1] ?? '').slice(0, 3),
    Monday: DAYS[time.weekday] ?? '',
    Mon: (DAYS[time.weekday] ?? '').slice(0, 3),
    MST: 'UTC',
    '2006': String(year).padStart(4, '0'),
    _2006: `_${String(year).padStart(4, '0')}`,
    '002': String(dayOfYear(time)).padStart(3, '0'),
    __2: String(dayOfYear(time)).padStart(3),
    _2: two(day, ' '),
    '01': two(month),
    '02': two(day),
    '03': two(twelve),
    '04': two(minute),
    '05': two(second),
    '06': two(year % 100),
    '1': String(month),
    '15': two(hour),
    '2': String(day),
    '3': String(twelve),
    '4': String(minute),
    '5': String(second),
    PM: hour < 12 ? 'AM' : 'PM',
    pm: hour < 12 ? 'am' : 'pm',
  };
  return values[chunk] ?? (/^[Z-]07/.test(chunk) ? zoneOffset(chunk, time.offset) : chunk);
}

function zoneOffset(chunk: string, offset: number): string {
  if (chunk.startsWith('Z') && offset === 0) return 'Z';
  const sign = offset < 0 ? '-' : '+';
  const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0');
  const minutes = String(Math.abs(offset) % 60).padStart(2, '0');
  const colon = chunk.includes(':') ? ':' : '';
  const digits = chunk.replace(/[^\d]/g, '').length;
  return [`${sign}${hours}`, ...(digits >= 4 ? [minutes] : []), ...(digits >= 6 ? ['00'] : [])].join(colon);
}

function dayOfYear({ year, month, day }: WallTime): number {
  return Math.round((Date.UTC(2000, month - 1, day) - Date.UTC(2000, 0, 1)) / 86_400_000) + 1 - leapShift(year, month);
}

/** The year 2000 was a leap year: in others there is a day less before March. */
function leapShift(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month > 2 && !isLeap ? 1 : 0;
}
