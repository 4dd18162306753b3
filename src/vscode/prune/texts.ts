import { l10n } from 'vscode';
import type { Texts } from '../../protocol/contract.ts';
import type { PruneText } from '../../protocol/prune.ts';

export function pruneTexts(title: string): Texts<PruneText> {
  return {
    title,
    keep: l10n.t('How many to keep'),
    last: l10n.t('last'),
    hourly: l10n.t('hourly'),
    daily: l10n.t('daily'),
    weekly: l10n.t('weekly'),
    monthly: l10n.t('monthly'),
    yearly: l10n.t('yearly'),
    rulesHint: l10n.t(
      'Of each hour, day, week, month or year the newest snapshot is kept, for as many as you say. What a rule keeps does not count for the next.',
    ),
    sum: l10n.t('{0} stay, {1} will be deleted'),
    nothingGoes: l10n.t('Nothing will be deleted'),
    delete: l10n.t('Delete {0} Snapshots…'),
    deleteOne: l10n.t('Delete 1 Snapshot…'),
    asking: l10n.t('Waiting for your answer…'),
    deleting: l10n.t('Deleting snapshots'),
    snapshot: l10n.t('Snapshot'),
    taken: l10n.t('Taken'),
    expires: l10n.t('Expires'),
    never: l10n.t('never'),
    verdict: l10n.t('What becomes of it'),
    action: l10n.t('Action'),
    goes: l10n.t('will be deleted'),
    stays: l10n.t('stays: {0}'),
    byRule: l10n.t('{0}, {1} of {2}'),
    pinned: l10n.t('pinned'),
    pending: l10n.t('being made…'),
    onlyHere: l10n.t('only on this mirror'),
    oddName: l10n.t('its name could hit another'),
    newest: l10n.t('the newest'),
    noRules: l10n.t('no rule is set'),
    pin: l10n.t('Pin {0}'),
    unpin: l10n.t('Unpin {0}'),
    clock: l10n.t('Hours and days by the clock of {0}'),
    unknown: l10n.t('The snapshots are not known: the server did not tell them'),
    none: l10n.t('no snapshots'),
    more: l10n.t('Show {0} More Instances'),
  };
}
