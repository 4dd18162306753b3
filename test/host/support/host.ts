/**
 * The extension as it runs in VS Code, put together anew for each test and taken apart after it: its own parts, real
 * Incus servers, and a user who answers what a test has laid down.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import Mocha from 'mocha';
import * as vscode from 'vscode';
import { parse, stringify } from 'yaml';
import { build } from '../../../src/extension.ts';
import { queueKey } from '../../../src/core/actions/actions.ts';
import type { IncusError } from '../../../src/core/incus/errors.ts';
import { toIncusError } from '../../../src/core/incus/errors.ts';
import { type InstanceRef, keyOf } from '../../../src/core/model.ts';
import { registerCommands } from '../../../src/vscode/commands/registration.ts';
import type { COMMANDS } from '../../../src/vscode/commands/table.ts';
import type { Ground } from '../../../src/vscode/commands/services.ts';
import { type Work, workOn } from '../../../src/vscode/commands/work.ts';
import { describeError } from '../../../src/vscode/messages.ts';
import { instanceNode, type Node, remoteNode, snapshotNode } from '../../../src/vscode/tree/nodes.ts';
import type { VolumeNode } from '../../../src/vscode/volumes/nodes.ts';
import { type FakeIncus, fakeIncus, type Rule, type Answer as FakeAnswer } from '../../lab/fake-incus.ts';
import { attachLab, CONTAINERS, IMAGE, Lab, SNAPSHOT_REMOTE } from '../../lab/handle.ts';
import { mustRun, waitFor } from '../../lab/process.ts';
import type { LabServer } from '../../lab/server.ts';
import { type Answer, Dialogs, type Question } from './dialogs.ts';
import { MapMemento } from './memento.ts';
import { draw, textOf } from './tree.ts';
import { Window } from './window.ts';

export { SNAPSHOT_REMOTE };

/** Where an instance is; by default in the project `default` of `local`. */
export interface Place {
  on?: string;
  project?: string;
}

export interface NewContainer extends Place {
  /** It runs unless this says otherwise; a stopped one is quick to make. */
  stopped?: boolean;
  ephemeral?: boolean;
  config?: Readonly<Record<string, string>>;
  /** The pool of its root disk. */
  pool?: string;
}

type Parts = ReturnType<typeof build> & Work;

/** Calls that are told of a test that failed. */
const LAST_CALLS = 30;

/** By which way the run of the suite reads its servers. */
export const WAY = process.env['INCUS_TEST_WAY'] === 'query' ? 'query' : 'proxy';

export class Host {
  readonly lab: Lab = attachLab();
  #dialogs = new Dialogs();
  #window = new Window();
  #parts: Parts | undefined;
  #loading: Promise<void> | undefined;
  /** Rows that were brought into sight. */
  revealed: Node[] = [];
  /** Whether remotes are read by proxy, as the run of the suite says; a test that fakes or counts calls says otherwise. */
  proxied = WAY === 'proxy';
  /** What VS Code keeps for the extension. */
  memento = new MapMemento();
  /** What is selected in the view. */
  selection: Node[] = [];
  #cleaning: (() => unknown)[] = [];

