import type { TimelineRow } from '../../protocol/timeline.ts';
import { CanvasPen } from './canvasPen.ts';
import { sameItem } from './items.ts';
import {
  AXIS_HEIGHT,
  extentOf,
  LABEL_WIDTH,
  middleOf,
  rowAt,
  rowHeightOf,
  rowsInSight,
  spotAt,
  type Window,
} from './layout.ts';
import { type Focus, moved } from './moves.ts';
import { paint, type Scene } from './paint.ts';
import { readPalette } from './theme.ts';
import { SvgPen } from './svgPen.ts';
import { TickLabels } from './ticks.ts';
import { centred, fitted, panned, type View, xOf, zoomed } from './view.ts';

export interface PictureOptions {
  readonly locale: string;
  readonly noteOf: Scene['noteOf'];
  /** Told of what the mouse points at, and where it is. */
  readonly onPoint: (focus: Focus | undefined, x: number, y: number) => void;
  /** Told of what the keys moved to, and where it is drawn. */
  readonly onFocus: (focus: Focus, x: number, y: number) => void;
  readonly onChoose: (focus: Focus) => void;
  /** A context menu is about to open. */
  readonly onMenu: (focus: Focus | undefined) => void;
  /** Told of the rows in sight, each time it has drawn. */
  readonly onDrawn: (rows: readonly TimelineRow[]) => void;
}

const ZOOM = 1.25;

/** Milliseconds around now that are shown where there is nothing to fit. */
const EMPTY = 7 * 86_400_000;

/** How far the pointer may move, in pixels, for a press to be a click. */
const STILL = 4;

