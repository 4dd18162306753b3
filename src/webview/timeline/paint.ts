import type { TimelineRow, TimelineSnapshot } from '../../protocol/timeline.ts';
import { AXIS_HEIGHT, LABEL_WIDTH, middleOf, ROW_HEIGHT, rowsInSight } from './layout.ts';
import type { Focus } from './moves.ts';
import type { Palette } from './palette.ts';
import type { Pen } from './pen.ts';
import type { Tick } from './ticks.ts';
import { type View, xOf } from './view.ts';

/** Half the size of a snapshot's shape. */
const HALF = 5;

/** Half the height of the bar that a snapshot with an expiry draws after it. */
const BAR = 3;

/** All that the picture depends on. */
export interface Scene {
  readonly rows: readonly TimelineRow[];
  readonly view: View;
  readonly ticks: readonly Tick[];
  readonly width: number;
  readonly height: number;
  readonly scroll: number;
  readonly now: number;
  /** What a row says where there is nothing else to draw; `undefined`: nothing. */
  readonly noteOf: (row: TimelineRow) => string | undefined;
  readonly focus: Focus | undefined;
}

export function paint(pen: Pen, palette: Palette, scene: Scene): void {
  const { width, height, rows, scroll } = scene;
  pen.rect(0, 0, width, height, palette.background);
  const [first, end] = rowsInSight(rows.length, height, scroll);
  const below = height - AXIS_HEIGHT;
  pen.within(0, AXIS_HEIGHT, width, below, () => {
    for (let i = first; i < end; i++) paintGround(pen, palette, scene, i);
  });
  pen.within(LABEL_WIDTH, 0, width - LABEL_WIDTH, height, () => {
    paintAxis(pen, palette, scene);
  });
  pen.within(LABEL_WIDTH, AXIS_HEIGHT, width - LABEL_WIDTH, below, () => {
    for (let i = first; i < end; i++) paintRow(pen, palette, scene, i);
  });
  pen.within(0, AXIS_HEIGHT, LABEL_WIDTH - 8, below, () => {
    for (let i = first; i < end; i++) paintLabel(pen, palette, scene, i);
  });
}

function paintGround(pen: Pen, palette: Palette, { width, scroll, focus }: Scene, row: number): void {
  const top = middleOf(row, scroll) - ROW_HEIGHT / 2;
  if (focus?.row === row) pen.rect(0, top, width, ROW_HEIGHT, palette.selected);
  pen.line(0, top + ROW_HEIGHT - 0.5, width, top + ROW_HEIGHT - 0.5, { colour: palette.line });
}

function paintAxis(pen: Pen, palette: Palette, { ticks, view, height, now }: Scene): void {
  for (const { at, label, major } of ticks) {
    const x = Math.round(xOf(view, at)) + 0.5;
    pen.line(x, AXIS_HEIGHT, x, height, { colour: palette.line, ...(!major && { dash: [2, 3] }) });
    pen.text(x, AXIS_HEIGHT / 2, label, {
      colour: major ? palette.foreground : palette.muted,
      size: 11,
      bold: major,
      align: 'center',
    });
  }
  const x = Math.round(xOf(view, now)) + 0.5;
  pen.line(x, AXIS_HEIGHT - 4, x, height, { colour: palette.now, width: 1.5 });
  pen.shape([x - 4, AXIS_HEIGHT - 8, x + 4, AXIS_HEIGHT - 8, x, AXIS_HEIGHT - 2], { fill: palette.now });
}

function paintLabel(pen: Pen, palette: Palette, { rows, scroll }: Scene, index: number): void {
  const row = rows[index];
  if (!row) return;
  const y = middleOf(index, scroll);
  pen.text(12, y - 6, row.instance, { colour: palette.foreground, size: 12, bold: true });
  pen.text(12, y + 7, row.place, { colour: palette.muted, size: 10 });
}

function paintRow(pen: Pen, palette: Palette, scene: Scene, index: number): void {
  const { rows, view, scroll, focus, noteOf } = scene;
  const row = rows[index];
  if (!row) return;
  const y = middleOf(index, scroll);
  const note = noteOf(row);
  if (note !== undefined) pen.text(view.left + 10, y, note, { colour: palette.muted, size: 11 });
  for (const { at, expires } of row.snapshots) {
    if (expires === undefined || expires < view.from || at > view.to) continue;
    const x = xOf(view, at);
    const end = xOf(view, expires);
    pen.fade(x, y - BAR, Math.max(1, end - x), 2 * BAR, palette.muted);
    pen.line(end, y - BAR - 1, end, y + BAR + 1, { colour: palette.muted });
  }
  for (const snapshot of row.snapshots) {
    const x = xOf(view, snapshot.at);
    if (x < view.left - 2 * HALF || x > view.right + 2 * HALF) continue;
    paintSnapshot(pen, palette, snapshot, x, y);
    if (focus?.row === index && focus.snapshot === snapshot) {
      pen.circle(x, y, HALF + 4, { stroke: { colour: palette.focus, width: 2 } });
    }
  }
}

/**
 * By hand a disc, by schedule a square, with the memory a diamond, in the making a dashed ring; pinned ones bear a
 * flag. Shapes tell them apart, colours only help.
 */
function paintSnapshot(pen: Pen, palette: Palette, snapshot: TimelineSnapshot, x: number, y: number): void {
  if (snapshot.pending) {
    pen.circle(x, y, HALF, { stroke: { colour: palette.pending, width: 1.5, dash: [3, 2] } });
  } else if (snapshot.stateful) {
    const reach = HALF + 1.5;
    pen.shape([x, y - reach, x + reach, y, x, y + reach, x - reach, y], { fill: palette.stateful });
  } else if (snapshot.origin === 'schedule') {
    const half = HALF - 0.5;
    pen.shape([x - half, y - half, x + half, y - half, x + half, y + half, x - half, y + half], {
      fill: palette.schedule,
    });
  } else {
    pen.circle(x, y, HALF, { fill: palette.hand });
  }
  if (snapshot.pinned) {
    pen.line(x, y, x, y - 12, { colour: palette.pinned, width: 1.5 });
    pen.shape([x, y - 12, x + 7, y - 9.5, x, y - 7], { fill: palette.pinned });
  }
}
