import type { TimelineRow } from '../../protocol/timeline.ts';
import { CanvasPen } from './canvasPen.ts';
import { AXIS_HEIGHT, extentOf, LABEL_WIDTH, middleOf, ROW_HEIGHT, rowsInSight, type Spot, spotAt } from './layout.ts';
import { type Focus, moved } from './moves.ts';
import { paint, type Scene } from './paint.ts';
import { readPalette } from './palette.ts';
import { TickLabels } from './ticks.ts';
import { centred, fitted, panned, type View, xOf, zoomed } from './view.ts';

export interface PictureOptions {
  readonly locale: string;
  readonly noteOf: Scene['noteOf'];
  /** Told of what the mouse points at, and where it is. */
  readonly onPoint: (spot: Spot | undefined, x: number, y: number) => void;
  /** Told of what the keys moved to, and where it is drawn. */
  readonly onFocus: (focus: Focus, x: number, y: number) => void;
  readonly onChoose: (focus: Focus) => void;
  readonly onSight: (rows: readonly TimelineRow[]) => void;
}

const ZOOM = 1.25;

/** Milliseconds around now that are shown where there is nothing to fit. */
const EMPTY = 7 * 86_400_000;

/** The canvas, and what mouse and keys do to it. It scrolls inside a box of its own, so that the wheel works as ever. */
export class Picture {
  readonly element = document.createElement('div');
  readonly canvas = document.createElement('canvas');
  readonly #ground = document.createElement('div');
  readonly #options: PictureOptions;
  readonly #labels: TickLabels;
  #palette = readPalette();
  #rows: readonly TimelineRow[] = [];
  #view: View;
  #isFitted = false;
  #focus: Focus | undefined;
  #size = { width: 0, height: 0 };
  #frame: number | undefined;

