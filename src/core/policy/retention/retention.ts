/**
 * Which snapshots are kept and which are to go, by the rules of `proxmox-backup-manager prune` (`mark_selections` in
 * `pbs-datastore/src/prune.rs` of Proxmox Backup Server), which those of restic, sanoid and snapper resemble.
 *
 * The rules are worked off from the shortest period to the longest, each from the newest snapshot to the oldest. A rule
 * keeps the newest snapshot of each of its periods, for as many periods as it says; periods of which an earlier rule
 * has kept one do not count, and what lies between the kept ones of a rule goes, whatever later rules say.
 */
import type { Snapshot } from '../../model.ts';
import { wallTime, type WallTime } from '../schedule/zone.ts';

/** In the order in which they are worked off. */
export const RULES = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

export type RetentionRule = (typeof RULES)[number];

/** How many each rule keeps; 0: it is not asked. */
export type Retention = Readonly<Record<RetentionRule, number>>;

/** Nothing is asked of any rule: everything is kept. */
export const NO_RETENTION: Retention = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };

/**
 * Why a snapshot is kept whatever the rules say:
 * - `pinned`: the user said so
 * - `pending`: it is still being made
 * - `onlyHere`: it is on a mirror, and its original is gone or cannot be seen
 * - `oddName`: its name could hit another snapshot
 * - `newest`: it is the newest one that is whole
 * - `noRules`: no rule is asked
 */
export type Protection = 'pinned' | 'pending' | 'onlyHere' | 'oddName' | 'newest' | 'noRules';

export interface Mark<T> {
  readonly snapshot: T;
  /** `undefined`: it is to go. */
  readonly keptBy: RetentionRule | Protection | undefined;
  /** Of the rule that keeps it: the how-manieth, from 1 for the newest. */
  readonly count?: number;
}

type Dated = Pick<Snapshot, 'createdAt'>;

/**
 * Marks each snapshot, the newest first. The same snapshots, rules and zone give the same marks, in whatever order
 * they come; only of those with the same time the last one counts as the newest.
 * @param snapshots in order of creation
 * @param zone the server's time zone: its days are what daily means
 * @param protectionOf what stands above the rules; such a snapshot does not count for them
 */
export function planRetention<T extends Dated>(
  snapshots: readonly T[],
  rules: Retention,
  zone: string,
  protectionOf: (snapshot: T) => Protection | undefined,
): Mark<T>[] {
  const ordered = snapshots.toReversed().toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  const marks = new Map<T, Omit<Mark<T>, 'snapshot'>>();
  for (const one of ordered) {
    const keptBy = protectionOf(one);
    if (keptBy) marks.set(one, { keptBy });
  }
  const open = ordered.filter((one) => !marks.has(one)).map((one) => ({ one, wall: wallTime(one.createdAt, zone) }));
  const asked = RULES.filter((rule) => rules[rule] > 0);
  if (asked.length === 0) for (const { one } of open) marks.set(one, { keptBy: 'noRules' });
  for (const rule of asked) apply(rule, rules[rule], open, marks);
  // Whatever the rules come to: what was made last is what one would go back to.
  const newest = ordered.find((one) => marks.get(one)?.keptBy !== 'pending');
  if (newest && marks.get(newest)?.keptBy === undefined) marks.set(newest, { keptBy: 'newest' });
  return ordered.map((snapshot) => ({ snapshot, ...(marks.get(snapshot) ?? { keptBy: undefined }) }));
}

/** Works off one rule on those that no earlier rule has decided on. */
function apply<T extends Dated>(
  rule: RetentionRule,
  most: number,
  open: readonly { readonly one: T; readonly wall: WallTime }[],
  marks: Map<T, Omit<Mark<T>, 'snapshot'>>,
): void {
  const covered = new Set(
    open.filter(({ one }) => marks.get(one)?.keptBy !== undefined).map(({ wall }, i) => period(rule, wall, i)),
  );
  const kept = new Set<string>();
  for (const [i, { one, wall }] of open.entries()) {
    if (marks.has(one)) continue;
    const own = period(rule, wall, i);
    if (covered.has(own)) continue;
    if (kept.has(own)) marks.set(one, { keptBy: undefined });
    else if (kept.size >= most) return;
    else {
      kept.add(own);
      marks.set(one, { keptBy: rule, count: kept.size });
    }
  }
}

/** Names the period that a moment is in, by the server's clock; to `last` each snapshot is one of its own. */
function period(rule: RetentionRule, wall: WallTime, index: number): string {
  const { year, month, day, hour, offset } = wall;
  switch (rule) {
    case 'last':
      return `#${index}`;
    // The hour that comes twice when the clock is put back is two hours.
    case 'hourly':
      return [year, month, day, hour, offset].join('/');
    case 'daily':
      return [year, month, day].join('/');
    case 'weekly':
      return isoWeek(wall);
    case 'monthly':
      return [year, month].join('/');
    case 'yearly':
      return String(year);
  }
}

/** ISO 8601: a week begins on Monday and belongs to the year that its Thursday is in. */
function isoWeek({ year, month, day, weekday }: WallTime): string {
  const thursday = new Date(0);
  thursday.setUTCFullYear(year, month - 1, day + 4 - (weekday === 0 ? 7 : weekday));
  const first = new Date(0);
  first.setUTCFullYear(thursday.getUTCFullYear(), 0, 1);
  const days = Math.round((thursday.getTime() - first.getTime()) / 86_400_000);
  return `${thursday.getUTCFullYear()}-W${Math.floor(days / 7) + 1}`;
}

/** Rules as one text, which stands in an instance's configuration: `hourly=24 daily=30`. */
export function retentionText(rules: Retention): string {
  return RULES.filter((rule) => rules[rule] > 0)
    .map((rule) => `${rule}=${rules[rule]}`)
    .join(' ');
}

/** Reads such a text; `undefined` where it is not one, or asks nothing. Each rule stands there once. */
export function parseRetention(text: string): Retention | undefined {
  const rules: Record<RetentionRule, number> = { ...NO_RETENTION };
  for (const part of text.trim().split(/\s+/)) {
    const [, name = '', count = ''] = /^([a-z]+)=([1-9]\d{0,3})$/.exec(part) ?? [];
    const rule = RULES.find((one) => one === name);
    if (!rule || rules[rule] > 0) return undefined;
    rules[rule] = Number(count);
  }
  return rules;
}
