import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centred, fitted, panned, type View, xOf, zoomed } from '../../../src/webview/timeline/view.ts';

const DAY = 86_400_000;

const views = fc
  .record({
    from: fc.integer({ min: 0, max: 2e12 }),
    span: fc.integer({ min: 60_000, max: 50 * 365 * DAY }),
    left: fc.integer({ min: 0, max: 300 }),
    width: fc.integer({ min: 1, max: 4000 }),
  })
  .map(({ from, span, left, width }): View => ({ from, to: from + span, left, right: left + width }));

describe('the stretch of time that is shown', () => {
  it('keeps the moment under the pointer where it is when it is zoomed', () => {
    fc.assert(
      fc.property(
        views,
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (view, factor, share) => {
          const x = view.left + share * (view.right - view.left);
          const at = view.from + share * (view.to - view.from);
          expect(xOf(zoomed(view, factor, x), at)).toBeCloseTo(x, 3);
        },
      ),
    );
  });

  it('is never shorter than a minute, nor longer than a lifetime', () => {
    fc.assert(
      fc.property(views, fc.double({ min: 1e-9, max: 1e9, noNaN: true }), (view, factor) => {
        const { from, to } = zoomed(view, factor, view.left);
        expect(to - from).toBeGreaterThanOrEqual(60_000 - 1);
        expect(to - from).toBeLessThanOrEqual(60 * 365 * DAY + 1);
      }),
    );
  });

  it('moves by as many pixels as it is dragged', () => {
    fc.assert(
      fc.property(views, fc.integer({ min: -2000, max: 2000 }), (view, distance) => {
        const moved = panned(view, distance);
        expect(xOf(moved, view.from)).toBeCloseTo(view.left - distance, 2);
        expect(moved.to - moved.from).toBeCloseTo(view.to - view.from, 0);
      }),
    );
  });

  it('shows both ends of what it is fitted to, and puts a moment where it is wanted', () => {
    const view: View = { from: 0, to: DAY, left: 200, right: 1000 };
    const whole = fitted(view, 10 * DAY, 40 * DAY);
    expect(xOf(whole, 10 * DAY)).toBeGreaterThan(200);
    expect(xOf(whole, 40 * DAY)).toBeLessThan(1000);
    expect(xOf(centred(view, 5 * DAY), 5 * DAY)).toBe(600);
    expect(fitted(view, DAY, DAY).to).toBeGreaterThan(fitted(view, DAY, DAY).from);
  });
});
