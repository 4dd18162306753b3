/** The real workbench with the packed-up extension in it, and a way to ask its extension host. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { project } from '../scripts/setup/places.mjs';
import { waitFor } from '../test/lab/process.ts';
import { Scratch } from '../test/lab/scratch.ts';
import { openWorkbench, type Workbench } from '../test/lab/workbench.ts';
import type { Answers, Question } from './host/protocol.ts';

const HOST = join(project, 'dist/bench/host.js');

/** Asks the extension host of an open window. */
export type Ask = <Q extends Question>(question: Q) => Promise<Answers[Q]>;

/** Whether somebody listens. The file alone does not say so: it is there a moment earlier. */
function isHeard(socket: string): Promise<true | undefined> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.on('error', () => {
      resolve(undefined);
    });
    connection.on('connect', () => {
      connection.destroy();
      resolve(true);
    });
  });
}

/** Opens a window as a user of an environment, and closes it when the work has ended. The view is not open yet. */
export async function useWindow<T>(
  env: NodeJS.ProcessEnv,
  work: (ask: Ask, page: Workbench['page']) => Promise<T>,
): Promise<T> {
  const scratch = new Scratch();
  const socket = join(scratch.folder, 'host.sock');
  const ask: Ask = (question) =>
    new Promise((resolve, reject) => {
      const asked = request({ socketPath: socket, path: `/${question}` }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => {
          if (response.statusCode === 200) resolve(JSON.parse(body) as never);
          else reject(new Error(`${question}: ${body}`));
        });
      });
      asked.on('error', reject);
      asked.end();
    });
  try {
    const workbench = await openWorkbench({
      env: { ...env, INCUS_BENCH_SOCKET: socket },
      extensionPath: project,
      testsPath: HOST,
    });
    try {
      await waitFor('the extension host', () => isHeard(socket), 60_000);
      const result = await work(ask, workbench.page);
      await ask('end');
      await workbench.testsDone;
      return result;
    } finally {
      await workbench.close();
    }
  } finally {
    await scratch.remove();
  }
}

/**
 * What the extension's activation took, in milliseconds, as VS Code itself says in `Developer: Show Running Extensions`:
 * reading the bundle, and the call of `activate`.
 */
export async function activationTime(page: Workbench['page']): Promise<number> {
  // The list draws only what is in sight.
  await page.setViewportSize({ width: 1280, height: 2400 });
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget input.input');
  await input.waitFor();
  await input.fill('>Developer: Show Running Extensions');
  await page
    .locator('.quick-input-list .monaco-list-row')
    .filter({ hasText: 'Show Running Extensions' })
    .first()
    .click();
  const row = page.locator('.runtime-extensions-editor .monaco-list-row').filter({ hasText: 'incus-snapshots' });
  const text = await row.getByText(/Activation: \d+ms/).textContent();
  return Number(/(\d+)ms/.exec(text ?? '')?.[1]);
}