  constructor(options: PictureOptions) {
    this.#options = options;
    this.#labels = new TickLabels(options.locale);
    const now = Date.now();
    this.#view = { from: now - EMPTY, to: now + EMPTY / 4, left: LABEL_WIDTH, right: LABEL_WIDTH + 1 };
    this.element.className = 'scroll';
    this.#ground.className = 'ground';
    this.canvas.tabIndex = 0;
    this.element.append(this.#ground);
    this.#ground.append(this.canvas);
    new ResizeObserver(() => {
      this.#resize();
    }).observe(this.element);
    new MutationObserver(() => {
      this.#palette = readPalette();
      this.draw();
    }).observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'], subtree: true });
    this.element.addEventListener('scroll', () => {
      this.draw();
    });
    this.#hearMouse();
    this.canvas.addEventListener('keydown', (event) => {
      if (this.#onKey(event)) event.preventDefault();
    });
  }

  get view(): View {
    return this.#view;
  }

  show(rows: readonly TimelineRow[]): void {
    this.#rows = rows;
    this.#focus = this.#found(this.#focus);
    this.#ground.style.height = `${AXIS_HEIGHT + rows.length * ROW_HEIGHT}px`;
    if (!this.#isFitted && extentOf(rows)) this.fit();
    this.draw();
  }

  /** Shows all there is. */
  fit(): void {
    const extent = extentOf(this.#rows);
    if (!extent) return;
    const now = Date.now();
    this.#isFitted = true;
    this.#change(fitted(this.#view, Math.min(extent[0], now), Math.max(extent[1], now)));
  }

  /** Puts the present into the middle. */
  toNow(): void {
    this.#change(centred(this.#view, Date.now(), 0.7));
  }

  /** @param steps above 0 comes nearer */
  zoom(steps: number, x = (this.#view.left + this.#view.right) / 2): void {
    this.#change(zoomed(this.#view, ZOOM ** -steps, x));
  }

  /** Draws in the next frame, however often it is asked for. */
  draw(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#paint();
    });
  }

  #change(view: View): void {
    this.#view = view;
    this.draw();
  }

  /** The focus again, on rows that came anew: by what it was on. */
  #found(focus: Focus | undefined): Focus | undefined {
    const row = focus && this.#rows[focus.row];
    if (!row) return undefined;
    const snapshot = row.snapshots.find(({ name, at }) => name === focus.snapshot?.name && at === focus.snapshot.at);
    return { row: focus.row, ...(snapshot && { snapshot }) };
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    const scale = window.devicePixelRatio;
    this.#size = { width, height };
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.#view = { ...this.#view, right: Math.max(LABEL_WIDTH + 1, width - 12) };
    this.#paint();
  }

  #paint(): void {
    const context = this.canvas.getContext('2d', { alpha: false });
    const { width, height } = this.#size;
    if (!context || width === 0) return;
    const scale = window.devicePixelRatio;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const { from, to, left, right } = this.#view;
    const scroll = this.element.scrollTop;
    paint(new CanvasPen(context, this.#palette.font), this.#palette, {
      rows: this.#rows,
      view: this.#view,
      ticks: this.#labels.between(from, to, right - left),
      width,
      height,
      scroll,
      now: Date.now(),
      noteOf: this.#options.noteOf,
      focus: this.#focus,
    });
    const [first, end] = rowsInSight(this.#rows.length, height, scroll);
    this.#options.onSight(this.#rows.slice(first, end));
  }

  #hearMouse(): void {
    const { canvas } = this;
    let last: { x: number; y: number } | undefined;
    let distance = 0;
    canvas.addEventListener('pointerdown', ({ offsetX, offsetY, pointerId, button }) => {
      if (button !== 0) return;
      [last, distance] = [{ x: offsetX, y: offsetY }, 0];
      canvas.setPointerCapture(pointerId);
    });
    canvas.addEventListener('pointermove', ({ offsetX: x, offsetY: y }) => {
      if (!last) {
        const spot = spotAt(this.#rows, this.#view, this.element.scrollTop, x, y);
        canvas.classList.toggle('pointing', spot !== undefined);
        this.#options.onPoint(spot, x, y);
        return;
      }
      distance += Math.abs(x - last.x) + Math.abs(y - last.y);
      this.element.scrollTop += last.y - y;
      this.#change(panned(this.#view, last.x - x));
      last = { x, y };
    });
    canvas.addEventListener('pointerup', ({ offsetX: x, offsetY: y }) => {
      const wasClick = last && distance < 4;
      last = undefined;
      if (!wasClick) return;
      const spot = spotAt(this.#rows, this.#view, this.element.scrollTop, x, y);
      if (!spot) return;
      this.#focus = spot;
      this.draw();
      this.#options.onChoose(spot);
    });
    canvas.addEventListener('pointerleave', () => {
      this.#options.onPoint(undefined, 0, 0);
    });
    canvas.addEventListener(
      'wheel',
      (event) => {
        // A pinch on a touch pad comes as a wheel with Ctrl.
        if (event.ctrlKey || event.metaKey) this.zoom(-event.deltaY / 60, event.offsetX);
        else if (event.shiftKey) this.#change(panned(this.#view, event.deltaX || event.deltaY));
        else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.#change(panned(this.#view, event.deltaX));
        else return;
        event.preventDefault();
      },
      { passive: false },
    );
  }

  /** @returns whether the key meant something */
  #onKey({ key, shiftKey, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
    if (ctrlKey || altKey || metaKey) return false;
    const step = (this.#view.right - this.#view.left) / 8;
    if (key === '+' || key === '=') this.zoom(1);
    else if (key === '-') this.zoom(-1);
    else if (key === '0') this.fit();
    else if (key === 'n') this.toNow();
    else if (shiftKey && key === 'ArrowLeft') this.#change(panned(this.#view, -step));
    else if (shiftKey && key === 'ArrowRight') this.#change(panned(this.#view, step));
    else if (key === 'Enter' && this.#focus) this.#options.onChoose(this.#focus);
    else {
      const page = Math.max(1, Math.floor((this.#size.height - AXIS_HEIGHT) / ROW_HEIGHT) - 1);
      const focus = moved(this.#rows, this.#focus, key, page);
      if (!focus) return false;
      this.#moveTo(focus);
    }
    return true;
  }

  /** Puts the focus somewhere, and that into sight. */
  #moveTo(focus: Focus): void {
    this.#focus = focus;
    const top = focus.row * ROW_HEIGHT;
    const { element } = this;
    const room = this.#size.height - AXIS_HEIGHT - ROW_HEIGHT;
    element.scrollTop = Math.min(Math.max(element.scrollTop, top - room), top);
    if (focus.snapshot) {
      const x = xOf(this.#view, focus.snapshot.at);
      if (x < this.#view.left || x > this.#view.right) this.#view = centred(this.#view, focus.snapshot.at);
    }
    this.draw();
    this.#options.onFocus(
      focus,
      focus.snapshot ? xOf(this.#view, focus.snapshot.at) : LABEL_WIDTH,
      this.#middle(focus),
    );
  }

  #middle({ row }: Focus): number {
    return middleOf(row, this.element.scrollTop);
  }
}
