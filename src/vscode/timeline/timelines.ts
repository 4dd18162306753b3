import pLimit from 'p-limit';
import * as vscode from 'vscode';
import type { Inventory } from '../../core/inventory/inventory.ts';
import type { InstanceEntry } from '../../core/inventory/rows.ts';
import { type Instance, type InstanceRef, keyOf } from '../../core/model.ts';
import { mirrorSourceOf, sourceText } from '../../core/policy/mirror/mirrorKeys.ts';
import {
  type FromTimeline,
  type TimelineRow,
  timelineContract,
  type TimelineText,
  type ToTimeline,
} from '../../protocol/timeline.ts';
import type { Log } from '../log.ts';
import type { HealthBoard } from '../schedule/healthBoard.ts';
import { instanceNode, type Node, snapshotNode } from '../tree/nodes.ts';
import { Panel } from '../webview/panel.ts';
import { Panels } from '../webview/panels.ts';
import { Gathered } from '../gathered.ts';
import { timelineRow } from './rows.ts';
import { saveSvg } from './save.ts';
import { type Scope, scopeOf, scopeParts } from './scope.ts';
import { timelineTexts } from './texts.ts';

/** Milliseconds in which changes are gathered. */
const GATHER = 100;

/** Instances that are read side by side for the rows in sight. */
const AT_ONCE = 4;

type Reveal = (node: Node) => Promise<void>;

/** The timelines that stand open, one for each scope. */
export class Timelines implements vscode.Disposable {
  readonly #parts: TimelineParts;
  readonly #open = new Panels<Timeline>();

  constructor(inventory: Inventory, health: HealthBoard, log: Log) {
    this.#parts = { inventory, health, log };
  }

  /** @param reveal brings a row of the tree into sight */
  show(scope: Scope, reveal: Reveal): void {
    if (!this.#open.reveal(scope.key)) this.#add(scope, reveal);
  }

  /** Shows again what a tab showed before its window was opened anew. @param subject as the panel left it */
  restore(tab: vscode.WebviewPanel, subject: unknown, reveal: Reveal): void {
    const parts = scopeParts.safeParse(subject);
    if (parts.success) this.#add(scopeOf(parts.data), reveal, tab);
    else tab.dispose();
  }

  dispose(): void {
    this.#open.dispose();
  }

  #add(scope: Scope, reveal: Reveal, tab?: vscode.WebviewPanel): void {
    this.#open.open(scope.key, (onClose) => new Timeline(this.#parts, scope, reveal, onClose, tab));
  }
}

interface TimelineParts {
  readonly inventory: Inventory;
  readonly health: HealthBoard;
  readonly log: Log;
}

