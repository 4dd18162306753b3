/** The words and messages of the form for schedules. All that is said in it comes from the extension, as text. */
import * as z from 'zod/mini';
import type { Contract } from './contract.ts';

/** No value that Incus takes is as long; what is longer is no message of ours. */
const value = z.string().check(z.maxLength(4096));

/** What stands in the fields. `stopped` is `''` where it is left to the profiles. */
const values = z.object({
  schedule: value,
  pattern: value,
  expiry: value,
  manualExpiry: value,
  stopped: z.enum(['', 'true', 'false']),
  /** Those that are to be taken away where they differ, though their fields are empty. */
  cleared: z.array(z.enum(['schedule', 'pattern', 'expiry', 'manualExpiry', 'stopped'])).check(z.maxLength(5)),
});

const field = z.object({
  /** What is set where the form writes to; it stands in the field until the user changes it. */
  own: z.string(),
  /** Several have several values: the field is empty, and each keeps its own unless something is written. */
  differs: z.boolean(),
  /** What holds where nothing is set; in the field as a hint. */
  inherited: z.string(),
  /** Where the value in force comes from. */
  source: z.string(),
});

const form = z.object({
  kind: z.literal('form'),
  heading: z.string(),
  targets: z.array(z.object({ id: z.string(), label: z.string() })),
  target: z.string(),
  /** Who follows what is written there; empty where that is plain. */
  followers: z.array(z.string()),
  fields: z.object({ schedule: field, pattern: field, expiry: field, manualExpiry: field, stopped: field }),
  /** Whether the server knows `snapshots.expiry.manual`. */
  hasManualExpiry: z.boolean(),
  /** The zone of the server's clock, and where that is said. */
  zone: z.string(),
});

const preview = z.object({
  kind: z.literal('preview'),
  /** Of the draft that it answers. */
  draft: z.number(),
  words: z.string(),
  errors: z.object({ schedule: z.string(), pattern: z.string(), expiry: z.string(), manualExpiry: z.string() }),
  runs: z.array(z.object({ server: z.string(), local: z.string(), name: z.string(), expires: z.string() })),
  /** The server's clock shows another time than that of this machine. */
  hasOtherZone: z.boolean(),
  /** Of the runs: for whom their names are told, and what cannot be. */
  note: z.string(),
  settled: z.string(),
  warnings: z.array(z.string()),
  /** What saving would write. */
  changes: z.array(z.string()),
  canSave: z.boolean(),
});

const toWebview = z.discriminatedUnion('kind', [
  form,
  preview,
  /** How saving went. */
  z.object({ kind: z.literal('status'), tone: z.enum(['busy', 'good', 'bad']), text: z.string() }),
]);

const toHost = z.discriminatedUnion('kind', [
  /** What is being typed, numbered upwards. */
  z.object({ kind: z.literal('draft'), draft: z.number(), values }),
  z.object({ kind: z.literal('save'), values }),
  z.object({ kind: z.literal('target'), target: z.string().check(z.maxLength(4096)) }),
  z.object({ kind: z.literal('zone') }),
]);

export type ScheduleValues = z.infer<typeof values>;
export type ScheduleFieldState = z.infer<typeof field>;
export type ScheduleFormState = z.infer<typeof form>;
export type SchedulePreview = z.infer<typeof preview>;
export type ToSchedule = z.infer<typeof toWebview>;
export type FromSchedule = z.infer<typeof toHost>;

const TEXTS = [
  'target',
  'schedule',
  'scheduleHelp',
  'pattern',
  'patternHelp',
  'expiry',
  'expiryHelp',
  'manualExpiry',
  'manualExpiryHelp',
  'stopped',
  'stoppedInherit',
  'stoppedYes',
  'stoppedNo',
  'followers',
  'preview',
  'runs',
  'serverTime',
  'localTime',
  'name',
  'expires',
  'noRuns',
  'warnings',
  'changes',
  'noChanges',
  'save',
  'zone',
  'setZone',
  'usual',
  'hourly',
  'daily',
  'weekly',
  'never',
  'clear',
  'aDay',
  'aWeek',
  'fourWeeks',
] as const;

export type ScheduleText = (typeof TEXTS)[number];

export const scheduleContract: Contract<ScheduleText, ToSchedule, FromSchedule> = { texts: TEXTS, toWebview, toHost };
