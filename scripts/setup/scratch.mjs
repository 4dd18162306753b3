/** A folder for temporary files that vanishes with this process; test/lab/scratch.ts removes those of killed ones. */
import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOf } from './lock.mjs';

/** Makes the folder. */
export function makeScratch() {
  const onLinux = process.platform === 'linux';
  const folder = mkdtempSync(onLinux ? '/tmp/incus-scratch-' : join(tmpdir(), 'incus-scratch-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  if (onLinux) {
    const place = {
      boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      namespace: readlinkSync('/proc/self/ns/pid'),
    };
    const owner = { pid: process.pid, start: startOf(process.pid) };
    writeFileSync(join(folder, 'owner.json'), JSON.stringify({ place, owner, helpers: [] }));
  }
  return folder;
}
