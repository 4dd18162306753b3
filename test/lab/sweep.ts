/** Removing what a lab leaves, its own at its end and that of labs whose keeper was killed. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isRunning, markOf, type ProcessMark, run, viewOf, waitFor, type Whereabouts, whereabouts } from './process.ts';

/** Where labs stand side by side: the path is short, as those of unix sockets have to be. */
export const LAB_PREFIX = '/tmp/incus-lab-';

interface KeeperState {
  place?: Whereabouts;
  keeper: ProcessMark;
  helpers: ProcessMark[];
}

/** Records in the lab's folder which processes are its own. */
export function writeKeeperState(folder: string, helpers: readonly ProcessMark[]): void {
  const keeper = markOf(process.pid);
  if (keeper === undefined) throw new Error('the keeper does not find itself in /proc');
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const state: KeeperState = { place: whereabouts(), keeper, helpers: [...helpers] };
  // Renamed into its place, because another lab's keeper may be reading it.
  const file = join(folder, 'keeper.json');
  writeFileSync(`${file}.part`, JSON.stringify(state));
  renameSync(`${file}.part`, file);
}

/** Ends and removes the labs beside `own` whose keeper runs no more. Only labs of the user `uid` are looked at. */
export async function sweepLabs(own: string, uid: number): Promise<void> {
  for (const name of readdirSync(dirname(LAB_PREFIX))) {
    const folder = join(dirname(LAB_PREFIX), name);
    if (!folder.startsWith(LAB_PREFIX) || folder === own) continue;
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (!stat?.isDirectory() || stat.uid !== uid) continue;
    try {
      await sweepLab(folder, stat.mtimeMs);
    } catch (error) {
      // Another keeper may be at it, too; and no lab is held up by what an earlier one has left.
      process.stderr.write(`lab: ${folder} is left as it is: ${String(error)}\n`);
    }
  }
}

async function sweepLab(folder: string, changed: number): Promise<void> {
  const state = readKeeperState(folder);
  if (state === undefined) {
    // About to start, unless it has been so for long.
    if (Date.now() - changed > 60_000) await removeLab(folder);
    return;
  }
  const view = viewOf(state.place);
  if (view === 'elsewhere' || (view === 'here' && isRunning(state.keeper))) return;
  if (view === 'here') await endAll(state.helpers);
  if (existsSync(folder)) await removeLab(folder);
}

/** Ends marked processes, and resolves when they are gone. */
export async function endAll(marks: readonly ProcessMark[]): Promise<void> {
  for (const mark of marks) if (isRunning(mark)) process.kill(mark.pid, 'SIGKILL');
  await waitFor('the processes of a lab to end', () => (marks.some(isRunning) ? undefined : true));
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
  // A program that used the lab may be about to notice that it is over, and still write.
  await waitFor(`${folder} to be removed`, async () => {
    const { exitCode } = await run(['rm', '-rf', '--one-file-system', '--', folder]);
    return exitCode === 0 ? true : undefined;
  });
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
  const left = cgroupRoots().flatMap((root) =>
    readdirSync(root)
      .filter((name) => {
        const instance = /^lxc\.(?:payload|monitor)\.(.+)$/.exec(name)?.[1];
        // LXC appends a number where the name is taken.
        return instance !== undefined && (names.has(instance) || names.has(instance.replace(/-\d+$/, '')));
      })
      .map((name) => join(root, name))
      .filter((path) => !hasProcesses(path)),
  );
  // The kernel needs a moment after the last process.
  const allGone = () => (left.filter((path) => !removeTree(path)).length === 0 ? true : undefined);
  await waitFor('cgroups to be free', allGone, 1000).catch(() => undefined);
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

function removeTree(path: string): boolean {
  try {
    for (const child of readdirSync(path, { withFileTypes: true })) {
      if (child.isDirectory()) removeTree(join(path, child.name));
    }
    rmdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
