/**
 * Makes a machine ready for the extension's lab and tests: needs git, Node 20 and npm, and root or sudo for Debian's
 * packages. What is there is left alone; with everything there it takes a moment.
 *
 *   node scripts/setup.mjs [--incus 6.0|7.0|mixed] [--all]
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installPackages, PACKAGES } from './setup/debian.mjs';
import { withLock } from './setup/lock.mjs';
import { installProject, installWorkbench } from './setup/npm.mjs';
import { cacheFolder } from './setup/places.mjs';
import { makeRoot70 } from './setup/root70.mjs';
import { Missing } from './setup/run.mjs';

/**
 * Sets up the npm packages, and of the rest what is asked for:
 *   line      the lab's Incus, '6.0', '7.0' or 'mixed'
 *   workbench VS Code's workbench
 *   browser   the browser that the tests drive
 */
export async function setup({ line, workbench = false, browser = false } = {}) {
  await withLock(join(cacheFolder(), 'setup.lock'), async () => {
    const needs70 = line === '7.0' || line === 'mixed';
    const packages = [
      ...(line === undefined ? [] : [...PACKAGES.incus, ...PACKAGES.scripts]),
      ...(needs70 ? PACKAGES.root70 : []),
      ...(browser ? PACKAGES.browser : []),
    ];
    await installProject();
    await installPackages(packages);
    if (needs70) await makeRoot70();
    if (workbench) await installWorkbench();
  });
}

/** Runs a script's main function; what is missing is said without a stack trace. */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Missing ? `Missing: ${error.message}` : error.stack}\n`);
    process.exitCode = 1;
  }
}

/** The line of Incus that the arguments ask for. */
export function lineOf(args) {
  const at = args.indexOf('--incus');
  const line = at < 0 ? '6.0' : args[at + 1];
  if (!['6.0', '7.0', 'mixed'].includes(line)) throw new Missing(`--incus takes 6.0, 7.0 or mixed, not ${line}`);
  return line;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    const args = process.argv.slice(2);
    if (args.includes('--all')) await setup({ line: 'mixed', workbench: true, browser: true });
    else await setup({ line: lineOf(args), workbench: true, browser: true });
  });
}
