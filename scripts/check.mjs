/** Runs every check of the code, the later ones also where an earlier one has failed: `npm run check`. */
import { runNode } from './setup/node24.mjs';

/** As package.json names them. */
const CHECKS = ['lint', 'types', 'format:check', 'dead-code', 'l10n:check'];

const lines = [];
for (const check of CHECKS) {
  process.stdout.write(`\n--- ${check}\n`);
  const start = performance.now();
  const exitCode = await runNode(['--run', check]);
  if (exitCode >= 128) process.exit(exitCode);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  lines.push(`${exitCode === 0 ? 'ok    ' : 'FAILED'} ${check} (${seconds} s)`);
  if (exitCode !== 0) process.exitCode = 1;
}
process.stdout.write(`\n${lines.join('\n')}\n`);
