/** Where a key moves the focus. */
import type { TimelineRow, TimelineSnapshot } from '../../protocol/timeline.ts';

/** Where the focus is: on a row, and on a snapshot of it unless it has none. */
export interface Focus {
  readonly row: number;
  readonly snapshot?: TimelineSnapshot;
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
  if (by === undefined && !horizontal.includes(key)) return undefined;
  if (rows.length === 0) return undefined;
  if (!focus) return on(rows, 0, rows[0]?.snapshots.at(-1));
  if (by !== undefined) {
    const row = Math.min(Math.max(focus.row + by, 0), rows.length - 1);
    return on(rows, row, nearest(rows[row]?.snapshots ?? [], focus.snapshot?.at));
  }
  const { snapshots = [] } = rows[focus.row] ?? {};
  const at = focus.snapshot ? snapshots.indexOf(focus.snapshot) : -1;
  const next = { ArrowLeft: Math.max(at - 1, 0), ArrowRight: at + 1, Home: 0, End: snapshots.length - 1 }[key] ?? 0;
  return on(rows, focus.row, snapshots[Math.min(next, snapshots.length - 1)]);
}

function on(rows: readonly TimelineRow[], row: number, snapshot: TimelineSnapshot | undefined): Focus | undefined {
  return rows[row] && { row, ...(snapshot && { snapshot }) };
}

/** The snapshot nearest in time: moving up and down stays where one looks. */
function nearest(snapshots: readonly TimelineSnapshot[], at: number | undefined): TimelineSnapshot | undefined {
  if (at === undefined) return snapshots.at(-1);
  let best: TimelineSnapshot | undefined;
  for (const one of snapshots) if (!best || Math.abs(one.at - at) < Math.abs(best.at - at)) best = one;
  return best;
}
