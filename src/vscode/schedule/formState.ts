/** What the form shows of what is set, and of what a draft would come to. */
import { l10n } from 'vscode';
import type { Inventory } from '../../core/inventory/inventory.ts';
import { type Instance, isRunning } from '../../core/model.ts';
import { type Forecast, forecast, type ScheduleSettings } from '../../core/policy/schedule/forecast.ts';
import { mirrorSourceOf } from '../../core/policy/mirror/mirrorKeys.ts';
import {
  inheritedBy,
  isTrue,
  SCHEDULE_FIELDS,
  SCHEDULE_KEYS,
  type ScheduleField,
  type Source,
  sourceOf,
} from '../../core/policy/schedule/scheduleSources.ts';
import { ownTimeZone, wallTime } from '../../core/policy/schedule/zone.ts';
import type {
  ScheduleFieldState,
  ScheduleFormState,
  SchedulePreview,
  ScheduleValues,
} from '../../protocol/schedule.ts';
import { oneLine } from '../tree/items.ts';
import { type Place, reachedBy, type Reading, type Subject, targetsOf } from './subject.ts';
import {
  clockTime,
  nameWords,
  patternProblemWords,
  runsNote,
  scheduleSentence,
  settledWords,
  stopsOthers,
  warningWords,
} from './words.ts';

/** Names that are listed one by one. */
const LISTED = 12;

export function formState(
  subject: Subject,
  reading: Reading,
  place: Place,
  inventory: Inventory,
  zone: string,
): ScheduleFormState {
  const field = (name: ScheduleField) => fieldState(name, reading, place);
  return {
    kind: 'form',
    heading: headingOf(subject),
    targets: reading.places.map((one) => ({ id: one.id, label: placeLabel(one, reading) })),
    target: place.id,
    followers: followersOf(place, reading, inventory),
    fields: {
      schedule: field('schedule'),
      pattern: field('pattern'),
      expiry: field('expiry'),
      manualExpiry: field('manualExpiry'),
      stopped: stoppedState(field('stopped')),
    },
    hasManualExpiry: reading.hasManualExpiry,
    zone,
  };
}

export function headingOf(subject: Subject): string {
  if (subject.kind === 'profile') return l10n.t('Schedule of the profile {0}', oneLine(subject.ref.profile));
  const [only, ...others] = subject.refs;
  return only && others.length === 0
    ? l10n.t('Schedule of {0}', only.instance)
    : l10n.t('Schedule of {0} instances', subject.refs.length);
}

function placeLabel(place: Place, { instances }: Reading): string {
  if (place.kind === 'profile') {
    const { ref, usedBy } = place.profile;
    return usedBy.length === 1
      ? l10n.t('the profile {0} (1 instance has it)', oneLine(ref.profile))
      : l10n.t('the profile {0} ({1} instances have it)', oneLine(ref.profile), usedBy.length);
  }
  const [only, ...others] = instances;
  return only && others.length === 0
    ? l10n.t('the instance {0}', only.ref.instance)
    : l10n.t('each of the {0} instances', instances.length);
}

function followersOf(place: Place, reading: Reading, inventory: Inventory): string[] {
  if (place.kind === 'instances' && reading.instances.length === 1) return [];
  const names = reachedBy(place, reading, inventory).map(({ ref, config }) =>
    place.kind === 'profile' && (config[SCHEDULE_KEYS.schedule] ?? '') !== ''
      ? l10n.t('{0} (has a schedule of its own)', ref.instance)
      : ref.instance,
  );
  if (place.kind === 'profile' && names.length === 0) return [l10n.t('no instance')];
  return names.length <= LISTED ? names : [...names.slice(0, LISTED), l10n.t('and {0} more', names.length - LISTED)];
}

