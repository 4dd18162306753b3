import { setTimeout as pause } from 'node:timers/promises';
import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, type IncusErrorKind, toIncusError } from '../incus/errors.ts';
import type { OperationEvent } from '../incus/events.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type Config, type Instance, type InstanceRef, isRunning, keyOf } from '../model.ts';
import { brokenOverrides } from '../policy/mirror/mirrorKeys.ts';
import { listFaults, type MirrorJob } from '../policy/mirror/mirrorJobs.ts';
import type { Operations } from './operations.ts';

/** Failures that pass by themselves, and how long to wait before the next attempt (milliseconds). */
const PASSING: ReadonlyMap<IncusErrorKind, number> = new Map([
  // Somebody else wrote the configuration between the CLI's reading and its writing.
  ['changedMeanwhile', 0],
  // The source waits some ten seconds for a target that died, and whoever comes in that time shares its failure.
  ['copyInterrupted', 4_000],
]);

const ATTEMPTS = 4;

/** Milliseconds between two looks at whether the target is still at work. */
const LOOK = 200;

/**
 * Does something again where it failed for a reason that passes.
 * @param prepare done before each further attempt
 */
export async function insist(
  work: () => Promise<void>,
  signal?: AbortSignal,
  prepare?: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      const wait = PASSING.get(toIncusError(error).kind);
      if (wait === undefined || attempt === ATTEMPTS || signal?.aborted) throw error;
      await pause(wait);
      await prepare?.();
    }
  }
}

/** One sending. */
export interface Transfer {
  readonly job: MirrorJob;
  /** What is written to: the mirror, or the instance that becomes it. */
  readonly base: InstanceRef;
  /** What is sent: the source itself, or a copy of it on its server. */
  readonly from: InstanceRef;
  /** What is to hold on it afterwards. */
  readonly config: Config;
  /** As it was when the sending began. */
  readonly source: Instance;
  /**
   * Only of a sending that makes what is written to: takes away what an attempt left. To go on from there is no way on
   * btrfs, where the source itself came from another server (6.0.4, 7.0.2): the target asks for all of it again, and
   * loses its volume on that.
   */
  readonly clear?: () => Promise<void>;
}

/** Sends an instance, tells how far that is, breaks it off, and looks at what arrived. */
export class MirrorTransfer {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #operations: Operations;

  constructor(client: IncusClient, inventory: Inventory, operations: Operations) {
    this.#client = client;
    this.#inventory = inventory;
    this.#operations = operations;
  }

  /**
   * @param signal asks the server to break off; where it does not, the sending goes on to its end
   * @param onProgress told how far it is, as the server words it
   * @throws IncusError; that it throws none says nothing yet: a sending that was broken off ends with exit code 0 as well
   */
  async send(
    { job, base, from, config, clear }: Transfer,
    signal: AbortSignal,
    onProgress: (text: string) => void,
  ): Promise<void> {
    const isAbout = (ref: InstanceRef, description: string) => (event: OperationEvent) =>
      event.description === description && event.instances.some((one) => keyOf(one) === keyOf(ref));
    const { mode, pool } = job;
    const command = commands.mirrorInstance(from, base, config, { mode, ...(pool !== undefined && { pool }) });
    try {
      const expected = [
        { remote: job.source.remote, isMine: isAbout(from, 'Migrating instance') },
        { remote: job.target.remote, isMine: isAbout(base, 'Creating instance') },
      ];
      const copy = async () => {
        try {
          await this.#client.change(command);
        } catch (error) {
          // All was sent then. What was to be written is written when it is made; on a mirror that was there it is not.
          if (!clear || toIncusError(error).kind !== 'changedMeanwhile') throw error;
        }
      };
      await insist(() => this.#operations.during(expected, signal, onProgress, copy), signal, clear);
    } finally {
      // Whatever happened, the row is to show it.
      await this.#inventory.refreshInstance(base).catch(() => undefined);
    }
  }

  /** Waits until the target is no longer at work on it. */
  async settle(base: InstanceRef, signal: AbortSignal): Promise<void> {
    while (await this.#client.isBeingMade(base, 'Creating instance', signal)) await pause(LOOK, undefined, { signal });
  }

  /**
   * Reads back what is there, once the target is no longer at work on it: what it is about to take back still has all of
   * its snapshots in the list.
   * @throws IncusError `notVerified`, or `cancelled` where that is the reason
   */
  async verify({ job, base, config, source }: Transfer, signal: AbortSignal): Promise<void> {
    await this.settle(base, signal);
    const mirror = await this.#inventory.refreshInstance(base).catch((error: unknown) => {
      if (signal.aborted) throw new IncusError('cancelled', { text: 'cancelled while it was sent', cause: error });
      if (toIncusError(error).kind !== 'instanceMissing') throw error;
      throw new IncusError('notVerified', { text: 'it is not there' });
    });
    let faults = listFaults(source.snapshots ?? [], source.snapshots ?? [], mirror.snapshots ?? []);
    if (faults.missing.length + faults.foreign.length > 0) {
      const after = await this.#inventory.refreshInstance(job.source);
      faults = listFaults(source.snapshots ?? [], after.snapshots ?? [], mirror.snapshots ?? []);
    }
    const broken = brokenOverrides(mirror, config);
    const said = [
      mirror.snapshots ? '' : 'its snapshots are not known',
      faults.missing.length > 0 ? `missing: ${faults.missing.join(', ')}` : '',
      faults.foreign.length > 0 ? `of another time or not on the source: ${faults.foreign.join(', ')}` : '',
      broken.length > 0 ? `not set: ${broken.join(', ')}` : '',
      isRunning(mirror) ? 'it runs' : '',
    ].filter(Boolean);
    if (said.length === 0) return;
    if (signal.aborted) throw new IncusError('cancelled', { text: 'cancelled while it was sent' });
    throw new IncusError('notVerified', { text: said.join('; ') });
  }
}
