/** Whether an instance's snapshots are made as its schedule says, as far as that can be told from what is known. */
import { type Instance, isRunning, type Snapshot } from '../../model.ts';
import { type CronGrammar, type CronTimes } from './cron.ts';
import { addDuration, isExpirySetting, parseDuration } from './expiry.ts';
import { AHEAD, aliasTimes, exactTimes } from './forecast.ts';
import { mirrorSourceOf } from '../mirror/mirrorKeys.ts';
import { originOf } from './origin.ts';
import { type PatternProblem, previewName } from './pattern.ts';
import { runsBefore, take, type Trigger, triggersOf } from './runs.ts';
import { checkSchedule, type ScheduleAlias } from './schedule.ts';
import { isTrue, settingsOf } from './scheduleSources.ts';
import { isTemporary } from '../temporary.ts';
import { wallTime } from './zone.ts';

export type HealthProblem =
  /** The last run is missing, and no snapshot was made since; it was due then. */
  | { readonly kind: 'overdue'; readonly due: Date }
  /** No snapshot of the schedule is there yet, and it is not known whether the schedule was in force at `due`. */
  | { readonly kind: 'neverRan'; readonly due: Date }
  | { readonly kind: 'noSchedule' | 'noExpiry' | 'notWhileStopped' }
  | { readonly kind: 'badSchedule' | 'badExpiry' }
  | { readonly kind: 'badPattern'; readonly reason: PatternProblem }
  /** A mirror that makes snapshots itself, which the next run deletes. */
  | { readonly kind: 'mirrorSchedule' }
  /** A mirror that starts with its server, after which nothing can be mirrored to it. */
  | { readonly kind: 'mirrorAutostart' };

export type HealthKind = HealthProblem['kind'];

/** Those that mean that snapshots are missing or will be. The others may well be meant so. */
const SERIOUS: ReadonlySet<HealthKind> = new Set<HealthKind>([
  'overdue',
  'badSchedule',
  'badExpiry',
  'badPattern',
  'mirrorSchedule',
  'mirrorAutostart',
]);

export function isSerious({ kind }: HealthProblem): boolean {
  return SERIOUS.has(kind);
}

/** Milliseconds after which a run that is not there is missing. */
const GRACE = 10 * 60_000;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How long the time is in which an alias fires once. */
const SPANS: Readonly<Record<ScheduleAlias, number>> = {
  hourly: HOUR,
  midnight: HOUR,
  daily: DAY,
  weekly: DAY,
  monthly: DAY,
  yearly: DAY,
};

export interface HealthInput {
  /** With its snapshots where they are known. */
  readonly instance: Instance;
  readonly grammar: CronGrammar;
  /** Of the server. */
  readonly zone: string;
  readonly now: Date;
  /** Since when this schedule is known to be in force; absent: only its snapshots can tell. */
  readonly scheduledSince?: Date;
}

/** What is wrong, the most serious first; nothing of temporary copies, and of mirrors what concerns mirrors. */
export function checkHealth(input: HealthInput): HealthProblem[] {
  const { instance, grammar } = input;
  if (isTemporary(instance) || instance.status === 'Error') return [];
  const settings = settingsOf(instance.expandedConfig, grammar);
  const isGood = checkSchedule(settings.schedule, grammar) !== 'refused';
  const triggers = isGood ? triggersOf(settings.schedule, grammar) : [];
  const fires = triggers.some(({ kind }) => kind === 'cron' || kind === 'alias' || kind === 'startup');
  if (mirrorSourceOf(instance)) {
    return [
      ...(fires ? [{ kind: 'mirrorSchedule' } as const] : []),
      ...(isTrue(instance.expandedConfig['boot.autostart']) ? [{ kind: 'mirrorAutostart' } as const] : []),
    ];
  }
  const bad: HealthProblem[] = [
    ...(isGood ? [] : [{ kind: 'badSchedule' } as const]),
    ...(isExpirySetting(settings.expiry) ? [] : [{ kind: 'badExpiry' } as const]),
    ...(fires ? patternProblem(input, settings.pattern) : []),
  ];
  if (!fires) return isGood ? [...bad, { kind: 'noSchedule' }] : bad;
  const makesNone = !settings.stopped && !isRunning(instance);
  return [
    ...(bad.length > 0 || makesNone ? [] : missingRun(input, triggers, settings.stopped)),
    ...bad,
    ...(makesNone ? [{ kind: 'notWhileStopped' } as const] : []),
    ...(settings.expiry.trim() === '' ? [{ kind: 'noExpiry' } as const] : []),
  ];
}

