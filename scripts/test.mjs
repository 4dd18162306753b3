/**
 * Runs the tests, on a machine that need not be set up.
 *
 *   npm test -- [--incus 6.0|7.0|mixed] [--grep PATTERN] [--desktop] [--images] [unit] [host] [ui]
 *
 * --images has the ui suite make the pictures of docs/images anew.
 *
 * The last line has the sum: `N passed, N failed`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { lineOf, main, setup } from './setup.mjs';
import { runNode } from './setup/node24.mjs';
import { Missing } from './setup/run.mjs';
import { makeScratch } from './setup/scratch.mjs';

const SUITES = ['unit', 'host', 'ui'];

function parse(args) {
  const suites = [];
  const options = { line: lineOf(args), grep: '', desktop: false };
  for (let at = 0; at < args.length; at++) {
    if (args[at] === '--incus') at++;
    else if (args[at] === '--grep') options.grep = args[++at] ?? '';
    else if (args[at] === '--desktop') options.desktop = true;
    else if (args[at] === '--images') process.env.INCUS_IMAGES = '1';
    else if (SUITES.includes(args[at])) suites.push(args[at]);
    else
      throw new Missing(
        `what is meant by ${args[at]}? There are --incus, --grep, --desktop, --images, and the suites ${SUITES.join(', ')}`,
      );
  }
  return { ...options, suites: suites.length > 0 ? suites : options.desktop ? ['host'] : SUITES };
}

/** Runs one suite; resolves with its counts. */
async function runSuite(suite, { line, grep, desktop }, folder) {
  const counts = join(folder, `${suite}.json`);
  // Vitest, the browser and its driver leave files behind where they may.
  const env = { INCUS_TEST_COUNTS: counts, INCUS_TEST_LINE: line, TMPDIR: folder };
  const vitest = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    suite,
    '--reporter=default',
    '--reporter=test/counts-reporter.ts',
  ];
  const argv = {
    unit: vitest,
    ui: vitest,
    host: ['test/lab/host-suite.ts', desktop ? 'desktop' : 'workbench', line, grep],
  }[suite];
  if (suite !== 'host' && grep !== '') argv.push('--testNamePattern', grep);
  process.stdout.write(`\n--- ${suite}${suite === 'unit' ? '' : ` (Incus ${line})`}\n`);
  const exitCode = await runNode(argv, env);
  if (exitCode >= 128) process.exit(exitCode);
  const result = existsSync(counts) ? JSON.parse(readFileSync(counts, 'utf8')) : { passed: 0, failed: 0, skipped: [] };
  // Those that the pattern leaves out are not skipped.
  if (grep !== '') result.skipped = [];
  if (result.passed + result.failed === 0 && !(grep !== '' && exitCode === 0)) {
    process.stdout.write(`${suite}: no test was run\n`);
    result.failed = 1;
  } else if (exitCode !== 0 && result.failed === 0) {
    process.stdout.write(`${suite}: exit code ${exitCode}, though no test failed\n`);
    result.failed = 1;
  }
  return result;
}

function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`;
}

await main(async () => {
  const options = parse(process.argv.slice(2));
  const needsLab = options.suites.some((suite) => suite !== 'unit');
  const needsWorkbench = needsLab && !options.desktop;
  await setup({ ...(needsLab ? { line: options.line } : {}), workbench: needsWorkbench, browser: needsWorkbench });
  if (needsLab) await build({ tests: true });
  const folder = makeScratch();
  const total = { passed: 0, failed: 0, skipped: [] };
  const lines = [];
  for (const suite of options.suites) {
    const result = await runSuite(suite, options, folder);
    total.passed += result.passed;
    total.failed += result.failed;
    total.skipped.push(...result.skipped);
    lines.push(`${suite}: ${summary(result)}`, ...result.skipped.map((one) => `  skipped: ${one}`));
  }
  if (total.passed + total.failed === 0) {
    lines.push(`no test fits ${options.grep}`);
    total.failed = 1;
  }
  process.stdout.write(`\n${lines.join('\n')}\n${summary(total)}\n`);
  return total.failed > 0 ? 1 : 0;
});
