/**
 * Installs the packed extension into VS Code's workbench and opens the view from it, on a lab:
 * `npm run package && npm run test:vsix -- [--incus 6.0|7.0|mixed]`. The last line says `N passed, N failed`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lineOf, main, setup } from './setup.mjs';
import { runNode } from './setup/node24.mjs';
import { project } from './setup/places.mjs';
import { Missing } from './setup/run.mjs';
import { makeScratch } from './setup/scratch.mjs';

await main(async () => {
  const line = lineOf(process.argv.slice(2));
  if (!existsSync(join(project, 'dist/incus-snapshots.vsix'))) {
    throw new Missing('dist/incus-snapshots.vsix: `npm run package` makes it');
  }
  await setup({ line, workbench: true, browser: true });
  const folder = makeScratch();
  const counts = join(folder, 'counts.json');
  const reporters = ['--reporter=default', '--reporter=test/counts-reporter.ts'];
  const exitCode = await runNode(['node_modules/vitest/vitest.mjs', 'run', '--project', 'vsix', ...reporters], {
    INCUS_TEST_COUNTS: counts,
    INCUS_TEST_LINE: line,
    // Vitest, the browser and its driver leave files behind where they may.
    TMPDIR: folder,
  });
  const { passed, failed } = existsSync(counts) ? JSON.parse(readFileSync(counts, 'utf8')) : { passed: 0, failed: 0 };
  const broken = failed === 0 && (exitCode !== 0 || passed === 0) ? 1 : 0;
  process.stdout.write(`\n${passed} passed, ${failed + broken} failed\n`);
  return failed + broken > 0 ? 1 : 0;
});
