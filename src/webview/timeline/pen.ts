/** What the picture is drawn with: on a canvas, or as SVG. Coordinates are pixels, colours as CSS writes them. */
export interface Pen {
  rect(x: number, y: number, width: number, height: number, colour: string): void;
  line(x1: number, y1: number, x2: number, y2: number, stroke: Stroke): void;
  circle(x: number, y: number, radius: number, paint: Paint): void;
  /** A closed shape; the points are x, y, x, y, ... */
  shape(points: readonly number[], paint: Paint): void;
  /** A bar that fades away to the right. */
  fade(x: number, y: number, width: number, height: number, colour: string): void;
  text(x: number, y: number, text: string, style: TextStyle): void;
  /** Draws within a rectangle, and nothing outside of it. */
  within(x: number, y: number, width: number, height: number, draw: () => void): void;
}

export interface Stroke {
  readonly colour: string;
  readonly width?: number;
  readonly dash?: readonly number[];
}

export interface Paint {
  readonly fill?: string;
  readonly stroke?: Stroke;
}

export interface TextStyle {
  readonly colour: string;
  readonly size: number;
  readonly bold?: boolean;
  readonly align?: 'start' | 'center' | 'end';
}

/** How opaque a fading bar is at its beginning. */
export const FADE_FROM = 0.25;
