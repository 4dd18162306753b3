import { FADE_FROM, type Paint, type Pen, type Stroke, type TextStyle } from './pen.ts';

/** In how many steps a bar fades. */
const FADE_STEPS = 8;

/** Draws on a canvas. Y of a text is its middle. */
export class CanvasPen implements Pen {
  readonly #context: CanvasRenderingContext2D;
  readonly #font: string;

  constructor(context: CanvasRenderingContext2D, font: string) {
    this.#context = context;
    this.#font = font;
    context.textBaseline = 'middle';
  }

  rect(x: number, y: number, width: number, height: number, colour: string): void {
    this.#context.fillStyle = colour;
    this.#context.fillRect(x, y, width, height);
  }

  line(x1: number, y1: number, x2: number, y2: number, stroke: Stroke): void {
    const context = this.#context;
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
    this.#stroke(stroke);
  }

  circle(x: number, y: number, radius: number, paint: Paint): void {
    this.#context.beginPath();
    this.#context.arc(x, y, radius, 0, 2 * Math.PI);
    this.#paint(paint);
  }

  shape(points: readonly number[], paint: Paint): void {
    const context = this.#context;
    context.beginPath();
    for (let i = 0; i + 1 < points.length; i += 2) context.lineTo(points[i] ?? 0, points[i + 1] ?? 0);
    context.closePath();
    this.#paint(paint);
  }

  fade(x: number, y: number, width: number, height: number, colour: string): void {
    const context = this.#context;
    context.fillStyle = colour;
    // Plain rectangles: a gradient for each bar would take most of a frame.
    const step = width / FADE_STEPS;
    for (let i = 0; i < FADE_STEPS; i++) {
      context.globalAlpha = FADE_FROM * (1 - i / FADE_STEPS);
      context.fillRect(x + i * step, y, step, height);
    }
    context.globalAlpha = 1;
  }

  text(x: number, y: number, text: string, { colour, size, bold, align }: TextStyle): void {
    const context = this.#context;
    context.font = `${bold ? '600 ' : ''}${size}px ${this.#font}`;
    context.textAlign = align ?? 'start';
    context.fillStyle = colour;
    context.fillText(text, x, y);
  }

  within(x: number, y: number, width: number, height: number, draw: () => void): void {
    const context = this.#context;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    draw();
    context.restore();
  }

  #paint({ fill, stroke }: Paint): void {
    if (fill !== undefined) {
      this.#context.fillStyle = fill;
      this.#context.fill();
    }
    if (stroke) this.#stroke(stroke);
  }

  #stroke({ colour, width, dash }: Stroke): void {
    const context = this.#context;
    context.strokeStyle = colour;
    context.lineWidth = width ?? 1;
    if (dash) context.setLineDash([...dash]);
    context.stroke();
    if (dash) context.setLineDash([]);
  }
}
