import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '..', '..', 'src');

interface Source {
  /** Below `src`, with forward slashes. */
  path: string;
  /** Without comments. */
  code: string;
  lines: number;
  /** What it imports: packages as they are named, own files as `path` names them. */
  imports: string[];
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(name.replaceAll('\\', '/')));

function read(path: string): Source {
  const text = readFileSync(join(SRC, path), 'utf8');
  const code = text.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/^\s*\/\/.*$/gm, '');
  const imports = [...code.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name = '']) =>
    name.startsWith('.') ? relative(SRC, join(SRC, dirname(path), name)).replaceAll('\\', '/') : name,
  );
  return { path, code, lines: text.trimEnd().split('\n').length, imports };
}

const pathsOf = (found: readonly Source[]) => found.map(({ path }) => path);
const under = (folder: string) => files.filter(({ path }) => path.startsWith(folder));
const importing = (pattern: RegExp, from: readonly Source[] = files) =>
  pathsOf(from.filter(({ imports }) => imports.some((name) => pattern.test(name))));
const containing = (pattern: RegExp) => pathsOf(files.filter(({ code }) => pattern.test(code)));

describe('the way through the code', () => {
  it('is one: extension.ts, vscode, core, and never back', () => {
    expect(importing(/^(vscode$|vscode\/|extension\.ts)/, under('core/'))).toEqual([]);
    expect(importing(/^extension\.ts/)).toEqual([]);
  });

  it('leads in the core from actions to inventory, client, transport and commands, runner', () => {
    expect(importing(/^core\/(actions|inventory)/, under('core/incus/'))).toEqual([]);
    expect(importing(/^core\/actions/, under('core/inventory/'))).toEqual([]);
    expect(importing(/^core\/(incus|actions|inventory)/, under('core/policy/'))).toEqual([]);
    expect(under('core/model.ts').flatMap(({ imports }) => imports)).toEqual([]);
  });

  it('keeps what should happen free of what could make it happen', () => {
    expect(importing(/^(node:|execa|p-limit)/, under('core/policy/'))).toEqual([]);
  });

  it('tells webviews of the protocol and nothing else of the extension, and the protocol of nothing', () => {
    expect(importing(/^(vscode|core\/|execa|node:|extension)/, under('webview/'))).toEqual([]);
    expect(importing(/^(vscode|core\/|webview\/|execa|node:|extension)/, under('protocol/'))).toEqual([]);
    expect(importing(/^webview\//).filter((path) => !path.startsWith('webview/'))).toEqual([]);
  });

  it('has no rooms for odds and ends, and no barrels', () => {
    expect(pathsOf(files).filter((path) => /(^|\/)(utils?|helpers?|common|misc|index)(\/|\.)/.test(path))).toEqual([]);
  });
});

describe('processes', () => {
  it('are started in one place', () => {
    expect(importing(/^execa$/)).toEqual(['core/incus/runner.ts']);
    expect(importing(/child_process$/)).toEqual([]);
    expect(containing(/child_process/)).toEqual([]);
  });

  it('are never started through a shell', () => {
    expect(containing(/shell:\s*(true|['"])/)).toEqual([]);
    expect(containing(/sendText\(|ShellExecution|executeInTerminal/)).toEqual([]);
  });

  it('never list with recursion 2, which costs the server as much as all snapshots', () => {
    expect(containing(/recursion['"]?\s*[=:]\s*['"]?2/)).toEqual([]);
  });

  it('are given no verb that takes an instance away', () => {
    const { code } = files.find(({ path }) => path === 'core/incus/commands.ts')!;
    const verbs = [...code.matchAll(/(?:changes|reads)\(\s*'([a-z]+)'(?:,\s*'([a-z]+)')?/g)].map(([, ...words]) =>
      words.filter(Boolean).join(' '),
    );
    expect(verbs.length).toBeGreaterThan(10);
    // The one that is there can name a temporary copy and nothing else: `policy/guard/allowed.ts`.
    expect(verbs.filter((verb) => /^(delete|rm|rebuild|publish|move|project|storage)\b/.test(verb))).toEqual([
      'delete',
    ]);
    expect(containing(/\bdeleteTemporary\(/)).toEqual(['core/actions/temporary.ts', 'core/incus/commands.ts']);
  });
});

describe('webviews', () => {
  const webviews = under('webview/').map(({ path }) => path);

  it('never read text as markup, and run none as code', () => {
    expect(webviews.length).toBeGreaterThan(3);
    expect(
      containing(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\(|new Function/,
      ),
    ).toEqual([]);
  });

  it('hear and say only what is held against a contract', () => {
    expect(containing(/acquireVsCodeApi|addEventListener\(\s*'message'/)).toEqual(['webview/connection.ts']);
    expect(containing(/onDidReceiveMessage|createWebviewPanel|webview\.html/)).toEqual(['vscode/webview/panel.ts']);
  });
});

describe('files', () => {
  it('have at most 400 lines', () => {
    expect(files.filter(({ lines }) => lines > 400).map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });

  it('pass no rule of the linter or the compiler over', () => {
    expect(
      files.filter(({ path }) =>
        /eslint-disable|@ts-(ignore|nocheck|expect-error)/.test(readFileSync(join(SRC, path), 'utf8')),
      ),
    ).toEqual([]);
  });
});
