/**
 * The host suite's entry: VS Code calls `run` in its extension host. Every module in the folders beside this one that is
 * named `*.test.js` holds tests in mocha's BDD style; a folder is a part of the suite. In the environment:
 *   INCUS_HOST_PART     the part to run; all where it is empty
 *   INCUS_HOST_GREP     a pattern for the titles of the tests to run
 *   INCUS_HOST_RESULTS  a file that receives the report and, as its last line, the counts as JSON
 */
import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';
import * as vscode from 'vscode';

/** Runs the tests; rejects when any has failed, as VS Code's test runner expects. */
export async function run(): Promise<void> {
  // It is activated when VS Code has started; in the middle of a test its commands would be taken for those of the test.
  await vscode.extensions.getExtension('incus-snapshots.incus-snapshots')?.activate();
  const mocha = new Mocha({ ui: 'bdd', timeout: 120_000, color: false, reporter: 'spec' });
  const pattern = process.env['INCUS_HOST_GREP'];
  if (pattern !== undefined && pattern !== '') mocha.grep(new RegExp(pattern));
  const part = process.env['INCUS_HOST_PART'] ?? '';
  for (const name of readdirSync(join(__dirname, part), { recursive: true, encoding: 'utf8' })
    .filter((one) => one.endsWith('.test.js'))
    .sort()) {
    mocha.addFile(join(__dirname, part, name));
  }
  const results = process.env['INCUS_HOST_RESULTS'];
  if (results !== undefined) {
    // mocha keeps a copy of console.log for its reporters; theirs is the one place where lines can be had as they come.
    Mocha.reporters.Base.consoleLog = (...args: unknown[]) => {
      appendFileSync(results, `${format(...args)}\n`);
    };
  }
  const skipped: string[] = [];
  const failures: string[] = [];
  const stats = await new Promise<Mocha.Stats | undefined>((resolve) => {
    const runner = mocha.run(() => {
      resolve(runner.stats);
    });
    runner.on('pending', (test) => skipped.push(test.fullTitle()));
    runner.on('fail', (test, error: unknown) => failures.push(`${test.fullTitle()}: ${inOneLine(error)}`));
  });
  const counts = { passed: stats?.passes ?? 0, failed: stats?.failures ?? 0, skipped, failures };
  if (results !== undefined) appendFileSync(results, `${JSON.stringify(counts)}\n`);
  if (counts.failed > 0) throw new Error(`${counts.failed} tests failed`);
}

/** Enough of a failure to know it by in the sum; the report has all. */
function inOneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, 600);
}
