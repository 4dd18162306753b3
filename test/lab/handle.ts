/**
 * A lab that runs, seen from any process of its user: the program that started it, or a test in VS Code's extension
 * host, which finds it by the environment variable INCUS_LAB.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KeeperClient } from './keeper-client.ts';
import { freePorts } from './ports.ts';
import { type Result, run } from './process.ts';
import { LabServer, type Line, planOf, type ServerFacts } from './server.ts';

/** What the lab writes down about itself in FOLDER/lab.json. */
export interface LabFacts {
  folder: string;
  /** The client that fits the lab, as a path. */
  client: string;
  /** What a program needs in its environment to be a user of the lab. */
  env: Record<string, string>;
  primary: ServerFacts;
  snapshotServer: ServerFacts;
}

/** The names that the lab's remotes and containers have, as in the book. */
export const SNAPSHOT_REMOTE = 'incus-snapshot';
export const CONTAINERS = ['ubuntu-test', 'rockylinux-test-9'] as const;

/** The alias of the lab's image, on both servers. */
export const IMAGE = 'busybox';

/** Milliseconds that one call of the client may take; a test, or what clears up after it, has no more than 120,000. */
const LIMIT = 90_000;

export class Lab {
  readonly folder: string;
  readonly client: string;
  readonly env: Record<string, string>;
  /** The remote `local`. */
  readonly primary: LabServer;
  /** The remote `incus-snapshot`. */
  readonly snapshotServer: LabServer;
  readonly #keeper: KeeperClient;

  constructor(facts: LabFacts) {
    this.folder = facts.folder;
    this.client = facts.client;
    this.env = facts.env;
    this.#keeper = new KeeperClient(facts.folder);
    this.primary = new LabServer(facts.primary, this.#keeper, this.environment());
    this.snapshotServer = new LabServer(facts.snapshotServer, this.#keeper, this.environment());
  }

  /** The whole environment of a program that uses the lab: this process's own, with the lab's over it. */
  environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return { ...process.env, ...this.env, ...more };
  }

  /** Runs the lab's `incus`; any exit code resolves. */
  incus(...args: string[]): Promise<Result> {
    return run([this.client, ...args], { env: this.environment({ LC_ALL: 'C.UTF-8', LANGUAGE: '' }), limit: LIMIT });
  }

  /** Runs the lab's `incus` and resolves with what it prints; any exit code but 0 rejects. */
  async must(...args: string[]): Promise<string> {
    const result = await this.incus(...args);
    if (result.exitCode !== 0) {
      throw new Error(`incus ${args.join(' ')}: exit code ${result.exitCode}\n${result.stderr || result.stdout}`);
    }
    return result.stdout;
  }

  /** Asks the API by `incus query`; `path` may begin with a remote (`incus-snapshot:/1.0`). */
  async query<T = unknown>(path: string): Promise<T> {
    return JSON.parse(await this.must('query', path)) as T;
  }

  /** Starts a further server; it ends with the lab. @param line 7.0 has to be set up where it is not the lab's own */
  async addServer(name: string, line: Line): Promise<LabServer> {
    const [port = 0] = await freePorts(1);
    const folder = join(this.folder, name);
    const facts = { name, line, folder, log: join(this.folder, `${name}.log`), address: `127.0.0.1:${port}` };
    await this.#keeper.ask({ do: 'open', plan: planOf(facts) });
    const server = new LabServer(facts, this.#keeper, this.environment());
    await server.start();
    return server;
  }

  /** Ends the lab and removes all of it. */
  async stop(): Promise<void> {
    await this.#keeper.ask({ do: 'end' });
    await this.#keeper.close();
  }

  /** Lets go of the lab without ending it. */
  async detach(): Promise<void> {
    await this.#keeper.close();
  }
}

/** The lab that this process was started in, by INCUS_LAB in its environment. */
export function attachLab(folder = process.env['INCUS_LAB']): Lab {
  if (folder === undefined) throw new Error('no lab: INCUS_LAB is not set');
  return new Lab(JSON.parse(readFileSync(join(folder, 'lab.json'), 'utf8')) as LabFacts);
}
