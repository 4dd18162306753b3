/**
 * When a snapshot expires: Incus' own way to write a time span, and what a user types.
 */

import { momentOf, ownTimeZone, wallTime } from './zone.ts';

/** How Incus writes "never" in `expires_at`: Go's zero time. */
export const NEVER = '0001-01-01T00:00:00Z';

/** Seconds, minutes, hours, days, weeks, months, years. */
export type DurationUnit = 'S' | 'M' | 'H' | 'd' | 'w' | 'm' | 'y';

/** How many of each unit. */
export type Duration = Readonly<Partial<Record<DurationUnit, number>>>;

/**
 * - `grammar`: neither a duration nor a date
 * - `noSuchDate`: no day or time of the calendar, like 30 February
 * - `past`: not after now
 * - `tooFar`: after the year 9999, which Incus cannot write
 */
export type ExpiryProblem = 'grammar' | 'past' | 'tooFar' | 'noSuchDate';

/** What was typed, understood. */
export type ResolvedExpiry =
  | { readonly kind: 'never' }
  | { readonly kind: 'at'; readonly at: Date }
  | { readonly kind: 'invalid'; readonly problem: ExpiryProblem };

const FIELD = /^(\d+)([SMHdwmy])$/;

const LOCAL_TIME = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{2}))?$/;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const INT64_MAX = 2n ** 63n - 1n;

/** What Go takes for white space (`strings.TrimSpace`). */
const AROUND =
  /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g;

/** Whether Incus takes this as `snapshots.expiry` or `snapshots.expiry.manual` (`GetExpiry`); nothing is "never". */
export function isExpirySetting(text: string): boolean {
  const trimmed = text.replace(AROUND, '');
  if (trimmed === '') return true;
  const fields = trimmed.split(' ');
  return parseDuration(text) !== undefined && fields.every((field) => BigInt(field.slice(0, -1)) <= INT64_MAX);
}

/**
 * Reads a time span as `snapshots.expiry` takes it (`1d 3H`): whole numbers with a unit, one space between, each unit
 * once. `undefined` where Incus would refuse it (`GetExpiry` in `internal/instance/expiry.go`), and for the empty
 * text, which is no span. A unit that was zero may come again.
 */
export function parseDuration(text: string): Duration | undefined {
  const duration: Partial<Record<DurationUnit, number>> = {};
  for (const field of text.replace(AROUND, '').split(' ')) {
    const match = FIELD.exec(field);
    if (!match) return undefined;
    const unit = match[2] as DurationUnit;
    if ((duration[unit] ?? 0) > 0) return undefined;
    duration[unit] = Number(match[1]);
  }
  return duration;
}

/**
 * The time that lies a span after another, reckoned as Incus does it (Go's `AddDate`): years, months, weeks and days
 * by the calendar of the server's zone, so that 31 January and a month is 3 March (2 March in a leap year); then hours,
 * minutes and seconds as they pass. Far beyond the calendar the date is an invalid one.
 */
export function addDuration(from: Date, duration: Duration, zone = ownTimeZone()): Date {
  const { y = 0, m = 0, w = 0, d = 0, H = 0, M = 0, S = 0 } = duration;
  const rest = H * HOUR + M * MINUTE + S * SECOND;
  if (y === 0 && m === 0 && w === 0 && d === 0) return new Date(from.getTime() + rest);
  const wall = wallTime(from, zone);
  const date = new Date(0);
  date.setUTCFullYear(wall.year + y, wall.month - 1 + m, wall.day + d + w * 7);
  if (Number.isNaN(date.getTime())) return date;
  const day = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
  const { hour, minute, second } = wall;
  return new Date(momentOf({ ...day, hour, minute, second }, zone).getTime() + from.getMilliseconds() + rest);
}

/**
 * What a user means who types when a snapshot shall expire: nothing is never; a span (`1d 3H`) counts from now;
 * `2027-01-02` is the beginning of that day and `2027-01-02 15:04` that minute, both in local time.
 */
export function resolveExpiry(text: string, now: Date): ResolvedExpiry {
  const typed = text.trim();
  if (typed === '') return { kind: 'never' };
  const duration = parseDuration(typed);
  if (duration) return judged(addDuration(now, duration), now);
  const match = LOCAL_TIME.exec(typed);
  if (!match) return { kind: 'invalid', problem: 'grammar' };
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = match.slice(1).map((part?: string) => Number(part ?? 0));
  const at = new Date(2000, 0, 1, hour, minute);
  at.setFullYear(year, month - 1, day);
  const isWhatWasTyped =
    at.getFullYear() === year &&
    at.getMonth() === month - 1 &&
    at.getDate() === day &&
    at.getHours() === hour &&
    at.getMinutes() === minute;
  return isWhatWasTyped ? judged(at, now) : { kind: 'invalid', problem: 'noSuchDate' };
}

function judged(at: Date, now: Date): ResolvedExpiry {
  if (Number.isNaN(at.getTime()) || at.getUTCFullYear() > 9999) return { kind: 'invalid', problem: 'tooFar' };
  if (at.getTime() <= now.getTime()) return { kind: 'invalid', problem: 'past' };
  return { kind: 'at', at };
}
