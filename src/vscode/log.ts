import * as vscode from 'vscode';
import type { CallRecord } from '../core/incus/runner.ts';
import { maskSecrets } from '../core/policy/mask.ts';
import { quoteForShell } from '../core/policy/quote.ts';

/** The shell that a copied command line is quoted for. */
export const SHELL = process.platform === 'win32' ? 'powershell' : 'posix';

/**
 * The log channel. Every call stands in it as one line that can be pasted into a shell: what follows the command is a
 * comment there.
 */
export class Log {
  readonly channel: vscode.LogOutputChannel;

  constructor() {
    this.channel = vscode.window.createOutputChannel('Incus Snapshots', { log: true });
  }

  call({ program, argv, duration, exitCode, failure, isProxied }: CallRecord): void {
    const command = quoteForShell([program, ...maskSecrets(argv)], SHELL);
    const ending = isProxied
      ? 'by proxy'
      : exitCode === undefined
        ? (failure?.kind ?? 'no exit code')
        : `exit ${String(exitCode)}`;
    const line = `${command} # ${String(Math.round(duration))} ms, ${ending}`;
    if (failure && failure.kind !== 'cancelled') this.channel.error(`${line}\n${failure.text}`);
    else this.channel.info(line);
  }

  /** A record from a server that could not be read. */
  badRecord(what: string, why: string): void {
    this.channel.warn(`${what}: ${why}`);
  }

  /** A message from or to a webview that does not fit what was agreed, and was dropped. */
  badMessage(webview: string, why: string): void {
    this.channel.warn(`${webview}: a message was dropped: ${why}`);
  }

  /** Something that VS Code did not keep for the extension. */
  notKept(key: string, error: unknown): void {
    this.channel.warn(`${key} was not kept: ${error instanceof Error ? error.message : String(error)}`);
  }

  /** A failure that is no failure of a call. */
  error(error: unknown): void {
    this.channel.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  show(): void {
    this.channel.show(true);
  }

  dispose(): void {
    this.channel.dispose();
  }
}
