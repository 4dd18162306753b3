import type { InstanceEntry } from '../../core/inventory/rows.ts';
import { keyOf, type Snapshot, type SnapshotName } from '../../core/model.ts';
import { originOf } from '../../core/policy/origin.ts';
import { isPinned } from '../../core/policy/pins.ts';
import type { TimelineRow, TimelineSnapshot } from '../../protocol/timeline.ts';
import { placeOf } from '../commands/choose.ts';

/** An instance as the timeline shows it. */
export function timelineRow(entry: InstanceEntry): TimelineRow {
  const { instance, details, names } = entry;
  const { ref } = instance;
  const head = { id: keyOf(ref), instance: ref.instance, place: placeOf(ref) };
  if (details === 'failed') return { ...head, known: 'failed', snapshots: [] };
  if (details === 'read') {
    const snapshots = (instance.snapshots ?? []).map((snapshot) => shown(snapshot, entry));
    return { ...head, known: 'all', snapshots };
  }
  const dated = names?.flatMap((name) => named(name, entry));
  if (details === 'pending' || dated?.length !== names?.length) return { ...head, known: 'nothing', snapshots: [] };
  return { ...head, known: 'dates', snapshots: dated ?? [] };
}

function shown(snapshot: Snapshot, { instance }: InstanceEntry): TimelineSnapshot {
  return {
    name: snapshot.ref.snapshot,
    at: snapshot.createdAt.getTime(),
    ...(snapshot.expiresAt && { expires: snapshot.expiresAt.getTime() }),
    origin: originOf(snapshot, instance),
    stateful: snapshot.stateful,
    pending: snapshot.pending ?? false,
    pinned: isPinned(instance, snapshot),
  };
}

/** Of a listing that tells the dates alone. */
function named({ name, createdAt }: SnapshotName, { instance }: InstanceEntry): TimelineSnapshot[] {
  if (!createdAt) return [];
  const origin = originOf({ ref: { ...instance.ref, snapshot: name }, config: {} }, instance);
  return [
    {
      name,
      at: createdAt.getTime(),
      origin,
      stateful: false,
      pending: false,
      pinned: isPinned(instance, { createdAt }),
    },
  ];
}
