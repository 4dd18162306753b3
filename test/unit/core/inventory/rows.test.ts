import { describe, expect, it } from 'vitest';
import type { Instance, Snapshot } from '../../../../src/core/model.ts';
import { countOf, Rows } from '../../../../src/core/inventory/rows.ts';

const ref = (instance: string) => ({ remote: 'r', project: 'default', instance });
const snapshotRef = (instance: string, snapshot: string) => ({ ...ref(instance), snapshot });

function snapshot(instance: string, name: string): Snapshot {
  return {
    ref: snapshotRef(instance, name),
    createdAt: new Date('2026-01-01'),
    stateful: false,
    ephemeral: false,
    config: {},
    devices: {},
    description: '',
  };
}

function row(name: string, snapshots?: string[], status = 'Running'): Instance {
  return {
    ref: ref(name),
    type: 'container',
    status,
    ephemeral: false,
    architecture: '',
    description: '',
    createdAt: new Date('2026-01-01'),
    profiles: [],
    config: {},
    devices: {},
    expandedConfig: {},
    expandedDevices: {},
    ...(snapshots && { snapshots: snapshots.map((one) => snapshot(name, one)) }),
  };
}

/** What the rows show, as text. */
function shown(rows: Rows): string[] {
  return [...rows.entries].map(({ instance, details }) => {
    const names = instance.snapshots?.map(({ ref: { snapshot: name }, pending }) => (pending ? `${name}*` : name));
    return `${instance.ref.instance} ${instance.status} ${details} ${names?.join(',') ?? '-'}`;
  });
}

describe('rows of a remote', () => {
  it('show what a listing and the readings say', () => {
    const rows = new Rows();
    rows.replace([row('c1'), row('c2')], 1);
    rows.put(row('c1', ['s1']), 'read', 2);
    expect(shown(rows)).toEqual(['c1 Running read s1', 'c2 Running pending -']);
  });

  it('keep the snapshots that are known over a new listing, until they are read again', () => {
    const rows = new Rows();
    rows.replace([row('c1')], 1);
    rows.put(row('c1', ['s1']), 'read', 2);
    rows.replace([row('c1', undefined, 'Stopped')], 3);
    expect(shown(rows)).toEqual(['c1 Stopped read s1']);
  });

  it('do not let an answer bring back what an event has since taken away', () => {
    const rows = new Rows();
    rows.replace([row('c1'), row('c2')], 1);
    rows.put(row('c1', ['s1', 's2']), 'read', 2);
    // Asked as number 3, and answered late.
    expect(rows.apply({ kind: 'snapshotDeleted', ref: snapshotRef('c1', 's1') }, 4)).toBe('instance');
    expect(rows.apply({ kind: 'instanceDeleted', ref: ref('c2') }, 5)).toBe('rows');
    expect(rows.put(row('c1', ['s1', 's2']), 'read', 3)).toBe(false);
    expect(rows.put(row('c2', []), 'read', 3)).toBe(false);
    rows.replace([row('c1'), row('c2')], 3);
    expect(shown(rows)).toEqual(['c1 Running read s2']);
  });

  it('do not lose in a listing what came to be after it was asked for', () => {
    const rows = new Rows();
    rows.replace([row('c1')], 1);
    rows.put(row('new', []), 'read', 3);
    rows.replace([row('c1')], 2);
    expect(shown(rows)).toEqual(['c1 Running pending -', 'new Running read ']);
    rows.replace([row('c1')], 4);
    expect(shown(rows)).toEqual(['c1 Running pending -']);
  });

  it('show an instance that was made again under the name of one that is gone', () => {
    const rows = new Rows();
    rows.replace([row('c1')], 1);
    rows.apply({ kind: 'instanceDeleted', ref: ref('c1') }, 2);
    expect(rows.put(row('c1', []), 'read', 3)).toBe(true);
    expect(shown(rows)).toEqual(['c1 Running read ']);
  });

  it('show a snapshot in the making as that until its making has ended', () => {
    const rows = new Rows();
    rows.replace([row('c1')], 1);
    rows.put(row('c1', []), 'read', 2);
    const begun = { kind: 'snapshotBegun', ref: snapshotRef('c1', 's1'), at: new Date() } as const;
    expect(rows.apply(begun, 3)).toBe('instance');
    expect(shown(rows)).toEqual(['c1 Running read s1*']);
    // The server lists it from the moment it begins.
    rows.put(row('c1', ['s1']), 'read', 4);
    expect(shown(rows)).toEqual(['c1 Running read s1*']);
    expect(rows.endSnapshot(begun.ref)).toBe(true);
    rows.put(row('c1', ['s1']), 'read', 5);
    expect(shown(rows)).toEqual(['c1 Running read s1']);
    expect(rows.endSnapshot(begun.ref)).toBe(false);
  });

  it('follow what an event says in full, and ask for the rest', () => {
    const rows = new Rows();
    rows.replace([row('c1'), row('c2')], 1);
    rows.put(row('c1', ['s1']), 'read', 2);
    expect(rows.apply({ kind: 'instanceStatus', ref: ref('c1'), status: 'Stopped' }, 3)).toBe('instance');
    expect(rows.apply({ kind: 'snapshotRenamed', ref: snapshotRef('c1', 's2'), from: 's1' }, 4)).toBe('instance');
    expect(rows.apply({ kind: 'instanceRenamed', ref: ref('c9'), from: 'c1' }, 5)).toBe('rows');
    expect(rows.apply({ kind: 'instanceChanged', ref: ref('c2') }, 6)).toBe('read');
    // One snapshot of an instance whose others are not known would look like all.
    expect(rows.apply({ kind: 'snapshotDeleted', ref: snapshotRef('c2', 's1') }, 7)).toBe('read');
    expect(shown(rows).sort()).toEqual(['c2 Running pending -', 'c9 Stopped read s2']);
    expect(rows.get(ref('c9'))?.instance.snapshots?.[0]?.ref).toEqual(snapshotRef('c9', 's2'));
  });

  it('count by names where nothing more is known', () => {
    const rows = new Rows();
    rows.replace([row('c1'), row('c2')], 1);
    expect(rows.name(ref('c1'), [{ name: 's1' }, { name: 's2' }], 2)).toBe(true);
    rows.put(row('c2', ['s1']), 'read', 3);
    expect(rows.name(ref('c2'), [], 4)).toBe(false);
    expect([...rows.entries].map(countOf)).toEqual([2, 1]);
    rows.fail(ref('c2'), 5);
    expect([...rows.entries].map(countOf)).toEqual([2, undefined]);
  });
});
