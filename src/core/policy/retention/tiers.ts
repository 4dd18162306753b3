/** Several schedules in one: a frequent schedule, and rules by which what it makes is thinned out. */
import type { Config } from '../../model.ts';
import { retentionSettings } from './pins.ts';
import { type Retention, type RetentionRule } from './retention.ts';

/** From the most frequent on: the schedule that serves a rule, and the unit of `snapshots.expiry` that it counts in. */
const STEPS: readonly (readonly [rule: RetentionRule, schedule: string, unit: string])[] = [
  ['hourly', '@hourly', 'H'],
  ['daily', '@daily', 'd'],
  ['weekly', '@weekly', 'w'],
  ['monthly', '@monthly', 'm'],
  ['yearly', '@yearly', 'y'],
];

/**
 * The settings of an instance that make tiers: the schedule of the shortest period, an expiry behind the end of the
 * longest, so that Incus itself takes away what nobody prunes, and the rules. Rules that only count, and have no
 * period, leave schedule and expiry as they are.
 */
export function tierSettings(rules: Retention): Config {
  const asked = STEPS.filter(([rule]) => rules[rule] > 0);
  const [first] = asked;
  const last = asked.at(-1);
  return {
    ...(first && { 'snapshots.schedule': first[1] }),
    ...(last && { 'snapshots.expiry': `${rules[last[0]] + 1}${last[2]}` }),
    ...retentionSettings(rules),
  };
}
