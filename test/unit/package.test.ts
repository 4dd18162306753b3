import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { listFiles, PackageManager } from '@vscode/vsce';
import { describe, expect, it, vi } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import messages from '../../l10n/bundle.l10n.json' with { type: 'json' };
import texts from '../../package.nls.json' with { type: 'json' };
import { COMMANDS } from '../../src/vscode/commands/table.ts';
import { program, snapshotServers, stopTimeout, timeLimits } from '../../src/vscode/settings.ts';

/** Nothing is set, and nothing else of VS Code is there. */
vi.mock('vscode', () => ({ workspace: { getConfiguration: () => ({ get: () => undefined }) } }));

const require = createRequire(import.meta.url);
const PROJECT = join(import.meta.dirname, '..', '..');
const { contributes } = manifest;
const source = (path: string) => readFileSync(join(PROJECT, path), 'utf8');
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
const sorted = (values: Iterable<string>) => [...new Set(values)].sort();

const commands = sorted(contributes.commands.map(({ command }) => command));
const menus = Object.values(contributes.menus).flat();

describe('commands', () => {
  it('are those that the source registers', () => {
    expect(commands).toEqual(sorted(Object.keys(COMMANDS).map((id) => `incusSnapshots.${id}`)));
    expect(commands).toHaveLength(contributes.commands.length);
  });

  it('all stand under "Incus" in the palette', () => {
    expect(sorted(contributes.commands.map(({ category }) => category))).toEqual(['Incus']);
  });

  it('exist wherever a menu, a key, a welcome view or the source names one', () => {
    const named = [
      ...menus.map(({ command }) => command),
      ...contributes.keybindings.map(({ command }) => command),
      ...matches(JSON.stringify(texts), /\(command:([^)]*)\)/g),
      ...matches(source('src/vscode/commands/restore.ts'), /executeCommand\(\s*'(incusSnapshots\.[^']*)'/g),
      ...matches(source('src/vscode/commands/report.ts'), /executeCommand\(\s*'(incusSnapshots\.[^']*)'/g),
      ...matches(source('src/vscode/tree/items.ts'), /command: '(incusSnapshots\.[^']*)'/g),
    ];
    expect(sorted(named).filter((command) => !commands.includes(command))).toEqual([]);
  });

  it('that take something away are not one click away', () => {
    const inline = menus.filter(({ group }) => /^(inline|navigation)/.test(group)).map(({ command }) => command);
    expect(inline.filter((command) => /delete|restore|stop|restart/i.test(command))).toEqual([]);
  });

  it('that delete stand last and alone in their menu', () => {
    const groups = contributes.menus['view/item/context'].filter(({ group }) => group.startsWith('9_'));
    expect(groups.map(({ command }) => command)).toEqual([
      'incusSnapshots.deleteSnapshot',
      'incusSnapshots.removeTemporaryCopies',
      'incusSnapshots.deleteGroupSnapshot',
      'incusSnapshots.deleteVolumeSnapshot',
    ]);
    expect(menus.every(({ group }) => /^(inline|navigation|[1-9]_)/.test(group))).toBe(true);
  });
});

