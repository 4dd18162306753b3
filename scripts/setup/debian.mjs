/**
 * Debian packages. What is there is told by files, so that nothing is run when nothing is missing, and so that other
 * systems pass where their owner has installed the same programs.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asRoot, Missing, must, run, say, which, writeAsRoot } from './run.mjs';

/** Packages by what they are for. `file` proves that the package is there, `program` that the PATH has it. */
export const PACKAGES = {
  incus: [
    { name: 'incus-base', file: '/usr/libexec/incus/incusd' },
    { name: 'incus-client', file: '/usr/bin/incus' },
    { name: 'uidmap', program: 'newuidmap' },
    { name: 'btrfs-progs', program: 'mkfs.btrfs' },
    { name: 'busybox-static', file: '/usr/share/doc/busybox-static' },
  ],
  // The scripts that mirror without VS Code are held to it.
  scripts: [{ name: 'shellcheck', program: 'shellcheck' }],
  root70: [{ name: 'debootstrap', program: 'debootstrap' }],
  browser: [
    { name: 'chromium', program: 'chromium' },
    // With these, pictures look the same on every machine.
    { name: 'fonts-dejavu-core', file: '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf' },
    { name: 'fonts-noto-core', file: '/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf' },
  ],
};

/** Debian releases that are known to work, and whether their Incus 6.0 comes from backports. */
const RELEASES = { bookworm: { backports: true }, trixie: { backports: false } };

const SOURCES = '/etc/apt/sources.list.d';

function osRelease() {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const field = (name) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1];
  return { id: field('ID'), codename: field('VERSION_CODENAME') ?? '', name: field('PRETTY_NAME') ?? process.platform };
}

function isThere({ file, program }) {
  return file === undefined ? which(program) !== undefined : existsSync(file);
}

/** Installs those of the packages that are missing. */
export async function installPackages(wanted) {
  const missing = wanted.filter((one) => !isThere(one)).map((one) => one.name);
  if (missing.length === 0) return;
  const { id, codename, name } = osRelease();
  const release = id === 'debian' ? RELEASES[codename] : undefined;
  if (release === undefined) {
    throw new Missing(
      `this machine is ${name}, and packages are installed by themselves on Debian 12 and 13 only.\n` +
        `  Missing, by their Debian names: ${missing.join(', ')}\n` +
        '  Install them by hand and start again. With an Incus of your own, `npm start -- --own` needs none of them.',
    );
  }
  const fromBackports = release.backports && missing.some((one) => one.startsWith('incus-'));
  const added = fromBackports && (await addSuite(`${codename}-backports`, codename));
  say(`installing ${missing.join(', ')}`);
  if (added || !(await areKnown(missing))) await update();
  const target = fromBackports ? ['--target-release', `${codename}-backports`] : [];
  // Only Incus is taken from backports; the rest comes as the release has it.
  const incus = missing.filter((one) => one.startsWith('incus-'));
  const rest = missing.filter((one) => !one.startsWith('incus-'));
  if (rest.length > 0) await install(rest, []);
  if (incus.length > 0) {
    await install(incus, target);
    await leaveServiceOff();
  }
}

async function install(names, options) {
  const argv = apt('install', '--yes', '--no-install-recommends', ...options, ...names);
  const first = await run(argv);
  if (first.exitCode === 0) return;
  // Lists that are older than the archive name versions that it holds no longer.
  const updated = await update();
  const { exitCode } = await run(argv);
  if (exitCode === 0) return;
  // apt-get update ends well even where nothing could be fetched; what it warned of tells why the packages are missing.
  const warnings = updated
    .split('\n')
    .filter((line) => /^(W|Err):? ?/.test(line))
    .slice(0, 4);
  if (warnings.length > 0)
    throw new Missing(`the packages ${names.join(', ')} could not be had:\n  ${warnings.join('\n  ')}`);
  await must(`the packages ${names.join(', ')}`, argv);
}

async function areKnown(names) {
  const { output } = await run(['apt-cache', 'policy', ...names]);
  return names.every((name) => output.includes(`${name}:\n`)) && !output.includes('Candidate: (none)');
}

function update() {
  say('reading the package lists (apt-get update)');
  return must('the package lists', apt('update'));
}

function apt(...args) {
  return asRoot(['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300', ...args]);
}

/** The lab starts servers of its own; one that the package starts with the machine was not asked for. */
async function leaveServiceOff() {
  if (!existsSync('/run/systemd/system')) return;
  say('leaving the packaged Incus service switched off (systemctl enable --now incus.socket starts it)');
  const units = ['incus.socket', 'incus-user.socket', 'incus-startup.service', 'incus.service', 'incus-user.service'];
  await run(asRoot(['systemctl', 'disable', '--now', ...units]));
}

/** Adds a suite beside the machine's own one; false when it is there. */
async function addSuite(suite, beside) {
  const entries = aptEntries();
  if (entries.some((entry) => entry.suites.includes(suite))) return false;
  const own = debianEntry(beside, entries);
  say(`adding ${suite} to the package sources`);
  await writeAsRoot(join(SOURCES, `incus-snapshots-${suite}.sources`), deb822({ ...own, suite }), '644');
  return true;
}

/** The text of a source in apt's deb822 format. */
export function deb822({ uris, suite, signedBy }) {
  const lines = ['Types: deb', `URIs: ${uris.join(' ')}`, `Suites: ${suite}`, 'Components: main'];
  if (signedBy !== undefined) lines.push(`Signed-By: ${signedBy}`);
  return `${lines.join('\n')}\n`;
}

/** Where this machine gets its Debian from. */
export function debianEntry(codename = osRelease().codename, entries = aptEntries()) {
  const own = entries.find((entry) => entry.suites.includes(codename) && entry.components.includes('main'));
  if (own === undefined) throw new Missing(`no package source with the suite ${codename} in /etc/apt: add one`);
  return own;
}

/** All binary package sources of this machine, of both formats: { uris, suites, components, signedBy }. */
function aptEntries() {
  const files = existsSync(SOURCES)
    ? readdirSync(SOURCES)
        .sort()
        .map((name) => join(SOURCES, name))
    : [];
  return ['/etc/apt/sources.list', ...files]
    .filter((file) => existsSync(file))
    .flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      if (file.endsWith('.sources')) return parseDeb822(text);
      return file.endsWith('.list') ? parseOneLine(text) : [];
    });
}

function parseDeb822(text) {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map();
    let last;
    for (const line of stanza.split('\n').filter((one) => !one.startsWith('#'))) {
      const [, key, value] = /^([A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
      if (key !== undefined) fields.set((last = key.toLowerCase()), value.trim());
      // A key may stand in the file itself, on lines that begin with a space.
      else if (last !== undefined && line.trim() !== '') fields.set(last, `${fields.get(last)}\n${line}`);
    }
    const words = (key) => (fields.get(key) ?? '').split(/\s+/).filter(Boolean);
    if (!words('types').includes('deb') || /^(no|false|off|0)$/i.test(fields.get('enabled') ?? '')) return [];
    return [
      {
        uris: words('uris'),
        suites: words('suites'),
        components: words('components'),
        signedBy: fields.get('signed-by'),
      },
    ];
  });
}

function parseOneLine(text) {
  return text.split('\n').flatMap((line) => {
    const [, options = '', uri, suite, components] =
      /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line) ?? [];
    if (uri === undefined) return [];
    const signedBy = /(?:^|\s)signed-by=(\S+)/.exec(options)?.[1];
    return [{ uris: [uri], suites: [suite], components: components.trim().split(/\s+/), signedBy }];
  });
}
