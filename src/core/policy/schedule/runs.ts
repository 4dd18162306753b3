/** When Incus makes the snapshots of a schedule. */
import { type CronGrammar, type CronTimes, cronTimes } from './cron.ts';
import { scheduleAlias, type ScheduleAlias } from './schedule.ts';
import { momentsOf, wallTime } from './zone.ts';

/** What one part of a schedule does, as the server works it off. */
export type Trigger =
  | { readonly kind: 'cron'; readonly text: string; readonly times: CronTimes }
  /** Once in each period, at a time that Incus picks. */
  | { readonly kind: 'alias'; readonly alias: ScheduleAlias; readonly text: string }
  | { readonly kind: 'startup' }
  | { readonly kind: 'never' }
  /** Accepted, and never fires: a piece of a list that Incus has cut in the wrong place. */
  | { readonly kind: 'dead'; readonly text: string };

/**
 * The parts of a schedule as Incus works them off (`buildCronSpecs` in `cmd/incusd/snapshot_common.go`): with a comma
 * and a space anywhere in it, it is cut at **every** comma.
 */
export function triggersOf(schedule: string, grammar: CronGrammar): Trigger[] {
  if (schedule.trim() === '') return [];
  const isList = schedule.includes(', ');
  const startsUp = schedule.toLowerCase().split(', ').includes('@startup');
  const pieces = isList ? schedule.split(',').map((piece) => piece.trim()) : [schedule];
  const triggers = pieces.flatMap((text): Trigger[] => {
    const lower = text.toLowerCase();
    if (lower === '@startup') return [];
    if (lower === '@never') return [{ kind: 'never' }];
    const alias = scheduleAlias(lower);
    if (alias) return [{ kind: 'alias', alias, text }];
    const times = cronTimes(text, grammar);
    return [times ? { kind: 'cron', text, times } : { kind: 'dead', text }];
  });
  return startsUp ? [...triggers, { kind: 'startup' }] : triggers;
}

/** The runs whose times can be told exactly. */
export function exactTimes(triggers: readonly Trigger[]): CronTimes[] {
  return triggers.flatMap((trigger) => (trigger.kind === 'cron' ? [trigger.times] : []));
}

/**
 * Milliseconds: Incus asks once a minute, at a second that its start has set, whether the next minute is one of the
 * schedule. So a snapshot is made within the minute **before** the one that the schedule names (measured on 6.0.4 and
 * 7.0.2), and a name that tells the time tells that minute: `0 0 * * *` makes names with the day before.
 */
export const AHEAD = 60_000;

/** How far is looked for a run: 29 February comes again after eight years where a century is no leap year. */
const FARTHEST_DAYS = 9 * 366;

const DAY = 24 * 60 * 60_000;

/** The runs after a moment, the next one first; without an end where the schedule has none. */
export function* runsAfter(times: readonly CronTimes[], after: Date, zone: string): Generator<Date> {
  for (const run of runsFrom(times, after, zone, 1)) if (run > after) yield run;
}

/** The runs up to a moment, the last one first. */
export function* runsBefore(times: readonly CronTimes[], before: Date, zone: string): Generator<Date> {
  for (const run of runsFrom(times, before, zone, -1)) if (run <= before) yield run;
}

/** Takes the first ones of what may have no end. */
export function take<T>(all: Iterable<T>, count: number): T[] {
  const taken: T[] = [];
  if (count <= 0) return taken;
  for (const one of all) if (taken.push(one) >= count) break;
  return taken;
}

/**
 * Goes day by day. Incus asks each minute whether the clock shows a minute of the schedule: so a run that the clock is
 * put forward over does not happen, and one in an hour that comes twice happens twice.
 */
function* runsFrom(times: readonly CronTimes[], from: Date, zone: string, step: 1 | -1): Generator<Date> {
  const { year, month, day } = wallTime(from, zone);
  // One day to the other side: near midnight the clock may have been put across it.
  const start = Date.UTC(year, month - 1, day) - step * DAY;
  for (let count = 0, at = start; count < FARTHEST_DAYS; count++, at += step * DAY) {
    const date = new Date(at);
    const on = {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      weekday: date.getUTCDay(),
    };
    const due = times.filter((one) => one.isOn(on));
    if (due.length > 0) yield* runsOn(due, at, zone, step);
  }
}

function* runsOn(times: readonly CronTimes[], midnight: number, zone: string, step: 1 | -1): Generator<Date> {
  const minutes = Array.from({ length: 24 * 60 }, (_, minute) => minute).filter((minute) =>
    times.some(({ minutes, hours }) => hours.has(Math.floor(minute / 60)) && minutes.has(minute % 60)),
  );
  const offsets = [-DAY, 2 * DAY].map((shift) => wallTime(new Date(midnight + shift), zone).offset);
  const [offset = 0] = offsets;
  if (offsets.every((one) => one === offset)) {
    for (const minute of step > 0 ? minutes : minutes.reverse()) yield new Date(midnight + (minute - offset) * 60_000);
    return;
  }
  const date = new Date(midnight);
  const day = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
  yield* minutes
    .flatMap((minute) => momentsOf({ ...day, hour: Math.floor(minute / 60), minute: minute % 60 }, zone))
    .sort((a, b) => step * (a.getTime() - b.getTime()));
}
