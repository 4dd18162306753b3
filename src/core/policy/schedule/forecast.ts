/** What settings of a schedule will come to: the next snapshots, their names and ends, how many there will be. */
import { aliasTimes } from './aliases.ts';
import type { CronGrammar, CronTimes, Verdict } from './cron.ts';
import { addDuration, type Duration, isExpirySetting, parseDuration } from './expiry.ts';
import { checkNewSnapshotName } from '../names.ts';
import { isRepeating, type PatternPreview, type PatternProblem, previewName } from './pattern.ts';
import { AHEAD, exactTimes, runsAfter, take, type Trigger, triggersOf } from './runs.ts';
import { checkSchedule } from './schedule.ts';
import { wallTime } from './zone.ts';

/** The values of `snapshots.*` that are in force. */
export interface ScheduleSettings {
  readonly schedule: string;
  readonly pattern: string;
  readonly expiry: string;
  /** Snapshots are made while the instance is stopped, too. */
  readonly stopped: boolean;
  /** Absent where the server does not know the key. */
  readonly manualExpiry?: string;
}

/** A snapshot that is there, as far as it matters for those to come. */
export interface KnownSnapshot {
  readonly name: string;
  readonly createdAt: Date;
  readonly expiresAt?: Date;
}

export interface ForecastInput {
  readonly settings: ScheduleSettings;
  readonly grammar: CronGrammar;
  /** The server's time zone. */
  readonly zone: string;
  readonly now: Date;
  readonly snapshots: readonly KnownSnapshot[];
  /** Of the instances that the settings are for. */
  readonly anyStopped?: boolean;
  /** One of them is a mirror, whose schedule would make snapshots that the next run deletes. */
  readonly anyMirror?: boolean;
}

export interface ForecastRun {
  /** The minute that the schedule names; the snapshot is made within the minute before it. */
  readonly at: Date;
  readonly name: PatternPreview;
  readonly expiresAt?: Date;
}

/** How many snapshots of the schedule there are at a time, once the first ones expire. */
export type Settled =
  /** None are made at times that can be told. */
  | { readonly kind: 'none' }
  /** None expires: they grow more and more. */
  | { readonly kind: 'growing' }
  | { readonly kind: 'between'; readonly least: number; readonly most: number }
  /** Too many to count one by one. */
  | { readonly kind: 'about'; readonly count: number };

export type Warning =
  | { readonly kind: 'noExpiry' | 'expiryTooShort' | 'expiresAtOnce' | 'expiryTooFar' | 'repeats' | 'neverFires' }
  | { readonly kind: 'notWhileStopped' | 'mirror' }
  | { readonly kind: 'patternRefused'; readonly reason: PatternProblem; readonly name?: string }
  /** The name is made, and the client cannot handle it in all it does. */
  | { readonly kind: 'oddName'; readonly name: string }
  /** A part of a list that never fires. */
  | { readonly kind: 'deadPart'; readonly text: string }
  /** Past snapshots were made as if the server's clock were another one: minutes ahead of UTC. */
  | { readonly kind: 'otherZone'; readonly offset: number };

export interface Forecast {
  readonly schedule: Verdict;
  readonly expiry: 'accepted' | 'refused';
  readonly manualExpiry: 'accepted' | 'refused';
  readonly triggers: readonly Trigger[];
  /** The next ones at times that can be told; those of aliases cannot. */
  readonly runs: readonly ForecastRun[];
  readonly settled: Settled;
  readonly warnings: readonly Warning[];
}

const SHOWN_RUNS = 5;

/** How many runs are counted one by one. */
const COUNTED_RUNS = 1000;

/** All runs, those of aliases at the beginning of the time in which they come. */
function roughTimes(triggers: readonly Trigger[]): CronTimes[] {
  return triggers.flatMap((trigger) => {
    if (trigger.kind === 'cron') return [trigger.times];
    return trigger.kind === 'alias' ? [aliasTimes(trigger.alias)] : [];
  });
}

