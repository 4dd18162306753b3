/**
 * Where the things are kept that are fetched once and serve every checkout of the project.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The checkout. */
export const project = join(import.meta.dirname, '..', '..');

/** Where it stands which files are read when the extension is activated, for the benchmark to weigh them. */
export const readAtStart = join(project, 'dist/readAtStart.json');

/** The folder that all of it is in. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'incus-snapshots');
}

/** The Debian that holds Incus 7.0, for a machine whose own Incus is 6.0. */
export function root70Folder() {
  return join(cacheFolder(), 'incus-7.0-root');
}

/** VS Code's native modules that have stand-ins in test/lab/workbench, because there may be no compiler for them. */
export const STAND_INS = ['native-watchdog', 'spdlog'];

/** VS Code's workbench; each pinned set of packages has a folder of its own. */
export function workbenchFolder() {
  const source = join(project, 'test/lab/workbench');
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', ...STAND_INS.map((name) => `stand-ins/${name}.cjs`)]) {
    hash.update(readFileSync(join(source, file)));
  }
  return join(cacheFolder(), `workbench-${hash.digest('hex').slice(0, 12)}`);
}