function fieldState(field: ScheduleField, reading: Reading, place: Place): ScheduleFieldState {
  const set = targetsOf(place, reading).map(({ config }) => config[SCHEDULE_KEYS[field]] ?? '');
  const [own = ''] = set;
  if (set.some((value) => value !== own)) {
    const values = [...new Set(set)].map((value) => (value === '' ? l10n.t('not set') : oneLine(value)));
    return {
      own: '',
      differs: true,
      inherited: sharedBeneath(field, reading, place),
      source: l10n.t('They differ: {0}. Left as they are, unless you write something.', values.join(' | ')),
    };
  }
  if (place.kind === 'profile') {
    const overriding = reading.instances.filter(({ config }) => (config[SCHEDULE_KEYS[field]] ?? '') !== '');
    const words = own === '' ? l10n.t('Not set in this profile.') : l10n.t('Set in this profile.');
    const [first] = overriding;
    return {
      own,
      differs: false,
      inherited: '',
      source: first
        ? `${words} ${l10n.t('{0} has a value of its own, which counts there: {1}', first.ref.instance, oneLine(first.config[SCHEDULE_KEYS[field]] ?? ''))}`
        : words,
    };
  }
  const [example] = reading.instances;
  if (!example) return { own, differs: false, inherited: '', source: '' };
  const inherited = inheritedBy(field, example, reading.profiles);
  const value = inherited.kind === 'none' ? '' : inherited.value;
  return {
    own,
    differs: false,
    inherited: value,
    source: sourceWords(field, sourceOf(field, example, reading.profiles), inherited),
  };
}

/** What all would have without values of their own; empty where that differs as well. */
function sharedBeneath(field: ScheduleField, { instances, profiles }: Reading, place: Place): string {
  if (place.kind === 'profile') return '';
  const beneath = instances.map((one) => inheritedBy(field, one, profiles));
  const [value = '', ...others] = new Set(beneath.map((one) => (one.kind === 'none' ? '' : one.value)));
  return others.length === 0 ? value : '';
}

function sourceWords(field: ScheduleField, source: Source, inherited: Source): string {
  switch (source.kind) {
    case 'own':
      return inherited.kind === 'profile'
        ? l10n.t('Set on the instance; the profile {0} has {1}.', oneLine(inherited.profile), oneLine(inherited.value))
        : l10n.t('Set on the instance.');
    case 'profile':
      return l10n.t('From the profile {0}: {1}', oneLine(source.profile), oneLine(source.value));
    case 'elsewhere':
      return l10n.t('From a profile: {0}', oneLine(source.value));
    case 'none':
      return defaultWords(field);
  }
}

function defaultWords(field: ScheduleField): string {
  switch (field) {
    case 'schedule':
      return l10n.t('Not set: no snapshots are made by schedule.');
    case 'pattern':
      return l10n.t('Not set: snap%d is used.');
    case 'expiry':
      return l10n.t('Not set: they stay until somebody deletes them.');
    case 'manualExpiry':
      return l10n.t('Not set: as those by schedule.');
    case 'stopped':
      return l10n.t('Not set: none while it is stopped.');
  }
}

function stoppedState({ own, differs, inherited, source }: ScheduleFieldState): ScheduleFieldState {
  const words = isTrue(inherited) ? l10n.t('snapshots, too') : l10n.t('no snapshots');
  return { own: own === '' ? '' : String(isTrue(own)), differs, inherited: words, source };
}

/** One key that saving would write. */
export interface DraftChange {
  readonly field: ScheduleField;
  readonly value: string;
}

/** What a draft would write: only what differs from what stands there, and what is to be taken away of several. */
export function changesOf(draft: ScheduleValues, form: ScheduleFormState): DraftChange[] {
  return SCHEDULE_FIELDS.filter((field) => field !== 'manualExpiry' || form.hasManualExpiry)
    .map((field) => ({ field, value: draft[field].trim() }))
    .filter(({ field, value }) => value !== form.fields[field].own || isCleared(field, draft, form));
}

function isCleared(field: ScheduleField, draft: ScheduleValues, { fields }: ScheduleFormState): boolean {
  return fields[field].differs && draft[field].trim() === '' && draft.cleared.includes(field);
}

