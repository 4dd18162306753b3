/**
 * The lab's keeper: the one program of the lab that runs as root. It holds each server in a mount and process
 * namespace of its own, so that ending the namespace ends everything in it, and it lives as long as its stdin is
 * open: when the lab's owner ends, however it ends, the keeper ends the servers and removes the lab's folder.
 *
 *   keeper.ts FOLDER
 *
 * It answers requests (keeper-protocol.ts) on the unix socket FOLDER/control.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { KeeperReply, KeeperRequest, ServerPlan } from './keeper-protocol.ts';
import { markOf, type ProcessMark, waitFor } from './process.ts';
import { endAll, removeLab, sweepLabs, writeKeeperState } from './sweep.ts';

interface Keeping {
  plan: ServerPlan;
  /** The namespace's first process, as it is numbered outside. */
  holderPid: number;
  daemon: { enter: ChildProcess; pid: number; ended: Promise<void> } | undefined;
}

const folder = process.argv[2] ?? '';
const servers = new Map<string, Keeping>();
/** All that the keeper has started outside of the namespaces and has to end. */
const helpers: ProcessMark[] = [];

/** The child of a helper that forks once; `unshare` and `nsenter` do, when they enter a process namespace. */
function onlyChild(parent: ChildProcess, what: string): Promise<number> {
  const parentPid = parent.pid;
  if (parentPid === undefined) throw new Error(`${what} could not be started`);
  return waitFor(what, () => {
    if (parent.exitCode !== null) throw new Error(`${what} ended with exit code ${parent.exitCode}`);
    const children = readFileSync(`/proc/${parentPid}/task/${parentPid}/children`, 'utf8').trim();
    return children === '' ? undefined : Number(children.split(' ')[0]);
  });
}

/** Writes down that this process is the lab's, for the case that the keeper is killed. */
function record(helper: ChildProcess): void {
  const mark = helper.pid === undefined ? undefined : markOf(helper.pid);
  if (mark !== undefined) helpers.push(mark);
  writeKeeperState(folder, helpers);
}

/** Makes a server's namespace. */
async function open(plan: ServerPlan): Promise<undefined> {
  mkdirSync(plan.folder, { recursive: true, mode: 0o711 });
  const script = [join(import.meta.dirname, 'hold.sh'), folder];
  if (plan.root !== undefined) {
    const stage = join(folder, `${plan.name}-root`);
    mkdirSync(stage);
    script.push(plan.root, stage);
  }
  const unshare = ['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--propagation', 'private', '--'];
  // Should the keeper itself be killed, the kernel ends the namespace.
  const holder = spawn('setpriv', ['--pdeathsig', 'KILL', ...unshare, '/bin/sh', ...script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] },
  });
  let said = '';
  holder.stdout.on('data', (data: Buffer) => (said += data.toString()));
  holder.stderr.on('data', (data: Buffer) => (said += data.toString()));
  holder.on('error', (error) => (said += error.message));
  record(holder);
  await waitFor(`the namespace of ${plan.name}`, () => {
    if (holder.exitCode !== null || holder.pid === undefined) throw new Error(`no namespace for ${plan.name}: ${said}`);
    return said.includes('ready') ? true : undefined;
  });
  servers.set(plan.name, { plan, holderPid: await onlyChild(holder, 'unshare'), daemon: undefined });
  return undefined;
}

