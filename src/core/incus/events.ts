import * as z from 'zod/mini';
import { DEFAULT_PROJECT, type InstanceRef, type SnapshotRef } from '../model.ts';

/** What an event of the server says, as far as instances and their snapshots go. */
export type IncusEvent =
  /** The snapshot has **begun**: it is there when its operation has succeeded. */
  | { readonly kind: 'snapshotBegun'; readonly ref: SnapshotRef; readonly at: Date }
  | { readonly kind: 'snapshotDeleted'; readonly ref: SnapshotRef }
  | { readonly kind: 'snapshotRenamed'; readonly ref: SnapshotRef; readonly from: string }
  /** The instance is to be read again: the event does not say what it is like. */
  | { readonly kind: 'instanceChanged'; readonly ref: InstanceRef }
  | { readonly kind: 'instanceDeleted'; readonly ref: InstanceRef }
  | { readonly kind: 'instanceRenamed'; readonly ref: InstanceRef; readonly from: string }
  /** Started, stopped, paused, resumed: the event says all. `status` as the server words it. */
  | { readonly kind: 'instanceStatus'; readonly ref: InstanceRef; readonly status: string }
  | VolumesEvent
  | OperationEvent;

/**
 * Something changed among the custom volumes of a pool, or with the pool. Which volume is not to be relied on: some of its
 * events carry the project in front of the name, some the old name (6.0.4, 7.0.2).
 */
export interface VolumesEvent {
  readonly kind: 'volumesChanged';
  readonly remote: string;
  readonly pool: string;
}

/** A step of an operation. They can come out of order, its end before its beginning (measured). */
export interface OperationEvent {
  readonly kind: 'operation';
  readonly id: string;
  readonly description: string;
  readonly state: 'running' | 'success' | 'failure';
  /** What went wrong, in Incus' words. */
  readonly error: string;
  /** How far a copy is, as the server words it: `c1: 52.28MB (52.28MB/s)`. */
  readonly progress?: string;
  /** The server says that it can be broken off. */
  readonly cancellable?: true;
  readonly instances: readonly InstanceRef[];
  readonly snapshots: readonly SnapshotRef[];
}

const text = z._default(z.nullable(z.string()), '');

const event = z.object({
  type: z.string(),
  timestamp: text,
  project: text,
  metadata: z.unknown(),
});

const lifecycle = z.object({
  action: z.string(),
  source: z.string(),
  context: z._default(z.nullable(z.record(z.string(), z.unknown())), {}),
});

const operation = z.object({
  id: z.string(),
  description: text,
  status_code: z.number(),
  err: text,
  may_cancel: z._default(z.boolean(), false),
  metadata: z._default(z.nullable(z.record(z.string(), z.unknown())), {}),
  resources: z._default(z.nullable(z.record(z.string(), z.nullable(z.array(z.string())))), {}),
});

/** From here on an operation has ended (`shared/api/status_code.go` of Incus). */
const ENDED = 200;
const SUCCESS = 200;

/** States that an event says in full (`internal/server/lifecycle/instance.go` of Incus). */
const STATUS_OF: Readonly<Record<string, string>> = {
  'instance-started': 'Running',
  'instance-resumed': 'Running',
  'instance-ready': 'Ready',
  'instance-paused': 'Frozen',
  'instance-stopped': 'Stopped',
  'instance-shutdown': 'Stopped',
};

/**
 * Reads an event; `undefined` where it says nothing of instances, or is not an event.
 * @param message as the server sends it
 * @param remote where it came from
 */
export function parseEvent(message: string, remote: string): IncusEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return undefined;
  }
  const parsed = event.safeParse(value);
  if (!parsed.success) return undefined;
  const { type, metadata, project, timestamp } = parsed.data;
  const at = new Date(timestamp ?? '');
  const where = { remote, project: project === '' || project === null ? DEFAULT_PROJECT : project };
  if (type === 'lifecycle') return readLifecycle(metadata, where, at);
  return type === 'operation' ? readOperation(metadata, where) : undefined;
}

