/**
 * Runs the host suite (test/host) in VS Code's extension host, against a lab of its own.
 *
 *   host-suite.ts workbench|desktop 6.0|7.0|mixed [PATTERN]
 *
 * Its report goes to stdout as it comes; the counts go to the file that INCUS_TEST_COUNTS names.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cacheFolder, project } from '../../scripts/setup/places.mjs';
import { type LabOptions, startLab } from './lab.ts';
import { runMain } from './process.ts';
import { Scratch } from './scratch.ts';
import { openWorkbench } from './workbench.ts';

const SUITE = join(project, 'dist/test/host/index.js');
/** No suite takes this long; an extension host that hangs says nothing. */
const LONGEST_MINUTES = 20;

type Where = 'workbench' | 'desktop';

async function main(where: Where, line: LabOptions['line'], pattern: string): Promise<void> {
  const lab = await startLab({ line });
  const results = join(lab.folder, 'host-results');
  const env = lab.environment({ INCUS_HOST_RESULTS: results, INCUS_HOST_GREP: pattern, INCUS_TEST_LINE: line });
  const over = new AbortController();
  const printed = print(results, over.signal);
  let failed: string | undefined;
  try {
    failed = where === 'desktop' ? await inDesktop(env) : await inWorkbench(env);
  } finally {
    over.abort();
    const counts = await printed;
    const file = process.env['INCUS_TEST_COUNTS'];
    if (file !== undefined && counts !== undefined) writeFileSync(file, counts);
    // A suite that came to its end has said itself what failed.
    if (failed !== undefined && counts === undefined) process.stdout.write(`${failed}\n`);
    await lab.stop();
  }
  if (failed !== undefined) process.exitCode = 1;
}

/** Resolves with what went wrong, if anything did. */
async function inWorkbench(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const workbench = await openWorkbench({ env, extensionPath: project, testsPath: SUITE });
  const tooLate = new AbortController();
  try {
    const late = delay(LONGEST_MINUTES * 60_000, 'late' as const, { signal: tooLate.signal }).catch(
      () => 'over' as const,
    );
    const code = await Promise.race([workbench.testsDone, late]);
    if (code === 0) return undefined;
    const why = code === 'late' ? `no end after ${LONGEST_MINUTES} minutes` : `exit code ${code}`;
    const said = workbench.logs.filter((entry) => /^\[(error|page error)\]/.test(entry)).slice(-15);
    return `The extension host's suite: ${why}. What the window said last:\n  ${said.join('\n  ')}`;
  } finally {
    tooLate.abort();
    await workbench.close();
  }
}

/** The same on the desktop. */
async function inDesktop(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { downloadAndUnzipVSCode, runTests } = await import('@vscode/test-electron');
  const scratch = new Scratch();
  const folders = [
    `--user-data-dir=${join(scratch.folder, 'data')}`,
    `--extensions-dir=${join(scratch.folder, 'extensions')}`,
  ];
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  try {
    const vscodeExecutablePath = await downloadAndUnzipVSCode({ cachePath: join(cacheFolder(), 'desktop') });
    if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY'])
      throw new Error('it needs a display; xvfb-run gives it one');
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: project,
      extensionTestsPath: SUITE,
      extensionTestsEnv: env,
      launchArgs: [...folders, ...asRoot, '--disable-workspace-trust', '--disable-gpu', '--skip-welcome'],
    });
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `Desktop VS Code could not be had or has failed: ${why}\n(\`npm test\` runs the same suite without a download.)`;
  } finally {
    await scratch.remove();
  }
}

/** Prints the report while it grows; resolves with its last line, the counts, once `over` is told. */
async function print(file: string, over: AbortSignal): Promise<string | undefined> {
  let shown = 0;
  for (;;) {
    const last = over.aborted;
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
    for (const line of lines.slice(shown)) if (!line.startsWith('{"passed":')) process.stdout.write(`${line}\n`);
    shown = lines.length;
    if (last) return lines.findLast((line) => line.startsWith('{"passed":'));
    await delay(100, undefined, { signal: over }).catch(() => undefined);
  }
}

const [, , where = 'workbench', line = '6.0', pattern = ''] = process.argv;
await runMain(() => main(where as Where, line as LabOptions['line'], pattern));
