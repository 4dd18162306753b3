import pLimit from 'p-limit';
import * as vscode from 'vscode';
import type { Inventory } from '../../core/inventory/inventory.ts';
import { type Instance, type InstanceRef, keyOf, type Snapshot } from '../../core/model.ts';
import { mirrorSourceOf } from '../../core/policy/mirror/mirrorKeys.ts';
import { planPrune, type PruneInput } from '../../core/policy/retention/prune.ts';
import type { Retention } from '../../core/policy/retention/retention.ts';
import {
  type FromPrune,
  pruneContract,
  type PruneInstance,
  type PruneText,
  type ToPrune,
} from '../../protocol/prune.ts';
import { placeOf } from '../commands/choose.ts';
import type { Log } from '../log.ts';
import { timeZoneOf } from '../settings.ts';
import { Panel } from '../webview/panel.ts';
import { Panels } from '../webview/panels.ts';
import { Gathered } from '../gathered.ts';
import { pruneTexts } from './texts.ts';

/** What is to be pruned, as it was shown and agreed to. */
export interface PruneOrder {
  readonly rules: Retention;
  readonly snapshots: readonly Snapshot[];
}

/** What a page has done; each failure is told by whoever does it. */
export interface PruneWork {
  /** Asks, and deletes; `onBegin` is told when the user has agreed. */
  readonly prune: (order: PruneOrder, onBegin: () => void) => Promise<void>;
  readonly pin: (snapshots: readonly Snapshot[], pinned: boolean) => Promise<void>;
}

/** Milliseconds in which changes are gathered. */
const GATHER = 50;

/** Instances that are read side by side. */
const AT_ONCE = 4;

/** What is known of an instance, for its plan to be made. */
export function pruneInput(inventory: Inventory, instance: Instance, rules: Retention): PruneInput {
  const source = mirrorSourceOf(instance);
  const at = source && inventory.remotes.find(({ remote }) => isServer(inventory, remote.name, source.fingerprint));
  const original = at && inventory.instance({ ...source, remote: at.remote.name });
  return {
    instance,
    original: original?.details === 'read' ? original.instance : undefined,
    rules,
    zone: timeZoneOf(instance.ref.remote),
  };
}

function isServer(inventory: Inventory, remote: string, fingerprint: string): boolean {
  return inventory.server(remote)?.fingerprint === fingerprint;
}

/**
 * The pages on which pruning is looked at before it is done, one for each set of instances. They end with their window: what
 * was about to be deleted then is to be looked at anew.
 */
export class Prunes implements vscode.Disposable {
  readonly #inventory: Inventory;
  readonly #log: Log;
  readonly #pages = new Panels<PrunePage>();

  constructor(inventory: Inventory, log: Log) {
    this.#inventory = inventory;
    this.#log = log;
  }

