/** What is wrong with schedules, in the user's language. */
import { l10n } from 'vscode';
import type { HealthProblem } from '../../core/policy/schedule/health.ts';
import { exactTime } from '../tree/wording.ts';
import { patternProblemWords, stopsOthers } from './words.ts';

/** A word or two, for a row. */
export function healthWord({ kind }: HealthProblem): string {
  switch (kind) {
    case 'overdue':
      return l10n.t('snapshot overdue');
    case 'neverRan':
      return l10n.t('no scheduled snapshot yet');
    case 'noSchedule':
      return l10n.t('no schedule');
    case 'noExpiry':
      return l10n.t('snapshots never expire');
    case 'notWhileStopped':
      return l10n.t('scheduled, but stopped');
    case 'badSchedule':
      return l10n.t('schedule invalid');
    case 'badExpiry':
      return l10n.t('expiry invalid');
    case 'badPattern':
      return l10n.t('names invalid');
    case 'mirrorSchedule':
      return l10n.t('mirror with a schedule');
    case 'mirrorAutostart':
      return l10n.t('mirror that starts by itself');
  }
}

/** What is wrong and why, as a sentence. */
export function healthSentence(problem: HealthProblem): string {
  switch (problem.kind) {
    case 'overdue':
      return l10n.t('The last snapshot is missing: it was due {0}.', exactTime(problem.due));
    case 'neverRan':
      return l10n.t('It has made no snapshot yet. If it was in force then, one was due {0}.', exactTime(problem.due));
    case 'noSchedule':
      return l10n.t('No snapshots are made by schedule.');
    case 'noExpiry':
      return l10n.t('They never expire: one day the disk is full. Set when they expire.');
    case 'notWhileStopped':
      return l10n.t('It is stopped, and no snapshots are made meanwhile.');
    case 'badSchedule':
      return l10n.t('Incus cannot read the schedule, and makes no snapshots.');
    case 'badExpiry':
      return l10n.t('Incus cannot read the expiry, and makes no snapshots.');
    case 'badPattern':
      return `${patternProblemWords(problem.reason)} ${stopsOthers()}`;
    case 'mirrorSchedule':
      return l10n.t('A mirror takes its snapshots from its original: the next run deletes those of its own schedule.');
    case 'mirrorAutostart':
      return l10n.t('The mirror starts with its server, and cannot be mirrored to while it runs.');
  }
}