export function previewOf(
  draft: { number: number; values: ScheduleValues },
  form: ScheduleFormState,
  reading: Reading,
  reached: readonly Instance[],
  zone: string,
): SchedulePreview {
  const settings = draftSettings(draft.values, form, inheritsStopped(form, reading));
  const [example] = reached;
  const forecasts = (reading.grammars.length > 0 ? reading.grammars : (['robfig'] as const)).map((grammar) =>
    forecast({
      settings,
      grammar,
      zone,
      now: new Date(),
      snapshots: (example?.snapshots ?? []).map(({ ref, createdAt, expiresAt }) => ({
        name: ref.snapshot,
        createdAt,
        ...(expiresAt && { expiresAt }),
      })),
      anyStopped: reached.some((instance) => !isRunning(instance)),
      anyMirror: reached.some((instance) => mirrorSourceOf(instance) !== undefined),
    }),
  );
  const told = forecasts.find(({ schedule }) => schedule === 'refused') ?? forecasts[0];
  const errors = told ? scheduleErrors(told) : { schedule: '', pattern: '', expiry: '', manualExpiry: '' };
  const changes = changesOf(draft.values, form);
  const isLeft = form.fields.schedule.differs && !changes.some(({ field }) => field === 'schedule');
  const isGood = Object.values(errors).every((error) => error === '');
  const own = ownTimeZone();
  const now = new Date();
  return {
    kind: 'preview',
    draft: draft.number,
    words:
      errors.schedule !== ''
        ? ''
        : isLeft
          ? l10n.t('Each keeps its own schedule.')
          : scheduleSentence(settings.schedule),
    errors,
    runs: (told?.runs ?? []).map(({ at, name, expiresAt }) => ({
      server: clockTime(at, zone),
      local: clockTime(at, own),
      name: nameWords(name),
      expires: expiresAt ? clockTime(expiresAt, zone) : l10n.t('never'),
    })),
    hasOtherZone: wallTime(now, zone).offset !== wallTime(now, own).offset,
    note: told ? runsNote(told, reached.length > 1 ? example?.ref.instance : undefined) : '',
    settled: told ? settledWords(told.settled) : '',
    warnings: told ? warningsOf(told) : [],
    changes: changes.map(({ field, value }) => changeWords(field, form.fields[field], value)),
    canSave: isGood && changes.length > 0,
  };
}

/** What would be in force: what is typed, else what is inherited. */
function draftSettings(
  values: ScheduleValues,
  { fields, hasManualExpiry }: ScheduleFormState,
  inheritedStopped: boolean,
): ScheduleSettings {
  const value = (field: 'schedule' | 'pattern' | 'expiry' | 'manualExpiry') => {
    const typed = values[field].trim();
    const isLeft = fields[field].differs && !values.cleared.includes(field);
    return typed !== '' ? typed : isLeft ? '' : fields[field].inherited;
  };
  return {
    schedule: value('schedule'),
    pattern: value('pattern'),
    expiry: value('expiry'),
    stopped: values.stopped === '' ? inheritedStopped : values.stopped === 'true',
    ...(hasManualExpiry && { manualExpiry: value('manualExpiry') }),
  };
}

function inheritsStopped({ target }: ScheduleFormState, { instances, profiles }: Reading): boolean {
  const [example] = instances;
  if (!example || target !== 'instances') return false;
  const source = inheritedBy('stopped', example, profiles);
  return source.kind !== 'none' && isTrue(source.value);
}

/** What stands against the values, by field; empty texts where nothing does. */
export function scheduleErrors({ schedule, expiry, manualExpiry, warnings }: Forecast): SchedulePreview['errors'] {
  const pattern = warnings.find((one) => one.kind === 'patternRefused');
  const badExpiry = l10n.t('No time span that Incus takes. Whole numbers with a unit, each unit once: 1d 12H.');
  return {
    schedule:
      schedule === 'refused'
        ? l10n.t(
            'Incus would refuse this. Five fields, or one of the words with @; several with a comma and a space between.',
          )
        : '',
    pattern: pattern ? `${patternProblemWords(pattern.reason)} ${stopsOthers()}` : '',
    expiry: expiry === 'refused' ? badExpiry : '',
    manualExpiry: manualExpiry === 'refused' ? badExpiry : '',
  };
}

function warningsOf({ schedule, warnings }: Forecast): string[] {
  return [
    ...(schedule === 'unsettled'
      ? [l10n.t('Whether Incus takes this depends on the minute in which its server was started.')]
      : []),
    ...warnings.filter(({ kind }) => kind !== 'patternRefused').map(warningWords),
  ];
}

/** Keys and values as one would type them for the CLI. */
function changeWords(field: ScheduleField, { own, differs }: ScheduleFieldState, to: string): string {
  const shown = (value: string) => (value === '' ? l10n.t('not set') : oneLine(value));
  return `${SCHEDULE_KEYS[field]}: ${differs ? l10n.t('they differ') : shown(own)} → ${shown(to)}`;
}

/** The list of zones to choose from, the machine's own first. */
export function zoneNames(): string[] {
  return [...new Set([ownTimeZone(), 'UTC', ...Intl.supportedValuesOf('timeZone')])];
}
