import type { TimelineRow } from '../../protocol/timeline.ts';
import { type Item, itemsOf } from './items.ts';
import { type View, xOf } from './view.ts';

/** Pixels. */
export const AXIS_HEIGHT = 26;
export const LABEL_WIDTH = 210;

/** How far from its middle a thing can be pointed at. */
const REACH = 9;

/** Something that stands on the picture: a row's index, and what of it. */
export interface Spot {
  readonly row: number;
  readonly item: Item;
}

/** Which rows are seen. Pixels. */
export interface Window {
  readonly height: number;
  readonly scroll: number;
  readonly rowHeight: number;
}

/** Rows are higher where any of them has a second lane for its mirror. */
export function rowHeightOf(rows: readonly TimelineRow[]): number {
  return rows.some(({ mirror }) => mirror !== undefined) ? 40 : 28;
}

/** Where the middle of a row lies. */
export function middleOf(row: number, { scroll, rowHeight }: Window): number {
  return AXIS_HEIGHT + row * rowHeight - scroll + rowHeight / 2;
}

/** The first row in sight, and the first one below. */
export function rowsInSight(
  count: number,
  { height, scroll, rowHeight }: Window,
): readonly [first: number, end: number] {
  const first = Math.max(0, Math.floor(scroll / rowHeight));
  return [first, Math.min(count, Math.ceil((scroll + height - AXIS_HEIGHT) / rowHeight))];
}

/** The row at a height; `undefined` where there is none. */
export function rowAt(rows: readonly TimelineRow[], { scroll, rowHeight }: Window, y: number): number | undefined {
  const row = Math.floor((y - AXIS_HEIGHT + scroll) / rowHeight);
  return y >= AXIS_HEIGHT && row < rows.length ? row : undefined;
}

/** What is nearest to a point, within reach; snapshots before anything else. */
export function spotAt(
  rows: readonly TimelineRow[],
  view: View,
  window: Window,
  x: number,
  y: number,
): Spot | undefined {
  const row = rowAt(rows, window, y);
  const found = row === undefined ? undefined : rows[row];
  if (row === undefined || !found || x < view.left - REACH) return undefined;
  let best: Spot | undefined;
  let distance = REACH;
  for (const item of itemsOf(found)) {
    const isWithin = item.kind === 'span' && x >= xOf(view, item.from) && x <= xOf(view, item.to);
    // Whatever else is within reach of the point comes before the time that it lies in.
    const away = isWithin ? REACH : Math.abs(xOf(view, item.at) - x) + (item.kind === 'snapshot' ? 0 : 0.5);
    if (away <= distance) [best, distance] = [{ row, item }, away];
  }
  return best;
}

/** The first and the last moment at which there is anything that was, or is missing. */
export function extentOf(rows: readonly TimelineRow[]): readonly [first: number, last: number] | undefined {
  let first = Infinity;
  let last = -Infinity;
  for (const { snapshots } of rows) {
    for (const { at } of snapshots) {
      if (at < first) first = at;
      if (at > last) last = at;
    }
  }
  return first <= last ? [first, last] : undefined;
}
