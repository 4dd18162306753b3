/** Where a key moves the focus. */
import type { TimelineRow } from '../../protocol/timeline.ts';
import { type Item, itemsOf } from './items.ts';

/** Where the focus is: on a row, and on something in it unless it is empty. */
export interface Focus {
  readonly row: number;
  readonly item?: Item;
}

/**
 * @param page how many rows a page has
 * @returns `undefined` where the key moves nothing, or there is nothing to move to
 */
export function moved(
  rows: readonly TimelineRow[],
  focus: Focus | undefined,
  key: string,
  page: number,
): Focus | undefined {
  const vertical: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page };
  const horizontal = ['ArrowLeft', 'ArrowRight', 'Home', 'End'];
  const by = vertical[key];
  if ((by === undefined && !horizontal.includes(key)) || rows.length === 0) return undefined;
  if (!focus) return on(rows, 0, lastSnapshot(rows[0]));
  if (by !== undefined) {
    const row = Math.min(Math.max(focus.row + by, 0), rows.length - 1);
    return on(rows, row, nearest(rows[row], focus.item?.at));
  }
  const current = rows[focus.row];
  const items = current ? itemsOf(current) : [];
  const at = focus.item ? items.indexOf(focus.item) : -1;
  const next = { ArrowLeft: Math.max(at - 1, 0), ArrowRight: at + 1, Home: 0, End: items.length - 1 }[key] ?? 0;
  return on(rows, focus.row, items[Math.min(next, items.length - 1)]);
}

function on(rows: readonly TimelineRow[], row: number, item: Item | undefined): Focus | undefined {
  return rows[row] && { row, ...(item && { item }) };
}

function lastSnapshot(row: TimelineRow | undefined): Item | undefined {
  const items = row ? itemsOf(row) : [];
  return items.findLast(({ kind }) => kind === 'snapshot') ?? items.at(-1);
}

/** What is nearest in time: moving up and down stays where one looks. */
function nearest(row: TimelineRow | undefined, at: number | undefined): Item | undefined {
  if (at === undefined) return lastSnapshot(row);
  let best: Item | undefined;
  for (const one of row ? itemsOf(row) : []) {
    if (!best || Math.abs(one.at - at) < Math.abs(best.at - at)) best = one;
  }
  return best;
}
