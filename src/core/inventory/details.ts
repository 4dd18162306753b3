import pLimit from 'p-limit';
import type { IncusClient } from '../incus/client.ts';
import {
  type Instance,
  type InstanceRef,
  type InstanceType,
  keyOf,
  rootPoolOf,
  type Server,
  type SnapshotName,
} from '../model.ts';

/** Calls for details that run side by side on one remote; more gain nothing on the server. */
const SIDE_BY_SIDE = 4;

/** Rows that a side bar shows before anybody scrolls. */
const IN_SIGHT = 50;

/** What is done with what is found. */
export interface DetailsTarget {
  /** Reads one instance with everything; never rejects. */
  read(ref: InstanceRef): Promise<void>;
  /** The number of a question that is asked from here on. */
  ask(): number;
  /** Takes over the names of an instance's snapshots, as the answer to a question. */
  name(ref: InstanceRef, names: readonly SnapshotName[], question: number): void;
  /** Notes that the snapshots of an instance cannot be known. */
  fail(ref: InstanceRef, question: number): void;
  /** Whether more is known of it than its listing says: whoever saw that must not be left with what is out of date. */
  wasRead(ref: InstanceRef): boolean;
}

/**
 * Fills in the snapshots behind a listing, what matters first: everything of the rows in sight, then names of the rest.
 * Where a listing of the pools' volumes shows snapshots, it gives all names and dates at once; newer servers do not,
 * but give the names of one instance within half a millisecond.
 * @param listed in the order in which the rows stand
 */
export async function loadDetails(
  client: IncusClient,
  server: Server,
  listed: readonly Instance[],
  target: DetailsTarget,
  signal: AbortSignal,
): Promise<void> {
  const limit = pLimit(SIDE_BY_SIDE);
  // The member of the cluster that holds it is down: a question about it would hang until it is marked as offline.
  const isAway = ({ status }: Instance) => server.clustered && status === 'Error';
  const away = target.ask();
  for (const { ref } of listed.filter(isAway)) target.fail(ref, away);
  const present = listed.filter((instance) => !isAway(instance));
  const inSight = new Set(present.filter(({ ref }, i) => i < IN_SIGHT || target.wasRead(ref)));
  let unnamed = present.filter((instance) => !inSight.has(instance));
  const run = (instances: Iterable<Instance>, work: (ref: InstanceRef) => Promise<void>) =>
    limit.map([...instances], async ({ ref }) => {
      if (!signal.aborted) await work(ref);
    });

  const sight = run(inSight, (ref) => target.read(ref));
  if (unnamed.length > 0 && !server.extensions.has('storage_volume_full')) {
    const question = target.ask();
    const found = await namesByPool(client, unnamed, signal);
    if (signal.aborted) return;
    for (const { ref } of unnamed) {
      const names = found?.get(keyOf(ref));
      if (names) target.name(ref, names, question);
    }
    unnamed = unnamed.filter(({ ref }) => !found?.has(keyOf(ref)));
  }
  await sight;
  await run(unnamed, async (ref) => {
    const question = target.ask();
    const names = await client.snapshotNames(ref, signal).catch(() => undefined);
    // What could not be named is read when its row is opened, and then says what is wrong.
    const found = names?.map((name) => ({ name }));
    if (found) target.name(ref, found, question);
  });
}

/** Names and dates by the pools' volumes; `undefined` where one of the pools did not answer. */
async function namesByPool(
  client: IncusClient,
  listed: readonly Instance[],
  signal: AbortSignal,
): Promise<Map<string, SnapshotName[]> | undefined> {
  const { remote } = listed[0]?.ref ?? { remote: '' };
  const found = new Map<string, SnapshotName[]>();
  try {
    for (const [pool, type] of poolsOf(listed)) {
      for (const { project, instance, snapshot } of await client.instanceVolumes(remote, pool, type, signal)) {
        const key = keyOf({ remote, project, instance });
        const names = found.get(key) ?? [];
        if (snapshot) names.push(snapshot);
        found.set(key, names);
      }
    }
  } catch {
    // A pool that cannot be listed leaves the names to the way that needs none.
    return undefined;
  }
  return found;
}

function poolsOf(listed: readonly Instance[]): [pool: string, type: InstanceType][] {
  const pools = new Map<string, [string, InstanceType]>();
  for (const instance of listed) {
    const pool = rootPoolOf(instance);
    if (pool !== undefined) pools.set(`${instance.type}/${pool}`, [pool, instance.type]);
  }
  return [...pools.values()];
}
