import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Arrangeable } from '../../../../../src/core/policy/arrangement/filter.ts';
import { isOrder, needsTimes, type Order, ordered, ORDERS } from '../../../../../src/core/policy/arrangement/order.ts';

function thing(instance: string, status: string, snapshots?: number, newest?: string): Arrangeable {
  return {
    instance: { ref: { remote: 'local', project: 'default', instance }, status, expandedConfig: {} },
    ...(snapshots !== undefined && { snapshots }),
    ...(newest !== undefined && { newest: new Date(newest) }),
  };
}

const FLEET = [
  thing('a', 'Stopped', 2, '2026-03-01'),
  thing('b', 'Running', 0),
  thing('c', 'Error', 1, '2026-01-01'),
  thing('d', 'Frozen'),
  thing('e', 'Running', 1, '2026-02-01'),
  thing('f', 'Aborting', 3),
];

describe('the order of instances', () => {
  it.each<[Order, string]>([
    ['name', 'abcdef'],
    ['state', 'cbedfa'],
    ['oldestSnapshot', 'bceadf'],
    ['newestSnapshot', 'aecbdf'],
  ])('by %s is %s', (order, names) => {
    expect(
      ordered(FLEET, order)
        .map(({ instance }) => instance.ref.instance)
        .join(''),
    ).toBe(names);
  });

  it('neither loses nor makes up anything, and sorting again changes nothing', () => {
    const one = fc
      .record({
        status: fc.constantFrom('Running', 'Stopped', 'Error', 'Odd'),
        snapshots: fc.option(fc.nat(2), { nil: undefined }),
        newest: fc.option(fc.date({ noInvalidDate: true }), { nil: undefined }),
      })
      .map(({ status, snapshots, newest }) => thing('x', status, snapshots, newest?.toISOString()));
    fc.assert(
      fc.property(fc.array(one), fc.constantFrom(...ORDERS), (things, order) => {
        const sorted = ordered(things, order);
        expect(new Set(sorted)).toEqual(new Set(things));
        expect(sorted).toHaveLength(things.length);
        expect(ordered(sorted, order)).toEqual(sorted);
      }),
    );
  });

  it('is one of those that there are', () => {
    expect(ORDERS.filter(isOrder)).toEqual(ORDERS);
    for (const other of ['', 'size', undefined, 1]) expect(isOrder(other)).toBe(false);
    expect(ORDERS.filter(needsTimes)).toEqual(['oldestSnapshot', 'newestSnapshot']);
  });
});
