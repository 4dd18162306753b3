import { env, l10n } from 'vscode';
import type { Instance, Snapshot } from '../../core/model.ts';
import { countOf, type InstanceEntry } from '../../core/inventory/rows.ts';
import type { DrillResult } from '../../core/policy/mirror/drill.ts';
import { ageFormat, dateFormat, roughNumber } from '../formats.ts';
import { describeSchedule, type SchedulePhrases } from '../../core/policy/schedule/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Steps of a coarse age: from which distance on it is told in which unit (milliseconds). */
const STEPS: readonly (readonly [number, number, Intl.RelativeTimeFormatUnit])[] = [
  [2 * 365 * DAY, 365 * DAY, 'year'],
  [60 * DAY, 30 * DAY, 'month'],
  [2 * DAY, DAY, 'day'],
  [HOUR, HOUR, 'hour'],
  [MINUTE, MINUTE, 'minute'],
];

/** A distance in time as people say it: coarse, so that it seldom changes. */
export function relativeTime(at: Date, now: Date): string {
  const distance = at.getTime() - now.getTime();
  const step = STEPS.find(([from]) => Math.abs(distance) >= from);
  if (!step) return distance > 0 ? l10n.t('in less than a minute') : l10n.t('just now');
  const [, unit, name] = step;
  // An age counts what is complete; "in 13 days" for a fortnight that has just begun would be odd.
  const count = distance > 0 ? Math.round(distance / unit) : Math.trunc(distance / unit);
  return ageFormat().format(count, name);
}

/** A time exactly, in local time and UTC, for tooltips. */
export function exactTime(at: Date): string {
  const local = dateFormat({ dateStyle: 'full', timeStyle: 'long' }).format(at);
  return `${local} (${at
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d{3}Z$/, ' UTC')})`;
}

/** The state of an instance in the user's language; states that Incus may come to know are shown as they are. */
export function stateWord({ status }: Pick<Instance, 'status'>): string {
  switch (status) {
    case 'Running':
      return l10n.t('running');
    case 'Stopped':
      return l10n.t('stopped');
    case 'Frozen':
      return l10n.t('frozen');
    case 'Error':
      return l10n.t('error');
    default:
      return status;
  }
}

/** `undefined` where the snapshots are not known. */
export function snapshotCount(entry: InstanceEntry): string | undefined {
  const count = countOf(entry);
  if (count === undefined) return undefined;
  if (count === 0) return l10n.t('no snapshots');
  return count === 1 ? l10n.t('1 snapshot') : l10n.t('{0} snapshots', count);
}

/** The schedule in force, in words; `undefined` where there is none. */
export function scheduleWords({ expandedConfig }: Pick<Instance, 'expandedConfig'>): string | undefined {
  return describeSchedule(expandedConfig['snapshots.schedule'], { locale: env.language, phrases: schedulePhrases() });
}

/** Incus does not run the aliases at midnight: it puts each instance at a minute of its own. */
function schedulePhrases(): SchedulePhrases {
  return {
    hourly: l10n.t('once an hour, at a time that Incus picks'),
    midnight: l10n.t('once a day, after midnight, at a minute that Incus picks'),
    daily: l10n.t('once a day, at a time that Incus picks'),
    weekly: l10n.t('once a week, at a time that Incus picks'),
    monthly: l10n.t('once a month, at a time that Incus picks'),
    yearly: l10n.t('once a year, at a time that Incus picks'),
    startup: l10n.t('when it starts'),
  };
}

/** When a snapshot goes away, coarsely; `undefined` where it never does. */
export function expiryWords({ expiresAt }: Pick<Snapshot, 'expiresAt'>, now: Date): string | undefined {
  if (!expiresAt) return undefined;
  return expiresAt > now ? l10n.t('expires {0}', relativeTime(expiresAt, now)) : l10n.t('expired');
}

export function typeWord({ type }: Pick<Instance, 'type'>): string {
  return type === 'container' ? l10n.t('container') : l10n.t('virtual machine');
}

/** When a drill was and how it ended: `passed 3 days ago, 4 s`. */
export function drillWords({ at, seconds, passed }: DrillResult, now: Date): string {
  const age = relativeTime(at, now);
  if (!passed) return l10n.t('failed {0}', age);
  return l10n.t('passed {0}, {1} s', age, roughNumber(seconds));
}
