import { EventEmitter } from 'node:events';
import type { DrillHistory } from '../../core/actions/drillHistory.ts';
import type { Mirrors } from '../../core/actions/mirror.ts';
import type { MirrorHistory } from '../../core/actions/mirrorHistory.ts';
import type { Inventory } from '../../core/inventory/inventory.ts';
import type { InstanceRef, Snapshot, SnapshotServerPair } from '../../core/model.ts';
import { mirroredState, type SnapshotMirrored } from '../../core/policy/mirror/compare.ts';
import { incomingName } from '../../core/policy/mirror/mirrorNames.ts';
import { isMirrorOf, type MirrorSource, mirrorSourceOf } from '../../core/policy/mirror/mirrorKeys.ts';
import { jobFor, type MirrorJob } from '../../core/policy/mirror/mirrorJobs.ts';
import type { DrillResult } from '../../core/policy/mirror/drill.ts';
import { isTemporaryName } from '../../core/policy/temporary.ts';
import { isLate, type MirrorStanding, standingOf } from '../../core/policy/mirror/mirrorStanding.ts';

/** How one instance stands with its mirror. */
export interface MirrorLine {
  readonly job: MirrorJob;
  readonly standing: MirrorStanding;
  /** When it was last seen to be whole, by anybody. */
  readonly verified: Date | undefined;
  readonly isRunning: boolean;
  readonly last: ReturnType<MirrorHistory['lastOf']>;
  /** The last recovery drill of the mirror, as this client made it. */
  readonly drill: DrillResult | undefined;
  /** The last verified run is longer ago than the setting allows. */
  readonly isLate: boolean;
}

/** What is known of all mirrors: of the inventory, the settings and the last runs. It asks no server by itself. */
export class MirrorBoard {
  readonly #inventory: Inventory;
  readonly #mirrors: Mirrors;
  readonly #pairs: () => readonly SnapshotServerPair[];
  readonly #maxAge: () => number;
  readonly #drills: DrillHistory;
  readonly #changes = new EventEmitter<{ change: [] }>();
  readonly #end: () => void;

  /**
   * @param maxAge milliseconds; 0: nothing is ever late
   * @param drills the last drills of mirrors
   */
  constructor(
    inventory: Inventory,
    mirrors: Mirrors,
    pairs: () => readonly SnapshotServerPair[],
    maxAge: () => number,
    drills: DrillHistory,
  ) {
    this.#inventory = inventory;
    this.#mirrors = mirrors;
    this.#pairs = pairs;
    this.#maxAge = maxAge;
    this.#drills = drills;
    const ends = [inventory, drills].map((one) =>
      one.onDidChange(() => {
        this.touch();
      }),
    );
    this.#end = () => {
      for (const end of ends) end();
    };
  }

  /** @returns a function that ends the subscription */
  onDidChange(listener: () => void): () => void {
    this.#changes.on('change', listener);
    return () => void this.#changes.off('change', listener);
  }

  /** Says that something changed which the inventory does not know: a run, a setting. */
  touch(): void {
    this.#changes.emit('change');
  }

  dispose(): void {
    this.#end();
    this.#changes.removeAllListeners();
  }

  get pairs(): readonly SnapshotServerPair[] {
    return this.#pairs();
  }

  /** The instances of a pair's `from`: those with a mirror first. Mirrors of other servers are not among them. */
  linesOf(pair: SnapshotServerPair): MirrorLine[] {
    const lines = this.#inventory
      .instances(pair.from)
      .filter(({ instance }) => !mirrorSourceOf(instance) && !isTemporaryName(instance.ref.instance))
      .map(({ instance }) => this.line(jobFor(pair, instance.ref)));
    const isThere = ({ standing: { kind } }: MirrorLine) => kind !== 'none' && kind !== 'foreign';
    return [...lines.filter(isThere), ...lines.filter((line) => !isThere(line))];
  }

  line(job: MirrorJob): MirrorLine {
    const source = this.#inventory.instance(job.source)?.instance;
    const mirror = this.#inventory.instance(job.target)?.instance;
    const found = standingOf(source ?? {}, this.#identityOf(job.source), mirror);
    const isBroken = found.kind === 'none' && this.#hasIncoming(job);
    const standing: MirrorStanding = isBroken ? { kind: 'unfinished', verified: undefined } : found;
    const last = this.#mirrors.history.lastOf(job);
    const verified = latest('verified' in standing ? standing.verified : undefined, last);
    return {
      ...{ job, standing, verified, last, drill: mirror && this.#drills.last(job.target) },
      isRunning: this.#mirrors.isRunning(job),
      isLate: isLate(verified, this.#maxAge(), new Date()),
    };
  }

  /** How an instance stands with its mirror; with several pairs the first that has one. `undefined`: nowhere mirrored. */
  lineFor(ref: InstanceRef): MirrorLine | undefined {
    return this.#pairs()
      .filter(({ from }) => from === ref.remote)
      .map((pair) => this.line(jobFor(pair, ref)))
      .find(({ standing: { kind } }) => kind !== 'none' && kind !== 'foreign');
  }

  /** How a snapshot stands with the mirror of its instance; `undefined`: there is none, or its list is not known yet. */
  snapshotState(snapshot: Snapshot): SnapshotMirrored | undefined {
    const { remote, project, instance } = snapshot.ref;
    const line = this.lineFor({ remote, project, instance });
    if (!line || snapshot.pending) return undefined;
    const mirror = this.#inventory.instance(line.job.target)?.instance;
    if (mirror && !mirror.snapshots) this.#inventory.want(line.job.target);
    return mirror && mirroredState(snapshot, mirror);
  }

  /** The remote whose mirror an instance is, and its name there; `undefined`: it is none, or its server is not known. */
  originOf(ref: InstanceRef): (MirrorSource & { remote: string | undefined }) | undefined {
    const instance = this.#inventory.instance(ref)?.instance;
    const source = instance && mirrorSourceOf(instance);
    if (!source) return undefined;
    const remote = this.#inventory.remotes.find(
      (one) => this.#inventory.server(one.remote.name)?.fingerprint === source.fingerprint,
    );
    return { ...source, remote: remote?.remote.name };
  }

  #identityOf({ remote, project, instance }: InstanceRef): MirrorSource {
    return { fingerprint: this.#inventory.server(remote)?.fingerprint ?? '', project, instance };
  }

  #hasIncoming(job: MirrorJob): boolean {
    const ref = { ...job.target, instance: incomingName(job.target.instance) };
    const incoming = this.#inventory.instance(ref)?.instance;
    return incoming !== undefined && isMirrorOf(incoming, this.#identityOf(job.source));
  }
}

/** A run that found nothing to do writes nothing on the mirror; this program remembers it. */
function latest(verified: Date | undefined, last: MirrorLine['last']): Date | undefined {
  if (!verified || last?.state !== 'done' || last.at <= verified.getTime()) return verified;
  return new Date(last.at);
}
