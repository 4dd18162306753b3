/** Whether an instance's snapshots are made as its schedule says, as far as that can be told from what is known. */
import { isRunning } from '../../model.ts';
import { isExpirySetting } from './expiry.ts';
import { mirrorSourceOf } from '../mirror/mirrorKeys.ts';
import { missingRun, type ScheduleInput } from './overdue.ts';
import { type PatternProblem, previewName } from './pattern.ts';
import { type Trigger, triggersOf } from './runs.ts';
import { checkSchedule } from './schedule.ts';
import { isTrue, settingsOf } from './scheduleSources.ts';
import { isTemporary } from '../temporary.ts';

export type HealthProblem =
  /** The last run is missing, and no snapshot was made since; it was due then. `since`: when the first missing one was. */
  | { readonly kind: 'overdue'; readonly due: Date; readonly since: Date }
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

/** What is wrong, the most serious first; nothing of temporary copies, and of mirrors what concerns mirrors. */
export function checkHealth(input: ScheduleInput): HealthProblem[] {
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
    ...(bad.length > 0 || makesNone ? [] : overdue(input, triggers)),
    ...bad,
    ...(makesNone ? [{ kind: 'notWhileStopped' } as const] : []),
    ...(settings.expiry.trim() === '' ? [{ kind: 'noExpiry' } as const] : []),
  ];
}

function overdue(input: ScheduleInput, triggers: readonly Trigger[]): HealthProblem[] {
  const missing = missingRun(input, triggers);
  if (!missing) return [];
  const { due, since, isCertain } = missing;
  return [isCertain ? { kind: 'overdue', due, since } : { kind: 'neverRan', due }];
}

function patternProblem({ instance, zone, now }: ScheduleInput, pattern: string): HealthProblem[] {
  const names = (instance.snapshots ?? []).map(({ ref }) => ref.snapshot);
  const preview = previewName(pattern, { at: now, zone }, names);
  return preview.kind === 'refused' ? [{ kind: 'badPattern', reason: preview.reason }] : [];
}
