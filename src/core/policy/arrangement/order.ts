/** In which order instances stand. */
import type { Arrangeable } from './filter.ts';

/** By name; by state, what is wrong first; by the newest snapshot, what has waited longest first, or the newest. */
export const ORDERS = ['name', 'state', 'oldestSnapshot', 'newestSnapshot'] as const;

export type Order = (typeof ORDERS)[number];

export function isOrder(value: unknown): value is Order {
  return (ORDERS as readonly unknown[]).includes(value);
}

/** Whether the time of the newest snapshot has to be known of each instance. */
export function needsTimes(order: Order): boolean {
  return order === 'oldestSnapshot' || order === 'newestSnapshot';
}

/**
 * The same things in another order; what is equal by it stays as it stood. Without any snapshot is the longest wait
 * of all; what is not known stands last.
 */
export function ordered<T extends Arrangeable>(things: readonly T[], order: Order): T[] {
  switch (order) {
    case 'name':
      return [...things];
    case 'state':
      return sortedBy(things, ({ instance }) => rankOf(instance.status));
    case 'oldestSnapshot':
      return sortedBy(things, (thing) => waitOf(thing) ?? Infinity);
    case 'newestSnapshot':
      return sortedBy(things, (thing) => {
        const since = waitOf(thing);
        if (since === undefined) return Infinity;
        return since === -Infinity ? Number.MAX_VALUE : -since;
      });
  }
}

function sortedBy<T>(things: readonly T[], keyOf: (thing: T) => number): T[] {
  return things
    .map((thing) => ({ thing, key: keyOf(thing) }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ thing }) => thing);
}

function rankOf(status: string): number {
  switch (status) {
    case 'Error':
      return 0;
    case 'Running':
    case 'Ready':
      return 1;
    case 'Frozen':
      return 2;
    case 'Stopped':
      return 4;
    default:
      return 3;
  }
}

/** Milliseconds of the newest snapshot; `-Infinity` where there never was one. */
function waitOf({ snapshots, newest }: Arrangeable): number | undefined {
  if (snapshots === 0) return -Infinity;
  return newest?.getTime();
}
