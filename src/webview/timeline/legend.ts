import type { TimelineText } from '../../protocol/timeline.ts';
import { element } from '../element.ts';
import { CanvasPen } from './canvasPen.ts';
import { markExpiry, markMirrored, markOverdue, markRun, markSnapshot, markSpan } from './marks.ts';
import type { Palette } from './palette.ts';
import { readPalette } from './theme.ts';
import type { Pen } from './pen.ts';
import type { Words } from './words.ts';

const SIZE = { width: 26, height: 22 } as const;

const plain = { pending: false, stateful: false, pinned: false, origin: 'hand' } as const;

/** What each shape means, and how it is drawn. */
const ENTRIES: readonly (readonly [
  text: TimelineText,
  draw: (pen: Pen, palette: Palette, x: number, y: number) => void,
])[] = [
  [
    'hand',
    (pen, palette, x, y) => {
      markSnapshot(pen, palette, plain, x, y);
    },
  ],
  [
    'schedule',
    (pen, palette, x, y) => {
      markSnapshot(pen, palette, { ...plain, origin: 'schedule' }, x, y);
    },
  ],
  [
    'stateful',
    (pen, palette, x, y) => {
      markSnapshot(pen, palette, { ...plain, stateful: true }, x, y);
    },
  ],
  [
    'pinned',
    (pen, palette, x, y) => {
      markSnapshot(pen, palette, { ...plain, pinned: true }, x, y + 4);
    },
  ],
  [
    'pending',
    (pen, palette, x, y) => {
      markSnapshot(pen, palette, { ...plain, pending: true }, x, y);
    },
  ],
  [
    'expiryBar',
    (pen, palette, x, y) => {
      markExpiry(pen, palette, x - 10, x + 10, y);
    },
  ],
  ['run', markRun],
  [
    'span',
    (pen, palette, x, y) => {
      markSpan(pen, palette, x - 11, x + 12, y);
    },
  ],
  [
    'overdue',
    (pen, palette, x, y) => {
      markOverdue(pen, palette, x - 5, x + 10, y);
    },
  ],
  [
    'mirrored',
    (pen, palette, x, y) => {
      markMirrored(pen, palette, 'mirrored', x, y);
    },
  ],
  [
    'missing',
    (pen, palette, x, y) => {
      markMirrored(pen, palette, 'missing', x, y);
    },
  ],
];

/** The shapes and their names, below the picture; drawn anew in the theme's colours. */
export class Legend {
  readonly element: HTMLElement;
  readonly #canvases: HTMLCanvasElement[];

  constructor({ texts }: Words) {
    this.#canvases = ENTRIES.map(() => element('canvas', { 'aria-hidden': 'true', class: 'mark' }));
    const entries = ENTRIES.map(([text], i) => element('li', {}, this.#canvases[i] ?? '', texts[text]));
    this.element = element('ul', { class: 'legend', 'aria-label': texts.legend }, ...entries);
  }

  draw(): void {
    const palette = readPalette();
    const scale = window.devicePixelRatio;
    for (const [i, [, draw]] of ENTRIES.entries()) {
      const canvas = this.#canvases[i];
      const context = canvas?.getContext('2d');
      if (!canvas || !context) continue;
      canvas.width = SIZE.width * scale;
      canvas.height = SIZE.height * scale;
      context.scale(scale, scale);
      draw(new CanvasPen(context, palette.font), palette, SIZE.width / 2, SIZE.height / 2);
    }
  }
}
