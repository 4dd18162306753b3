import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byTurns, median, medianOf, ratioOf, spreadOf } from '../../../bench/statistics.ts';

const value = fc.double({ min: 0.001, max: 1e6, noNaN: true });
const values = fc.array(value, { minLength: 1, maxLength: 40 });

describe('statistics', () => {
  test('the median has as many values above as below', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    fc.assert(
      fc.property(values, (all) => {
        const middle = median(all);
        const isAbove = all.filter((one) => one > middle).length;
        const isBelow = all.filter((one) => one < middle).length;
        expect(isAbove).toBeLessThanOrEqual(all.length / 2);
        expect(isBelow).toBeLessThanOrEqual(all.length / 2);
      }),
    );
  });

  test('one slow run moves neither median nor spread far', () => {
    const calm = [10, 10.1, 9.9, 10, 10.2, 9.8, 10];
    expect(median([...calm, 5000])).toBeCloseTo(10, 1);
    expect(spreadOf([...calm, 5000])).toBeLessThan(0.05);
  });

  test('values that are all equal have no spread, and zeros are no reason to divide by them', () => {
    expect(spreadOf([7, 7, 7])).toBe(0);
    expect(medianOf([0, 0, 0])).toEqual({ value: 0, runs: 3, spread: 0 });
    expect(spreadOf([0, 0, 0, 0, 4])).toBe(0);
  });

  test('nothing measured is no figure', () => {
    expect(() => median([])).toThrow('nothing was measured');
  });

  test('a ratio is that of the medians; a load that slows both sides of a turn alike does not spread it', () => {
    const turns = [1, 3, 2, 1, 5, 1, 2];
    const {
      value: ratio,
      spread,
      runs,
    } = ratioOf(
      turns.map((load) => 3 * load),
      turns.map((load) => 2 * load),
    );
    expect(ratio).toBe(1.5);
    expect(spread).toBe(0);
    expect(runs).toBe(7);
  });

  test('where one side was measured once, the spread is that of the other', () => {
    const measured = ratioOf([16_000], [800, 820, 780]);
    expect(measured.value).toBe(20);
    expect(measured.runs).toBe(3);
    expect(measured.spread).toBe(spreadOf([800, 820, 780]));
  });

  test('everyone is measured as often, in turns that another one begins each time, after one that does not count', async () => {
    const order: string[] = [];
    let count = 0;
    const run = (name: string) => () => {
      order.push(name);
      return ++count;
    };
    const measured = await byTurns(3, { a: run('a'), b: run('b') });
    expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b', 'b', 'a']);
    expect(measured).toEqual({ a: [4, 5, 8], b: [3, 6, 7] });
  });
});
