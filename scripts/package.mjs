/**
 * Packs the extension into dist/incus-snapshots.vsix. What goes in is what .vscodeignore leaves.
 *
 * VS Code shows a README's pictures only from an https address, which the extension has none of: its packed README goes
 * without. The packed LICENSE also has those of the packages inside the bundle.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createVSIX, listFiles, PackageManager } from '@vscode/vsce';
import { build } from './build.mjs';
import { project } from './setup/places.mjs';

const VSIX = 'dist/incus-snapshots.vsix';
const STAGE = join(project, 'dist/package');

/** Without pictures; links to files that are not packed become plain words. */
function selfContained(markdown, packed) {
  return markdown
    .replaceAll(/^!\[[^\]]*\]\([^)]*\)\n\n?/gm, '')
    .replaceAll(/\[([^\]]*)\]\(([^):#]+)(?:#[^)]*)?\)/g, (link, words, path) => (packed.includes(path) ? link : words));
}

/** The packages whose code is in the bundles, as their source maps name them. */
function bundledPackages() {
  const mapsIn = (folder) =>
    readdirSync(join(project, 'dist', folder))
      .filter((name) => name.endsWith('.js.map'))
      .map((name) => `${folder}/${name}`);
  const maps = [...mapsIn('.'), ...mapsIn('lib'), ...mapsIn('webview')];
  const sources = maps.flatMap((map) => JSON.parse(readFileSync(join(project, 'dist', map), 'utf8')).sources);
  const names = sources.flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? []);
  return [...new Set(names)].sort();
}

function licenceOf(name) {
  const folder = join(project, 'node_modules', name);
  const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)/i.test(one));
  if (file === undefined) throw new Error(`the package ${name}, which is in the bundle, has no licence to be packed`);
  return readFileSync(join(folder, file), 'utf8').trim();
}

/** The project's licence, and under it those of others whose code is packed, as they ask for. */
function licences(own) {
  const others = bundledPackages().map((name) => `${'-'.repeat(80)}\n${name}\n\n${licenceOf(name)}\n`);
  return [own, 'What is in dist also holds these packages:\n', ...others].join('\n');
}

/** How a file is packed where it is not packed as it is. */
const REWRITTEN = { 'README.md': selfContained, LICENSE: licences };

await build({ production: true });
const files = await listFiles({ cwd: project, packageManager: PackageManager.None });
rmSync(STAGE, { recursive: true, force: true });
for (const file of files) {
  const target = join(STAGE, file);
  mkdirSync(dirname(target), { recursive: true });
  const rewrite = REWRITTEN[file];
  if (rewrite) writeFileSync(target, rewrite(readFileSync(join(project, file), 'utf8'), files));
  else cpSync(join(project, file), target);
}
cpSync(join(project, '.vscodeignore'), join(STAGE, '.vscodeignore'));
await createVSIX({
  cwd: STAGE,
  packagePath: join(project, VSIX),
  dependencies: false,
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
});
rmSync(STAGE, { recursive: true, force: true });
const kilobytes = Math.round(statSync(join(project, VSIX)).size / 1024);
process.stdout.write(`${VSIX}: ${files.length} files, ${kilobytes} KB\n`);
