import { EventEmitter } from 'node:events';
import type { Inventory } from '../../core/inventory/inventory.ts';
import { type Instance, type InstanceRef, keyOf } from '../../core/model.ts';
import { grammarOf } from '../../core/policy/schedule/cron.ts';
import { checkHealth, type HealthProblem, isSerious } from '../../core/policy/schedule/health.ts';
import { Gathered } from '../gathered.ts';

/** Milliseconds in which changes are gathered. */
const GATHER = 250;

/** How often the clock alone is looked at, in milliseconds. */
const TICK = 60_000;

export interface SickInstance {
  readonly ref: InstanceRef;
  readonly problems: readonly HealthProblem[];
}

/** The health of all schedules, from what the inventory knows: no server is asked for it. */
export class HealthBoard {
  readonly #inventory: Inventory;
  readonly #zoneOf: (remote: string) => string;
  readonly #changes = new EventEmitter<{ change: [] }>();
  /** Since when each schedule has been seen to be in force. */
  readonly #since = new Map<string, { readonly schedule: string; readonly at: Date }>();
  /** Instances are read anew as new objects: what was found of one holds for a minute. */
  readonly #found = new WeakMap<Instance, { readonly key: string; readonly problems: readonly HealthProblem[] }>();
  readonly #end: () => void;
  readonly #ticking: NodeJS.Timeout;
  readonly #gathered = new Gathered(GATHER, () => {
    this.#changes.emit('change');
  });

  constructor(inventory: Inventory, zoneOf: (remote: string) => string) {
    this.#inventory = inventory;
    this.#zoneOf = zoneOf;
    this.#end = inventory.onDidChange(() => {
      this.#gathered.ask();
    });
    this.#ticking = setInterval(() => {
      this.#changes.emit('change');
    }, TICK);
  }

  /** @returns a function that ends the subscription */
  onDidChange(listener: () => void): () => void {
    this.#changes.on('change', listener);
    return () => void this.#changes.off('change', listener);
  }

  problemsOf(instance: Instance, now = new Date()): readonly HealthProblem[] {
    const server = this.#inventory.server(instance.ref.remote);
    if (!server) return [];
    const zone = this.#zoneOf(instance.ref.remote);
    const key = `${Math.floor(now.getTime() / TICK)} ${zone}`;
    const known = this.#found.get(instance);
    if (known?.key === key) return known.problems;
    const scheduledSince = this.#seen(instance, now);
    const problems = checkHealth({ instance, grammar: grammarOf(server), zone, now, scheduledSince });
    this.#found.set(instance, { key, problems });
    return problems;
  }

  /** All instances with which something is wrong, in the order of the tree. */
  all(now = new Date()): SickInstance[] {
    return this.#inventory.remotes
      .flatMap(({ remote }) => this.#inventory.instances(remote.name))
      .map(({ instance }) => ({ ref: instance.ref, problems: this.problemsOf(instance, now) }))
      .filter(({ problems }) => problems.length > 0);
  }

  /** How many instances have something serious. */
  get count(): number {
    return this.all().filter(({ problems }) => problems.some(isSerious)).length;
  }

  dispose(): void {
    this.#end();
    clearInterval(this.#ticking);
    this.#gathered.end();
    this.#changes.removeAllListeners();
  }

  #seen({ ref, expandedConfig }: Instance, now: Date): Date {
    const schedule = expandedConfig['snapshots.schedule'] ?? '';
    const known = this.#since.get(keyOf(ref));
    if (known?.schedule === schedule) return known.at;
    this.#since.set(keyOf(ref), { schedule, at: now });
    return now;
  }
}
