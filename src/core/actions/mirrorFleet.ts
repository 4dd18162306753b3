import pLimit from 'p-limit';
import type { IncusClient } from '../incus/client.ts';
import { poolsOf } from '../inventory/details.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type Instance, type InstanceRef, keyOf, type Snapshot } from '../model.ts';
import { planMirror } from '../policy/mirror/mirror.ts';
import { jobKey, type MirrorJob } from '../policy/mirror/mirrorJobs.ts';

/** Calls side by side on one remote. */
const SIDE_BY_SIDE = 4;

/**
 * Which jobs have nothing to do, as far as snapshots and the mirror's settings go; a change of the live state does not
 * show here. Where a server lists snapshots with its volumes, that takes two calls for all of its instances; where it
 * does not, one for each.
 * @returns keys of jobs
 * @throws IncusError
 */
export async function unchangedJobs(
  client: IncusClient,
  inventory: Inventory,
  jobs: readonly MirrorJob[],
  signal?: AbortSignal,
): Promise<Set<string>> {
  const refs = new Map<string, InstanceRef[]>();
  for (const ref of jobs.flatMap(({ source, target }) => [source, target])) {
    refs.set(ref.remote, [...(refs.get(ref.remote) ?? []), ref]);
  }
  const found = new Map<string, Instance>();
  await Promise.all(
    [...refs].map(async ([remote, wanted]) => {
      for (const instance of await fleet(client, inventory, remote, wanted, signal))
        found.set(keyOf(instance.ref), instance);
    }),
  );
  const isUnchanged = (job: MirrorJob): boolean => {
    const source = found.get(keyOf(job.source));
    const target = inventory.server(job.target.remote);
    if (!source?.snapshots || !target) return false;
    const plan = planMirror({
      ...{ source, fingerprint: inventory.server(job.source.remote)?.fingerprint, sourcePool: undefined },
      target: {
        ...{ fingerprint: target.fingerprint, extensions: target.extensions, project: job.target.project },
        ...{ instance: found.get(keyOf(job.target)), incoming: undefined },
        ...{ projects: undefined, profiles: undefined, pools: undefined, knowsKey: () => true },
      },
      takesOver: false,
    });
    return plan.isUpToDate && plan.blocks.length === 0;
  };
  return new Set(jobs.filter(isUnchanged).map(jobKey));
}

/** Instances of one remote with their snapshots; those that are not there are left out. */
async function fleet(
  client: IncusClient,
  inventory: Inventory,
  remote: string,
  wanted: readonly InstanceRef[],
  signal: AbortSignal | undefined,
): Promise<Instance[]> {
  const { instances } = await client.instances(remote, signal);
  const names = new Set(wanted.map(keyOf));
  const there = instances.filter(({ ref }) => names.has(keyOf(ref)));
  if (inventory.server(remote)?.extensions.has('storage_volume_full') ?? true) {
    const limit = pLimit(SIDE_BY_SIDE);
    return limit.map(there, ({ ref }) => client.instance(ref, signal));
  }
  const snapshots = await snapshotsByVolume(client, remote, there, signal);
  return there.map((instance) => ({ ...instance, snapshots: snapshots.get(keyOf(instance.ref)) ?? [] }));
}

async function snapshotsByVolume(
  client: IncusClient,
  remote: string,
  instances: readonly Instance[],
  signal: AbortSignal | undefined,
): Promise<Map<string, Snapshot[]>> {
  const found = new Map<string, Snapshot[]>();
  for (const [pool, type] of poolsOf(instances)) {
    for (const { project, instance, snapshot } of await client.instanceVolumes(remote, pool, type, signal)) {
      const { name, createdAt } = snapshot ?? {};
      if (name === undefined || createdAt === undefined) continue;
      const key = keyOf({ remote, project, instance });
      const blank = { stateful: false, ephemeral: false, config: {}, devices: {}, description: '' };
      const one: Snapshot = { ref: { remote, project, instance, snapshot: name }, createdAt, ...blank };
      found.set(key, [...(found.get(key) ?? []), one]);
    }
  }
  return found;
}
