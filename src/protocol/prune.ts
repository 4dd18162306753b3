/** The words and messages of the page on which pruning is looked at before it is done. Times: milliseconds since 1970. */
import * as z from 'zod/mini';
import type { Contract } from './contract.ts';

const count = z.number().check(z.gte(0), z.lte(9999), z.multipleOf(1));

/** In the order in which they are worked off. */
export const PRUNE_RULES = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

/** Why a snapshot stays whatever the rules say. */
const PROTECTIONS = ['pinned', 'pending', 'onlyHere', 'oddName', 'newest', 'noRules'] as const;

const rules = z.record(z.enum(PRUNE_RULES), count);

export type PruneRules = z.infer<typeof rules>;

const snapshot = z.object({
  name: z.string(),
  at: z.number(),
  expires: z.optional(z.number()),
  /** Why it stays; absent: it goes. */
  keptBy: z.optional(z.enum([...PRUNE_RULES, ...PROTECTIONS])),
  /** The how-manieth of its rule. */
  count: z.optional(z.number()),
});

const instance = z.object({
  id: z.string(),
  instance: z.string(),
  place: z.string(),
  /** The time zone by which its days begin. */
  zone: z.string(),
  /** The newest first; absent: not known. */
  snapshots: z.optional(z.array(snapshot)),
});

const toWebview = z.object({
  kind: z.literal('plan'),
  /** Another one for each plan, so that what is agreed to is what was shown. */
  revision: z.number(),
  rules,
  instances: z.array(instance),
  /** The user is being asked, or something is being deleted. */
  busy: z.optional(z.enum(['asking', 'deleting'])),
});

const toHost = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('rules'), rules }),
  /** Ask, and then delete what this plan says. */
  z.object({ kind: z.literal('prune'), revision: z.number() }),
  z.object({ kind: z.literal('pin'), id: z.string(), name: z.string(), at: z.number(), pinned: z.boolean() }),
]);

export type PruneInstance = z.infer<typeof instance>;
export type PruneSnapshot = z.infer<typeof snapshot>;
export type ToPrune = z.infer<typeof toWebview>;
export type FromPrune = z.infer<typeof toHost>;

const TEXTS = [
  'title',
  'keep',
  ...PRUNE_RULES,
  'rulesHint',
  'sum',
  'nothingGoes',
  'delete',
  'deleteOne',
  'asking',
  'deleting',
  'snapshot',
  'taken',
  'expires',
  'never',
  'verdict',
  'action',
  'goes',
  'stays',
  'byRule',
  ...PROTECTIONS,
  'pin',
  'unpin',
  'clock',
  'unknown',
  'none',
  'more',
] as const;

export type PruneText = (typeof TEXTS)[number];

export const pruneContract: Contract<PruneText, ToPrune, FromPrune> = { texts: TEXTS, toWebview, toHost };
