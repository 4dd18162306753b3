/** What comes from the npm registry: the project's own packages, and VS Code's workbench. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { project, STAND_INS, workbenchFolder } from './places.mjs';
import { must, say } from './run.mjs';

const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

/** Installs the project's packages, unless node_modules holds what package-lock.json says. */
export async function installProject() {
  if (isInstalled()) return;
  say('installing the npm packages (npm ci)');
  await must('the npm packages', ['npm', 'ci', ...QUIET], { cwd: project });
}

/** npm leaves a list of what it has installed; packages for other systems are not in it. */
function isInstalled() {
  const installed = join(project, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const wanted = packages(join(project, 'package-lock.json'));
  const have = packages(installed);
  const same = (path) =>
    have[path]?.version === wanted[path]?.version && have[path]?.integrity === wanted[path]?.integrity;
  return (
    Object.keys(have).every((path) => same(path)) &&
    Object.keys(wanted).every((path) => path === '' || path in have || wanted[path].optional)
  );
}

/** Installs the workbench into its cache folder, where it appears only when it is complete. */
export async function installWorkbench() {
  const folder = workbenchFolder();
  if (existsSync(folder)) return;
  removeParts(dirname(folder));
  const source = join(project, 'test/lab/workbench');
  const part = `${folder}.part-${process.pid}`;
  say(`installing VS Code's workbench into ${folder} (half a minute)`);
  mkdirSync(part, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(source, file), join(part, file));
  const what = "VS Code's workbench (the npm package code-server)";
  // Its install scripts would build native modules that the tests do without.
  await must(what, ['npm', 'ci', '--ignore-scripts', ...QUIET], { cwd: part });
  // The server inside brings its own list of packages, which npm does not install by itself; `npm ci` refuses the list,
  // because its authors changed the package.json beside it.
  const inner = join(part, 'node_modules/code-server/lib/vscode');
  await must(what, ['npm', 'install', '--omit=dev', '--ignore-scripts', ...QUIET], { cwd: inner });
  for (const name of STAND_INS) {
    cpSync(join(source, 'stand-ins', `${name}.cjs`), join(inner, 'node_modules/@vscode', name, 'index.js'));
  }
  renameSync(part, folder);
}

/** What setups have left that were interrupted. */
function removeParts(cache) {
  if (!existsSync(cache)) return;
  for (const name of readdirSync(cache).filter((one) => /^workbench-.*\.part-/.test(basename(one)))) {
    rmSync(join(cache, name), { recursive: true, force: true });
  }
}