  show(instances: readonly InstanceRef[], rules: Retention, work: PruneWork): void {
    const key = instances.map(keyOf).sort().join('\n');
    if (this.#pages.reveal(key)) return;
    this.#pages.open(key, (onClose) => new PrunePage(this.#inventory, this.#log, instances, rules, work, onClose));
  }

  dispose(): void {
    this.#pages.dispose();
  }
}

class PrunePage {
  readonly panel: Panel<PruneText, ToPrune, FromPrune>;
  readonly #inventory: Inventory;
  readonly #refs: readonly InstanceRef[];
  readonly #work: PruneWork;
  #rules: Retention;
  #revision = 0;
  /** What the last plan showed. */
  #shown = '';
  #order: PruneOrder | undefined;
  #busy: ToPrune['busy'];
  readonly #gathered = new Gathered(GATHER, () => {
    this.#send();
  });

  constructor(
    inventory: Inventory,
    log: Log,
    refs: readonly InstanceRef[],
    rules: Retention,
    work: PruneWork,
    onClose: () => void,
  ) {
    this.#inventory = inventory;
    this.#refs = refs;
    this.#rules = rules;
    this.#work = work;
    const unsubscribe = inventory.onDidChange(() => {
      this.#gathered.ask();
    });
    const [first] = refs;
    const title =
      refs.length === 1
        ? vscode.l10n.t('Prune {0}', first?.instance ?? '')
        : vscode.l10n.t('Prune {0} Instances', refs.length);
    this.panel = new Panel(log, {
      name: 'prune',
      title,
      icon: 'clear-all',
      contract: pruneContract,
      texts: pruneTexts(title),
      onReady: () => {
        this.#send();
        void this.#read();
      },
      onMessage: (message) => {
        this.#onMessage(message);
      },
      onClose: () => {
        unsubscribe();
        this.#gathered.end();
        onClose();
      },
    });
  }

  /** Reads the instances anew, and the originals of mirrors among them: the plan rests on what is true. */
  async #read(): Promise<void> {
    const limit = pLimit(AT_ONCE);
    const originals = this.#refs.flatMap((ref) => {
      const source = mirrorSourceOf(this.#inventory.instance(ref)?.instance ?? { config: {} });
      const at = this.#inventory.remotes.find(
        ({ remote }) => source && isServer(this.#inventory, remote.name, source.fingerprint),
      );
      return source && at ? [{ remote: at.remote.name, project: source.project, instance: source.instance }] : [];
    });
    await limit.map([...this.#refs, ...originals], (ref) =>
      // A failure stands in the log; what could not be read is not known, and is left alone.
      this.#inventory.refreshInstance(ref).catch(() => undefined),
    );
    this.#send();
  }

  #send(): void {
    const going: Snapshot[] = [];
    const instances = this.#refs.map((ref): PruneInstance => {
      const entry = this.#inventory.instance(ref);
      const input = entry?.details === 'read' ? pruneInput(this.#inventory, entry.instance, this.#rules) : undefined;
      const marks = input && planPrune(input);
      const head = { id: keyOf(ref), instance: ref.instance, place: placeOf(ref), zone: timeZoneOf(ref.remote) };
      if (!marks) return head;
      for (const { snapshot, keptBy } of marks) if (keptBy === undefined) going.push(snapshot);
      const snapshots = marks.map(({ snapshot, keptBy, count }) => ({
        name: snapshot.ref.snapshot,
        at: snapshot.createdAt.getTime(),
        ...(snapshot.expiresAt && { expires: snapshot.expiresAt.getTime() }),
        ...(keptBy !== undefined && { keptBy }),
        ...(count !== undefined && { count }),
      }));
      return { ...head, snapshots };
    });
    const plan = JSON.stringify([this.#rules, instances]);
    if (plan !== this.#shown) {
      this.#shown = plan;
      this.#order = { rules: this.#rules, snapshots: going };
      this.#revision++;
    }
    this.panel.send({ kind: 'plan', revision: this.#revision, rules: this.#rules, instances, busy: this.#busy });
  }

  #onMessage(message: FromPrune): void {
    switch (message.kind) {
      case 'rules':
        this.#rules = message.rules;
        this.#send();
        break;
      case 'prune':
        // What was shown is what is asked about; a plan that has changed since has to be looked at first.
        if (message.revision === this.#revision && this.#order && !this.#busy) void this.#prune(this.#order);
        break;
      case 'pin': {
        const ref = this.#refs.find((one) => keyOf(one) === message.id);
        const snapshot = ref && this.#inventory.snapshot({ ...ref, snapshot: message.name });
        if (snapshot?.createdAt.getTime() === message.at) void this.#work.pin([snapshot], message.pinned);
      }
    }
  }

  async #prune(order: PruneOrder): Promise<void> {
    const become = (busy: ToPrune['busy']) => {
      this.#busy = busy;
      this.#send();
    };
    become('asking');
    try {
      await this.#work.prune(order, () => {
        become('deleting');
      });
    } finally {
      become(undefined);
    }
  }
}