/** One timeline: sends what it shows to its webview, and follows the inventory. */
class Timeline {
  readonly panel: Panel<TimelineText, ToTimeline, FromTimeline>;
  readonly #inventory: Inventory;
  readonly #health: HealthBoard;
  readonly #scope: Scope;
  readonly #log: Log;
  readonly #reveal: Reveal;
  readonly #reads = pLimit(AT_ONCE);
  readonly #wanted = new Set<string>();
  /** Of the rows that were sent last, by their ids, since when they are overdue. */
  readonly #sent = new Map<string, number | undefined>();
  #changed: Map<string, InstanceRef> | 'all' | undefined;
  readonly #gathered = new Gathered(GATHER, () => {
    this.#flush();
  });

  constructor(
    { inventory, health, log }: TimelineParts,
    scope: Scope,
    reveal: Reveal,
    onClose: () => void,
    tab?: vscode.WebviewPanel,
  ) {
    this.#inventory = inventory;
    this.#health = health;
    this.#log = log;
    this.#scope = scope;
    this.#reveal = reveal;
    const unsubscribe = inventory.onDidChange((change) => {
      if (change.kind !== 'instance') this.#changed = 'all';
      else for (const ref of [change.ref, ...this.#originalsOf(change.ref)]) if (scope.has(ref)) this.#note(ref);
      this.#gather();
    });
    // By the clock alone a run comes to be missing.
    const unfollow = health.onDidChange(() => {
      for (const { instance } of this.#entries()) {
        const id = keyOf(instance.ref);
        if (this.#sent.has(id) && this.#sent.get(id) !== this.#overdue(instance)?.getTime()) this.#note(instance.ref);
      }
      this.#gather();
    });
    this.panel = new Panel(log, {
      name: 'timeline',
      title: scope.title,
      icon: 'graph-scatter',
      contract: timelineContract,
      texts: timelineTexts(scope.title),
      subject: scope.parts,
      ...(tab && { tab }),
      onReady: () => {
        this.#sendAll();
      },
      onMessage: (message) => {
        this.#onMessage(message);
      },
      onClose: () => {
        unsubscribe();
        unfollow();
        this.#gathered.end();
        this.#reads.clearQueue();
        onClose();
      },
    });
  }

  #note(ref: InstanceRef): void {
    if (this.#changed !== 'all') this.#changed = (this.#changed ?? new Map<string, InstanceRef>()).set(keyOf(ref), ref);
  }

  #gather(): void {
    if (this.#changed) this.#gathered.ask();
  }

  #overdue(instance: Instance): Date | undefined {
    return this.#health.problemsOf(instance).flatMap((one) => (one.kind === 'overdue' ? [one.since] : []))[0];
  }

  #flush(): void {
    const changed = this.#changed;
    this.#changed = undefined;
    if (!changed) return;
    const entries = changed === 'all' ? undefined : [...changed.values()].map((ref) => this.#inventory.instance(ref));
    if (entries?.every((entry) => entry && this.#sent.has(keyOf(entry.instance.ref)))) {
      const rows = this.#rowsOf(entries.flatMap((entry) => entry ?? []));
      this.#remember(rows);
      this.panel.send({ kind: 'some', rows });
    } else this.#sendAll();
  }

  #sendAll(): void {
    const rows = this.#rowsOf(this.#entries());
    this.#sent.clear();
    this.#remember(rows);
    this.#wanted.clear();
    this.panel.send({ kind: 'all', rows });
  }

  #remember(rows: readonly TimelineRow[]): void {
    for (const { id, overdue } of rows) this.#sent.set(id, overdue);
  }

  #entries(): InstanceEntry[] {
    return this.#inventory.remotes.flatMap(({ remote }) =>
      this.#inventory.instances(remote.name).filter(({ instance }) => this.#scope.has(instance.ref)),
    );
  }

  #rowsOf(entries: readonly InstanceEntry[]): TimelineRow[] {
    const mirrors = this.#mirrors();
    const now = new Date();
    return entries.map((entry) => {
      const { ref } = entry.instance;
      const server = this.#inventory.server(ref.remote);
      const mirror = server?.fingerprint === undefined ? undefined : mirrors.get(identityOf(server.fingerprint, ref));
      return timelineRow(entry, { server, mirror, overdue: this.#overdue(entry.instance), now });
    });
  }

  /** All mirrors there are, by what they mirror. */
  #mirrors(): Map<string, InstanceEntry> {
    const mirrors = new Map<string, InstanceEntry>();
    for (const { remote } of this.#inventory.remotes) {
      for (const entry of this.#inventory.instances(remote.name)) {
        const source = mirrorSourceOf(entry.instance);
        if (source) mirrors.set(sourceText(source), entry);
      }
    }
    return mirrors;
  }

  /** Of a mirror, the instances that it mirrors: one, by whichever remotes its server has. */
  #originalsOf(ref: InstanceRef): InstanceRef[] {
    const entry = this.#inventory.instance(ref);
    const source = entry && mirrorSourceOf(entry.instance);
    if (!source) return [];
    const { fingerprint, project, instance } = source;
    return this.#inventory.remotes.flatMap(({ remote: { name: remote } }) =>
      this.#inventory.server(remote)?.fingerprint === fingerprint ? [{ remote, project, instance }] : [],
    );
  }

  #onMessage(message: FromTimeline): void {
    if (message.kind === 'export') {
      void saveSvg(this.#log, this.#scope.title, message.svg);
      return;
    }
    const entries = new Map(this.#entries().map((entry) => [keyOf(entry.instance.ref), entry]));
    if (message.kind === 'select') {
      const entry = entries.get(message.id);
      if (!entry) return;
      const { ref } = entry.instance;
      const { snapshot } = message;
      void this.#reveal(snapshot === undefined ? instanceNode(ref) : snapshotNode({ ...ref, snapshot }));
      return;
    }
    // What is in sight by now comes before what was in sight a moment ago.
    this.#reads.clearQueue();
    const mirrors = this.#mirrors();
    const inSight = message.ids.flatMap((id) => {
      const entry = entries.get(id);
      if (!entry) return [];
      const fingerprint = this.#inventory.server(entry.instance.ref.remote)?.fingerprint;
      const mirror = fingerprint === undefined ? undefined : mirrors.get(identityOf(fingerprint, entry.instance.ref));
      return [entry, ...(mirror ? [mirror] : [])];
    });
    for (const entry of inSight) this.#want(entry);
  }

  #want({ instance: { ref }, details }: InstanceEntry): void {
    const id = keyOf(ref);
    if (details === 'read' || this.#wanted.has(id)) return;
    void this.#reads(async () => {
      this.#wanted.add(id);
      // A failure stands in the log, and its row stays as it is.
      await this.#inventory.refreshInstance(ref).catch(() => undefined);
    });
  }
}

function identityOf(fingerprint: string, { project, instance }: InstanceRef): string {
  return sourceText({ fingerprint, project, instance });
}
