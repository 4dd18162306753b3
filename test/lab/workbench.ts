/** VS Code's real workbench in a headless browser, as a user sees it. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { startWorkbenchServer, type WorkbenchOptions, type WorkbenchServer } from './workbench-server.ts';

export type OpenOptions = WorkbenchOptions & {
  /** The browser's program. */
  browser?: string;
};

export interface Workbench {
  page: Page;
  url: string;
  folders: WorkbenchServer['folders'];
  /** What the page, the extension host and the server have said, in order. */
  logs: string[];
  /** With testsPath: what the suite's `run` came to, 0 or 1. */
  testsDone: Promise<number>;
  close: () => Promise<void>;
}

const WINDOW = { width: 1280, height: 800 };

export const BROWSER_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
  // No name but this machine's own can be looked up, whatever a page asks for.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** Opens the workbench and resolves when its window is drawn. */
export async function openWorkbench(options: OpenOptions): Promise<Workbench> {
  const server = await startWorkbenchServer(options);
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    await server.close();
  };
  try {
    const env = { ...process.env, TMPDIR: server.folders.temporary };
    browser = await chromium.launch({
      executablePath: options.browser ?? '/usr/bin/chromium',
      args: BROWSER_ARGS,
      env,
    });
    const context = await browser.newContext({ viewport: WINDOW, locale: options.locale ?? 'en' });
    const page = await context.newPage();
    const logs: string[] = [];
    const { testsDone } = await listen(page, logs, server);
    await page.goto(server.url);
    await page.locator('.monaco-workbench .part.activitybar').waitFor({ timeout: 60_000 });
    return { page, url: server.url, folders: server.folders, logs, testsDone, close };
  } catch (error) {
    process.stderr.write(`${server.output()}\n`);
    await close();
    throw error;
  }
}

/** Collects what the page says, and hears the end of a suite; VS Code's own tests in a browser do the same. */
async function listen(page: Page, logs: string[], server: WorkbenchServer): Promise<{ testsDone: Promise<number> }> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  page.on('console', (message) => {
    // What VS Code colours is its own log, which comes below as well.
    if (!message.text().startsWith('%c')) logs.push(`[${message.type()}] ${message.text()}`);
  });
  page.on('pageerror', (error) => logs.push(`[page error] ${error.message}`));
  page.on('crash', () => {
    reject(new Error(`the page crashed\n${server.output()}`));
  });
  await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
    logs.push(`[${type}] ${args.map(String).join(' ')}`);
  });
  await page.exposeFunction('codeAutomationExit', (code: number) => {
    resolve(code);
  });
  // Whoever waits for it hears of a crash; nobody has to.
  promise.catch(() => undefined);
  return { testsDone: promise };
}
