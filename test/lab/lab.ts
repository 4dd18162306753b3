/**
 * Starts two Incus servers as a user has them: the primary with two running containers, and the snapshot server as
 * the client's second remote. They use folders and ports of their own and vanish with the process that started them.
 */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { onEnd } from './at-end.ts';
import { CONTAINERS, IMAGE, Lab, type LabFacts, SNAPSHOT_REMOTE } from './handle.ts';
import { writeImage } from './image.ts';
import { KeeperClient } from './keeper-client.ts';
import { freePorts } from './ports.ts';
import { mustRun } from './process.ts';
import { clientOf70 } from './root70.ts';
import { type Line, planOf, type ServerFacts } from './server.ts';
import { LAB_PREFIX } from './sweep.ts';

export interface LabOptions {
  /** `mixed` is a 6.0 primary, a 7.0 snapshot server and the 6.0 client. */
  line: Line | 'mixed';
  /** The driver of both servers' pool `default`; `btrfs` by default, because snapshots are quick there. */
  storage?: 'dir' | 'btrfs';
  /** Whether the primary gets its two running containers; true by default. */
  containers?: boolean;
}

/** Starts a lab and resolves when its containers run. The caller ends it by `stop()`, or by ending itself. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const folder = mkdtempSync(LAB_PREFIX);
  // The containers' own root user has to pass through.
  chmodSync(folder, 0o711);
  const keeper = await startKeeper(folder);
  try {
    const facts = await layOut(folder, options.line);
    const lab = new Lab(facts);
    const image = join(folder, 'image.tar');
    await Promise.all([
      writeImage(image),
      openServer(keeper, facts.primary, lab),
      openServer(keeper, facts.snapshotServer, lab),
    ]);
    await fillServers(lab, options, image);
    await checkLine(lab);
    await keeper.close();
    return lab;
  } catch (error) {
    await keeper.ask({ do: 'end' });
    throw error;
  }
}

/** Starts the root side of the lab; it ends when this process's end of its stdin is closed. */
async function startKeeper(folder: string): Promise<KeeperClient> {
  const isRoot = process.getuid?.() === 0;
  const program = [process.execPath, join(import.meta.dirname, 'keeper.ts'), folder];
  const [file = '', ...args] = isRoot ? program : ['sudo', '--', ...program];
  // A terminal's Ctrl-C must not reach the keeper. `sudo` needs the terminal, so there the keeper itself ignores it.
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: isRoot, cwd: '/' });
  child.stdin.on('error', () => undefined);
  onEnd({
    begin: () => child.stdin.destroy(),
    isOver: () => !existsSync(folder) || child.exitCode !== null || child.pid === undefined,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => {
        reject(new Error(`the lab's keeper ended with exit code ${code ?? 'none'}`));
      });
      child.stdout.on('data', (data: Buffer) => {
        if (data.includes('ready')) resolve();
      });
    });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  child.unref();
  for (const stream of [child.stdin, child.stdout]) (stream as unknown as { unref(): void }).unref();
  return new KeeperClient(folder);
}

/** Decides names, ports and paths, and writes them down for `attachLab`. */
async function layOut(folder: string, line: LabOptions['line']): Promise<LabFacts> {
  const [first, second] = await freePorts(2);
  const server = (name: string, of: Line, port: number | undefined): ServerFacts => ({
    name,
    line: of,
    folder: join(folder, name),
    log: join(folder, `${name}.log`),
    address: `127.0.0.1:${port}`,
  });
  const bin = join(folder, 'bin');
  const conf = join(folder, 'conf');
  mkdirSync(bin);
  mkdirSync(conf);
  const client = join(bin, 'incus');
  if (line === '7.0') writeFileSync(client, clientOf70(), { mode: 0o755 });
  else symlinkSync('/usr/bin/incus', client);
  const facts: LabFacts = {
    folder,
    client,
    env: {
      INCUS_LAB: folder,
      INCUS_DIR: join(folder, 'primary'),
      INCUS_CONF: conf,
      PATH: [bin, process.env['PATH'] ?? '/usr/bin:/bin'].join(delimiter),
    },
    primary: server('primary', line === '7.0' ? '7.0' : '6.0', first),
    snapshotServer: server('snapshot', line === '6.0' ? '6.0' : '7.0', second),
  };
  writeFileSync(join(folder, 'lab.json'), JSON.stringify(facts, undefined, 2));
  return facts;
}

async function openServer(keeper: KeeperClient, facts: ServerFacts, lab: Lab): Promise<void> {
  await keeper.ask({ do: 'open', plan: planOf(facts) });
  await (facts.name === lab.primary.name ? lab.primary : lab.snapshotServer).start();
}

async function fillServers(lab: Lab, options: LabOptions, image: string): Promise<void> {
  const on = (server: string) => ({ env: lab.environment({ INCUS_DIR: server }) });
  const preseed = (address: string) =>
    JSON.stringify({
      config: { 'core.https_address': address },
      storage_pools: [
        {
          name: 'default',
          ...(options.storage === 'dir' ? { driver: 'dir' } : { driver: 'btrfs', config: { size: '4GiB' } }),
        },
      ],
      profiles: [{ name: 'default', devices: { root: { type: 'disk', path: '/', pool: 'default' } } }],
    });
  await Promise.all(
    [lab.primary, lab.snapshotServer].map(async ({ folder, address }) => {
      await mustRun([lab.client, 'admin', 'init', '--preseed'], { ...on(folder), input: preseed(address) });
      await mustRun([lab.client, 'image', 'import', '--quiet', image, '--alias', IMAGE], on(folder));
    }),
  );
  const granted = await mustRun(
    [lab.client, 'config', 'trust', 'add', 'lab', '--quiet'],
    on(lab.snapshotServer.folder),
  );
  const token = granted.trim().split('\n').at(-1) ?? '';
  await lab.must('remote', 'add', SNAPSHOT_REMOTE, token, '--accept-certificate');
  if (options.containers ?? true) {
    await Promise.all(CONTAINERS.map((name) => launch(lab, name)));
  }
}

/** Starting a container can fail where other labs start theirs; a third failure has another cause. */
const STARTS = 3;

async function launch(lab: Lab, name: string): Promise<void> {
  await lab.must('init', '--quiet', `local:${IMAGE}`, `local:${name}`);
  for (let attempt = 1; ; attempt++) {
    const { exitCode, stderr } = await lab.incus('start', '--quiet', `local:${name}`);
    if (exitCode === 0) return;
    const { stdout } = await lab.incus('info', '--show-log', `local:${name}`);
    if (attempt === STARTS) throw new Error(`${name} does not start\n${stderr}${stdout}`);
    process.stderr.write(`${name} did not start at attempt ${attempt}\n${stderr}${stdout}`);
  }
}

/** The machine's own Incus may be of another line than its name here says. */
async function checkLine(lab: Lab): Promise<void> {
  for (const [remote, server] of [
    ['local', lab.primary],
    [SNAPSHOT_REMOTE, lab.snapshotServer],
  ] as const) {
    const { environment } = await lab.query<{ environment: { server_version: string } }>(`${remote}:/1.0`);
    if (!environment.server_version.startsWith(`${server.line}.`)) {
      throw new Error(`Incus ${server.line} is wanted, and this machine has ${environment.server_version}`);
    }
  }
}
