import * as vscode from 'vscode';
import type { InstanceRef, Snapshot } from '../../core/model.ts';
import type { SnapshotMirrored } from '../../core/policy/mirror/compare.ts';
import type { MirrorBoard } from '../mirrors/board.ts';
import { describeLine } from '../mirrors/provider.ts';
import { oneLine, type Row, withWords } from './items.ts';
import { relativeTime } from './wording.ts';

/** An instance's row, with how it stands with its mirror, or whose mirror it is. */
export function withMirror(row: Row, board: MirrorBoard, ref: InstanceRef, now: Date): Row {
  const line = board.lineFor(ref);
  if (line) {
    const age = line.verified ? vscode.l10n.t('mirrored {0}', relativeTime(line.verified, now)) : undefined;
    const tooltip = vscode.l10n.t('Mirror on {0}: {1}', oneLine(line.job.target.remote), describeLine(line, now));
    return withWords(row, age, tooltip);
  }
  const origin = board.originOf(ref);
  if (!origin) return row;
  const words =
    origin.remote === undefined
      ? vscode.l10n.t('mirror of another server')
      : vscode.l10n.t('mirror of {0}', oneLine(origin.remote));
  return withWords(row, words, undefined);
}

/** A snapshot's row, with whether its mirror has it. */
export function withMirrored(row: Row, board: MirrorBoard, snapshot: Snapshot): Row {
  const state = board.snapshotState(snapshot);
  return state === undefined ? row : withWords(row, mirroredWord(state), undefined);
}

function mirroredWord(state: SnapshotMirrored): string {
  switch (state) {
    case 'mirrored':
      return vscode.l10n.t('mirrored');
    case 'missing':
      return vscode.l10n.t('not mirrored');
    case 'differing':
      return vscode.l10n.t('differs from the mirror');
    case 'doubtful':
      return vscode.l10n.t('half mirrored');
  }
}
