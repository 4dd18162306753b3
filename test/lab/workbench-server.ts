/**
 * VS Code's real workbench as a server on 127.0.0.1, with folders of its own. Extensions run in its Node extension host.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { workbenchFolder } from '../../scripts/setup/places.mjs';
import { freePorts } from './ports.ts';
import { mustRun, waitFor } from './process.ts';
import { Scratch } from './scratch.ts';

export interface WorkbenchOptions {
  /** The environment of the extension host, hence of the `incus` that the extension runs. */
  env: NodeJS.ProcessEnv;
  /** The folder of an extension under development. */
  extensionPath?: string;
  /** The folder of another extension, which is installed as it is. */
  helperPath?: string;
  /** A packed extension to install. */
  vsix?: string;
  /** The folder to open; without it the window is empty. */
  folder?: string;
  /** The user's settings, over those that make for a calm window. */
  settings?: Readonly<Record<string, unknown>>;
  /** A module with a function `run`, run in the extension host; needs extensionPath. */
  testsPath?: string;
  /** Whether VS Code asks to trust the folder, as it does by default; here it does not unless told so. */
  trust?: boolean;
  /** The language that extensions see: `de`, say. The workbench itself has no translations and stays English. */
  locale?: string;
}

export interface WorkbenchServer {
  /** The address of a window as the options describe it. */
  url: string;
  /** `home` holds all others and vanishes with the server. */
  folders: { home: string; data: string; extensions: string; temporary: string };
  /** What the server has printed. */
  output: () => string;
  close: () => Promise<void>;
}

/** Nothing moves, nothing asks, nobody is called. */
const CALM_SETTINGS = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'files.simpleDialog.enable': true,
  'git.enabled': false,
  'security.workspace.trust.startupPrompt': 'never',
  'telemetry.telemetryLevel': 'off',
  'terminal.integrated.shellIntegration.enabled': false,
  'update.mode': 'none',
  'window.commandCenter': false,
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.enableExperiments': false,
  'workbench.layoutControl.enabled': false,
  'workbench.reduceMotion': 'on',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** Starts the server and resolves when it answers. */
export async function startWorkbenchServer(options: WorkbenchOptions): Promise<WorkbenchServer> {
  const scratch = new Scratch();
  try {
    return await start(scratch, options);
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}

async function start(scratch: Scratch, options: WorkbenchOptions): Promise<WorkbenchServer> {
  const home = scratch.folder;
  const folders = {
    home,
    data: join(home, 'data'),
    extensions: join(home, 'extensions'),
    temporary: join(home, 'tmp'),
  };
  writeSettings(home, options.settings);
  if (options.locale !== undefined) writeLanguage(home, options.locale);
  const main = join(workbenchFolder(), 'node_modules/code-server/lib/vscode/out/server-main.js');
  const where = ['--server-data-dir', home, '--extensions-dir', folders.extensions];
  // Set where the tests themselves run in a VS Code terminal; they would tie the server to that window.
  const ties = /^(VSCODE_|ELECTRON_RUN_AS_NODE$)/;
  const env: NodeJS.ProcessEnv = Object.fromEntries(Object.entries(options.env).filter(([name]) => !ties.test(name)));
  // Without an address of a gallery none is asked for updates.
  env['EXTENSIONS_GALLERY'] = JSON.stringify({ serviceUrl: '' });
  // VS Code leaves sockets and caches among the temporary files.
  env['TMPDIR'] = folders.temporary;
  mkdirSync(folders.temporary);
  if (options.helperPath !== undefined)
    cpSync(options.helperPath, join(folders.extensions, 'helper'), { recursive: true });
  if (options.vsix !== undefined) {
    await mustRun(
      [process.execPath, main, ...where, '--accept-server-license-terms', '--install-extension', options.vsix],
      { env },
    );
  }
  const [port = 0] = await freePorts(1);
  const args = [
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--without-connection-token',
    '--accept-server-license-terms',
  ];
  // Only with this switch does a built VS Code heed the address's `payload`.
  args.push('--enable-smoke-test-driver', '--disable-telemetry');
  // VS Code would ask a login shell for its environment, and lay that one's PATH over the lab's, client and all.
  args.push('--force-disable-user-env');
  if (options.locale !== undefined) args.push('--locale', options.locale);
  if (!(options.trust ?? false)) args.push('--disable-workspace-trust');
  // A group of its own, so that what the server starts can be ended with it; and no end of it is left to chance.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, main, ...where, ...args], {
    env,
    cwd: home,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  child.on('error', (error) => (output += error.message));
  scratch.adopt(child.pid);
  await waitFor('the workbench to answer', async () => {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`the workbench did not start:\n${output}`);
    return (await answers(port)) ? true : undefined;
  });
  const close = async () => {
    const ended = new Promise((resolve) => child.once('close', resolve));
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await Promise.race([
        ended,
        waitFor('the workbench to end', () => (child.exitCode === null ? undefined : true), 3000).catch(
          () => undefined,
        ),
      ]);
    }
    await scratch.remove();
  };
  return { url: windowUrl(port, options), folders, output: () => output, close };
}

/** Where VS Code is a server, it takes a machine's settings, those of the extension among them, from a file of their own. */
function writeSettings(home: string, settings: WorkbenchOptions['settings'] = {}): void {
  const ofExtension = Object.entries(settings).filter(([key]) => key.startsWith('incusSnapshots.'));
  for (const [kind, content] of [
    ['User', { ...CALM_SETTINGS, ...settings }],
    ['Machine', Object.fromEntries(ofExtension)],
  ] as const) {
    mkdirSync(join(home, 'data', kind), { recursive: true });
    writeFileSync(join(home, 'data', kind, 'settings.json'), JSON.stringify(content, undefined, 2));
  }
}

/** A language pack without translations: extensions are told a language only where VS Code has a pack for it. */
function writeLanguage(home: string, locale: string): void {
  const translations = join(home, 'language.json');
  writeFileSync(translations, JSON.stringify({ version: '1.0.0', contents: {} }));
  const extensions = [{ extensionIdentifier: { id: `lab.language-${locale}` }, version: '1.0.0' }];
  const packs = { [locale]: { hash: locale, label: locale, extensions, translations: { vscode: translations } } };
  writeFileSync(join(home, 'data', 'languagepacks.json'), JSON.stringify(packs));
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/version' }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => {
      resolve(false);
    });
  });
}

function windowUrl(port: number, options: WorkbenchOptions): string {
  const remote = (path: string) => `vscode-remote://127.0.0.1:${port}${path}`;
  const payload: [string, string][] = [['skipWelcome', 'true']];
  if (options.extensionPath !== undefined) payload.push(['extensionDevelopmentPath', remote(options.extensionPath)]);
  if (options.testsPath !== undefined) payload.push(['extensionTestsPath', remote(options.testsPath)]);
  const url = new URL(`http://127.0.0.1:${port}/`);
  if (options.folder === undefined) url.searchParams.set('ew', 'true');
  else url.searchParams.set('folder', options.folder);
  url.searchParams.set('payload', JSON.stringify(payload));
  return url.href;
}
