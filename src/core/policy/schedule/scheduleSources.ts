/** Where the values of a schedule that are in force come from. */
import type { Config, Instance, Profile } from '../../model.ts';
import type { CronGrammar } from './cron.ts';
import type { ScheduleSettings } from './forecast.ts';

/** What makes up a schedule, by the names that the form has for it. */
export const SCHEDULE_KEYS = {
  schedule: 'snapshots.schedule',
  pattern: 'snapshots.pattern',
  expiry: 'snapshots.expiry',
  manualExpiry: 'snapshots.expiry.manual',
  stopped: 'snapshots.schedule.stopped',
} as const;

export type ScheduleField = keyof typeof SCHEDULE_KEYS;

export const SCHEDULE_FIELDS = Object.keys(SCHEDULE_KEYS) as ScheduleField[];

/** The extension by which a server knows `snapshots.expiry.manual`. */
export const MANUAL_EXPIRY = 'snapshot_manual_expiry';

/** A value in force, and where it is set. */
export type Source =
  | { readonly kind: 'none' }
  | { readonly kind: 'own'; readonly value: string }
  | { readonly kind: 'profile'; readonly value: string; readonly profile: string }
  /** By a profile that could not be read. */
  | { readonly kind: 'elsewhere'; readonly value: string };

/** Where an instance has a value from. Of its profiles the last one counts, and its own value before all of them. */
export function sourceOf(
  field: ScheduleField,
  instance: Pick<Instance, 'config' | 'expandedConfig' | 'profiles'>,
  profiles: readonly Profile[],
): Source {
  const own = instance.config[SCHEDULE_KEYS[field]] ?? '';
  return own === '' ? inheritedBy(field, instance, profiles) : { kind: 'own', value: own };
}

/** What an instance would have without a value of its own. */
export function inheritedBy(
  field: ScheduleField,
  instance: Pick<Instance, 'config' | 'expandedConfig' | 'profiles'>,
  profiles: readonly Profile[],
): Source {
  const key = SCHEDULE_KEYS[field];
  for (const name of instance.profiles.toReversed()) {
    const value = profiles.find(({ ref }) => ref.profile === name)?.config[key] ?? '';
    if (value !== '') return { kind: 'profile', value, profile: name };
  }
  const value = (instance.config[key] ?? '') === '' ? (instance.expandedConfig[key] ?? '') : '';
  return value === '' ? { kind: 'none' } : { kind: 'elsewhere', value };
}

/** What is in force, as values of the configuration. */
export function settingsOf(config: Config, grammar: CronGrammar): ScheduleSettings {
  return {
    schedule: config[SCHEDULE_KEYS.schedule] ?? '',
    pattern: config[SCHEDULE_KEYS.pattern] ?? '',
    expiry: config[SCHEDULE_KEYS.expiry] ?? '',
    stopped: isTrue(config[SCHEDULE_KEYS.stopped]),
    ...(grammar === 'gronx' && { manualExpiry: config[SCHEDULE_KEYS.manualExpiry] ?? '' }),
  };
}

/** What Incus takes for "true" (`IsTrue` in `shared/util/boolean.go`). */
export function isTrue(value = ''): boolean {
  return ['true', '1', 'yes', 'on'].includes(value.toLowerCase());
}
