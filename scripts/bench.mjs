/**
 * Measures what docs/benchmarks.md tells of, on a machine that need not be set up, and notes it in bench/results.json.
 *
 *   npm run bench -- [FIGURE...]
 *
 * A figure is named as in the table, or by its first words: `names-70` is all that begins so.
 */
import { build } from './build.mjs';
import { main, setup } from './setup.mjs';
import { runNode } from './setup/node24.mjs';
import { makeScratch } from './setup/scratch.mjs';

await main(async () => {
  await setup({ line: 'mixed', workbench: true, browser: true });
  await build({ production: true, bench: true });
  // src/ is no package of its own, so that Node has to find out what kind of modules it holds, and says so.
  const flags = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];
  return runNode([...flags, 'bench/main.ts', ...process.argv.slice(2)], { TMPDIR: makeScratch() });
});
