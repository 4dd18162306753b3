import * as vscode from 'vscode';
import { type ExpiryProblem, resolveExpiry } from '../../core/policy/schedule/expiry.ts';
import { checkNewInstanceName, checkNewSnapshotName, type NameProblem } from '../../core/policy/names.ts';
import { exactTime } from '../tree/wording.ts';

function nameProblem(problem: NameProblem): string {
  switch (problem) {
    case 'empty':
      return vscode.l10n.t('A name is needed.');
    case 'tooLong':
      return vscode.l10n.t('The name is too long.');
    case 'badCharacter':
      return vscode.l10n.t(
        'Only letters, digits, dots, hyphens and underscores. An instance has no dots and underscores.',
      );
    case 'badStart':
      return vscode.l10n.t('The name has to begin with a letter or digit.');
    case 'badEnd':
      return vscode.l10n.t('The name has to end with a letter or digit.');
    case 'onlyDigits':
      return vscode.l10n.t('The name cannot be digits alone.');
    case 'taken':
      return vscode.l10n.t('The name is taken.');
  }
}

/**
 * @param emptyMeans what an empty name stands for; absent: a name is needed
 * @returns `undefined` where the user left
 */
export function askSnapshotName(options: {
  title: string;
  value: string;
  taken: readonly string[];
  emptyMeans?: string;
}): Promise<string | undefined> {
  const ofName = checked(checkNewSnapshotName, options.taken);
  const check = (name: string) => (name === '' && options.emptyMeans !== undefined ? undefined : ofName(name));
  return askName({ ...options, check, prompt: options.emptyMeans ?? vscode.l10n.t('Name of the snapshot') });
}

/** @param options.prompt absent: that it is the name of the instance */
export function askInstanceName(options: {
  title: string;
  value: string;
  taken: readonly string[];
  prompt?: string;
}): Promise<string | undefined> {
  const check = checked(checkNewInstanceName, options.taken);
  return askName({ prompt: vscode.l10n.t('Name of the instance'), ...options, check });
}

/** A volume's name has the rule of a snapshot's. */
export function askVolumeName(options: {
  title: string;
  value: string;
  taken: readonly string[];
  prompt?: string;
}): Promise<string | undefined> {
  const check = checked(checkNewSnapshotName, options.taken);
  return askName({ prompt: vscode.l10n.t('Name of the volume'), ...options, check });
}

/** What is wrong with a name that is typed, in words. */
function checked(rule: typeof checkNewSnapshotName, taken: readonly string[]) {
  return (name: string) => {
    const problem = rule(name, taken);
    return problem && nameProblem(problem);
  };
}

async function askName(options: {
  title: string;
  value: string;
  prompt: string;
  check: (name: string) => string | undefined;
}): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: options.title,
    value: options.value,
    prompt: options.prompt,
    ignoreFocusOut: true,
    validateInput: options.check,
  });
}

/** When a snapshot is to expire: a time, never, or whatever the instance's settings say. */
export type ExpiryChoice = Date | 'never' | 'asSet';

const NEVER_WORD = 'never';

/**
 * @param emptyMeans what an empty answer stands for
 * @returns `undefined` where the user left
 */
export async function askExpiry(options: {
  title: string;
  value?: string;
  emptyMeans: { choice: 'never' | 'asSet'; words: string };
}): Promise<ExpiryChoice | undefined> {
  const read = (text: string): { choice: ExpiryChoice } | { problem: ExpiryProblem } => {
    const trimmed = text.trim();
    if (trimmed === '') return { choice: options.emptyMeans.choice };
    if (trimmed.toLowerCase() === NEVER_WORD) return { choice: 'never' };
    const resolved = resolveExpiry(trimmed, new Date());
    if (resolved.kind === 'invalid') return { problem: resolved.problem };
    return { choice: resolved.kind === 'at' ? resolved.at : 'never' };
  };
  const text = await vscode.window.showInputBox({
    title: options.title,
    prompt: options.emptyMeans.words,
    placeHolder: vscode.l10n.t('e.g. 7d, 1w 12H, 2030-01-31 18:00, or never'),
    ignoreFocusOut: true,
    ...(options.value !== undefined && { value: options.value }),
    validateInput: (value) => {
      const answer = read(value);
      if ('problem' in answer) return expiryProblem(answer.problem);
      if (!(answer.choice instanceof Date)) return undefined;
      return {
        message: vscode.l10n.t('Expires {0}', exactTime(answer.choice)),
        severity: vscode.InputBoxValidationSeverity.Info,
      };
    },
  });
  if (text === undefined) return undefined;
  const answer = read(text);
  return 'choice' in answer ? answer.choice : undefined;
}

function expiryProblem(problem: ExpiryProblem): string {
  switch (problem) {
    case 'grammar':
      return vscode.l10n.t('Write a time span (7d, 1w 12H; units S M H d w m y), a date (2030-01-31 18:00), or never.');
    case 'past':
      return vscode.l10n.t('That time is past: the snapshot would be deleted at once.');
    case 'tooFar':
      return vscode.l10n.t('That is too far away for Incus.');
    case 'noSuchDate':
      return vscode.l10n.t('There is no such date.');
  }
}
