/**
 * Texts for translators.
 *
 *   node scripts/l10n.mjs           writes l10n/bundle.l10n.json, the texts that the source has
 *   node scripts/l10n.mjs --check   writes nothing, and fails where the texts and their translations do not fit
 *
 * Both list what is missing or left over in each translation.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getL10nJson } from '@vscode/l10n-dev';
import { project } from './setup/places.mjs';

const BUNDLE = 'l10n/bundle.l10n.json';
const MANIFEST = 'package.nls.json';
const SOURCES = ['src'];

const text = (file) => readFileSync(join(project, file), 'utf8');
const json = (file) => (existsSync(join(project, file)) ? JSON.parse(text(file)) : {});

function sourceFiles() {
  return SOURCES.flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(folder, name)),
  ).sort();
}

/** All texts that the source hands to `l10n.t`, in a stable order. */
async function exported(files) {
  const bundle = await getL10nJson(files.map((file) => ({ extension: '.ts', contents: text(file) })));
  return Object.fromEntries(Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Texts that are put together at run time cannot be found, hence not be translated. */
function unreadable(files) {
  return files.flatMap((file) => {
    const source = text(file);
    return [...source.matchAll(/\bl10n\.t\(\s*(?!['"{\s])/g)].map(({ index }) => {
      const line = source.slice(0, index).split('\n').length;
      return `${file}:${line}: l10n.t takes a text in quotes, so that it can be found`;
    });
  });
}

/** The keys that package.json asks for, and those that package.nls.json has. */
function manifestProblems() {
  const used = new Set([...text('package.json').matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key));
  return compare(MANIFEST, used, new Set(Object.keys(json(MANIFEST))), 'package.json');
}

function compare(file, wanted, present, origin) {
  return [
    ...[...wanted].filter((key) => !present.has(key)).map((key) => `${file}: missing ${JSON.stringify(key)}`),
    ...[...present]
      .filter((key) => !wanted.has(key))
      .map((key) => `${file}: left over, not in ${origin}: ${JSON.stringify(key)}`),
  ];
}

/** What has to stand in a translation as it stands in the original: placeholders, links to commands, icons, code. */
function fixedParts(message) {
  const parts = message.match(/\{\d+\}|\(command:[^)]*\)|\$\([a-z-]+\)|`[^`]*`/g) ?? [];
  return [...new Set(parts)].sort().join(' ');
}

function translationProblems(original, messages) {
  const [stem, folder] = [original.replace(/\.json$/, ''), original.includes('/') ? 'l10n' : '.'];
  const files = readdirSync(join(project, folder))
    .map((name) => (folder === '.' ? name : `${folder}/${name}`))
    .filter((name) => name.startsWith(`${stem}.`) && name.endsWith('.json') && name !== original);
  return files.flatMap((file) => {
    const translated = json(file);
    const changed = Object.entries(translated)
      .filter(([key]) => key in messages)
      .filter(([key, value]) => value.trim() === '' || fixedParts(value) !== fixedParts(messages[key]))
      .map(([key]) => `${file}: not with the same placeholders, links, icons and code: ${JSON.stringify(key)}`);
    return [...compare(file, new Set(Object.keys(messages)), new Set(Object.keys(translated)), original), ...changed];
  });
}

/** Both kinds of texts have to come in the same languages. */
function languageProblems() {
  const languages = (folder, pattern) =>
    new Set(readdirSync(join(project, folder)).flatMap((name) => pattern.exec(name)?.[1] ?? []));
  const bundles = languages('l10n', /^bundle\.l10n\.(.+)\.json$/);
  const manifests = languages('.', /^package\.nls\.(.+)\.json$/);
  return [
    ...[...bundles].filter((one) => !manifests.has(one)).map((one) => `package.nls.${one}.json is missing`),
    ...[...manifests].filter((one) => !bundles.has(one)).map((one) => `l10n/bundle.l10n.${one}.json is missing`),
  ];
}

const files = sourceFiles();
const bundle = await exported(files);
const content = `${JSON.stringify(bundle, undefined, 2)}\n`;
const problems = unreadable(files);
if (!process.argv.includes('--check')) {
  writeFileSync(join(project, BUNDLE), content);
  process.stdout.write(`${BUNDLE}: ${Object.keys(bundle).length} texts\n`);
} else if (!existsSync(join(project, BUNDLE)) || text(BUNDLE) !== content) {
  problems.push(`${BUNDLE} is not what the source has: npm run l10n writes it`);
}
problems.push(
  ...manifestProblems(),
  ...translationProblems(BUNDLE, bundle),
  ...translationProblems(MANIFEST, json(MANIFEST)),
  ...languageProblems(),
);
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length > 0 && process.argv.includes('--check') ? 1 : 0;
