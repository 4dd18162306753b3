import * as vscode from 'vscode';
import { type InstanceRef, keyOf, type SnapshotServerPair } from '../../core/model.ts';
import { jobFor, jobKey, type MirrorJob } from '../../core/policy/mirror/mirrorJobs.ts';
import { WhileSeen } from '../gathered.ts';
import { oneLine } from '../tree/items.ts';
import { drillWords, exactTime, relativeTime } from '../tree/wording.ts';
import type { MirrorBoard, MirrorLine } from './board.ts';

/** A pair of the settings. */
export interface PairNode {
  readonly kind: 'pair';
  readonly id: string;
  readonly pair: SnapshotServerPair;
}

/** An instance and its mirror. `ref` is the original. */
export interface MirrorNode {
  readonly kind: 'mirror';
  readonly id: string;
  readonly ref: InstanceRef;
  readonly job: MirrorJob;
}

export type MirrorRow = PairNode | MirrorNode;

/** The view of pairs and their mirrors. */
export class MirrorsProvider implements vscode.TreeDataProvider<MirrorRow>, vscode.Disposable {
  readonly #board: MirrorBoard;
  readonly #wants: (ref: InstanceRef) => void;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #nodes = new Map<string, MirrorRow>();
  readonly #end: () => void;
  #drawn = '';
  readonly #seen = new WhileSeen(() => {
    this.flush();
  });

  readonly onDidChangeTreeData = this.#changed.event;

  /** @param wants asks for the snapshots of an instance where they are not known */
  constructor(board: MirrorBoard, wants: (ref: InstanceRef) => void) {
    this.#board = board;
    this.#wants = wants;
    this.#end = board.onDidChange(() => {
      this.#seen.ask();
    });
  }

  /** Ages tick only while somebody sees them. */
  setVisible(visible: boolean): void {
    this.#seen.setVisible(visible);
  }

  /** Redraws the view, where its words are others than those that stand there. */
  flush(): void {
    this.#seen.settle();
    const words = JSON.stringify(this.#words());
    if (words === this.#drawn) return;
    this.#drawn = words;
    this.#changed.fire(undefined);
  }

  getChildren(row?: MirrorRow): MirrorRow[] {
    if (!row) return this.#board.pairs.map((pair) => this.#known(pairNode(pair)));
    if (row.kind === 'mirror') return [];
    return this.#board.linesOf(row.pair).map(({ job, standing }) => {
      if (standing.kind === 'unknown') for (const ref of [job.source, job.target]) this.#wants(ref);
      return this.#known({ kind: 'mirror', id: jobKey(job), ref: job.source, job });
    });
  }

  getParent(row: MirrorRow): MirrorRow | undefined {
    if (row.kind === 'pair') return undefined;
    const pair = this.#board.pairs.find((one) => jobKey(jobFor(one, row.ref)) === row.id);
    return pair && this.#known(pairNode(pair));
  }

  getTreeItem(row: MirrorRow): vscode.TreeItem {
    return row.kind === 'pair' ? this.#pairItem(row) : mirrorItem(row, this.#board.line(row.job), new Date());
  }

  dispose(): void {
    this.#end();
    this.#seen.dispose();
    this.#changed.dispose();
  }

  #words(): unknown[] {
    const now = new Date();
    return this.#board.pairs.map((pair) => [
      pair,
      this.#board.linesOf(pair).map((line) => [jobKey(line.job), describeLine(line, now), line.isLate]),
    ]);
  }

  #pairItem({ id, pair }: PairNode): vscode.TreeItem {
    const lines = this.#board.linesOf(pair);
    const mirrored = lines.filter(({ standing: { kind } }) => kind !== 'none' && kind !== 'foreign').length;
    const late = lines.filter((line) => line.isLate).length;
    const item = new vscode.TreeItem(
      `${oneLine(pair.from)} → ${oneLine(pair.to)}`,
      vscode.TreeItemCollapsibleState.Expanded,
    );
    item.id = id;
    item.description = [
      vscode.l10n.t('{0} of {1} mirrored', mirrored, lines.length),
      late > 0 ? vscode.l10n.t('{0} late', late) : '',
    ]
      .filter(Boolean)
      .join(' · ');
    item.iconPath = new vscode.ThemeIcon('server-environment');
    item.contextValue = 'pair';
    return item;
  }

  #known(node: MirrorRow): MirrorRow {
    const known = this.#nodes.get(node.id);
    // The setting may say something else of a pair by now.
    if (known && JSON.stringify(known) === JSON.stringify(node)) return known;
    this.#nodes.set(node.id, node);
    return node;
  }
}

