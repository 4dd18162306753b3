/** Removing what a lab leaves, its own at its end and that of labs whose keeper was killed. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bootId, isRunning, markOf, mustRun, type ProcessMark, waitFor } from './process.ts';

/** How the folders of labs begin; they stand side by side in the folder for temporary files. */
export const LAB_PREFIX = 'incus-lab-';

interface KeeperState {
  boot: string;
  keeper: ProcessMark;
  helpers: ProcessMark[];
}

/** Records in the lab's folder which processes are its own. */
export function writeKeeperState(folder: string, helpers: readonly ProcessMark[]): void {
  const keeper = markOf(process.pid);
  if (keeper === undefined) throw new Error('the keeper does not find itself in /proc');
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  writeFileSync(join(folder, 'keeper.json'), JSON.stringify({ boot: bootId(), keeper, helpers: [...helpers] }));
}

/** Ends and removes the labs beside `own` whose keeper runs no more. Only labs of the user `uid` are looked at. */
export async function sweepLabs(own: string, uid: number): Promise<void> {
  for (const name of readdirSync(dirname(own))) {
    const folder = join(dirname(own), name);
    if (!name.startsWith(LAB_PREFIX) || folder === own) continue;
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (!stat?.isDirectory() || stat.uid !== uid) continue;
    const state = readKeeperState(folder);
    // A lab without a keeper is one that is about to start, unless it has been so for long.
    if (state === undefined && Date.now() - stat.mtimeMs < 60_000) continue;
    const sameBoot = state?.boot === bootId();
    if (state !== undefined && sameBoot && isRunning(state.keeper)) continue;
    for (const mark of sameBoot ? state.helpers : []) {
      if (isRunning(mark)) process.kill(mark.pid, 'SIGKILL');
      await waitFor('a leftover of a lab to end', () => (isRunning(mark) ? undefined : true));
    }
    await removeLab(folder);
  }
}

function readKeeperState(folder: string): KeeperState | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'keeper.json'), 'utf8')) as KeeperState;
  } catch {
    return undefined;
  }
}

/** Removes the cgroups and the folder of a lab whose namespaces have ended. */
export async function removeLab(folder: string): Promise<void> {
  await removeCgroups(instanceNames(folder));
  await mustRun(['rm', '-rf', '--one-file-system', '--', folder]);
}

/** Every instance that a server of the lab has started; each has a folder of logs. */
function instanceNames(folder: string): string[] {
  return readdirSync(folder).flatMap((server) => {
    const logs = join(folder, server, 'logs');
    return existsSync(logs) ? readdirSync(logs) : [];
  });
}

/** LXC's cgroups outlive a container that was killed. One that has processes belongs to another server. */
async function removeCgroups(instances: readonly string[]): Promise<void> {
  const names = new Set(instances);
  for (const root of cgroupRoots()) {
    const left = readdirSync(root).filter((name) => {
      const instance = /^lxc\.(?:payload|monitor)\.(.+)$/.exec(name)?.[1];
      // LXC appends a number where the name is taken.
      return instance !== undefined && (names.has(instance) || names.has(instance.replace(/-\d+$/, '')));
    });
    for (const path of left.map((name) => join(root, name)).filter((path) => !hasProcesses(path))) {
      await waitFor(`the cgroup ${path} to be free`, () => removeTree(path), 1000).catch(() => undefined);
    }
  }
}

function hasProcesses(cgroup: string): boolean {
  try {
    if (readFileSync(join(cgroup, 'cgroup.procs'), 'utf8').trim() !== '') return true;
    return readdirSync(cgroup, { withFileTypes: true }).some(
      (child) => child.isDirectory() && hasProcesses(join(cgroup, child.name)),
    );
  } catch {
    return false;
  }
}

function cgroupRoots(): string[] {
  const top = '/sys/fs/cgroup';
  if (!existsSync(top)) return [];
  const hierarchies = existsSync(join(top, 'cgroup.controllers'))
    ? [top]
    : readdirSync(top)
        .map((name) => join(top, name))
        .filter((path) => lstatSync(path).isDirectory());
  const own = readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .map((line) => line.split(':').slice(2).join(':'));
  const paths = hierarchies.flatMap((hierarchy) => ['/', ...own].map((path) => join(hierarchy, path)));
  return [...new Set(paths)].filter((path) => existsSync(path));
}

function removeTree(path: string): true | undefined {
  try {
    for (const child of readdirSync(path, { withFileTypes: true })) {
      if (child.isDirectory()) removeTree(join(path, child.name));
    }
    rmdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? true : undefined;
  }
}
