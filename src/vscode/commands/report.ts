import pLimit from 'p-limit';
import * as vscode from 'vscode';
import { type IncusError, toIncusError } from '../../core/incus/errors.ts';
import type { InstanceRef, SnapshotRef } from '../../core/model.ts';
import { describeError } from '../messages.ts';
import { oneLine } from '../tree/items.ts';
import type { Log } from '../log.ts';

/** Milliseconds for which a success stays in the status bar. */
const STAY = 6_000;

/** Says in the status bar that something is done: the tree shows it as well. */
export function done(text: string): void {
  vscode.window.setStatusBarMessage(`$(check) ${text}`, STAY);
}

/** Shows a failure once. Leaving is none. */
export async function showFailure(log: Log, title: string | undefined, error: IncusError): Promise<void> {
  if (error.kind === 'cancelled') return;
  const sentence = describeError(error);
  const text = title === undefined ? sentence : `${title} ${sentence}`;
  const showLog = vscode.l10n.t('Show Log');
  const settings = error.kind === 'badProgram' || error.kind === 'noProgram' ? [vscode.l10n.t('Open Settings')] : [];
  const answer = await vscode.window.showErrorMessage(text, ...settings, showLog);
  if (answer === showLog) log.show();
  else if (answer !== undefined) await vscode.commands.executeCommand('incusSnapshots.openSettings');
}

/** Says in the status bar that a snapshot which somebody began has come to nothing. */
export function showFailedSnapshot(log: Log, { instance, snapshot }: SnapshotRef, error: IncusError): void {
  const text = vscode.l10n.t('Snapshot {0} of {1} failed. {2}', oneLine(snapshot), instance, describeError(error));
  log.channel.warn(text);
  vscode.window.setStatusBarMessage(`$(warning) ${text}`, STAY);
}

/** Says in the status bar that a temporary copy is still there: its row says so too, and offers its removal. */
export function showLeftover(log: Log, { instance }: InstanceRef, error: IncusError): void {
  const text = vscode.l10n.t('The temporary copy {0} could not be removed. {1}', instance, describeError(error));
  log.channel.warn(text);
  vscode.window.setStatusBarMessage(`$(warning) ${text}`, STAY);
}

/** How work went that was done to several things. */
export interface Result {
  readonly name: string;
  readonly error?: IncusError;
}

/** Things worked on side by side; more gain nothing on one server. */
const AT_ONCE = 4;

/** Does the same to several things, side by side, and gathers how each went. */
export async function each<T>(
  things: readonly T[],
  nameOf: (thing: T) => string,
  work: (thing: T) => Promise<unknown>,
  onDone?: (result: Result) => void,
): Promise<Result[]> {
  return pLimit(AT_ONCE).map([...things], async (thing) => {
    const name = nameOf(thing);
    const result = await work(thing).then(
      (): Result => ({ name }),
      (error: unknown): Result => ({ name, error: toIncusError(error) }),
    );
    onDone?.(result);
    return result;
  });
}

/** Tells how work on several things went: a status where all went well, one message with each failure otherwise. */
export async function reportResults(
  log: Log,
  results: readonly Result[],
  words: { all: string; some: (good: number, all: number) => string },
): Promise<void> {
  const failed = results.flatMap(({ name, error }) => (error && error.kind !== 'cancelled' ? [{ name, error }] : []));
  const good = results.filter(({ error }) => !error).length;
  if (good === results.length) {
    done(words.all);
    return;
  }
  const summary = words.some(good, results.length);
  if (failed.length === 0) {
    done(summary);
    return;
  }
  const showLog = vscode.l10n.t('Show Log');
  const details = failed.map(({ name, error }) => `${name}: ${describeError(error)}`).join(' ');
  if ((await vscode.window.showErrorMessage(`${summary} ${details}`, showLog)) === showLog) log.show();
}

export type Progress = vscode.Progress<{ message?: string; increment?: number }>;

/** Shows progress in the view, without a notification: for what is short and cannot be cancelled. */
export function inView<T>(work: () => Promise<T>, view: 'instances' | 'volumes' = 'instances'): Thenable<T> {
  return vscode.window.withProgress({ location: { viewId: `incusSnapshots.${view}` } }, work);
}

/** Shows progress with a way to cancel. */
export function cancellable<T>(
  title: string,
  work: (signal: AbortSignal, progress: Progress) => Promise<T>,
): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      const abort = new AbortController();
      const registration = token.onCancellationRequested(() => {
        abort.abort();
      });
      try {
        return await work(abort.signal, progress);
      } finally {
        registration.dispose();
      }
    },
  );
}
