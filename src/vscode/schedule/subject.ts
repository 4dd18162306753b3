/** What a form for schedules is about: instances or a profile, as they were read last. */
import * as z from 'zod/mini';
import type { IncusClient } from '../../core/incus/client.ts';
import { IncusError } from '../../core/incus/errors.ts';
import type { Inventory } from '../../core/inventory/inventory.ts';
import { type Instance, type InstanceRef, keyOf, type Profile, type ProfileRef } from '../../core/model.ts';
import { type CronGrammar, grammarOf } from '../../core/policy/schedule/cron.ts';
import { MANUAL_EXPIRY } from '../../core/policy/schedule/scheduleSources.ts';
import type { ScheduleTarget } from '../../core/actions/scheduleEdits.ts';

const project = z.object({ remote: z.string(), project: z.string() });

/** VS Code keeps it from one window to the next. */
export const subjectSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('instances'),
    refs: z.array(z.object({ ...project.shape, instance: z.string() })).check(z.minLength(1)),
  }),
  z.object({ kind: z.literal('profile'), ref: z.object({ ...project.shape, profile: z.string() }) }),
]);

export type Subject =
  | { readonly kind: 'instances'; readonly refs: readonly InstanceRef[] }
  | { readonly kind: 'profile'; readonly ref: ProfileRef };

/** Where the form can write to. */
export type Place =
  | { readonly id: 'instances'; readonly kind: 'instances' }
  | { readonly id: string; readonly kind: 'profile'; readonly profile: Profile };

export interface Reading {
  /** Those that the form was opened for; of a profile, those that have it. */
  readonly instances: readonly Instance[];
  readonly profiles: readonly Profile[];
  readonly places: readonly Place[];
  /** Of all servers that are concerned. */
  readonly grammars: readonly CronGrammar[];
  readonly hasManualExpiry: boolean;
}

/** Names one form, and no other. */
export function subjectKey(subject: Subject): string {
  if (subject.kind === 'instances') return subject.refs.map(keyOf).sort().join(' ');
  const { remote, project, profile } = subject.ref;
  return `?${keyOf({ remote, project, instance: profile })}`;
}

/** The remote whose clock the form reckons with. */
export function remoteOf(subject: Subject): string {
  return subject.kind === 'profile' ? subject.ref.remote : (subject.refs[0]?.remote ?? '');
}

/**
 * Reads afresh what a form is about.
 * @throws IncusError
 */
export async function readSubject(client: IncusClient, inventory: Inventory, subject: Subject): Promise<Reading> {
  if (subject.kind === 'profile') {
    const profile = await client.profile(subject.ref);
    const instances = profile.usedBy.flatMap((ref) => inventory.instance(ref)?.instance ?? []);
    return complete(
      inventory,
      instances,
      [profile],
      [{ id: 'profile', kind: 'profile', profile }],
      [subject.ref.remote],
    );
  }
  const instances = await Promise.all(subject.refs.map((ref) => inventory.refreshInstance(ref)));
  const [first] = instances;
  if (!first) throw new IncusError('instanceMissing', { text: 'no instance' });
  const isOnePlace = instances.every(({ ref }) => ref.remote === first.ref.remote && ref.project === first.ref.project);
  const profiles = isOnePlace ? await client.profileList(first.ref).catch(() => []) : [];
  const shared = profiles.filter(({ ref }) => instances.every((one) => one.profiles.includes(ref.profile)));
  const places: Place[] = [
    { id: 'instances', kind: 'instances' },
    ...shared.map((profile): Place => ({ id: `profile/${profile.ref.profile}`, kind: 'profile', profile })),
  ];
  return complete(inventory, instances, profiles, places, [...new Set(instances.map(({ ref }) => ref.remote))]);
}

function complete(
  inventory: Inventory,
  instances: readonly Instance[],
  profiles: readonly Profile[],
  places: readonly Place[],
  remotes: readonly string[],
): Reading {
  const grammars = remotes.flatMap((remote) => {
    const server = inventory.server(remote);
    return server ? [grammarOf(server)] : [];
  });
  const hasManualExpiry = remotes.every((remote) => inventory.server(remote)?.extensions.has(MANUAL_EXPIRY));
  return { instances, profiles, places, grammars: [...new Set(grammars)], hasManualExpiry };
}

/** What a place stands for, thing by thing, with what is set there. */
export function targetsOf(
  place: Place,
  { instances }: Reading,
): { target: ScheduleTarget; config: Instance['config'] }[] {
  if (place.kind === 'profile') {
    return [{ target: { kind: 'profile', ref: place.profile.ref }, config: place.profile.config }];
  }
  return instances.map(({ ref, config }) => ({ target: { kind: 'instance', ref }, config }));
}

/** The instances that what is written to a place reaches, as far as they are known. */
export function reachedBy(place: Place, { instances }: Reading, inventory: Inventory): readonly Instance[] {
  if (place.kind === 'instances') return instances;
  return place.profile.usedBy.flatMap((ref) => inventory.instance(ref)?.instance ?? []);
}
