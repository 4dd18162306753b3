/**
 * When a snapshot expires: Incus' own way to write a time span, and what a user types.
 */

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

/**
 * Reads a time span as `snapshots.expiry` takes it (`1d 3H`): whole numbers with a unit, one space between, each unit
 * once. `undefined` where Incus would refuse it (`GetExpiry` in `internal/instance/expiry.go`), and for the empty
 * text, which is no span. Incus lets a unit that was zero come again; here it may not.
 */
export function parseDuration(text: string): Duration | undefined {
  const duration: Partial<Record<DurationUnit, number>> = {};
  for (const field of text.trim().split(' ')) {
    const match = FIELD.exec(field);
    if (!match) return undefined;
    const unit = match[2] as DurationUnit;
    if (duration[unit] !== undefined) return undefined;
    duration[unit] = Number(match[1]);
  }
  return duration;
}

/**
 * The time that lies a span after another, reckoned as Incus does it (Go's `AddDate`): years, months, weeks and days
 * by the local calendar, so that 31 January and a month is 3 March (2 March in a leap year); then hours, minutes and
 * seconds as they pass. Far beyond the calendar the date is an invalid one.
 */
export function addDuration(from: Date, duration: Duration): Date {
  const { y = 0, m = 0, w = 0, d = 0, H = 0, M = 0, S = 0 } = duration;
  const day = new Date(from);
  day.setFullYear(from.getFullYear() + y, from.getMonth() + m, from.getDate() + d + w * 7);
  return new Date(day.getTime() + H * HOUR + M * MINUTE + S * SECOND);
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