  get parts(): Parts {
    assert.ok(this.#parts, 'the extension is put together before each test');
    return this.#parts;
  }

  get window(): Window {
    return this.#window;
  }

  get dialogs(): Dialogs {
    return this.#dialogs;
  }

  begin(): void {
    this.#dialogs = new Dialogs();
    this.#window = new Window();
    this.revealed = [];
    this.selection = [];
    this.#loading = undefined;
    this.#dialogs.install();
    this.#window.install();
    this.proxied = WAY === 'proxy';
    this.memento = new MapMemento();
    const built = build(this.memento, () => this.proxied);
    const work = workOn(built);
    this.#parts = { ...built, ...work };
    registerCommands(this.#ground(built), () => Promise.resolve(work));
  }

  async end(): Promise<void> {
    const problems: unknown[] = [];
    const attempt = async (work: () => unknown) => {
      try {
        await work();
      } catch (error) {
        problems.push(error);
      }
    };
    this.#parts?.follower.dispose();
    this.#parts?.inventory.dispose();
    this.#parts?.volumesProvider.dispose();
    this.#parts?.volumes.dispose();
    this.#parts?.board.dispose();
    this.#parts?.mirrorsProvider.dispose();
    this.#parts?.groups.dispose();
    this.#parts?.groupsProvider.dispose();
    this.#parts?.provider.dispose();
    this.#parts?.info.dispose();
    this.#parts?.timelines.dispose();
    this.#parts?.prunes.dispose();
    this.#parts?.schedules.dispose();
    this.#parts?.health.dispose();
    await attempt(() => this.#parts?.transport.dispose());
    this.#parts?.log.dispose();
    for (const clean of this.#cleaning.splice(0).reverse()) await attempt(clean);
    this.#window.remove();
    this.#dialogs.remove();
    await attempt(() => {
      this.#dialogs.check();
    });
    if (problems.length > 0) throw problems[0] as Error;
  }

  /** Has something done when the test is over, the last one first. */
  later(clean: () => unknown): void {
    this.#cleaning.push(clean);
  }

  // What a test sets up

  /** Makes a container, and sees to its end. */
  async container(name: string, options: NewContainer = {}): Promise<InstanceRef> {
    const { on = 'local', project = 'default', config = {} } = options;
    const flags = [
      ...Object.entries(config).flatMap(([key, value]) => ['--config', `${key}=${value}`]),
      ...(options.ephemeral ? ['--ephemeral'] : []),
      ...(options.pool === undefined ? [] : ['--storage', options.pool]),
    ];
    this.later(() => this.lab.incus('delete', '--force', '--project', project, `${on}:${name}`));
    const verb = options.stopped ? 'init' : 'launch';
    await this.lab.must(verb, '--quiet', '--project', project, ...flags, `${on}:${IMAGE}`, `${on}:${name}`);
    return { remote: on, project, instance: name };
  }

  /** Sets variables of the environment in which the extension runs, for the time of the test. */
  env(variables: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(variables)) {
      const before = process.env[name];
      this.later(() => {
        setVariable(name, before);
      });
      setVariable(name, value);
    }
  }

  /** Sets a setting of the extension as its user would, for the time of the test. */
  async setting(key: string, value: unknown): Promise<void> {
    const settings = () => vscode.workspace.getConfiguration('incusSnapshots');
    this.later(() => settings().update(key, undefined, vscode.ConfigurationTarget.Global));
    await settings().update(key, value, vscode.ConfigurationTarget.Global);
  }

  /**
   * Puts a fake `incus` before the real one, which answers what no rule fits. It stands in for calls of the program, so
   * no proxy is asked.
   */
  fake(rules: readonly Rule[], otherwise?: FakeAnswer): FakeIncus {
    const path = [this.lab.folder + '/bin', process.env['PATH'] ?? ''].join(delimiter);
    const fake = fakeIncus({ rules, real: this.lab.client, path, ...(otherwise && { otherwise }) });
    this.later(fake.remove);
    this.env(fake.env);
    this.proxied = false;
    return fake;
  }

  /** Has the extension's client use a configuration of its own, for the time of the test: the lab's, changed. */
  conf(change: (config: ClientConfig, folder: string) => void): string {
    const folder = mkdtempSync(join(this.lab.folder, 'conf-'));
    this.later(() => {
      remove(folder);
    });
    cpSync(this.lab.env['INCUS_CONF'] ?? '', folder, { recursive: true });
    const file = join(folder, 'config.yml');
    const config = parse(readFileSync(file, 'utf8')) as ClientConfig;
    change(config, folder);
    writeFileSync(file, stringify(config));
    this.env({ INCUS_CONF: folder });
    return folder;
  }

  /** An empty folder, for the time of the test. */
  folder(): string {
    const folder = mkdtempSync(join(this.lab.folder, 'empty-'));
    this.later(() => {
      remove(folder);
    });
    return folder;
  }

  /** Makes an empty file, for the time of the test. */
  touch(path: string): void {
    this.later(() => {
      remove(path);
    });
    writeFileSync(path, '');
  }

  // What a user does

  /** Opens the view: reads all remotes, and waits until each row has been told its snapshots. */
  async load(): Promise<void> {
    const { inventory } = this.parts;
    const told = new Set<string>();
    const end = inventory.onDidChange((change) => {
      if (change.kind === 'instance') told.add(keyOf(change.ref));
    });
    this.#loading = inventory.refresh();
    await this.#loading;
    await waitFor('the rows to have their snapshots', () => {
      const rows = inventory.remotes.flatMap(({ remote }) => inventory.instances(remote.name));
      return rows.every(({ instance }) => told.has(keyOf(instance.ref))) ? true : undefined;
    });
    end();
  }

  /** Chooses a command in the context menu of these rows (none: in the palette), and answers what it asks. */
  async run(
    id: keyof typeof COMMANDS,
    rows: readonly (Node | VolumeNode)[],
    ...answers: Answer[]
  ): Promise<Question[]> {
    const command = this.#window.commands.get(id);
    assert.ok(command, `${id} is not registered`);
    const before = this.#dialogs.asked.length;
    this.#dialogs.script(...answers);
    await command(rows[0], rows.length > 1 ? rows : undefined);
    this.#dialogs.check();
    return this.#dialogs.asked.slice(before);
  }

  // What a user sees

  instance(name: string, { on = 'local', project = 'default' }: Place = {}): Node {
    return this.parts.provider.rowFor(instanceNode({ remote: on, project, instance: name }));
  }

  snapshot(instance: string, name: string, { on = 'local', project = 'default' }: Place = {}): Node {
    return this.parts.provider.rowFor(snapshotNode({ remote: on, project, instance, snapshot: name }));
  }

  /** The key by which actions on an instance wait for each other. */
  turn(instance: string, remote = 'local'): string {
    return queueKey(this.parts.inventory, { remote, project: 'default', instance });
  }

  remote(name: string): Node {
    return this.parts.provider.rowFor(remoteNode(name));
  }

  /** The rows below one, or the whole tree, as indented text. */
  tree(below?: Node): string {
    return textOf(draw(this.parts.provider, below));
  }

  /** Waits until the tree (or what is below a row) is as it should be; says how it is where it does not become so. */
  async treeBecomes(wanted: RegExp, below?: Node): Promise<void> {
    await waitFor('the tree', () => (wanted.test(this.tree(below)) ? true : undefined), 10_000).catch(() => {
      assert.match(this.tree(below), wanted);
    });
  }

  /** Records which rows are drawn anew from here on, each time. What is still to be redrawn comes before. */
  redraws(): Node[][] {
    const { provider } = this.parts;
    const redrawn: Node[][] = [];
    const listener = provider.onDidChangeTreeData((rows) =>
      redrawn.push(Array.isArray(rows) ? rows : rows ? [rows] : []),
    );
    this.later(() => {
      listener.dispose();
    });
    provider.flush();
    redrawn.length = 0;
    return redrawn;
  }

  /** One row as VS Code gets it. */
  item(node: Node): vscode.TreeItem {
    return this.parts.provider.getTreeItem(node);
  }

  /** A row's tooltip as plain text, without the escapes of Markdown. */
  tooltip(node: Node): string {
    const { tooltip } = this.item(node);
    const markdown = typeof tooltip === 'object' ? tooltip.value : (tooltip ?? '');
    return markdown.replaceAll('&nbsp;', ' ').replaceAll(/\\(?=[^A-Za-z0-9\s])/g, '');
  }

  /** All call lines of the log that have this in them. */
  calls(part: string): string[] {
    return this.#window.log.map(({ text }) => text).filter((line) => line.includes(part));
  }

  /** What the extension would say of what goes wrong here. */
  async sentence(work: Promise<unknown>): Promise<{ kind: IncusError['kind']; words: string }> {
    const error = await work.then(
      () => assert.fail('nothing went wrong'),
      (reason: unknown) => toIncusError(reason),
    );
    return { kind: error.kind, words: describeError(error) };
  }

  // What is true on the servers

  /** An instance, asked of its server by the lab's own client. */
  async real(name: string, { on = 'local', project = 'default' }: Place = {}): Promise<RealInstance | undefined> {
    const { exitCode, stdout } = await this.lab.incus(
      'query',
      `${on}:/1.0/instances/${name}?recursion=1&project=${project}`,
    );
    return exitCode === 0 ? (JSON.parse(stdout) as RealInstance) : undefined;
  }

  /** The names of its snapshots, oldest first, asked of its server by the lab's own client. */
  async snapshots(name: string, place: Place = {}): Promise<string[]> {
    const real = await this.real(name, place);
    assert.ok(real, `there is no instance ${name}`);
    const at = (snapshot: { created_at: string }) => Date.parse(snapshot.created_at);
    return (real.snapshots ?? []).toSorted((a, b) => at(a) - at(b)).map((s) => s.name);
  }

  /** What a server calls its version. */
  async version(remote: string): Promise<string> {
    const { environment } = await this.lab.query<{ environment: { server_version: string } }>(`${remote}:/1.0`);
    return environment.server_version;
  }

  /** Writes into a server's database, for what no client can make; behind `where` stands which rows it concerns. */
  async sql(statement: string, server: LabServer = this.lab.primary): Promise<void> {
    const env = this.lab.environment({ INCUS_DIR: server.folder });
    const said = await mustRun([this.lab.client, 'admin', 'sql', 'global', statement], { env });
    assert.match(said, /Rows affected: [1-9]/, `${statement} hit nothing`);
  }

  /** Waits until the lab's own containers run, which a server that was shut down starts again by and by. */
  async running(): Promise<void> {
    for (const name of CONTAINERS) {
      await waitFor(`${name} to run`, async () => ((await this.real(name))?.status === 'Running' ? true : undefined));
    }
  }

  /** Runs a program in a container. */
  exec(name: string, ...argv: string[]): Promise<string> {
    return this.lab.must('exec', '-T', name, '--', ...argv);
  }

  #ground(parts: ReturnType<typeof build>): Ground {
    const view: unknown = Object.defineProperty({}, 'selection', { get: () => this.selection });
    return {
      ...parts,
      view: view as Ground['view'],
      volumesView: { selection: [] },
      reveal: (node) => {
        this.revealed.push(node);
        return Promise.resolve();
      },
      loaded: () => (this.#loading ??= parts.inventory.refresh()),
    };
  }
}

/** `config.yml` of the client. */
export interface ClientConfig {
  remotes: Record<string, { addr: string; protocol?: string; public?: boolean; project?: string; auth_type?: string }>;
  aliases: Record<string, string>;
}

/** An instance in the words of the API. */
export interface RealInstance {
  name: string;
  status: string;
  ephemeral: boolean;
  description: string;
  config: Record<string, string>;
  devices: Record<string, Record<string, string>>;
  snapshots: { name: string; created_at: string; expires_at: string | null; stateful: boolean }[] | null;
}

/** A client that was broken off may still be writing its last file. */
function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

function setVariable(name: string, value: string | undefined): void {
  // Assigning undefined would make it the text "undefined".
  if (value === undefined) Reflect.deleteProperty(process.env, name);
  else process.env[name] = value;
}

/** Puts the extension together before each test of a `describe`, and takes it apart after it. */
export function useHost(): Host {
  const host = new Host();
  beforeEach(() => {
    host.begin();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      const calls = host.window.log.slice(-LAST_CALLS).map(({ text }) => `    ${text.replaceAll('\n', '\n      ')}`);
      Mocha.reporters.Base.consoleLog(`    The last calls before it failed:\n${calls.join('\n')}`);
    }
    await host.end();
  });
  return host;
}
