import * as vscode from 'vscode';
import {
  type Completion,
  complete,
  completionsOf,
  type FilterProblem,
  parseFilter,
} from '../../core/policy/arrangement/filter.ts';
import { type Order, ORDERS } from '../../core/policy/arrangement/order.ts';
import { allInstances, arrangeableOf } from '../tree/arrangement.ts';
import { oneLine } from '../tree/items.ts';
import type { Handler, Services } from './services.ts';

interface Line extends vscode.QuickPickItem {
  /** Absent: the line that keeps what was typed. */
  readonly completion?: Completion;
}

/**
 * Asks for a filter, and shows what it does to the view while it is typed. Enter keeps it; Escape brings back the one
 * that was there before.
 */
export const filter: Handler = async (services) => {
  const { arrangement, inventory } = services;
  const before = arrangement.text;
  const box = vscode.window.createQuickPick<Line>();
  box.title = vscode.l10n.t('Filter Instances');
  box.placeholder = vscode.l10n.t('Part of a name, or words from the list; ! before a word means not');
  box.value = before;
  box.ignoreFocusOut = true;
  const show = () => {
    arrangement.setFilter(box.value);
    box.items = linesFor(services, box.value);
  };
  show();
  const kept = Promise.withResolvers<boolean>();
  const endings = [
    box.onDidChangeValue(show),
    // What arrives while the box stands open changes the counts.
    new vscode.Disposable(
      inventory.onDidChange(({ kind }) => {
        if (kind === 'remote') box.items = linesFor(services, box.value);
      }),
    ),
    box.onDidAccept(() => {
      const [line] = box.activeItems;
      if (line?.completion) {
        box.value = complete(box.value, line.completion);
        show();
      } else if (parseFilter(box.value).problems.length === 0) kept.resolve(true);
    }),
    box.onDidHide(() => {
      kept.resolve(false);
    }),
  ];
  box.show();
  if (!(await kept.promise)) arrangement.setFilter(before);
  for (const ending of endings) ending.dispose();
  box.dispose();
};

export const clearFilter: Handler = ({ arrangement }) => {
  arrangement.setFilter('');
  return Promise.resolve();
};

/** Asks in which order instances are to stand. */
export const sort: Handler = async ({ arrangement }) => {
  const lines = ORDERS.map((order) => ({
    label: orderWords(order),
    order,
    ...(order === arrangement.order && { description: vscode.l10n.t('in use') }),
  }));
  const line = await vscode.window.showQuickPick(lines, { title: vscode.l10n.t('Sort Instances') });
  if (line) await arrangement.setOrder(line.order);
};

function linesFor({ arrangement, inventory }: Services, text: string): Line[] {
  const entries = allInstances(inventory);
  const { problems } = parseFilter(text);
  const { shown, all } = arrangement.count(entries);
  const count = vscode.l10n.t('{0} of {1} instances', shown, all);
  const [problem] = problems;
  // VS Code puts on top what is most like the text: the line that Enter is for is the text itself.
  const typed = text.trim() === '' ? vscode.l10n.t('All instances') : oneLine(text.trim());
  const first: Line = problem
    ? { label: `$(warning) ${typed}`, description: problemWords(problem), alwaysShow: true }
    : { label: `$(check) ${typed}`, description: `${count} · ${vscode.l10n.t('Enter keeps it')}`, alwaysShow: true };
  const words = completionsOf(text, entries.map(arrangeableOf)).map((completion): Line => ({
    label: oneLine(completion.word),
    description: completionWords(completion),
    completion,
    // VS Code would hide what does not contain all of the text.
    alwaysShow: true,
  }));
  const separator: Line = {
    label: vscode.l10n.t('Words that can follow'),
    kind: vscode.QuickPickItemKind.Separator,
  };
  return words.length === 0 ? [first] : [first, separator, ...words];
}

function problemWords({ kind, word }: FilterProblem): string {
  return kind === 'incomplete'
    ? vscode.l10n.t('{0} is not complete', oneLine(word))
    : vscode.l10n.t('{0} is not known: name:, state: and user. keys are', oneLine(word));
}

function completionWords({ kind, word }: Completion): string {
  const isNot = word.startsWith('!');
  switch (kind) {
    case 'state':
      return isNot ? vscode.l10n.t('in any other state') : vscode.l10n.t('in this state');
    case 'noSnapshots':
      return isNot ? vscode.l10n.t('has snapshots') : vscode.l10n.t('has no snapshots');
    case 'keySet':
      return isNot ? vscode.l10n.t('the key is not set') : vscode.l10n.t('the key is set; = asks for a value');
    case 'keyValue':
      return isNot ? vscode.l10n.t('the key has another value, or none') : vscode.l10n.t('the key has this value');
  }
}

function orderWords(order: Order): string {
  switch (order) {
    case 'name':
      return vscode.l10n.t('By name');
    case 'state':
      return vscode.l10n.t('By state, what is wrong first');
    case 'oldestSnapshot':
      return vscode.l10n.t('By the newest snapshot, what has waited longest first');
    case 'newestSnapshot':
      return vscode.l10n.t('By the newest snapshot, newest first');
  }
}
