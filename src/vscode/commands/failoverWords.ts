import * as vscode from 'vscode';
import type { FailoverStep } from '../../core/actions/failover.ts';
import { stepWords } from './mirrorWords.ts';

/** What is being done, for a progress. */
export function failoverStepWords(step: FailoverStep): string {
  switch (step) {
    case 'stopOriginal':
      return vscode.l10n.t('stopping the original');
    case 'prepare':
      return vscode.l10n.t("putting the original's settings back");
    case 'startMirror':
      return vscode.l10n.t('starting the mirror');
    case 'stopMirror':
      return vscode.l10n.t('stopping what stands in');
    case 'snapshots':
      return vscode.l10n.t('making snapshots first');
    case 'setAside':
      return vscode.l10n.t('setting the original aside');
    case 'startOriginal':
      return vscode.l10n.t('starting the original');
    case 'mirrorAgain':
      return vscode.l10n.t('making a mirror of what stood in');
    default:
      return stepWords(step);
  }
}
