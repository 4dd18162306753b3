/**
 * Bundles the extension, and on demand the tests that run in VS Code's extension host.
 *
 *   node scripts/build.mjs [--production] [--tests] [--bench] [--watch]
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { withLock } from './setup/lock.mjs';
import { cacheFolder, project } from './setup/places.mjs';

/** Node bundles run in VS Code's extension host; 22 is the Node of the oldest VS Code that package.json allows. */
const NODE_BUNDLE = {
  absWorkingDir: project,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node22',
  logLevel: 'warning',
  tsconfig: join(project, 'tsconfig.json'),
};

function extensionBundle(production) {
  return {
    ...NODE_BUNDLE,
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.js',
    external: ['vscode'],
    plugins: [LIBRARIES_APART],
    minify: production,
    sourcemap: production ? 'external' : 'linked',
  };
}

/** What of the libraries is imported when it is needed for the first time, so that activation does not read it. */
const LIBRARIES = { execa: 'execa', ws: 'WebSocket' };

/** Leaves those imports to files of their own beside the extension. */
const LIBRARIES_APART = {
  name: 'libraries-apart',
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^(${Object.keys(LIBRARIES).join('|')})$`) }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path: `./lib/${path}.js`, external: true } : undefined,
    );
  },
};

function libraryBundles(production) {
  return Object.entries(LIBRARIES).map(([name, what]) => ({
    ...NODE_BUNDLE,
    stdin: { contents: `export { ${what} } from '${name}'`, resolveDir: project },
    outfile: `dist/lib/${name}.js`,
    minify: production,
    sourcemap: production ? 'external' : 'linked',
  }));
}

/** Webview bundles run in the browser that VS Code brings; each folder of src/webview is one. */
function webviewBundles(production) {
  const folder = join(project, 'src/webview');
  const names = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory());
  return {
    absWorkingDir: project,
    bundle: true,
    format: 'iife',
    platform: 'browser',
    target: 'chrome138',
    logLevel: 'warning',
    tsconfig: join(folder, 'tsconfig.json'),
    entryPoints: names.map(({ name }) => ({ in: `src/webview/${name}/main.ts`, out: name })),
    outdir: 'dist/webview',
    minify: production,
    sourcemap: production ? 'external' : 'inline',
  };
}

function hostTestsBundle() {
  const tests = readdirSync(join(project, 'test/host'), { recursive: true }).filter(
    (name) => name === 'index.ts' || name.endsWith('.test.ts'),
  );
  return {
    ...NODE_BUNDLE,
    entryPoints: tests.map((name) => `test/host/${name}`),
    outbase: 'test/host',
    outdir: 'dist/test/host',
    // esbuild leaves it empty in CommonJS.
    define: { 'import.meta.dirname': '__dirname' },
    // mocha finds its own files at run time, and the tests have to share one copy.
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
  };
}

/** What measures from within VS Code's extension host. */
function benchBundle() {
  return { ...NODE_BUNDLE, entryPoints: ['bench/host/index.ts'], outfile: 'dist/bench/host.js', external: ['vscode'] };
}

/**
 * Builds the extension; `tests` adds the host suite, `bench` what the benchmark runs in the extension host. With `watch`
 * it stays and builds after each change.
 */
export async function build({ production = false, tests = false, bench = false, watch = false } = {}) {
  // Loaded late, because setup may only just have installed it.
  const { build: once, context } = await import('esbuild');
  const bundles = [
    extensionBundle(production),
    ...libraryBundles(production),
    webviewBundles(production),
    ...(tests ? [hostTestsBundle()] : []),
    ...(bench ? [benchBundle()] : []),
  ];
  if (watch) {
    for (const bundle of bundles) await (await context({ ...bundle, logLevel: 'info' })).watch();
    return;
  }
  await withLock(join(cacheFolder(), 'setup.lock'), async () => {
    // What is left of a test that is no more would still be run.
    if (tests) rmSync(join(project, 'dist/test'), { recursive: true, force: true });
    for (const bundle of bundles) await once(bundle);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const has = (flag) => process.argv.includes(flag);
  await build({
    production: has('--production'),
    tests: has('--tests'),
    bench: has('--bench'),
    watch: has('--watch'),
  });
}
