/**
 * Bundles the extension, and on demand the tests that run in VS Code's extension host.
 *
 *   node scripts/build.mjs [--production] [--tests] [--bench] [--watch]
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { withLock } from './setup/lock.mjs';
import { cacheFolder, project, readAtStart } from './setup/places.mjs';

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

/**
 * The extension: what activation reads, and beside it in `dist` what is imported later (the commands). esbuild parts code
 * for ES modules only, while VS Code loads CommonJS, so that each part is put into that form afterwards.
 */
function extensionBundle(production) {
  return {
    ...NODE_BUNDLE,
    format: 'esm',
    splitting: true,
    chunkNames: '[name]-[hash]',
    entryPoints: ['src/extension.ts'],
    outdir: 'dist',
    external: ['vscode'],
    plugins: [LIBRARIES_APART, asCommonJs(production)],
    minify: production,
    sourcemap: 'inline',
    metafile: true,
    write: false,
  };
}

function asCommonJs(production) {
  return {
    name: 'as-common-js',
    setup({ esbuild, onEnd }) {
      onEnd(async ({ errors, outputFiles, metafile }) => {
        if (errors.length > 0) return;
        for (const { path, text } of outputFiles) {
          const name = basename(path);
          const { code, map } = await esbuild.transform(text, {
            format: 'cjs',
            platform: NODE_BUNDLE.platform,
            target: NODE_BUNDLE.target,
            supported: { 'dynamic-import': false },
            minify: production,
            sourcefile: name,
            sourcemap: 'external',
          });
          mkdirSync(dirname(path), { recursive: true });
          writeFileSync(path, production ? code : `${code}//# sourceMappingURL=${name}.map\n`);
          writeFileSync(`${path}.map`, map);
        }
        const written = new Set(outputFiles.map(({ path }) => basename(path)));
        for (const name of readdirSync(join(project, 'dist')).filter((one) => /\.js(\.map)?$/.test(one))) {
          if (!written.has(name.replace(/\.map$/, ''))) rmSync(join(project, 'dist', name));
        }
        writeFileSync(readAtStart, JSON.stringify(readWith(metafile, 'dist/extension.js')));
      });
    },
  };
}

function readWith({ outputs }, path) {
  const imported = outputs[path].imports.filter(({ kind, external }) => kind === 'import-statement' && !external);
  return [...new Set([path, ...imported.flatMap((one) => readWith({ outputs }, one.path))])];
}

/**
 * Libraries that lie in files of their own beside the extension and are loaded when they are needed for the first time,
 * so that activation does not read them: what is said of each there, and what of it is used.
 */
const LIBRARIES = {
  execa: { contents: `export { execa } from 'execa'` },
  ws: { contents: `export { WebSocket } from 'ws'` },
  cronstrue: {
    contents: `import cronstrue from 'cronstrue'; ${['de', 'fr', 'it'].map((one) => `import 'cronstrue/locales/${one}.js';`).join(' ')} export const toString = cronstrue.toString;`,
    // Rows cannot wait for words: where it is imported it is loaded in the moment of its first call.
    inPlace: `export default { toString: (...args) => require('./lib/cronstrue.js').toString(...args) }`,
  },
};

/** Leaves those libraries to their files. */
const LIBRARIES_APART = {
  name: 'libraries-apart',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z]+(\/locales\/[a-z]+\.js)?$/ }, ({ kind, path, namespace }) => {
      const [name, isPart] = path.split('/');
      const library = LIBRARIES[name];
      if (!library || namespace === 'in-place') return undefined;
      if (library.inPlace) return { path: isPart ? 'nothing' : name, namespace: 'in-place' };
      return kind === 'dynamic-import' ? { path: `./lib/${name}.js`, external: true } : undefined;
    });
    onResolve({ filter: /^\.\/lib\//, namespace: 'in-place' }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /.*/, namespace: 'in-place' }, ({ path }) => ({ contents: LIBRARIES[path]?.inPlace ?? '' }));
  },
};

function libraryBundles(production) {
  return Object.entries(LIBRARIES).map(([name, { contents }]) => ({
    ...NODE_BUNDLE,
    stdin: { contents, resolveDir: project },
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
