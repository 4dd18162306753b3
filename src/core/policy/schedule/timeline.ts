/** The runs to come that an instance's schedule adds to the picture of its snapshots. */
import { type Span, spansAfter } from './aliases.ts';
import { type CronGrammar } from './cron.ts';
import { AHEAD, exactTimes, runsAfter, take, triggersOf } from './runs.ts';

export interface ScheduleFacts {
  /** `snapshots.schedule` in force. */
  readonly schedule: string;
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

/** The runs to come whose times can be told. */
export function comingRuns(facts: ScheduleFacts): Date[] {
  if (!facts.isServed) return [];
  const times = exactTimes(triggersOf(facts.schedule, facts.grammar));
  return take(runsAfter(times, facts.now, facts.zone), SHOWN);
}

/**
 * The times in each of which a run of an alias comes, at a moment that Incus picks; the one that has begun where no
 * snapshot of the schedule was made in it.
 */
export function comingSpans({ schedule, isServed, grammar, zone, now, made }: ScheduleFacts): Span[] {
  if (!isServed) return [];
  const spans = triggersOf(schedule, grammar).flatMap((trigger) =>
    trigger.kind === 'alias' ? spansAfter(trigger.alias, now, zone, SHOWN) : [],
  );
  return spans
    .filter(({ from }) => from > now || !made.some((at) => at.getTime() >= from.getTime() - AHEAD))
    .toSorted((a, b) => a.from.getTime() - b.from.getTime())
    .slice(0, SHOWN);
}
