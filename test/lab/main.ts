/**
 * A lab to experiment with by hand: prints what to paste into another terminal, and stays until Ctrl-C.
 *
 *   main.ts [6.0|7.0|mixed] [dir|btrfs]
 */
import { runMain } from './process.ts';
import { startLab, type LabOptions } from './lab.ts';

const line = (process.argv[2] ?? '6.0') as LabOptions['line'];
const storage = (process.argv[3] ?? 'btrfs') as 'dir' | 'btrfs';
await runMain(async () => {
  const lab = await startLab({ line, storage });
  process.stdout.write(`Two Incus servers run in ${lab.folder}; Ctrl-C ends them. In another terminal:\n\n`);
  for (const [name, value] of Object.entries(lab.env)) {
    process.stdout.write(name === 'PATH' ? `export PATH=${lab.folder}/bin:$PATH\n` : `export ${name}=${value}\n`);
  }
  process.stdout.write('\nincus list\nincus list incus-snapshot:\n');
  // Nothing else keeps the process: the lab's own connections do not.
  setInterval(() => undefined, 2 ** 30);
});
