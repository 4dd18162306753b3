import { setTimeout as setTimer } from 'node:timers/promises';
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

/** Milliseconds after which the rows in sight no longer wait for the names of all; a thousand take half of that. */
const PATIENCE = 1_500;

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
 * Fills in the snapshots behind a listing. Where a listing of the pools' volumes shows snapshots cheaply, it gives all
 * names and dates at once, and comes first: it takes as long as everything of the rows in sight does, and each would hold the other
 * up. Newer servers do not show them there, but give the names of one instance within half a millisecond: there
 * everything of the rows in sight comes first, then names of the rest.
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
  const run = (instances: Iterable<Instance>, work: (ref: InstanceRef) => Promise<void>) =>
    limit.map([...instances], async ({ ref }) => {
      if (!signal.aborted) await work(ref);
    });

  const isShownByPools = inSight.size < present.length && client.listsVolumesCheaply(server);
  const naming = isShownByPools
    ? nameByPool(client, server, present, target, signal)
    : Promise.resolve(new Set<string>());
  if (isShownByPools) await patiently(naming);
  await run(inSight, (ref) => target.read(ref));
  const named = await naming;
  const unnamed = present.filter((instance) => !inSight.has(instance) && !named.has(keyOf(instance.ref)));
  await run(unnamed, async (ref) => {
    const question = target.ask();
    const names = await client.snapshotNames(ref, signal).catch(() => undefined);
    // What could not be named is read when its row is opened, and then says what is wrong.
    const found = names?.map((name) => ({ name }));
    if (found) target.name(ref, found, question);
  });
}

/** Resolves when the work is done, or has taken long. */
async function patiently(work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, setTimer(PATIENCE, undefined, { signal: done.signal }).catch(() => undefined)]);
  done.abort();
}

/** Names and dates by the pools' volumes. @returns who has got them: nobody where one of the pools did not answer */
async function nameByPool(
  client: IncusClient,
  server: Server,
  listed: readonly Instance[],
  target: DetailsTarget,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { remote } = listed[0]?.ref ?? { remote: '' };
  const recursion = server.extensions.has('storage_volume_full') ? '2' : '1';
  const question = target.ask();
  const found = new Map<string, SnapshotName[]>();
  try {
    for (const [pool, type] of poolsOf(listed)) {
      for (const { project, instance, snapshot } of await client.instanceVolumes(
        remote,
        pool,
        type,
        signal,
        recursion,
      )) {
        const key = keyOf({ remote, project, instance });
        const names = found.get(key) ?? [];
        if (snapshot) names.push(snapshot);
        found.set(key, names);
      }
    }
  } catch {
    // A pool that cannot be listed leaves the names to the way that needs none.
    return new Set();
  }
  if (signal.aborted) return new Set();
  for (const { ref } of listed) {
    const names = found.get(keyOf(ref));
    if (names) target.name(ref, names, question);
  }
  return new Set(found.keys());
}

/** The pools that hold these instances' root disks, with the type of what they hold: each has a listing of its own. */
export function poolsOf(listed: readonly Instance[]): [pool: string, type: InstanceType][] {
  const pools = new Map<string, [string, InstanceType]>();
  for (const instance of listed) {
    const pool = rootPoolOf(instance);
    if (pool !== undefined) pools.set(`${instance.type}/${pool}`, [pool, instance.type]);
  }
  return [...pools.values()];
}
