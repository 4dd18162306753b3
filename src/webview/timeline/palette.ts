/** The theme's colours, as the picture uses them. */
export interface Palette {
  readonly background: string;
  readonly foreground: string;
  readonly muted: string;
  /** Lines between rows and at ticks. */
  readonly line: string;
  readonly hand: string;
  readonly schedule: string;
  readonly stateful: string;
  readonly pending: string;
  readonly pinned: string;
  readonly overdue: string;
  readonly mirrored: string;
  readonly now: string;
  readonly focus: string;
  readonly selected: string;
  readonly font: string;
}
