/**
 * Somebody else at work on the lab's servers: random operations on instances and snapshots, the same for the same seed
 * as far as the servers let them happen in the same order.
 */
import { IMAGE, type Lab, SNAPSHOT_REMOTE } from './handle.ts';
import type { LabServer } from './server.ts';

/** Instances that there may be at a time; few, so that operations meet. */
const INSTANCES = 6;

/** Operations at a time. */
const HANDS = 3;

export class SecondClient {
  readonly #lab: Lab;
  readonly #random: () => number;
  readonly #prefix: string;
  #count = 0;
  /** The instances that are believed to be there, as `remote:name`, with their snapshots. */
  readonly #instances = new Map<string, Set<string>>();
  /** Instances that something is being done to: two things at once can break one for good, which is Incus' own affair. */
  readonly #busy = new Set<string>();
  /** What was done, one line each. */
  readonly log: string[] = [];

  /** @param prefix of the names of all instances that are made */
  constructor(lab: Lab, seed: number, prefix: string) {
    this.#lab = lab;
    this.#random = randomOf(seed);
    this.#prefix = prefix;
  }

  /** Does so many things, some at a time; between them the servers are restarted or killed so many times. */
  async work(operations: number, restarts: number): Promise<void> {
    const perRound = Math.ceil(operations / (restarts + 1));
    for (let done = 0; done < operations; done += perRound) {
      if (done > 0) await this.#upset();
      const count = Math.min(perRound, operations - done);
      let begun = 0;
      const hand = async () => {
        while (begun++ < count) await this.#operate();
      };
      await Promise.all(Array.from({ length: HANDS }, hand));
    }
  }

  /** Removes what it has made. */
  async clean(): Promise<void> {
    for (const remote of ['local', SNAPSHOT_REMOTE]) {
      const all = await this.#lab.query<string[]>(`${remote}:/1.0/instances`);
      const own = all.map((path) => path.split('/').at(-1) ?? '').filter((name) => name.startsWith(this.#prefix));
      for (const name of own) await this.#lab.must('delete', '--force', `${remote}:${name}`);
    }
  }

  async #upset(): Promise<void> {
    const server: LabServer = this.#pick([this.#lab.primary, this.#lab.snapshotServer]);
    const way = this.#pick(['stop', 'kill'] as const);
    this.log.push(`--- ${way} and start ${server.name}`);
    await server[way]();
    await server.start();
  }

  async #operate(): Promise<void> {
    const free = [...this.#instances.keys()].filter((instance) => !this.#busy.has(instance));
    if (free.length === 0 || (this.#instances.size < INSTANCES && this.#random() < 0.15)) return this.#create();
    const instance = this.#pick(free);
    this.#busy.add(instance);
    await this.#change(instance, this.#random());
    this.#busy.delete(instance);
  }

  async #change(instance: string, kind: number): Promise<void> {
    const snapshots = this.#instances.get(instance) ?? new Set();
    const [remote = '', name = ''] = instance.split(':');
    const snapshot = snapshots.size > 0 ? this.#pick([...snapshots]) : undefined;
    if (kind < 0.06) {
      if (await this.#do('delete', '--force', instance)) this.#instances.delete(instance);
    } else if (kind < 0.12) {
      const other = this.#name();
      if (await this.#do('rename', instance, other)) {
        this.#instances.delete(instance);
        this.#instances.set(`${remote}:${other}`, snapshots);
      }
    } else if (kind < 0.3) {
      await this.#do(
        'config',
        'set',
        instance,
        `user.x=${this.#count++}`,
        `snapshots.expiry=${1 + (this.#count % 9)}d`,
      );
    } else if (kind < 0.38) {
      await this.#do('start', instance);
    } else if (kind < 0.46) {
      await this.#do('stop', '--force', instance);
    } else if (snapshot === undefined || kind < 0.7) {
      const made = `s${this.#count++}`;
      if (await this.#do('snapshot', 'create', instance, made)) snapshots.add(made);
    } else if (kind < 0.78) {
      if (await this.#do('snapshot', 'delete', instance, snapshot)) snapshots.delete(snapshot);
    } else if (kind < 0.88) {
      const other = `r${this.#count++}`;
      if (await this.#do('snapshot', 'rename', instance, snapshot, other)) {
        snapshots.delete(snapshot);
        snapshots.add(other);
      }
    } else {
      const expiry = JSON.stringify({ expires_at: `20${30 + (this.#count++ % 60)}-01-01T00:00:00Z` });
      const path = `${remote}:/1.0/instances/${name}/snapshots/${snapshot}`;
      await this.#do('query', '-X', 'PATCH', '--wait', '-d', expiry, path);
    }
  }

  async #create(): Promise<void> {
    const remote = this.#pick(['local', SNAPSHOT_REMOTE]);
    const instance = `${remote}:${this.#name()}`;
    if (await this.#do('init', '--quiet', `${remote}:${IMAGE}`, instance)) this.#instances.set(instance, new Set());
  }

  /** Incus may refuse: two hands can be at the same thing. */
  async #do(...args: string[]): Promise<boolean> {
    const { exitCode, stderr } = await this.#lab.incus(...args);
    this.log.push(`${args.join(' ')}${exitCode === 0 ? '' : `: ${stderr.trim()}`}`);
    return exitCode === 0;
  }

  #name(): string {
    return `${this.#prefix}${this.#count++}`;
  }

  #pick<T>(all: readonly T[]): T {
    const picked = all[Math.floor(this.#random() * all.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }
}

/** Numbers from 0 to 1 that look random (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
