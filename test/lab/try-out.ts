/**
 * Opens the extension for a user to try, and stays until Ctrl-C or until the window is closed.
 *
 *   try-out.ts own|6.0|7.0|mixed workbench|PATH-OF-CODE [once]
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { project } from '../../scripts/setup/places.mjs';
import { onEnd } from './at-end.ts';
import { CONTAINERS, SNAPSHOT_REMOTE } from './handle.ts';
import { type LabOptions, startLab } from './lab.ts';
import { runMain, waitFor } from './process.ts';
import { Scratch } from './scratch.ts';
import { startWorkbenchServer } from './workbench-server.ts';

/** Opens the extension's view by itself. */
const SHOW_VIEW = join(import.meta.dirname, 'show-view');

/** Starts what the extension is to show, and resolves with the environment to see it in. */
async function surroundings(what: string): Promise<NodeJS.ProcessEnv> {
  if (what === 'own') {
    process.stdout.write('\nYour own Incus is used: what you do to its instances is real.\n');
    return process.env;
  }
  const lab = await startLab({ line: what as LabOptions['line'] });
  process.stdout.write(
    `\nTwo Incus servers run (${lab.primary.line} and ${lab.snapshotServer.line}): the primary, "local", with the containers ` +
      `${CONTAINERS.join(' and ')}, and the snapshot server, "${SNAPSHOT_REMOTE}".\n`,
  );
  return lab.environment();
}

async function inWorkbench(env: NodeJS.ProcessEnv, once: boolean): Promise<void> {
  const server = await startWorkbenchServer({ env, extensionPath: project, helperPath: SHOW_VIEW });
  process.stdout.write(`\nOpen this address in a browser on this machine:\n\n  ${server.url}\n\n`);
  if (once) {
    const status = await new Promise((resolve, reject) => {
      get(server.url, (response) => {
        resolve(response.resume().statusCode);
      }).on('error', reject);
    });
    process.stdout.write(`The address answers with ${String(status)}.\n`);
    process.exit(status === 200 ? 0 : 1);
  }
  process.stdout.write('Ctrl-C ends it all.\n');
  // Nothing else keeps the process once the server has said its lines.
  setInterval(() => undefined, 2 ** 30);
}

async function inDesktop(code: string, env: NodeJS.ProcessEnv): Promise<void> {
  const scratch = new Scratch();
  const data = join(scratch.folder, 'data');
  mkdirSync(data);
  const extensions = join(scratch.folder, 'extensions');
  cpSync(SHOW_VIEW, join(extensions, 'show-view'), { recursive: true });
  const folders = ['--user-data-dir', data, '--extensions-dir', extensions];
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  process.stdout.write(
    '\nVS Code opens with the extension and its view. Close the window, or press Ctrl-C, to end it all.\n',
  );
  const child = spawn(
    code,
    ['--new-window', '--wait', `--extensionDevelopmentPath=${project}`, ...folders, ...asRoot],
    {
      env,
      stdio: 'inherit',
    },
  );
  onEnd({
    begin: () => {
      endWindows(data);
    },
    isOver: () => true,
  });
  const failed = await new Promise<Error | undefined>((resolve) =>
    child.once('error', resolve).once('exit', () => {
      resolve(undefined);
    }),
  );
  if (failed !== undefined) throw failed;
  await waitFor('VS Code to end', () => (windows(data).length === 0 ? true : undefined), 10_000).catch(() => {
    endWindows(data);
  });
  process.exit(0);
}

/** `code` leaves the window to a process of its own; its data folder, which nobody else has, tells which it is. */
function windows(data: string): number[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data);
      } catch {
        return false;
      }
    });
}

function endWindows(data: string): void {
  for (const pid of windows(data)) process.kill(pid, 'SIGKILL');
}

const [, , what = '6.0', where = 'workbench', once] = process.argv;
await runMain(async () => {
  const env = await surroundings(what);
  if (where === 'workbench') await inWorkbench(env, once === 'once');
  else await inDesktop(where, env);
});
