/** Running the project's TypeScript programs by the Node that npm has installed for it, whatever the machine's own is. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { project } from './places.mjs';
import { which } from './run.mjs';

/**
 * Runs a program of the project and resolves with its exit code. It ends when this process does. With `onOutput` its
 * output is handed to that, otherwise it goes to the terminal.
 */
export function runNode(args, env = {}, onOutput = undefined) {
  const node = join(project, 'node_modules/node/bin/node');
  const path = [dirname(node), process.env.PATH].join(delimiter);
  // Told by the kernel when this process is killed, so that it can tidy up.
  const leash = process.platform === 'linux' && which('setpriv') ? ['setpriv', '--pdeathsig', 'TERM', '--'] : [];
  const [program, ...rest] = [...leash, node, ...args];
  const stdio = onOutput === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'];
  const child = spawn(program, rest, { cwd: project, env: { ...process.env, ...env, PATH: path }, stdio });
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', onOutput);
  // A terminal's Ctrl-C reaches the child as well; it has to end first.
  const forward = (signal) => child.kill(signal);
  const ignore = () => undefined;
  process.on('SIGTERM', forward).on('SIGHUP', forward).on('SIGINT', ignore);
  // npm does not pass signals on, it and its shell just go; then this process has other ancestors.
  const before = ancestors();
  const watch = setInterval(() => ancestors() !== before && child.kill('SIGTERM'), 300);
  if (process.env.npm_lifecycle_event === undefined) clearInterval(watch);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on(onOutput === undefined ? 'exit' : 'close', (code, signal) => {
      clearInterval(watch);
      process.off('SIGTERM', forward).off('SIGHUP', forward).off('SIGINT', ignore);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

/** The process above this one and the one above that, where the system tells. */
function ancestors() {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    return `${process.ppid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`;
  } catch {
    return String(process.ppid);
  }
}
