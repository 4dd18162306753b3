/** The timeline's words and messages. Times are milliseconds since 1970. */
import * as z from 'zod/mini';
import type { Contract } from './contract.ts';

const snapshot = z.object({
  name: z.string(),
  at: z.number(),
  /** Absent: never, or not known (see the row's `known`). */
  expires: z.optional(z.number()),
  /** `schedule`: its name is one that the instance's schedule gives. */
  origin: z.enum(['hand', 'schedule']),
  stateful: z.boolean(),
  pending: z.boolean(),
  pinned: z.boolean(),
  /** Absent: there is no mirror, or nothing is known of what is on it. */
  mirrored: z.optional(z.enum(['mirrored', 'missing', 'differing', 'doubtful'])),
});

const row = z.object({
  /** Names the instance, and no other. */
  id: z.string(),
  remote: z.string(),
  project: z.string(),
  instance: z.string(),
  /** Its remote, and its project where that is not the default one. */
  place: z.string(),
  /** `nothing`: not read yet; `dates`: no expiry and memory; `failed`: it could not be read, which is not "none". */
  known: z.enum(['nothing', 'dates', 'all', 'failed']),
  snapshots: z.array(snapshot),
  /** The schedule in words; absent: there is none. */
  schedule: z.optional(z.string()),
  /** The runs to come, as far as their times can be told. */
  runs: z.array(z.number()),
  /** The times in each of which one more comes, at a moment that Incus picks. */
  spans: z.array(z.object({ from: z.number(), to: z.number() })),
  /** Since when snapshots of the schedule are missing. */
  overdue: z.optional(z.number()),
  /** Where it is mirrored; absent: nowhere that is known. */
  mirror: z.optional(z.string()),
});

const toWebview = z.discriminatedUnion('kind', [
  /** All rows, in their order. */
  z.object({ kind: z.literal('all'), rows: z.array(row) }),
  /** Rows that changed. */
  z.object({ kind: z.literal('some'), rows: z.array(row) }),
]);

/** The longest picture that is taken for one, in characters. */
const LONGEST = 50_000_000;

const toHost = z.discriminatedUnion('kind', [
  /** Rows in sight, of which everything is wanted. */
  z.object({ kind: z.literal('inSight'), ids: z.array(z.string()).check(z.maxLength(500)) }),
  /** Select it in the tree. */
  z.object({ kind: z.literal('select'), id: z.string(), snapshot: z.optional(z.string()) }),
  /** Save the picture. */
  z.object({ kind: z.literal('export'), svg: z.string().check(z.maxLength(LONGEST), z.startsWith('<svg ')) }),
]);

export type TimelineSnapshot = z.infer<typeof snapshot>;
export type TimelineRow = z.infer<typeof row>;
export type ToTimeline = z.infer<typeof toWebview>;
export type FromTimeline = z.infer<typeof toHost>;

const TEXTS = [
  'title',
  'help',
  'zoomIn',
  'zoomOut',
  'fit',
  'now',
  'table',
  'picture',
  'export',
  'nothing',
  'loading',
  'failed',
  'noSnapshots',
  'more',
  'legend',
  'hand',
  'schedule',
  'stateful',
  'pending',
  'pinned',
  'run',
  'span',
  'spanTime',
  'overdue',
  'overdueSince',
  'mirrored',
  'missing',
  'differing',
  'doubtful',
  'mirrorState',
  'taken',
  'expires',
  'expiryBar',
  'instance',
  'place',
  'snapshot',
  'time',
  'expiry',
  'kind',
  'mirror',
] as const;

export type TimelineText = (typeof TEXTS)[number];

export const timelineContract: Contract<TimelineText, ToTimeline, FromTimeline> = { texts: TEXTS, toWebview, toHost };
