/** The times in which the aliases fire, once in each; at which moment is Incus' own pick, stable for each instance. */
import type { CronTimes } from './cron.ts';
import { runsAfter, runsBefore, take } from './runs.ts';
import type { ScheduleAlias } from './schedule.ts';

/** When the times begin. */
const BEGINNINGS: Readonly<Record<ScheduleAlias, CronTimes>> = {
  hourly: standIn({ hours: undefined, isOn: () => true }),
  midnight: standIn({ hours: 0, isOn: () => true }),
  daily: standIn({ hours: 0, isOn: () => true }),
  weekly: standIn({ hours: 0, isOn: ({ weekday }) => weekday === 0 }),
  monthly: standIn({ hours: 0, isOn: ({ day }) => day === 1 }),
  yearly: standIn({ hours: 0, isOn: ({ day, month }) => day === 1 && month === 1 }),
};

function standIn({ hours, isOn }: { hours: number | undefined; isOn: CronTimes['isOn'] }): CronTimes {
  return { minutes: new Set([0]), hours: { has: (hour) => hours === undefined || hour === hours }, isOn };
}

/** The beginnings of the times in which an alias fires. */
export function aliasTimes(alias: ScheduleAlias): CronTimes {
  return BEGINNINGS[alias];
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Milliseconds. */
const LENGTHS: Readonly<Record<ScheduleAlias, number>> = {
  hourly: HOUR,
  midnight: HOUR,
  daily: DAY,
  weekly: DAY,
  monthly: DAY,
  yearly: DAY,
};

/** A time in which one run comes; a moment where both are the same. */
export interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** The last time of an alias that is wholly over at a moment. */
export function spanBefore(alias: ScheduleAlias, before: Date, zone: string): Span | undefined {
  const over = new Date(before.getTime() - LENGTHS[alias]);
  const [from] = take(runsBefore([aliasTimes(alias)], over, zone), 1);
  return from && spanFrom(alias, from);
}

/** The times of an alias that are not over at a moment, the first one first. */
export function spansAfter(alias: ScheduleAlias, after: Date, zone: string, count: number): Span[] {
  const over = new Date(after.getTime() - LENGTHS[alias]);
  return take(runsAfter([aliasTimes(alias)], over, zone), count).map((from) => spanFrom(alias, from));
}

function spanFrom(alias: ScheduleAlias, from: Date): Span {
  return { from, to: new Date(from.getTime() + LENGTHS[alias]) };
}
