/**
 * A lab to experiment with by hand: `npm run lab -- [--incus 6.0|7.0|mixed] [--storage btrfs|dir]`.
 */
import { lineOf, main, setup } from './setup.mjs';
import { runNode } from './setup/node24.mjs';

await main(async () => {
  const args = process.argv.slice(2);
  const line = lineOf(args);
  await setup({ line });
  const storage = args.includes('--storage') ? args[args.indexOf('--storage') + 1] : 'btrfs';
  return runNode(['test/lab/main.ts', line, storage]);
});
