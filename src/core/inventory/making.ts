import type { OperationEvent } from '../incus/events.ts';
import { keyOf, type InstanceRef, type SnapshotRef } from '../model.ts';

/** Operations whose end is remembered, since their beginning may come later. */
const REMEMBERED = 500;

/**
 * Which snapshots are being made: begun, while an operation runs that can be making them. An operation names the
 * snapshot where somebody asked for one; it names the instance alone where a copy brings its snapshots along, and
 * nothing at all where a schedule makes them (measured, both lines).
 */
export class Making {
  readonly #running = new Map<string, OperationEvent>();
  readonly #ended = new Set<string>();
  readonly #begun = new Map<string, SnapshotRef>();

  /** Notes that a snapshot has begun. @returns false where nothing is known to be making it: it may be there already */
  begin(ref: SnapshotRef): boolean {
    if (![...this.#running.values()].some((operation) => canMake(operation, ref))) return false;
    this.#begun.set(keyOf(ref), ref);
    return true;
  }

  /** Notes a step of an operation. @returns the snapshots whose making has ended with it, well or not */
  step(operation: OperationEvent): SnapshotRef[] {
    if (operation.state === 'running') {
      // The steps can come out of order.
      if (!this.#ended.has(operation.id)) this.#running.set(operation.id, operation);
      return [];
    }
    this.#running.delete(operation.id);
    this.#remember(operation.id);
    const others = [...this.#running.values()];
    const ended = [...this.#begun.values()].filter(
      (ref) => canMake(operation, ref) && !others.some((other) => names(other, ref)),
    );
    for (const ref of ended) this.forget(ref);
    return ended;
  }

  /** The snapshot is gone, or is another one by now. */
  forget(ref: SnapshotRef): void {
    this.#begun.delete(keyOf(ref));
  }

  /** Nothing is known of what happened meanwhile. */
  clear(): void {
    this.#running.clear();
    this.#begun.clear();
  }

  #remember(id: string): void {
    this.#ended.add(id);
    const [oldest] = this.#ended;
    if (this.#ended.size > REMEMBERED && oldest !== undefined) this.#ended.delete(oldest);
  }
}

function canMake(operation: OperationEvent, ref: SnapshotRef): boolean {
  const { description, instances, snapshots } = operation;
  if (snapshots.length > 0) return names(operation, ref);
  if (instances.length > 0) return description === 'Creating instance' && instances.some((one) => isOf(ref, one));
  return description === 'Snapshotting instance';
}

function names({ snapshots }: OperationEvent, ref: SnapshotRef): boolean {
  return snapshots.some((one) => keyOf(one) === keyOf(ref));
}

function isOf({ remote, project, instance }: SnapshotRef, one: InstanceRef): boolean {
  return keyOf({ remote, project, instance }) === keyOf(one);
}
