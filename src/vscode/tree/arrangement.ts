import { EventEmitter } from 'node:events';
import * as vscode from 'vscode';
import type { Inventory } from '../../core/inventory/inventory.ts';
import { countOf, type InstanceEntry, newestOf } from '../../core/inventory/rows.ts';
import { type Arrangeable, type Filter, parseFilter, shows } from '../../core/policy/arrangement/filter.ts';
import { isOrder, type Order, ordered } from '../../core/policy/arrangement/order.ts';

/** Where the order is kept from one window to the next. */
const KEPT_ORDER = 'order';

/** How many instances there are, and how many of them a filter shows. */
export interface ShownCount {
  readonly shown: number;
  readonly all: number;
  /** Those of which too little is known to say. They are not shown. */
  readonly unknown: number;
}

/** Which instances the view shows, and in which order. A filter ends with the window: nobody is to take it for all. */
export class Arrangement {
  readonly #memory: Pick<vscode.Memento, 'get' | 'update'>;
  readonly #changes = new EventEmitter<{ change: [] }>();
  #text = '';
  #filter: Filter = [];
  #order: Order;

  constructor(memory: Pick<vscode.Memento, 'get' | 'update'>) {
    this.#memory = memory;
    const kept = memory.get(KEPT_ORDER);
    this.#order = isOrder(kept) ? kept : 'name';
  }

  /** The filter as it was typed. */
  get text(): string {
    return this.#text;
  }

  get order(): Order {
    return this.#order;
  }

  get isFiltered(): boolean {
    return this.#filter.length > 0;
  }

  /** All are shown, by name: what becomes of one instance moves no row. */
  get isPlain(): boolean {
    return !this.isFiltered && this.#order === 'name';
  }

  setFilter(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#filter = parseFilter(text).filter;
    this.#changes.emit('change');
  }

  async setOrder(order: Order): Promise<void> {
    if (order === this.#order) return;
    this.#order = order;
    this.#changes.emit('change');
    await this.#memory.update(KEPT_ORDER, order);
  }

  /** Those that are shown, in the order in which they stand. */
  arrange(entries: readonly InstanceEntry[]): InstanceEntry[] {
    if (this.isPlain) return [...entries];
    const fitting = entries.map(arrangeableOf).filter((one) => shows(this.#filter, one) === true);
    return ordered(fitting, this.#order).map(({ entry }) => entry);
  }

  count(entries: readonly InstanceEntry[]): ShownCount {
    const all = entries.length;
    if (!this.isFiltered) return { shown: all, all, unknown: 0 };
    const answers = entries.map((entry) => shows(this.#filter, arrangeableOf(entry)));
    const counted = (answer: boolean | undefined) => answers.filter((one) => one === answer).length;
    return { shown: counted(true), all, unknown: counted(undefined) };
  }

  /** @returns a function that ends the subscription */
  onDidChange(listener: () => void): () => void {
    this.#changes.on('change', listener);
    return () => void this.#changes.off('change', listener);
  }
}

/** What a filter and an order can know of a row. */
export function arrangeableOf(entry: InstanceEntry): Arrangeable & { readonly entry: InstanceEntry } {
  const snapshots = countOf(entry);
  const newest = newestOf(entry);
  return {
    entry,
    instance: entry.instance,
    ...(snapshots !== undefined && { snapshots }),
    ...(newest && { newest }),
  };
}

/** What the view says above its rows while a filter is on. */
export function filterMessage(inventory: Inventory, arrangement: Arrangement): string | undefined {
  if (!arrangement.isFiltered) return undefined;
  const { shown, all, unknown } = arrangement.count(allInstances(inventory));
  const text = arrangement.text.trim();
  if (unknown === 0) return vscode.l10n.t('{0} of {1} instances: {2}', shown, all, text);
  return vscode.l10n.t('{0} of {1} instances ({2} not known yet): {3}', shown, all, unknown, text);
}

export function allInstances(inventory: Inventory): InstanceEntry[] {
  return inventory.remotes.flatMap(({ remote }) => inventory.instances(remote.name));
}
