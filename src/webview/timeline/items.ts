import type { TimelineRow, TimelineSnapshot } from '../../protocol/timeline.ts';

/** Something that stands in a row and can be pointed at. */
export type Item =
  | { readonly kind: 'snapshot'; readonly at: number; readonly snapshot: TimelineSnapshot }
  /** Runs are missing since then. */
  | { readonly kind: 'overdue'; readonly at: number }
  /** A run to come. */
  | { readonly kind: 'run'; readonly at: number }
  /** A time in which one comes; it can be pointed at anywhere, and is in focus in the middle. */
  | { readonly kind: 'span'; readonly at: number; readonly from: number; readonly to: number };

const known = new WeakMap<TimelineRow, readonly Item[]>();

/** What stands in a row, in the order of time. */
export function itemsOf(row: TimelineRow): readonly Item[] {
  const before = known.get(row);
  if (before) return before;
  const items: Item[] = [
    ...row.snapshots.map((snapshot) => ({ kind: 'snapshot', at: snapshot.at, snapshot }) as const),
    ...(row.overdue === undefined ? [] : [{ kind: 'overdue', at: row.overdue } as const]),
    ...row.runs.map((at) => ({ kind: 'run', at }) as const),
    ...row.spans.map(({ from, to }) => ({ kind: 'span', at: (from + to) / 2, from, to }) as const),
  ].sort((a, b) => a.at - b.at);
  known.set(row, items);
  return items;
}

/** The same thing, in a row that came anew. */
export function sameItem(row: TimelineRow, item: Item): Item | undefined {
  const nameOf = (one: Item) => (one.kind === 'snapshot' ? one.snapshot.name : '');
  return itemsOf(row).find((one) => one.kind === item.kind && one.at === item.at && nameOf(one) === nameOf(item));
}