export function forecast(input: ForecastInput): Forecast {
  const { settings, grammar, zone, now } = input;
  const schedule = checkSchedule(settings.schedule, grammar);
  const triggers = schedule === 'accepted' ? triggersOf(settings.schedule, grammar) : [];
  const expiry = isExpirySetting(settings.expiry);
  const duration = expiry ? parseDuration(settings.expiry) : undefined;
  const times = take(runsAfter(exactTimes(triggers), now, zone), SHOWN_RUNS);
  const runs = namedRuns(input, times, duration);
  const settled = settle(triggers, duration, now, zone);
  return {
    schedule,
    expiry: expiry ? 'accepted' : 'refused',
    manualExpiry: isExpirySetting(settings.manualExpiry ?? '') ? 'accepted' : 'refused',
    triggers,
    runs,
    settled,
    warnings: [
      ...expiryWarnings(triggers, settled, duration, input),
      ...patternWarnings(input, triggers, runs),
      ...scheduleWarnings(input, triggers, times),
    ],
  };
}

/** Names the runs one after the other: each counts what the ones before it will have left. */
function namedRuns(input: ForecastInput, times: readonly Date[], duration: Duration | undefined): ForecastRun[] {
  const { settings, zone } = input;
  const known = [...input.snapshots];
  return times.map((at) => {
    const taken = known.filter(({ expiresAt }) => !expiresAt || expiresAt > at).map(({ name }) => name);
    const made = new Date(at.getTime() - AHEAD);
    const name = previewName(settings.pattern, { at: made, zone, openSeconds: true }, taken);
    const expiresAt = duration && addDuration(made, duration, zone);
    const end = expiresAt && !Number.isNaN(expiresAt.getTime()) ? { expiresAt } : {};
    if (name.kind === 'name') known.push({ name: name.name, createdAt: made, ...end });
    return { at, name, ...end };
  });
}

function settle(triggers: readonly Trigger[], duration: Duration | undefined, now: Date, zone: string): Settled {
  const times = roughTimes(triggers);
  const all = take(runsAfter(times, now, zone), COUNTED_RUNS);
  const [first] = all;
  if (!first) return { kind: 'none' };
  if (!duration) return { kind: 'growing' };
  const ends = all.map((run) => addDuration(run, duration, zone).getTime());
  const last = all.at(-1) ?? first;
  const isCounted = (ends[0] ?? Infinity) <= (all[Math.floor(all.length / 2)] ?? first).getTime();
  if (!isCounted) {
    const interval = (last.getTime() - first.getTime()) / Math.max(1, all.length - 1);
    const span = addDuration(first, duration, zone).getTime() - first.getTime();
    return Number.isFinite(span) && interval > 0
      ? { kind: 'about', count: Math.max(1, Math.round(span / interval)) }
      : { kind: 'growing' };
  }
  let [least, most, oldest] = [Infinity, 0, 0];
  for (const [at, run] of all.entries()) {
    while (oldest < at && (ends[oldest] ?? 0) <= run.getTime()) oldest++;
    // Before the first one has expired there are fewer than there will be.
    if (oldest > 0) least = Math.min(least, at - oldest);
    most = Math.max(most, at - oldest + 1);
  }
  return { kind: 'between', least: Number.isFinite(least) ? least : 0, most };
}

function expiryWarnings(
  triggers: readonly Trigger[],
  settled: Settled,
  duration: Duration | undefined,
  { now, zone }: ForecastInput,
): Warning[] {
  const isMade = settled.kind !== 'none' || triggers.some(({ kind }) => kind === 'startup');
  if (!isMade) return [];
  if (!duration) return [{ kind: 'noExpiry' }];
  const end = addDuration(now, duration, zone);
  if (end.getTime() === now.getTime()) return [{ kind: 'expiresAtOnce' }];
  if (Number.isNaN(end.getTime()) || end.getUTCFullYear() > 9999) return [{ kind: 'expiryTooFar' }];
  return settled.kind === 'between' && settled.least === 0 ? [{ kind: 'expiryTooShort' }] : [];
}

