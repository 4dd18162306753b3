import { FADE_FROM, type Paint, type Pen, type Stroke, type TextStyle } from './pen.ts';

/** Writes SVG, with everything in it: it looks the same wherever it is opened. */
export class SvgPen implements Pen {
  readonly #parts: string[] = [];
  readonly #gradients = new Map<string, string>();
  readonly #font: string;
  #clips = 0;

  constructor(font: string) {
    this.#font = font;
  }

  /** The whole picture. */
  finish(width: number, height: number, title: string): string {
    const gradients = [...this.#gradients].map(
      ([colour, id]) =>
        `<linearGradient id="${id}"><stop offset="0" stop-color="${escaped(colour)}" stop-opacity="${FADE_FROM}"/>` +
        `<stop offset="1" stop-color="${escaped(colour)}" stop-opacity="0"/></linearGradient>`,
    );
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" width="${n(width)}" height="${n(height)}" ` +
      `viewBox="0 0 ${n(width)} ${n(height)}" font-family="${escaped(this.#font)}">` +
      `<title>${escaped(title)}</title><defs>${gradients.join('')}</defs>${this.#parts.join('')}</svg>\n`
    );
  }

  rect(x: number, y: number, width: number, height: number, colour: string): void {
    this.#parts.push(
      `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" fill="${escaped(colour)}"/>`,
    );
  }

  line(x1: number, y1: number, x2: number, y2: number, stroke: Stroke): void {
    this.#parts.push(`<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}"${strokeOf(stroke)}/>`);
  }

  circle(x: number, y: number, radius: number, paint: Paint): void {
    this.#parts.push(`<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius)}"${paintOf(paint)}/>`);
  }

  shape(points: readonly number[], paint: Paint): void {
    this.#parts.push(`<polygon points="${points.map(n).join(' ')}"${paintOf(paint)}/>`);
  }

  fade(x: number, y: number, width: number, height: number, colour: string): void {
    const id = this.#gradients.get(colour) ?? `fade${this.#gradients.size}`;
    this.#gradients.set(colour, id);
    this.rect(x, y, width, height, `url(#${id})`);
  }

  text(x: number, y: number, text: string, { colour, size, bold, align }: TextStyle): void {
    const anchor = align === 'center' ? 'middle' : (align ?? 'start');
    const weight = bold ? ' font-weight="600"' : '';
    this.#parts.push(
      `<text x="${n(x)}" y="${n(y)}" fill="${escaped(colour)}" font-size="${n(size)}"${weight} ` +
        `text-anchor="${anchor}" dominant-baseline="central">${escaped(text)}</text>`,
    );
  }

  within(x: number, y: number, width: number, height: number, draw: () => void): void {
    const id = `clip${this.#clips++}`;
    this.#parts.push(
      `<clipPath id="${id}"><rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}"/></clipPath>` +
        `<g clip-path="url(#${id})">`,
    );
    draw();
    this.#parts.push('</g>');
  }
}

function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function strokeOf({ colour, width, dash }: Stroke): string {
  const dashes = dash ? ` stroke-dasharray="${dash.map(n).join(' ')}"` : '';
  return ` stroke="${escaped(colour)}" stroke-width="${n(width ?? 1)}"${dashes}`;
}

function paintOf({ fill, stroke }: Paint): string {
  return ` fill="${escaped(fill ?? 'none')}"${stroke ? strokeOf(stroke) : ''}`;
}

/** Names come from servers: as text, whatever is in them. Characters that no XML may hold are left out. */
function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text
    .toWellFormed()
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replaceAll(/[&<>"]/g, (c) => entities[c] ?? c);
}