describe('views', () => {
  it('stand in a container of their own in the activity bar', () => {
    const [container] = contributes.viewsContainers.activitybar;
    expect(container?.id).toBe('incus');
    expect(contributes.views.incus.map(({ id }) => id)).toEqual([
      'incusSnapshots.instances',
      'incusSnapshots.volumes',
      'incusSnapshots.mirrors',
      'incusSnapshots.groups',
    ]);
  });

  it('have a welcome for each state that the source tells', () => {
    const [states = ''] = matches(source('src/vscode/contextKeys.ts'), /type Welcome =([^;]*);/g);
    const told = matches(states, /'(\w+)'/g).filter((state) => state !== 'none');
    const welcomed = contributes.viewsWelcome.flatMap(
      ({ when }) => when?.replace('incusSnapshots.welcome == ', '') ?? [],
    );
    expect(sorted(welcomed)).toEqual(sorted(told));
  });

  it('ask rows only for words that rows have', () => {
    const asked = menus.flatMap(({ when }) => matches(when, /viewItem =~ \/([^/]*)\//g));
    const words = sorted(asked.flatMap((pattern) => pattern.match(/[A-Za-z]+/g) ?? []));
    const rooms = ['tree/items', 'mirrors/provider', 'groups/items', 'volumes/items'];
    const rows = rooms.map((room) => source(`src/vscode/${room}.ts`)).join('\n');
    const had = new Set(matches(rows, /'([A-Za-z;]+)'/g).flatMap((value) => value.split(';')));
    expect(words.filter((word) => !had.has(word))).toEqual([]);
  });
});

describe('texts', () => {
  const used = sorted(matches(source('package.json'), /"%([^%"]+)%"/g));

  it('are there for every key', () => {
    expect(used.filter((key) => !(key in texts))).toEqual([]);
  });

  it('are all used', () => {
    expect(Object.keys(texts).filter((key) => !used.includes(key))).toEqual([]);
  });

  it('use icons that VS Code has', () => {
    const src = ['tree/items', 'tree/provider', 'mirrors/provider', 'volumes/items']
      .map((name) => source(`src/vscode/${name}.ts`))
      .join('\n');
    const named = [
      ...contributes.commands.flatMap((command) => matches(command.icon ?? '', /^\$\((.*)\)$/g)),
      ...matches(src, /ThemeIcon\((?:[^')]*\? )?'([a-z-]+)/g),
      ...matches(src, /ThemeIcon\([^')]*\? '[a-z-]+' : '([a-z-]+)/g),
    ];
    const icons = readFileSync(require.resolve('@vscode/codicons/dist/codicon.css'), 'utf8');
    expect(named.length).toBeGreaterThan(10);
    expect(sorted(named).filter((icon) => !icons.includes(`.codicon-${icon}:before`))).toEqual([]);
  });
});

describe('settings', () => {
  const { properties } = contributes.configuration;

  it('have the defaults that the source takes where nothing is set', () => {
    expect(program()).toEqual({
      path: properties['incusSnapshots.cliPath'].default,
      env: properties['incusSnapshots.environment'].default,
    });
    expect(timeLimits()).toEqual({
      read: properties['incusSnapshots.timeouts.read'].default * 1000,
      change: properties['incusSnapshots.timeouts.change'].default * 1000,
    });
    expect(snapshotServers()).toEqual(properties['incusSnapshots.snapshotServers'].default);
    expect(stopTimeout()).toBe(properties['incusSnapshots.stopTimeout'].default);
  });

  it('that choose the program, or what is snapshotted, are not taken from a workspace that is not trusted', () => {
    const { untrustedWorkspaces } = manifest.capabilities;
    expect(untrustedWorkspaces.supported).toBe('limited');
    expect(sorted(untrustedWorkspaces.restrictedConfigurations)).toEqual([
      'incusSnapshots.cliPath',
      'incusSnapshots.environment',
      'incusSnapshots.groups',
    ]);
  });

  it('belong to the machine, but for groups', () => {
    // What is mirrored where is nothing that a workspace could say.
    const owner = (key: string) => {
      if (key === 'incusSnapshots.snapshotServers') return 'machine';
      // A team shares its groups in a workspace.
      return key === 'incusSnapshots.groups' ? 'window' : 'machine-overridable';
    };
    expect(Object.entries(properties).map(([key, { scope }]) => [key, scope])).toEqual(
      Object.keys(properties).map((key) => [key, owner(key)]),
    );
  });

  it('are all explained in the README', () => {
    const readme = source('README.md');
    expect(Object.keys(properties).filter((key) => !readme.includes(`\`${key}\``))).toEqual([]);
  });
});

describe('the README', () => {
  it('explains messages that there are', () => {
    const [, table = ''] = source('README.md').split('## When something goes wrong');
    const [explained = ''] = table.split('\n## ');
    const titles = matches(explained, /^\| ([A-Z][^|]*?) +\|/gm).filter((title) => title !== 'Message');
    expect(titles.length).toBeGreaterThan(10);
    const known = Object.keys(messages);
    expect(titles.filter((title) => !known.some((message) => message.startsWith(title)))).toEqual([]);
  });
});

describe('the package', () => {
  it('is for VS Code 1.110 and later, and is compiled against that', () => {
    expect(manifest.engines.vscode).toBe('^1.110.0');
    expect(manifest.devDependencies['@types/vscode']).toBe('1.110.0');
  });

  it('has no dependencies: all is in the bundle', () => {
    expect(manifest).not.toHaveProperty('dependencies');
  });

  it('can be installed from its lock: npm leaves out what is for other systems, and refuses the lock then', () => {
    const lock = JSON.parse(source('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const optional = Object.values(lock.packages).flatMap((one) => Object.keys(one.optionalDependencies ?? {}));
    expect(optional.length).toBeGreaterThan(10);
    expect(optional.filter((name) => !(`node_modules/${name}` in lock.packages))).toEqual([]);
  });

  it('holds the program and what belongs to it, and nothing else', async () => {
    const files = await listFiles({ cwd: PROJECT, packageManager: PackageManager.None });
    const allowed =
      /^(dist\/(extension|table-\w+|chunk-\w+)\.js|dist\/(lib|webview)\/\w+\.js|l10n\/bundle\.l10n(\.\w+)?\.json|media\/[\w-]+\.(svg|png|css)|package(\.nls(\.\w+)?)?\.json|README\.md|CHANGELOG\.md|LICENSE)$/;
    expect(files.filter((file) => !allowed.test(file))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'l10n/bundle.l10n.json',
        'media/incus.svg',
        manifest.icon,
        'package.json',
        'package.nls.json',
      ]),
    );
  });
});
