import type { InstanceEntry } from '../../core/inventory/rows.ts';
import { type Instance, isRunning, keyOf, type Server, type Snapshot, type SnapshotName } from '../../core/model.ts';
import { grammarOf } from '../../core/policy/schedule/cron.ts';
import { mirroredState } from '../../core/policy/mirror/compare.ts';
import { isTrue } from '../../core/policy/schedule/scheduleSources.ts';
import { originOf } from '../../core/policy/schedule/origin.ts';
import { isPinned } from '../../core/policy/retention/pins.ts';
import { comingRuns, comingSpans, type ScheduleFacts } from '../../core/policy/schedule/timeline.ts';
import type { TimelineRow, TimelineSnapshot } from '../../protocol/timeline.ts';
import { placeOf } from '../commands/choose.ts';
import { timeZoneOf } from '../settings.ts';
import { scheduleWords } from '../tree/wording.ts';

/** What a row needs beside its instance. */
export interface Surroundings {
  /** `undefined`: its remote is not ready. */
  readonly server: Server | undefined;
  /** The mirror, where one is known. */
  readonly mirror: InstanceEntry | undefined;
  /** Since when runs of its schedule are missing. */
  readonly overdue: Date | undefined;
  readonly now: Date;
}

/** An instance as the timeline shows it. */
export function timelineRow(entry: InstanceEntry, around: Surroundings): TimelineRow {
  const { instance } = entry;
  const { remote, project, instance: name } = instance.ref;
  const schedule = scheduleWords(instance);
  const { known, snapshots } = snapshotsOf(entry, around);
  const facts = factsOf(instance, snapshots, around);
  return {
    ...{ id: keyOf(instance.ref), remote, project, instance: name, place: placeOf(instance.ref), known, snapshots },
    ...(schedule !== undefined && { schedule }),
    runs: facts ? comingRuns(facts).map((at) => at.getTime()) : [],
    spans: facts ? comingSpans(facts).map(({ from, to }) => ({ from: from.getTime(), to: to.getTime() })) : [],
    ...(around.overdue && { overdue: around.overdue.getTime() }),
    ...(around.mirror && { mirror: placeOf(around.mirror.instance.ref) }),
  };
}

function snapshotsOf(entry: InstanceEntry, { mirror }: Surroundings): Pick<TimelineRow, 'known' | 'snapshots'> {
  const { instance, details, names } = entry;
  if (details === 'failed') return { known: 'failed', snapshots: [] };
  if (details === 'read') {
    const target = mirror?.details === 'read' ? mirror.instance : undefined;
    return { known: 'all', snapshots: (instance.snapshots ?? []).map((one) => shown(one, instance, target)) };
  }
  const dated = names?.flatMap((one) => named(one, instance));
  if (details === 'pending' || dated?.length !== names?.length) return { known: 'nothing', snapshots: [] };
  return { known: 'dates', snapshots: dated ?? [] };
}

function shown(snapshot: Snapshot, instance: Instance, mirror: Instance | undefined): TimelineSnapshot {
  const mirrored = mirror && mirroredState(snapshot, mirror);
  return {
    name: snapshot.ref.snapshot,
    at: snapshot.createdAt.getTime(),
    ...(snapshot.expiresAt && { expires: snapshot.expiresAt.getTime() }),
    origin: originOf(snapshot, instance),
    stateful: snapshot.stateful,
    pending: snapshot.pending ?? false,
    pinned: isPinned(instance, snapshot),
    ...(mirrored && { mirrored }),
  };
}

/** Of a listing that tells the dates alone. */
function named({ name, createdAt }: SnapshotName, instance: Instance): TimelineSnapshot[] {
  if (!createdAt) return [];
  const origin = originOf({ ref: { ...instance.ref, snapshot: name }, config: {} }, instance);
  const pinned = isPinned(instance, { createdAt });
  return [{ name, at: createdAt.getTime(), origin, stateful: false, pending: false, pinned }];
}

function factsOf(
  instance: Instance,
  snapshots: readonly TimelineSnapshot[],
  { server, now }: Surroundings,
): ScheduleFacts | undefined {
  const { expandedConfig: config } = instance;
  const schedule = config['snapshots.schedule'] ?? '';
  if (!server || schedule === '') return undefined;
  return {
    schedule,
    isServed: isRunning(instance) || isTrue(config['snapshots.schedule.stopped']),
    grammar: grammarOf(server),
    zone: timeZoneOf(instance.ref.remote),
    now,
    made: snapshots.filter(({ origin }) => origin === 'schedule').map(({ at }) => new Date(at)),
  };
}
