/**
 * Runs the tests, on a machine that need not be set up.
 *
 *   npm test -- [--incus 6.0|7.0|mixed] [--grep PATTERN] [--way proxy|query] [--thorough] [--jobs N]
 *               [--desktop] [--images] [unit] [host] [ui]
 *
 * --way has the host suite read its servers by that way alone, --thorough runs all of its parts both ways.
 * --images has the ui suite make the pictures of docs/images anew.
 *
 * Jobs run side by side, each on a lab of its own; what a job prints comes when it has ended. The last line has the
 * sum: `N passed, N failed`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { lineOf, main, setup } from './setup.mjs';
import { runNode } from './setup/node24.mjs';
import { project } from './setup/places.mjs';
import { Missing } from './setup/run.mjs';
import { makeScratch } from './setup/scratch.mjs';

const SUITES = ['unit', 'host', 'ui'];
const WAYS = ['proxy', 'query'];

/** Parts of the host suite that say something of both ways of reading; the others read as these have shown. */
const BOTH_WAYS = ['following', 'sidebar', 'snapshots'];

/** What takes longest is begun first, so that no job runs alone at the end. */
const LONGEST = ['ui', 'host: mirroring', 'host: snapshots', 'host: following'];

/** Jobs side by side: most of a test's time is waiting for a server. */
const JOBS = 2;

function parse(args) {
  const suites = [];
  const options = { line: lineOf(args), grep: '', ways: undefined, thorough: false, desktop: false, jobs: JOBS };
  for (let at = 0; at < args.length; at++) {
    if (args[at] === '--incus') at++;
    else if (args[at] === '--grep') options.grep = args[++at] ?? '';
    else if (args[at] === '--way' && WAYS.includes(args[at + 1])) options.ways = [args[++at]];
    else if (args[at] === '--thorough') options.thorough = true;
    else if (args[at] === '--jobs' && Number(args[at + 1]) >= 1) options.jobs = Number(args[++at]);
    else if (args[at] === '--desktop') options.desktop = true;
    else if (args[at] === '--images') process.env.INCUS_IMAGES = '1';
    else if (SUITES.includes(args[at])) suites.push(args[at]);
    else {
      throw new Missing(
        `what is meant by ${args[at]}? There are --incus, --grep, --way proxy|query, --thorough, --jobs N, --desktop, ` +
          `--images, and the suites ${SUITES.join(', ')}`,
      );
    }
  }
  return { ...options, suites: suites.length > 0 ? suites : options.desktop ? ['host'] : SUITES };
}

/** The parts of the host suite are the folders that hold tests. */
function hostParts() {
  return readdirSync(join(project, 'test/host'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => readdirSync(join(project, 'test/host', name)).some((file) => file.endsWith('.test.ts')))
    .sort();
}

/** What is to be run. A pattern picks among all parts of a suite at once: most would have nothing to do for it. */
function jobsOf({ suites, line, grep, ways, thorough, desktop }) {
  const vitest = (suite) => [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    suite,
    '--reporter=default',
    '--reporter=test/counts-reporter.ts',
    ...(grep === '' ? [] : ['--testNamePattern', grep]),
  ];
  const host = ['test/lab/host-suite.ts', desktop ? 'desktop' : 'workbench', line, grep];
  const parts = grep === '' && !desktop ? hostParts() : [''];
  const jobs = suites.flatMap((suite) => {
    if (suite === 'unit') return [{ name: 'unit', argv: vitest('unit'), env: {} }];
    if (suite === 'ui') return [{ name: `ui (Incus ${line})`, argv: vitest('ui'), env: {} }];
    return parts.flatMap((part) =>
      (ways ?? (thorough || BOTH_WAYS.includes(part) ? WAYS : ['proxy'])).map((way) => ({
        name: `host${part === '' ? '' : `: ${part}`} (Incus ${line}, by ${way})`,
        argv: host,
        env: { INCUS_HOST_PART: part, INCUS_TEST_WAY: way },
      })),
    );
  });
  const rank = ({ name }) => {
    const at = LONGEST.findIndex((one) => name.startsWith(one));
    return at < 0 ? LONGEST.length : at;
  };
  return jobs.sort((a, b) => rank(a) - rank(b));
}

/** Runs one job; resolves with its counts. */
async function runJob({ name, argv, env }, number, { line, grep }, folder) {
  const counts = join(folder, `${number}.json`);
  const start = performance.now();
  process.stdout.write(`--- ${name} begins\n`);
  let output = '';
  const exitCode = await runNode(
    argv,
    // Vitest, the browser and its driver leave files behind where they may.
    { INCUS_TEST_COUNTS: counts, INCUS_TEST_LINE: line, TMPDIR: folder, ...env },
    (text) => (output += text),
  );
  process.stdout.write(`\n--- ${name}, after ${Math.round((performance.now() - start) / 1000)} s\n${output}\n`);
  if (exitCode >= 128) process.exit(exitCode);
  const none = { passed: 0, failed: 0, skipped: [], failures: [] };
  const result = { ...none, ...(existsSync(counts) && JSON.parse(readFileSync(counts, 'utf8'))), name };
  // Those that the pattern leaves out are not skipped.
  if (grep !== '') result.skipped = [];
  if (result.passed + result.failed === 0 && !(grep !== '' && exitCode === 0)) {
    result.failures.push('no test was run');
    result.failed = 1;
  } else if (exitCode !== 0 && result.failed === 0) {
    result.failures.push(`exit code ${exitCode}, though no test failed`);
    result.failed = 1;
  }
  return result;
}

/** Runs all jobs, some side by side; resolves with their results in order. */
async function runJobs(jobs, options, folder) {
  const results = [];
  let next = 0;
  const work = async () => {
    while (next < jobs.length) {
      const number = next++;
      results[number] = await runJob(jobs[number], number, options, folder);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, jobs.length) }, work));
  return results;
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
  const results = await runJobs(jobsOf(options), options, makeScratch());
  const sum = (count) => results.reduce((all, result) => all + result[count], 0);
  const total = { passed: sum('passed'), failed: sum('failed'), skipped: results.flatMap(({ skipped }) => skipped) };
  const lines = results.flatMap((result) => [
    `${result.name}: ${summary(result)}`,
    ...result.failures.map((one) => `  failed: ${one}`),
    ...result.skipped.map((one) => `  skipped: ${one}`),
  ]);
  if (total.passed + total.failed === 0) {
    lines.push(`no test fits ${options.grep}`);
    total.failed = 1;
  }
  process.stdout.write(`\n${lines.join('\n')}\n${summary(total)}\n`);
  return total.failed > 0 ? 1 : 0;
});
