/** Which run of a schedule is missing. For what the tree, the list of problems and the timeline say there is this one answer. */
import type { Instance, Snapshot } from '../../model.ts';
import { aliasTimes, type Span, spanBefore } from './aliases.ts';
import type { CronGrammar, CronTimes } from './cron.ts';
import { addDuration, parseDuration } from './expiry.ts';
import { originOf } from './origin.ts';
import { AHEAD, exactTimes, runsAfter, runsBefore, take, type Trigger } from './runs.ts';
import { settingsOf } from './scheduleSources.ts';
import { wallTime } from './zone.ts';

export interface ScheduleInput {
  /** With its snapshots where they are known. */
  readonly instance: Instance;
  readonly grammar: CronGrammar;
  /** Of the server. */
  readonly zone: string;
  readonly now: Date;
  /** Since when this schedule is known to be in force; absent: only its snapshots can tell. */
  readonly scheduledSince?: Date;
}

export interface MissingRun {
  /** When the last run was due, which is missing. */
  readonly due: Date;
  /** When the first one was due that is missing since the last snapshot, as far as that can be told. */
  readonly since: Date;
  /** Whether it is known that the schedule was in force then. */
  readonly isCertain: boolean;
}

/** Milliseconds after which a run that is not there is missing. */
const GRACE = 10 * 60_000;

/** A time in which a run had to come, wholly in the past, and all times at which runs like it begin. */
interface Due extends Span {
  readonly times: readonly CronTimes[];
}

/**
 * The last run that had to come by now and is not there: no snapshot was made since, by whomever, the instance was there
 * and ran then, and its snapshot cannot have expired.
 */
export function missingRun(input: ScheduleInput, triggers: readonly Trigger[]): MissingRun | undefined {
  const { instance, scheduledSince } = input;
  const { snapshots } = instance;
  if (!snapshots) return undefined;
  const missing = lastDue(triggers, input).filter(
    (due) =>
      due.from >= startOf(input) && !mayHaveExpired(input, due.from) && !snapshots.some((one) => isSince(one, due)),
  );
  const [last] = missing.toSorted((a, b) => b.to.getTime() - a.to.getTime());
  if (!last) return undefined;
  const isKnown = scheduledSince !== undefined && scheduledSince.getTime() <= last.from.getTime() - AHEAD;
  const hasRun = snapshots.some((one) => one.createdAt < last.from && isOfSchedule(one, input, triggers));
  return { due: last.to, since: firstMissing(input, last), isCertain: isKnown || hasRun };
}

/** The first run after the last snapshot that has not come either. */
function firstMissing(input: ScheduleInput, last: Due): Date {
  const made = (input.instance.snapshots ?? []).map(({ createdAt }) => createdAt.getTime() + AHEAD);
  const after = Math.max(startOf(input).getTime() - 1, ...made);
  const [first] = take(runsAfter(last.times, new Date(after), input.zone), 1);
  return first && first < last.from && !mayHaveExpired(input, first) ? first : last.from;
}

/** The last run of each kind of trigger that must have come by now: all exact times together, and each alias. */
function lastDue(triggers: readonly Trigger[], { zone, now }: ScheduleInput): Due[] {
  const late = new Date(now.getTime() - GRACE);
  const times = exactTimes(triggers);
  const exact = take(runsBefore(times, late, zone), 1).map((run) => ({ from: run, to: run, times }));
  const rough = triggers.flatMap((trigger) => {
    const span = trigger.kind === 'alias' ? spanBefore(trigger.alias, late, zone) : undefined;
    return trigger.kind === 'alias' && span ? [{ ...span, times: [aliasTimes(trigger.alias)] }] : [];
  });
  return [...exact, ...rough];
}

/** Whoever has made one since: what the run was for is there. */
function isSince({ createdAt }: Snapshot, { from }: Span): boolean {
  return createdAt.getTime() >= from.getTime() - AHEAD;
}

/** The first moment for which a run can be asked: the instance was there, and running where it had to be. */
function startOf({ instance, grammar }: ScheduleInput): Date {
  const { createdAt, lastUsedAt, expandedConfig } = instance;
  const { stopped } = settingsOf(expandedConfig, grammar);
  const used = stopped ? 0 : (lastUsedAt?.getTime() ?? NaN);
  // A moment that is not known makes all of it not known, so that no run is asked for.
  return new Date(Math.max(createdAt.getTime(), used) + AHEAD);
}

/** Whether its snapshot would be gone again by now. */
function mayHaveExpired({ instance, grammar, zone, now }: ScheduleInput, run: Date): boolean {
  const duration = parseDuration(settingsOf(instance.expandedConfig, grammar).expiry);
  return duration !== undefined && addDuration(new Date(run.getTime() - AHEAD), duration, zone) <= now;
}

/** Whether a snapshot was made by the schedule of today: by its name, by what it kept of the settings, by its time. */
function isOfSchedule(snapshot: Snapshot, { instance, zone }: ScheduleInput, triggers: readonly Trigger[]): boolean {
  const own = instance.config['snapshots.schedule'] ?? '';
  if (own !== '' && snapshot.config['snapshots.schedule'] !== own) return false;
  if (originOf(snapshot, instance) !== 'schedule') return false;
  const times = exactTimes(triggers);
  if (triggers.some(({ kind }) => kind === 'alias')) return true;
  return [0, AHEAD].some((shift) => isAt(times, new Date(snapshot.createdAt.getTime() + shift), zone));
}

function isAt(times: readonly CronTimes[], at: Date, zone: string): boolean {
  const wall = wallTime(at, zone);
  return times.some((one) => one.isOn(wall) && one.hours.has(wall.hour) && one.minutes.has(wall.minute));
}
