import type { TimelineRow } from '../../protocol/timeline.ts';
import { AXIS_HEIGHT, LABEL_WIDTH, middleOf, rowsInSight, type Window } from './layout.ts';
import { HALF, markExpiry, markMirrored, markOverdue, markRun, markSnapshot, markSpan } from './marks.ts';
import type { Focus } from './moves.ts';
import type { Palette } from './palette.ts';
import type { Pen } from './pen.ts';
import type { Tick } from './ticks.ts';
import { type View, xOf } from './view.ts';

/** How far from a row's middle its lanes lie where there are two. */
const LANES = { own: -7, mirror: 11 } as const;

/** All that the picture depends on. */
export interface Scene extends Window {
  readonly rows: readonly TimelineRow[];
  readonly view: View;
  readonly ticks: readonly Tick[];
  readonly width: number;
  readonly now: number;
  /** What a row says where there is nothing else to draw; `undefined`: nothing. */
  readonly noteOf: (row: TimelineRow) => string | undefined;
  readonly focus: Focus | undefined;
}

export function paint(pen: Pen, palette: Palette, scene: Scene): void {
  const { width, height, rows } = scene;
  pen.rect(0, 0, width, height, palette.background);
  const [first, end] = rowsInSight(rows.length, scene);
  const below = height - AXIS_HEIGHT;
  const each = (draw: (pen: Pen, palette: Palette, scene: Scene, row: TimelineRow, index: number) => void) => {
    for (let i = first; i < end; i++) {
      const row = rows[i];
      if (row) draw(pen, palette, scene, row, i);
    }
  };
  pen.within(0, AXIS_HEIGHT, width, below, () => {
    each(paintGround);
  });
  pen.within(LABEL_WIDTH, 0, width - LABEL_WIDTH, height, () => {
    paintAxis(pen, palette, scene);
  });
  pen.within(LABEL_WIDTH, AXIS_HEIGHT, width - LABEL_WIDTH, below, () => {
    each(paintRow);
  });
  pen.within(0, AXIS_HEIGHT, LABEL_WIDTH - 8, below, () => {
    each(paintLabel);
  });
}

function paintGround(pen: Pen, palette: Palette, scene: Scene, _row: TimelineRow, index: number): void {
  const { width, rowHeight, focus } = scene;
  const top = middleOf(index, scene) - rowHeight / 2;
  if (focus?.row === index) pen.rect(0, top, width, rowHeight, palette.selected);
  pen.line(0, top + rowHeight - 0.5, width, top + rowHeight - 0.5, { colour: palette.line });
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

function paintLabel(pen: Pen, palette: Palette, scene: Scene, row: TimelineRow, index: number): void {
  const y = middleOf(index, scene);
  const hasLane = row.mirror !== undefined;
  const top = y + (hasLane ? LANES.own : 0);
  pen.text(12, top - 6, row.instance, { colour: palette.foreground, size: 12, bold: true });
  pen.text(12, top + 7, row.place, { colour: palette.muted, size: 10 });
  if (row.mirror !== undefined)
    pen.text(12, y + LANES.mirror + 1, `→ ${row.mirror}`, { colour: palette.muted, size: 10 });
}

function paintRow(pen: Pen, palette: Palette, scene: Scene, row: TimelineRow, index: number): void {
  const { view, focus, noteOf, now } = scene;
  const middle = middleOf(index, scene);
  const y = middle + (row.mirror === undefined ? 0 : LANES.own);
  const note = noteOf(row);
  if (note !== undefined) pen.text(view.left + 10, y, note, { colour: palette.muted, size: 11 });
  const isSeen = (x: number) => x >= view.left - 2 * HALF && x <= view.right + 2 * HALF;
  for (const { at, expires } of row.snapshots) {
    if (expires === undefined || expires < view.from || at > view.to) continue;
    markExpiry(pen, palette, xOf(view, at), xOf(view, expires), y);
  }
  for (const { from, to } of row.spans) {
    if (to >= view.from && from <= view.to) markSpan(pen, palette, xOf(view, from), xOf(view, to), y);
  }
  for (const at of row.runs) {
    const x = xOf(view, at);
    if (isSeen(x)) markRun(pen, palette, x, y);
  }
  if (row.overdue !== undefined) markOverdue(pen, palette, xOf(view, row.overdue), xOf(view, now), y);
  for (const snapshot of row.snapshots) {
    const x = xOf(view, snapshot.at);
    if (!isSeen(x)) continue;
    markSnapshot(pen, palette, snapshot, x, y);
    if (snapshot.mirrored) markMirrored(pen, palette, snapshot.mirrored, x, middle + LANES.mirror);
  }
  if (focus?.row === index && focus.item) {
    pen.circle(xOf(view, focus.item.at), y, HALF + 4, { stroke: { colour: palette.focus, width: 2 } });
  }
}
