import { describe, expect, it } from 'vitest';
import type { OperationEvent } from '../../../../src/core/incus/events.ts';
import { Making } from '../../../../src/core/inventory/making.ts';

const c1 = { remote: 'r', project: 'default', instance: 'c1' };
const s = (snapshot: string, instance = 'c1') => ({ ...c1, instance, snapshot });

function operation(id: string, state: OperationEvent['state'], more: Partial<OperationEvent> = {}): OperationEvent {
  return {
    kind: 'operation',
    id,
    description: 'Snapshotting instance',
    state,
    error: '',
    instances: [],
    snapshots: [],
    ...more,
  };
}

describe('a snapshot in the making', () => {
  it('is under way until the operation that names it has ended', () => {
    const making = new Making();
    const asked = { instances: [c1], snapshots: [s('s1')] };
    making.step(operation('1', 'running', asked));
    expect(making.begin(s('s1'))).toBe(true);
    expect(making.step(operation('2', 'running', { instances: [c1], snapshots: [s('s2')] }))).toEqual([]);
    expect(making.step(operation('2', 'success', { instances: [c1], snapshots: [s('s2')] }))).toEqual([]);
    expect(making.step(operation('1', 'failure', asked))).toEqual([s('s1')]);
    expect(making.step(operation('1', 'failure', asked))).toEqual([]);
  });

  it('is under way until a schedule, which names nothing, has done its work', () => {
    const making = new Making();
    making.step(operation('1', 'running'));
    making.step(operation('2', 'running', { instances: [c1], snapshots: [s('asked')] }));
    expect(making.begin(s('snap0'))).toBe(true);
    expect(making.begin(s('snap0', 'c2'))).toBe(true);
    expect(making.begin(s('asked'))).toBe(true);
    expect(making.step(operation('1', 'success'))).toEqual([s('snap0'), s('snap0', 'c2')]);
    expect(making.step(operation('2', 'success', { instances: [c1], snapshots: [s('asked')] }))).toEqual([s('asked')]);
  });

  it('is under way until the copy that brings it along is made', () => {
    const making = new Making();
    const copy = { description: 'Creating instance', instances: [c1] };
    making.step(operation('1', 'running', copy));
    expect(making.begin(s('s1'))).toBe(true);
    expect(making.begin(s('s1', 'c2')), 'another instance has nothing to do with it').toBe(false);
    expect(making.step(operation('1', 'success', copy))).toEqual([s('s1')]);
  });

  it('is not under way where nothing can be making it', () => {
    const making = new Making();
    making.step(operation('1', 'running', { description: 'Executing command', instances: [c1] }));
    making.step(operation('2', 'running', { description: 'Cleaning up expired images' }));
    expect(making.begin(s('s1'))).toBe(false);
  });

  it('is not under way where its operation ended before it was heard to begin', () => {
    const making = new Making();
    const asked = { instances: [c1], snapshots: [s('s1')] };
    making.step(operation('1', 'success', asked));
    making.step(operation('1', 'running', asked));
    expect(making.begin(s('s1'))).toBe(false);
    // Made once more under the same name, by an operation of its own.
    making.step(operation('2', 'running', asked));
    expect(making.begin(s('s1'))).toBe(true);
  });

  it('is forgotten when it is deleted, and with all others when events were missed', () => {
    const making = new Making();
    making.step(operation('1', 'running'));
    making.begin(s('s1'));
    making.forget(s('s1'));
    expect(making.step(operation('1', 'success'))).toEqual([]);
    making.step(operation('2', 'running'));
    making.begin(s('s2'));
    making.clear();
    expect(making.begin(s('s3'))).toBe(false);
    expect(making.step(operation('2', 'success'))).toEqual([]);
  });
});
