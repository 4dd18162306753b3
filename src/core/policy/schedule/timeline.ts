/** What an instance's schedule adds to the picture of its snapshots: runs to come, and those that are missing. */
import { type CronGrammar, type CronTimes } from './cron.ts';
import { addDuration, parseDuration } from './expiry.ts';
import { runsAfter, take, triggersOf } from './runs.ts';

export interface ScheduleFacts {
  /** `snapshots.schedule` and `snapshots.expiry` in force. */
  readonly schedule: string;
  readonly expiry: string;
  /** It runs, or is snapshotted while it is stopped as well. */
  readonly isServed: boolean;
  readonly grammar: CronGrammar;
  /** The time zone of the server. */
  readonly zone: string;
  readonly now: Date;
  /** When its snapshots of the schedule were made. */
  readonly made: readonly Date[];
}

/** Runs that are shown; more would be a line. */
const SHOWN = 40;

/** Milliseconds by which a run may be early (Incus acts within the minute before) or late before it counts as missing. */
const EARLY = 60_000;
const LATE = 5 * 60_000;

/** The runs to come whose times can be told; those of the aliases cannot: Incus picks their minute. */
export function comingRuns(facts: ScheduleFacts): Date[] {
  if (!facts.isServed) return [];
  return take(runsAfter(exactTimes(facts), facts.now, facts.zone), SHOWN);
}

/**
 * Since when runs are missing: the first run after the last snapshot of the schedule that came to nothing. `undefined`
 * where none is missing, or that cannot be told: where there is no snapshot to count from, one that was made would have
 * expired by now, or the times are Incus' own.
 */
export function overdueSince(facts: ScheduleFacts): Date | undefined {
  const times = exactTimes(facts);
  const last = facts.made.reduce<Date | undefined>((a, b) => (!a || b > a ? b : a), undefined);
  if (!facts.isServed || !last || times.length === 0) return undefined;
  const [run] = take(runsAfter(times, new Date(last.getTime() + EARLY), facts.zone), 1);
  if (!run || run.getTime() + LATE > facts.now.getTime()) return undefined;
  const span = parseDuration(facts.expiry);
  const hasExpired = span && addDuration(run, span, facts.zone) <= facts.now;
  return hasExpired ? undefined : run;
}

function exactTimes({ schedule, grammar }: ScheduleFacts): CronTimes[] {
  return triggersOf(schedule, grammar).flatMap((trigger) => (trigger.kind === 'cron' ? [trigger.times] : []));
}
