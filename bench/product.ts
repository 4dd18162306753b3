/** The extension's own core, put together as `extension.ts` does, on a lab. */
import { IncusClient } from '../src/core/incus/client.ts';
import { ProxyTransport } from '../src/core/incus/proxyTransport.ts';
import { Runner } from '../src/core/incus/runner.ts';
import { QueryTransport } from '../src/core/incus/transport.ts';
import { Follower } from '../src/core/inventory/follow.ts';
import { Inventory } from '../src/core/inventory/inventory.ts';
import { countOf } from '../src/core/inventory/rows.ts';
import { keyOf } from '../src/core/model.ts';
import type { Lab } from '../test/lab/handle.ts';
import { type Fleet, FLEET_REMOTE } from './fleet.ts';

/** Milliseconds; none is ever reached. */
const LIMITS = { read: 300_000, change: 300_000 };

/** Rows that a side bar shows before anybody scrolls. */
const IN_SIGHT = 50;

/** By proxy, or by a process for each call where there can be no proxy. */
export type Way = 'proxy' | 'query';

export class Product {
  readonly inventory: Inventory;
  readonly #client: IncusClient;
  readonly #transport: ProxyTransport;
  #follower: Follower | undefined;

  constructor(lab: Lab, way: Way = 'proxy') {
    const runner = new Runner(
      () => ({ path: lab.client, env: lab.env }),
      () => undefined,
    );
    this.#transport = new ProxyTransport(runner, new QueryTransport(runner), () => way === 'proxy');
    this.#client = new IncusClient(
      runner,
      this.#transport,
      () => LIMITS,
      (what, why) => {
        throw new Error(`${what}: ${why}`);
      },
    );
    this.inventory = new Inventory(this.#client);
  }

  /** Reads the remotes and follows them. */
  async follow(): Promise<void> {
    this.#follower = new Follower(this.#client, this.inventory, (ref, error) => {
      throw new Error(`${ref.snapshot}: ${error.text}`);
    });
    await this.#follower.start();
    await this.inventory.settled();
  }

  async end(): Promise<void> {
    this.#follower?.dispose();
    this.inventory.dispose();
    await this.#transport.dispose();
  }
}

/** When what was there, in milliseconds since nothing was there, not even a proxy. */
export interface Reading {
  /** The rows. */
  readonly rows: number;
  /** Everything of the rows in sight. */
  readonly sight: number;
  /** The names of all snapshots. */
  readonly names: number;
}

/**
 * Reads a fleet from a cold start of the transport to the last name.
 * @throws Error where something is missing afterwards: what is fast has to be true
 */
export async function readFleet({ lab, instances, snapshots }: Fleet, way: Way = 'proxy'): Promise<Reading> {
  const product = new Product(lab, way);
  const { inventory } = product;
  // Which remotes there are is asked of the client, not of a server.
  await inventory.refreshRemotes();
  const inSight = new Set<string>();
  const unnamed = new Set<string>();
  const { promise: isRead, resolve } = Promise.withResolvers<{ sight: number; names: number }>();
  const start = performance.now();
  const elapsed = () => performance.now() - start;
  let sight = 0;
  let names = 0;
  inventory.onDidChange((change) => {
    if (change.kind !== 'instance') return;
    const details = inventory.instance(change.ref)?.details;
    const key = keyOf(change.ref);
    if (details !== 'pending' && unnamed.delete(key) && unnamed.size === 0) names = elapsed();
    if (details === 'read' && inSight.delete(key) && inSight.size === 0) sight = elapsed();
    if (sight > 0 && names > 0) resolve({ sight, names });
  });
  try {
    await inventory.refreshRemote(FLEET_REMOTE);
    const rows = elapsed();
    const listed = inventory.instances(FLEET_REMOTE);
    for (const { instance } of listed) unnamed.add(keyOf(instance.ref));
    for (const { instance } of listed.slice(0, IN_SIGHT)) inSight.add(keyOf(instance.ref));
    const read = await isRead;
    const counts = inventory.instances(FLEET_REMOTE).map(countOf);
    if (counts.length !== instances || counts.some((count) => count !== snapshots)) {
      throw new Error(`${counts.length} instances were read, and not of all of them ${snapshots} snapshots`);
    }
    return { rows, ...read };
  } finally {
    await product.end();
  }
}