/** Starts a server's daemon and waits until it is ready. */
async function start(name: string): Promise<{ pid: number }> {
  const server = known(name);
  if (server.daemon !== undefined) return { pid: server.daemon.pid };
  const { plan } = server;
  const output = openSync(plan.log, 'a');
  const daemonArgs = ['/usr/libexec/incus/incusd', '--group', 'root', '--logfile', plan.log];
  const nsenter = ['nsenter', '--target', String(server.holderPid), '--mount', '--pid', '--root', '--wd', '--'];
  const enter = spawn('setpriv', ['--pdeathsig', 'KILL', ...nsenter, ...daemonArgs], {
    stdio: ['ignore', output, output],
    cwd: '/',
    env: plan.env,
  });
  closeSync(output);
  record(enter);
  const ended = new Promise<void>((resolve) => {
    enter.on('error', () => {
      resolve();
    });
    enter.on('close', () => {
      resolve();
    });
  });
  const pid = await onlyChild(enter, 'nsenter');
  server.daemon = { enter, pid, ended };
  void ended.then(() => (server.daemon = undefined));
  await waitFor(
    `${plan.name} to be ready`,
    async () => {
      if (server.daemon === undefined) throw new Error(`${plan.name} ended at its start:\n${tail(plan.log)}`);
      return (await isReady(plan.folder)) ? true : undefined;
    },
    60_000,
  );
  const socket = join(plan.folder, 'unix.socket');
  chownSync(socket, 0, plan.gid);
  chmodSync(socket, 0o660);
  return { pid };
}

/** What `incusd waitready` asks, without its half second between two attempts. */
function isReady(incusDir: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(
      { socketPath: join(incusDir, 'unix.socket'), path: '/internal/ready', timeout: 5000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    asked.on('error', () => {
      resolve(false);
    });
    asked.on('timeout', () => asked.destroy());
    asked.end();
  });
}

function signal(name: string, what: NodeJS.Signals): undefined {
  const { daemon } = known(name);
  if (daemon === undefined) throw new Error(`${name} is not running`);
  process.kill(daemon.pid, what);
  // nsenter stops itself with its child, and would not notice that the child goes on or is killed.
  if (what !== 'SIGSTOP') daemon.enter.kill('SIGCONT');
  return undefined;
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-20).join('\n');
}

function known(name: string): Keeping {
  const server = servers.get(name);
  if (server === undefined) throw new Error(`no server named ${name}`);
  return server;
}

async function answer(asked: KeeperRequest): Promise<unknown> {
  switch (asked.do) {
    case 'open':
      return open(asked.plan);
    case 'start':
      return start(asked.server);
    case 'signal': {
      signal(asked.server, asked.signal);
      return;
    }
    case 'ended':
      return known(asked.server).daemon?.ended;
    case 'pid':
      return known(asked.server).daemon?.pid;
    case 'end':
      return end();
  }
}

let ending: Promise<void> | undefined;

/** Ends every namespace, then removes all that is left of the lab. */
function end(): Promise<void> {
  ending ??= (async () => {
    await endAll(helpers);
    await removeLab(folder);
  })();
  return ending;
}

function endAndExit(): void {
  end().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`lab keeper: ${String(error)}\n`);
      process.exit(1);
    },
  );
}

function serve(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  createInterface({ input: socket }).on('line', (line) => {
    const asked = JSON.parse(line) as KeeperRequest & { id: number };
    const reply = (answered: KeeperReply) => {
      if (socket.writable) socket.write(`${JSON.stringify(answered)}\n`);
    };
    answer(asked).then(
      (result) => {
        reply({ id: asked.id, result });
        if (asked.do === 'end') socket.end(() => process.exit(0));
      },
      (error: unknown) => {
        reply({ id: asked.id, error: error instanceof Error ? error.message : String(error) });
      },
    );
  });
}

async function main(): Promise<void> {
  // Ctrl-C reaches the whole terminal's group; the keeper outlives its owner by the time that cleaning takes.
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  process.on('SIGTERM', endAndExit);
  process.stdin.on('end', endAndExit).on('error', endAndExit).resume();
  // `sudo` tells whose the lab is.
  const uid = Number(process.env['SUDO_UID'] ?? process.getuid?.());
  const gid = Number(process.env['SUDO_GID'] ?? process.getgid?.());
  writeKeeperState(folder, helpers);
  await sweepLabs(folder, uid);
  const path = join(folder, 'control');
  const server = createServer(serve);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  chmodSync(path, 0o600);
  chownSync(path, uid, gid);
  spawnSync('modprobe', ['--quiet', '--all', 'btrfs', 'overlay', 'loop'], { stdio: 'ignore' });
  writeFileSync(process.stdout.fd, 'ready\n');
}

await main();
