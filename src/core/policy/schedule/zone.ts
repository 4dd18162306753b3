/**
 * Time zones: what the clock on a server's wall shows. Incus reckons schedules, expiries and names in its server's local
 * time.
 */

/** A time as a clock on the wall shows it. */
export interface WallTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Minutes that it is ahead of UTC. */
  readonly offset: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

const formats = new Map<string, Intl.DateTimeFormat>();

/** A name of the IANA's list, like `Europe/Berlin`, that this machine knows. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The zone of the clock of this machine. */
export function ownTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** @throws RangeError where there is no such zone */
export function wallTime(at: Date, zone: string): WallTime {
  const told = new Map(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const number = (type: Intl.DateTimeFormatPartTypes) => Number(told.get(type) ?? 0);
  const [year, month, day] = [number('year'), number('month'), number('day')];
  const [hour, minute, second] = [number('hour'), number('minute'), number('second')];
  const shown = utc(year, month, day) + (hour * 60 + minute) * MINUTE + second * SECOND;
  const exact = Math.floor(at.getTime() / SECOND) * SECOND;
  const weekday = new Date(utc(year, month, day)).getUTCDay();
  return { year, month, day, hour, minute, second, weekday, offset: Math.round((shown - exact) / MINUTE) };
}

/** The moment of a wall time, with the day and month running over as in `Date`. */
export interface WallParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second?: number;
}

/**
 * The moments in which a zone's clock shows this: none where the clock is put forward over it, two where it is put back.
 */
export function momentsOf(parts: WallParts, zone: string): Date[] {
  const { year, month, day, hour, minute, second = 0 } = parts;
  const shown = utc(year, month, day) + (hour * 60 + minute) * MINUTE + second * SECOND;
  const offsets = new Set([-DAY, DAY].map((shift) => wallTime(new Date(shown + shift), zone).offset));
  return [...offsets]
    .map((offset) => new Date(shown - offset * MINUTE))
    .filter((moment) => moment.getTime() + wallTime(moment, zone).offset * MINUTE === shown)
    .sort((a, b) => a.getTime() - b.getTime());
}

/**
 * The moment that Go's `time.Date` makes of a wall time: where the clock shows it never or twice, one beside the change.
 */
export function momentOf(parts: WallParts, zone: string): Date {
  const [first] = momentsOf(parts, zone);
  if (first) return first;
  const { year, month, day, hour, minute, second = 0 } = parts;
  const shown = utc(year, month, day) + (hour * 60 + minute) * MINUTE + second * SECOND;
  return new Date(shown - wallTime(new Date(shown - DAY), zone).offset * MINUTE);
}

/** From when on a zone's clock is so many minutes ahead of UTC. */
export interface OffsetChange {
  readonly at: Date;
  readonly offset: number;
}

/** How a zone's clock stands at first, and each time that it is put forward or back; to the minute. */
export function offsetChanges(zone: string, from: Date, to: Date): OffsetChange[] {
  const offsetAt = (at: number) => wallTime(new Date(at), zone).offset;
  const changes: OffsetChange[] = [{ at: from, offset: offsetAt(from.getTime()) }];
  for (let start = from.getTime(); start < to.getTime(); start += 7 * DAY) {
    let [low, high] = [start, start + 7 * DAY];
    const offset = offsetAt(high);
    if (offsetAt(low) === offset) continue;
    while (high - low > MINUTE) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
      if (offsetAt(middle) === offset) high = middle;
      else low = middle;
    }
    changes.push({ at: new Date(high), offset });
  }
  return changes;
}

function utc(year: number, month: number, day: number): number {
  const date = new Date(0);
  // Not Date.UTC, which takes the year 26 for 1926.
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime();
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const numeric = { year: 'numeric', month: 'numeric', day: 'numeric' } as const;
  const clock = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const;
  const made = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', { ...numeric, ...clock, timeZone: zone });
  formats.set(zone, made);
  return made;
}