function patternProblem({ instance, zone, now }: HealthInput, pattern: string): HealthProblem[] {
  const names = (instance.snapshots ?? []).map(({ ref }) => ref.snapshot);
  const preview = previewName(pattern, { at: now, zone }, names);
  return preview.kind === 'refused' ? [{ kind: 'badPattern', reason: preview.reason }] : [];
}

/** A time in which a run had to come, wholly in the past. */
interface Window {
  readonly from: Date;
  readonly to: Date;
}

function missingRun(input: HealthInput, triggers: readonly Trigger[], stopped: boolean): HealthProblem[] {
  const { instance, scheduledSince } = input;
  const { snapshots } = instance;
  if (!snapshots) return [];
  const missing = lastWindows(triggers, input).filter(
    (window) =>
      couldRun(instance, window, stopped) &&
      !mayHaveExpired(input, window) &&
      !snapshots.some((one) => isSince(one, window)),
  );
  const [first] = missing.toSorted((a, b) => b.to.getTime() - a.to.getTime());
  if (!first) return [];
  const isKnown = scheduledSince !== undefined && scheduledSince.getTime() <= first.from.getTime() - AHEAD;
  const hasRun = snapshots.some((one) => one.createdAt < first.from && isOfSchedule(one, input, triggers));
  return [{ kind: isKnown || hasRun ? 'overdue' : 'neverRan', due: first.to }];
}

/** The last run of each kind of trigger that must have come by now: all exact times together, and each alias. */
function lastWindows(triggers: readonly Trigger[], { zone, now }: HealthInput): Window[] {
  const late = new Date(now.getTime() - GRACE);
  const exact = take(runsBefore(exactTimes(triggers), late, zone), 1).map((run) => ({ from: run, to: run }));
  const rough = triggers.flatMap((trigger) => {
    if (trigger.kind !== 'alias') return [];
    const span = SPANS[trigger.alias];
    return take(runsBefore([aliasTimes(trigger.alias)], new Date(late.getTime() - span), zone), 1).map((from) => ({
      from,
      to: new Date(from.getTime() + span),
    }));
  });
  return [...exact, ...rough];
}

/** Whoever has made one since: what the run was for is there. */
function isSince({ createdAt }: Snapshot, { from }: Window): boolean {
  return createdAt.getTime() >= from.getTime() - AHEAD;
}

/** Whether the instance was there at the time, and running where it had to be. */
function couldRun({ createdAt, lastUsedAt }: Instance, { from }: Window, stopped: boolean): boolean {
  const before = from.getTime() - AHEAD;
  if (Number.isNaN(createdAt.getTime()) || createdAt.getTime() > before) return false;
  return stopped || (lastUsedAt !== undefined && lastUsedAt.getTime() <= before);
}

/** Whether its snapshot would be gone again by now. */
function mayHaveExpired({ instance, grammar, zone, now }: HealthInput, { from }: Window): boolean {
  const duration = parseDuration(settingsOf(instance.expandedConfig, grammar).expiry);
  return duration !== undefined && addDuration(new Date(from.getTime() - AHEAD), duration, zone) <= now;
}

/** Whether a snapshot was made by the schedule of today: by its name, by what it kept of the settings, by its time. */
function isOfSchedule(snapshot: Snapshot, { instance, zone }: HealthInput, triggers: readonly Trigger[]): boolean {
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
