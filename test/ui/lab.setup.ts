/** Starts the lab that all UI tests share; they find it by `attachLab()`. INCUS_TEST_LINE tells the line of Incus. */
import type { LabOptions } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const line = (process.env['INCUS_TEST_LINE'] ?? '6.0') as LabOptions['line'];
  const lab = await startLab({ line });
  process.env['INCUS_LAB'] = lab.folder;
  return () => lab.stop();
}