/** The canvas, and what mouse and keys do to it. It scrolls inside a box of its own, so that the wheel works as ever. */
export class Picture {
  readonly element = document.createElement('div');
  readonly canvas = document.createElement('canvas');
  readonly #ground = document.createElement('div');
  readonly #options: PictureOptions;
  readonly #labels: TickLabels;
  #palette = readPalette();
  #rows: readonly TimelineRow[] = [];
  #rowHeight = rowHeightOf([]);
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
    this.element.addEventListener('scroll', () => {
      this.draw();
    });
    this.#hearPointer();
    this.#hearWheel();
    this.canvas.addEventListener('keydown', (event) => {
      if (this.#onKey(event)) event.preventDefault();
    });
    this.canvas.addEventListener('contextmenu', (event) => {
      // A menu that a key opens would stand in the middle of the canvas; it belongs to what has the focus.
      if (event.isTrusted && event.button !== 2) {
        event.preventDefault();
        event.stopPropagation();
        this.#openMenu();
      } else {
        options.onMenu(event.isTrusted ? this.#at(event.offsetX, event.offsetY) : this.#focus);
      }
    });
  }

  show(rows: readonly TimelineRow[]): void {
    this.#rows = rows;
    this.#rowHeight = rowHeightOf(rows);
    this.#focus = this.#found(this.#focus);
    this.#ground.style.height = `${AXIS_HEIGHT + rows.length * this.#rowHeight}px`;
    if (!this.#isFitted && extentOf(rows)) this.fit();
    this.draw();
  }

  /** Takes over the theme's colours. */
  recolour(): void {
    this.#palette = readPalette();
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

  /** Puts the present into the middle, with more of the past. */
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

  /** The stretch of time that is shown, with all rows, as a picture of its own. */
  svg(title: string): string {
    const { width } = this.#size;
    const height = AXIS_HEIGHT + this.#rows.length * this.#rowHeight;
    const pen = new SvgPen(this.#palette.font);
    const { focus: _, ...scene } = this.#scene();
    paint(pen, this.#palette, { ...scene, height, scroll: 0, focus: undefined });
    return pen.finish(width, height, title);
  }

  get #window(): Window {
    return { height: this.#size.height, scroll: this.element.scrollTop, rowHeight: this.#rowHeight };
  }

  #change(view: View): void {
    this.#view = view;
    this.draw();
  }

  /** The focus again, on rows that came anew: by what it was on. */
  #found(focus: Focus | undefined): Focus | undefined {
    const row = focus && this.#rows[focus.row];
    if (!row) return undefined;
    const item = focus.item && sameItem(row, focus.item);
    return { row: focus.row, ...(item && { item }) };
  }

  /** What is at a point: something in a row, else the row. */
  #at(x: number, y: number): Focus | undefined {
    const spot = spotAt(this.#rows, this.#view, this.#window, x, y);
    const row = rowAt(this.#rows, this.#window, y);
    return spot ?? (row === undefined ? undefined : { row });
  }

  /** Opens the menu where the focus is. */
  #openMenu(): void {
    const { left, top } = this.canvas.getBoundingClientRect();
    const { row, item } = this.#focus ?? { row: 0 };
    const clientX = left + (item ? xOf(this.#view, item.at) : LABEL_WIDTH / 2);
    const clientY = top + middleOf(row, this.#window);
    this.canvas.dispatchEvent(
      new MouseEvent('contextmenu', { clientX, clientY, button: 2, bubbles: true, cancelable: true }),
    );
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

  #scene(): Scene {
    const { from, to, left, right } = this.#view;
    return {
      ...this.#window,
      rows: this.#rows,
      view: this.#view,
      ticks: this.#labels.between(from, to, right - left),
      width: this.#size.width,
      now: Date.now(),
      noteOf: this.#options.noteOf,
      focus: this.#focus,
    };
  }

  #paint(): void {
    const context = this.canvas.getContext('2d', { alpha: false });
    if (!context || this.#size.width === 0) return;
    const scale = window.devicePixelRatio;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    paint(new CanvasPen(context, this.#palette.font), this.#palette, this.#scene());
    const [first, end] = rowsInSight(this.#rows.length, this.#window);
    this.#options.onDrawn(this.#rows.slice(first, end));
  }

  #hearPointer(): void {
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
        const focus = this.#at(x, y);
        canvas.classList.toggle('pointing', focus?.item !== undefined);
        this.#options.onPoint(focus?.item && focus, x, y);
        return;
      }
      distance += Math.abs(x - last.x) + Math.abs(y - last.y);
      this.element.scrollTop += last.y - y;
      this.#change(panned(this.#view, last.x - x));
      last = { x, y };
    });
    canvas.addEventListener('pointerup', ({ offsetX: x, offsetY: y }) => {
      const wasClick = last && distance < STILL;
      last = undefined;
      const focus = wasClick ? this.#at(x, y) : undefined;
      if (!focus) return;
      this.#focus = focus;
      this.draw();
      this.#options.onChoose(focus);
    });
    canvas.addEventListener('pointercancel', () => {
      last = undefined;
    });
    canvas.addEventListener('pointerleave', () => {
      this.#options.onPoint(undefined, 0, 0);
    });
  }

  #hearWheel(): void {
    this.canvas.addEventListener(
      'wheel',
      (event) => {
        const { ctrlKey, metaKey, shiftKey, deltaX, deltaY, offsetX } = event;
        // A pinch on a touch pad comes as a wheel with Ctrl.
        if (ctrlKey || metaKey) this.zoom(-deltaY / 60, offsetX);
        else if (shiftKey) this.#change(panned(this.#view, deltaX || deltaY));
        else if (Math.abs(deltaX) > Math.abs(deltaY)) this.#change(panned(this.#view, deltaX));
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
      const page = Math.max(1, Math.floor((this.#size.height - AXIS_HEIGHT) / this.#rowHeight) - 1);
      const focus = moved(this.#rows, this.#focus, key, page);
      if (!focus) return false;
      this.#moveTo(focus);
    }
    return true;
  }

  /** Puts the focus somewhere, and that into sight. */
  #moveTo(focus: Focus): void {
    this.#focus = focus;
    const top = focus.row * this.#rowHeight;
    const { element } = this;
    const room = this.#size.height - AXIS_HEIGHT - this.#rowHeight;
    element.scrollTop = Math.min(Math.max(element.scrollTop, top - room), top);
    const { item } = focus;
    if (item) {
      const x = xOf(this.#view, item.at);
      if (x < this.#view.left || x > this.#view.right) this.#view = centred(this.#view, item.at);
    }
    this.draw();
    this.#options.onFocus(focus, item ? xOf(this.#view, item.at) : LABEL_WIDTH, middleOf(focus.row, this.#window));
  }
}