function patternWarnings(input: ForecastInput, triggers: readonly Trigger[], runs: readonly ForecastRun[]): Warning[] {
  const { settings, zone, now, snapshots } = input;
  if (triggers.every(({ kind }) => kind === 'never' || kind === 'dead')) return [];
  const names = snapshots.map(({ name }) => name);
  const all =
    runs.length > 0
      ? runs.map(({ name }) => name)
      : [previewName(settings.pattern, { at: now, zone, openSeconds: true }, names)];
  const refused = all.find((one) => one.kind === 'refused');
  if (refused?.kind === 'refused') {
    const { reason, name } = refused;
    return [{ kind: 'patternRefused', reason, ...(name !== undefined && { name }) }];
  }
  const odd = all.find((one) => one.kind === 'name' && checkNewSnapshotName(one.name, []) !== undefined);
  const times = take(runsAfter(roughTimes(triggers), now, zone), SHOWN_RUNS);
  return [
    ...(odd?.kind === 'name' ? [{ kind: 'oddName', name: odd.name } as const] : []),
    ...(isRepeating(settings.pattern, times, zone) ? [{ kind: 'repeats' } as const] : []),
  ];
}

function scheduleWarnings(input: ForecastInput, triggers: readonly Trigger[], times: readonly Date[]): Warning[] {
  const { settings, anyStopped, anyMirror } = input;
  const dead = triggers.flatMap((one) => (one.kind === 'dead' ? [{ kind: 'deadPart', text: one.text } as const] : []));
  const hasCron = triggers.some(({ kind }) => kind === 'cron');
  const fires = triggers.some(({ kind }) => kind === 'cron' || kind === 'alias');
  const offset = foreignOffset(input, triggers);
  return [
    ...dead,
    ...(hasCron && times.length === 0 ? [{ kind: 'neverFires' } as const] : []),
    ...(fires && anyStopped && !settings.stopped ? [{ kind: 'notWhileStopped' } as const] : []),
    ...(triggers.length > 0 && anyMirror ? [{ kind: 'mirror' } as const] : []),
    ...(offset === undefined ? [] : [{ kind: 'otherZone', offset } as const]),
  ];
}

const MINUTE = 60_000;

/** Zones lie quarters of an hour apart, from 12 hours behind UTC to 14 ahead of it. */
const OFFSETS = Array.from({ length: 105 }, (_, i) => -720 + i * 15);

/** How many snapshots have to speak for another zone before it is said. */
const WITNESSES = 2;

/**
 * The minutes ahead of UTC that the server's clock has, where its last snapshots fit the schedule only so: none of them
 * fits in the zone that it is said to be in, all fit in another. Only their time of day is looked at, and only where
 * the schedule leaves hours out: else every zone would do.
 */
function foreignOffset(
  { snapshots, zone, settings, now }: ForecastInput,
  triggers: readonly Trigger[],
): number | undefined {
  const times = exactTimes(triggers);
  if (times.length === 0 || times.length < triggers.length || settings.schedule === '') return undefined;
  const witnesses = snapshots.slice(-3);
  if (witnesses.length < WITNESSES) return undefined;
  const fits = ({ createdAt }: KnownSnapshot, offset: number): boolean => {
    // A run of 6:00 begins within the minute before it, or in its own where the server is slow.
    const minutes = [0, 1].map((more) => Math.floor(createdAt.getTime() / MINUTE) + offset + more);
    return minutes.some((minute) => {
      const ofDay = ((minute % 1440) + 1440) % 1440;
      return times.some((one) => one.hours.has(Math.floor(ofDay / 60)) && one.minutes.has(ofDay % 60));
    });
  };
  if (witnesses.some((one) => fits(one, wallTime(one.createdAt, zone).offset))) return undefined;
  const others = OFFSETS.filter((offset) => witnesses.every((one) => fits(one, offset)));
  // The nearest to the one that is set, and only where they are not many: that would say nothing.
  return others.length > 0 && others.length <= 8 ? nearest(others, wallTime(now, zone).offset) : undefined;
}

function nearest(offsets: readonly number[], to: number): number | undefined {
  return offsets.toSorted((a, b) => Math.abs(a - to) - Math.abs(b - to))[0];
}
