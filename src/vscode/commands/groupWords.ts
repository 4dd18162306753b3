import * as vscode from 'vscode';
import type {
  GroupSnapshotOutcome,
  GroupSnapshotWish,
  GroupStep,
  MemberResult,
} from '../../core/actions/groupSnapshots.ts';
import type { InstanceRef } from '../../core/model.ts';
import type { Group } from '../../core/policy/groups/group.ts';
import { memberName } from '../../core/policy/groups/member.ts';
import { memberCount, secondsWords } from '../groups/items.ts';
import type { Log } from '../log.ts';
import { describeError } from '../messages.ts';
import { oneLine } from '../tree/items.ts';
import { done } from './report.ts';

export function groupStepWords(step: GroupStep): string {
  switch (step) {
    case 'check':
      return vscode.l10n.t('looking at the members');
    case 'pause':
      return vscode.l10n.t('pausing the members');
    case 'snapshot':
      return vscode.l10n.t('making the snapshots');
    case 'takeBack':
      return vscode.l10n.t('taking back what was made');
  }
}

/** Tells how a snapshot of a group went: a status where it is whole, one message with each failure otherwise. */
export async function tellSnapshot(
  log: Log,
  group: Group,
  wish: GroupSnapshotWish,
  outcome: GroupSnapshotOutcome,
): Promise<void> {
  const { results, stillPaused, wasCancelled, longestPause } = outcome;
  const made = results.filter(({ state }) => state === 'made').length;
  const isWhole = made === results.length && stillPaused.length === 0;
  const name = oneLine(group.name);
  const snapshot = wish.snapshot.name;
  const pause =
    longestPause === undefined ? '' : vscode.l10n.t('Longest pause of a member: {0}.', secondsWords(longestPause));
  if (isWhole) {
    done(
      [vscode.l10n.t('Snapshot {0} of {1} created: {2}.', snapshot, name, memberCount(made)), pause].join(' ').trim(),
    );
    return;
  }
  const parts = [
    wasCancelled
      ? vscode.l10n.t('The snapshot {0} of {1} was cancelled.', snapshot, name)
      : made === results.length
        ? vscode.l10n.t('Snapshot {0} of {1} created: {2}.', snapshot, name, memberCount(made))
        : vscode.l10n.t(
            'Snapshot {0} of {1} is not complete: made of {2} of {3} members.',
            snapshot,
            name,
            made,
            results.length,
          ),
    ...failuresOf(results),
    ...fates(results, snapshot),
    stillPaused.length > 0 ? pausedWords(stillPaused) : pause,
  ];
  const text = parts.filter(Boolean).join(' ');
  if (wasCancelled && stillPaused.length === 0 && !results.some(({ state }) => state === 'left')) {
    done(text);
    return;
  }
  const showLog = vscode.l10n.t('Show Log');
  if ((await vscode.window.showErrorMessage(text, showLog)) === showLog) log.show();
}

function failuresOf(results: readonly MemberResult[]): string[] {
  return results.flatMap(({ ref, state, error }) =>
    state === 'failed' && error && error.kind !== 'cancelled' ? [`${memberName(ref)}: ${describeError(error)}`] : [],
  );
}

/** What became of the members that did not fail. */
function fates(results: readonly MemberResult[], snapshot: string): string[] {
  const names = (state: MemberResult['state']) =>
    results.flatMap((result) => (result.state === state ? [memberName(result.ref)] : [])).join(', ');
  const [made, back, untouched, left] = [names('made'), names('takenBack'), names('notMade'), names('left')];
  return [
    made === '' ? '' : vscode.l10n.t('Kept: {0}.', made),
    back === '' ? '' : vscode.l10n.t('Taken back: {0}.', back),
    untouched === '' ? '' : vscode.l10n.t('Nothing was done to {0}.', untouched),
    left === ''
      ? ''
      : vscode.l10n.t('{0} could not be taken back from {1}; it is deleted when the server answers.', snapshot, left),
  ];
}

function pausedWords(refs: readonly InstanceRef[]): string {
  return vscode.l10n.t(
    'Still paused, since the server did not answer: {0}. They are resumed as soon as it does.',
    refs.map(memberName).join(', '),
  );
}