interface Where {
  readonly remote: string;
  readonly project: string;
}

function readLifecycle(metadata: unknown, where: Where, at: Date): IncusEvent | undefined {
  const parsed = lifecycle.safeParse(metadata);
  if (!parsed.success) return undefined;
  const { action, source, context } = parsed.data;
  if (action.startsWith('storage-')) return readVolumesEvent(source, where);
  const named = refOf(source, where);
  if (!named) return undefined;
  const oldName = context?.['old_name'];
  const from = typeof oldName === 'string' ? oldName : '';
  if ('snapshot' in named) {
    switch (action) {
      case 'instance-snapshot-created':
        return { kind: 'snapshotBegun', ref: named, at };
      case 'instance-snapshot-deleted':
        return { kind: 'snapshotDeleted', ref: named };
      case 'instance-snapshot-renamed':
        return { kind: 'snapshotRenamed', ref: named, from: from.slice(from.indexOf('/') + 1) };
      default:
        return { kind: 'instanceChanged', ref: named };
    }
  }
  if (action === 'instance-deleted') return { kind: 'instanceDeleted', ref: named };
  if (action === 'instance-renamed') return { kind: 'instanceRenamed', ref: named, from };
  const status = STATUS_OF[action];
  if (status !== undefined) return { kind: 'instanceStatus', ref: named, status };
  return action.startsWith('instance-') ? { kind: 'instanceChanged', ref: named } : undefined;
}

/** `/1.0/storage-pools/P`, and what is below it; root disks of instances are told of by the instances' own events. */
function readVolumesEvent(source: string, { remote }: Where): VolumesEvent | undefined {
  const [path = ''] = source.split('?', 1);
  const [, version, pools, pool, volumes, type] = path.split('/').map(decoded);
  if (version !== '1.0' || pools !== 'storage-pools' || !pool) return undefined;
  return volumes === undefined || type === 'custom' ? { kind: 'volumesChanged', remote, pool } : undefined;
}

/**
 * `/1.0/operations?recursion=1`: lists of operations by their state. Only what names instances is taken over: a pending
 * token stands there with its secret.
 */
export function parseOperations(value: unknown, where: { remote: string; project: string }): OperationEvent[] {
  const lists = z.record(z.string(), z.array(z.unknown())).safeParse(value);
  if (!lists.success) return [];
  return Object.values(lists.data).flatMap((list) => list.flatMap((one) => readOperation(one, where) ?? []));
}

function readOperation(metadata: unknown, where: Where): OperationEvent | undefined {
  const parsed = operation.safeParse(metadata);
  if (!parsed.success) return undefined;
  const { id, description, status_code: code, err, resources, may_cancel: cancellable } = parsed.data;
  const progress = parsed.data.metadata?.['fs_progress'];
  const refs = [...(resources?.['instances'] ?? []), ...(resources?.['instances_snapshots'] ?? [])].flatMap(
    (url) => refOf(url, where) ?? [],
  );
  const state = code < ENDED ? 'running' : code === SUCCESS ? 'success' : 'failure';
  const snapshots = refs.filter((ref): ref is SnapshotRef => 'snapshot' in ref);
  const instances = refs.filter((ref) => !('snapshot' in ref));
  return {
    ...{ kind: 'operation', id, description: description ?? '', state, error: err ?? '', instances, snapshots },
    ...(typeof progress === 'string' && { progress }),
    ...(cancellable && { cancellable }),
  };
}

/** What a URL of the API names: an instance or one of its snapshots. */
function refOf(url: string, where: Where): InstanceRef | SnapshotRef | undefined {
  const [path = '', query = ''] = url.split('?', 2);
  const [, version, instances, instance, snapshots, snapshot, ...rest] = path.split('/').map(decoded);
  if (version !== '1.0' || instances !== 'instances' || !instance || rest.length > 0) return undefined;
  const project = new URLSearchParams(query).get('project') ?? where.project;
  const ref = { remote: where.remote, project, instance };
  return snapshots === 'snapshots' && snapshot ? { ...ref, snapshot } : ref;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
