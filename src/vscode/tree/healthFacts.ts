import * as vscode from 'vscode';
import { type HealthProblem, isSerious } from '../../core/policy/schedule/health.ts';
import { healthSentence, healthWord } from '../schedule/healthWords.ts';
import { type Row, withWords } from './items.ts';

/**
 * An instance's row, with what is wrong with its schedule: what is serious stands in the row and colours its icon, the
 * rest in the tooltip. That there is no schedule is said there already, and is nothing wrong.
 */
export function withHealth(row: Row, problems: readonly HealthProblem[]): Row {
  const told = problems.filter(({ kind }) => kind !== 'noSchedule');
  if (told.length === 0) return row;
  const serious = told.find(isSerious);
  const lines = told.map((problem) => vscode.l10n.t('Schedule: {0}', healthSentence(problem)));
  const worded = lines.reduce((so, line) => withWords(so, undefined, line), row);
  if (!serious) return worded;
  const { iconPath } = row;
  const isIdle = iconPath instanceof vscode.ThemeIcon && !iconPath.id.endsWith('~spin');
  return {
    ...withWords(worded, healthWord(serious), undefined),
    ...(isIdle && { iconPath: new vscode.ThemeIcon(iconPath.id, new vscode.ThemeColor('list.warningForeground')) }),
  };
}