function pairNode(pair: SnapshotServerPair): PairNode {
  return { kind: 'pair', id: `pair ${keyOf({ remote: pair.from })} ${keyOf({ remote: pair.to })}`, pair };
}

/** How a mirror is, and what to do next, in a few words. */
export function describeLine(line: MirrorLine, now: Date): string {
  const { standing, verified, last } = line;
  const age = verified ? vscode.l10n.t('mirrored {0}', relativeTime(verified, now)) : '';
  const isParted = standing.kind === 'mirrored' && standing.isParted && !line.isRunning;
  const parts = [
    standingWords(line),
    age,
    isParted ? vscode.l10n.t('the next run sends it whole') : '',
    line.isLate ? vscode.l10n.t('late: mirror it again') : '',
  ];
  if (last?.state === 'failed' && !line.isRunning && standing.kind !== 'unfinished') {
    parts.push(vscode.l10n.t('last run failed'));
  }
  if (line.drill) parts.push(vscode.l10n.t('drill {0}', drillWords(line.drill, now)));
  return parts.filter(Boolean).join(' · ');
}

function standingWords({ standing, isRunning, last }: MirrorLine): string {
  if (isRunning) return vscode.l10n.t('being mirrored…');
  if (standing.kind === 'unfinished' || last?.state === 'unfinished') {
    return vscode.l10n.t('last run unfinished: mirror it again');
  }
  switch (standing.kind) {
    case 'none':
      return vscode.l10n.t('not mirrored');
    case 'foreign':
      return vscode.l10n.t('its name is taken there');
    case 'unknown':
      return '';
    case 'mirrored': {
      if (standing.missing + standing.surplus === 0) return vscode.l10n.t('in step');
      return [
        standing.missing > 0 ? vscode.l10n.t('to send: {0}', standing.missing) : '',
        standing.surplus > 0 ? vscode.l10n.t('only there: {0}', standing.surplus) : '',
      ]
        .filter(Boolean)
        .join(' · ');
    }
  }
}

function mirrorItem(row: MirrorNode, line: MirrorLine, now: Date): vscode.TreeItem {
  const item = new vscode.TreeItem(row.ref.instance);
  const description = describeLine(line, now);
  item.id = row.id;
  item.description = description;
  item.iconPath = iconOf(line);
  item.contextValue = ['mirror', line.standing.kind, line.isRunning ? 'running' : ''].filter(Boolean).join(';');
  item.tooltip = tooltipOf(line);
  item.accessibilityInformation = { label: `${row.ref.instance}, ${description}` };
  return item;
}

function tooltipOf({ job, verified, last }: MirrorLine): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendText(`${oneLine(job.source.remote)}:${job.source.instance} → ${oneLine(job.target.remote)}`);
  const lines = [
    verified ? vscode.l10n.t('Found whole {0}', exactTime(verified)) : '',
    last?.state === 'failed' && last.error ? vscode.l10n.t('The last run failed: {0}', last.error.text) : '',
    vscode.l10n.t('Project there: {0}', oneLine(job.target.project)),
  ];
  for (const one of lines) if (one !== '') text.appendMarkdown('\n\n').appendText(one);
  return text;
}

function iconOf({ standing, isRunning, isLate, last }: MirrorLine): vscode.ThemeIcon {
  const warning = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  if (isRunning) return new vscode.ThemeIcon('loading~spin');
  if (isLate || standing.kind === 'unfinished' || last?.state === 'unfinished' || last?.state === 'failed')
    return warning;
  switch (standing.kind) {
    case 'none':
    case 'foreign':
      return new vscode.ThemeIcon('circle-slash', new vscode.ThemeColor('disabledForeground'));
    case 'unknown':
      return new vscode.ThemeIcon('question');
    case 'mirrored':
      return standing.missing + standing.surplus === 0
        ? new vscode.ThemeIcon('pass', new vscode.ThemeColor('charts.green'))
        : new vscode.ThemeIcon('sync');
  }
}
