/** The shapes: each thing has one of its own, so that colours only help. */
import type { TimelineSnapshot } from '../../protocol/timeline.ts';
import type { Palette } from './palette.ts';
import type { Pen } from './pen.ts';

/** Half the size of a shape. */
export const HALF = 5;

function square(x: number, y: number, half: number): number[] {
  return [x - half, y - half, x + half, y - half, x + half, y + half, x - half, y + half];
}

/** By hand a disc, by schedule a square, with the memory a diamond, in the making a dashed ring; pinned: a flag on it. */
export function markSnapshot(
  pen: Pen,
  palette: Palette,
  { pending, stateful, origin, pinned }: Pick<TimelineSnapshot, 'pending' | 'stateful' | 'origin' | 'pinned'>,
  x: number,
  y: number,
): void {
  if (pending) {
    pen.circle(x, y, HALF, { stroke: { colour: palette.pending, width: 1.5, dash: [3, 2] } });
  } else if (stateful) {
    const reach = HALF + 1.5;
    pen.shape([x, y - reach, x + reach, y, x, y + reach, x - reach, y], { fill: palette.stateful });
  } else if (origin === 'schedule') {
    pen.shape(square(x, y, HALF - 0.5), { fill: palette.schedule });
  } else {
    pen.circle(x, y, HALF, { fill: palette.hand });
  }
  if (!pinned) return;
  pen.line(x, y, x, y - 12, { colour: palette.pinned, width: 1.5 });
  pen.shape([x, y - 12, x + 7, y - 9.5, x, y - 7], { fill: palette.pinned });
}

/** A run to come: a hollow square. */
export function markRun(pen: Pen, palette: Palette, x: number, y: number): void {
  pen.shape(square(x, y, HALF - 1), { fill: palette.background, stroke: { colour: palette.schedule, width: 1.5 } });
}

/** A time in which a run comes: a hollow bar, dashed, since its moment is not known. */
export function markSpan(pen: Pen, palette: Palette, x: number, end: number, y: number): void {
  const half = HALF - 1;
  // A gap between one and the next, as long as there is room for it.
  const right = Math.max(x + 1, end - 2);
  pen.shape([x, y - half, right, y - half, right, y + half, x, y + half], {
    fill: palette.background,
    stroke: { colour: palette.schedule, width: 1, dash: [2, 2] },
  });
}

/** Where snapshots are missing: a dashed line up to now, with an exclamation mark at its beginning. */
export function markOverdue(pen: Pen, palette: Palette, x: number, end: number, y: number): void {
  // The bars of snapshots that have not expired lie below it, and would take its contrast away.
  pen.line(x, y, Math.max(end, x + 12), y, { colour: palette.background, width: 6 });
  pen.line(x, y, Math.max(end, x + 12), y, { colour: palette.overdue, width: 2, dash: [4, 3] });
  pen.shape([x, y - 7, x + 7, y + 5, x - 7, y + 5], {
    fill: palette.background,
    stroke: { colour: palette.overdue, width: 1.5 },
  });
  pen.text(x, y + 0.5, '!', { colour: palette.overdue, size: 10, bold: true, align: 'center' });
}

/** On the mirror: a full bar, an empty one where it is missing, crossed where it differs, dashed where it is in doubt. */
export function markMirrored(
  pen: Pen,
  palette: Palette,
  state: NonNullable<TimelineSnapshot['mirrored']>,
  x: number,
  y: number,
): void {
  const bar = [x - 5, y - 2.5, x + 5, y - 2.5, x + 5, y + 2.5, x - 5, y + 2.5];
  const colour = state === 'mirrored' ? palette.mirrored : palette.overdue;
  if (state === 'mirrored') pen.shape(bar, { fill: colour });
  else pen.shape(bar, { stroke: { colour, width: 1.2, ...(state === 'doubtful' && { dash: [2, 2] }) } });
  if (state === 'differing') pen.line(x - 5, y + 4.5, x + 5, y - 4.5, { colour, width: 1.5 });
}

/** The bar from a snapshot to its end. */
export function markExpiry(pen: Pen, palette: Palette, x: number, end: number, y: number): void {
  pen.fade(x, y - 2, Math.max(1, end - x), 4, palette.muted);
  pen.line(end, y - 4, end, y + 4, { colour: palette.muted });
}
