import type { TimelineRow, TimelineSnapshot } from '../../protocol/timeline.ts';
import { type View, xOf } from './view.ts';

/** Pixels. */
export const ROW_HEIGHT = 28;
export const AXIS_HEIGHT = 26;
export const LABEL_WIDTH = 210;

/** How far from its middle a thing can be pointed at. */
const REACH = 9;

/** Something that stands on the picture: a row's index, and what of it. */
export interface Spot {
  readonly row: number;
  readonly snapshot: TimelineSnapshot;
}

/** Where the middle of a row lies, below the axis. */
export function middleOf(row: number, scroll: number): number {
  return AXIS_HEIGHT + row * ROW_HEIGHT - scroll + ROW_HEIGHT / 2;
}

/** The row at a height, whether or not there is one. */
function rowAt(y: number, scroll: number): number {
  return Math.floor((y - AXIS_HEIGHT + scroll) / ROW_HEIGHT);
}

/** The first row in sight, and the first one below. */
export function rowsInSight(count: number, height: number, scroll: number): readonly [first: number, end: number] {
  const first = Math.max(0, Math.floor(scroll / ROW_HEIGHT));
  return [first, Math.min(count, Math.ceil((scroll + height - AXIS_HEIGHT) / ROW_HEIGHT))];
}

/** What is nearest to a point, within reach. */
export function spotAt(
  rows: readonly TimelineRow[],
  view: View,
  scroll: number,
  x: number,
  y: number,
): Spot | undefined {
  if (y < AXIS_HEIGHT) return undefined;
  const row = rowAt(y, scroll);
  let best: Spot | undefined;
  let distance = REACH;
  for (const snapshot of rows[row]?.snapshots ?? []) {
    const away = Math.abs(xOf(view, snapshot.at) - x);
    if (away <= distance) [best, distance] = [{ row, snapshot }, away];
  }
  return best;
}

/** The first and the last moment at which there is anything. */
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
