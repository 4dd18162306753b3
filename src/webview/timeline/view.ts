/** Which stretch of time is shown, and where on the picture a moment lies. Milliseconds and pixels. */

/** The shortest and the longest stretch that can be shown. */
const SHORTEST = 60_000;
const LONGEST = 60 * 365 * 86_400_000;

export interface View {
  readonly from: number;
  readonly to: number;
  /** The pixels between which the stretch lies. */
  readonly left: number;
  readonly right: number;
}

export function xOf({ from, to, left, right }: View, at: number): number {
  return left + ((at - from) / (to - from)) * (right - left);
}

function timeAt({ from, to, left, right }: View, x: number): number {
  return from + ((x - left) / (right - left)) * (to - from);
}

/** @param factor below 1 comes nearer; the moment under `x` stays where it is */
export function zoomed(view: View, factor: number, x: number): View {
  const span = view.to - view.from;
  const wanted = Math.min(Math.max(span * factor, SHORTEST), LONGEST);
  const anchor = timeAt(view, x);
  const share = (anchor - view.from) / span;
  const from = anchor - share * wanted;
  return { ...view, from, to: from + wanted };
}

/** @param distance in pixels; to the right shows what is later */
export function panned(view: View, distance: number): View {
  const by = (distance / (view.right - view.left)) * (view.to - view.from);
  return { ...view, from: view.from + by, to: view.to + by };
}

/** Shows a stretch, with some room at both ends. */
export function fitted(view: View, first: number, last: number): View {
  const span = Math.min(Math.max(last - first, SHORTEST), LONGEST);
  const room = span * 0.06;
  const middle = (first + last) / 2;
  return { ...view, from: middle - span / 2 - room, to: middle + span / 2 + room };
}

/** The same length of time, with a moment at a share of the width. */
export function centred(view: View, at: number, share = 0.5): View {
  const span = view.to - view.from;
  return { ...view, from: at - share * span, to: at + (1 - share) * span };
}
