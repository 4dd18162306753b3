/** One Incus server of the lab: its life, as its keeper holds it. */
import { run } from './process.ts';
import type { KeeperClient } from './keeper-client.ts';
import type { ServerPlan } from './keeper-protocol.ts';
import { rootOf70 } from './root70.ts';

/** The two lines of Incus that the extension is made for. */
export type Line = '6.0' | '7.0';

/** What is known of a server without asking it; plain data. */
export interface ServerFacts {
  name: string;
  line: Line;
  /** Its INCUS_DIR. */
  folder: string;
  log: string;
  /** Where it listens for https: `127.0.0.1:PORT`. */
  address: string;
}

/** What the keeper has to know to run it. */
export function planOf({ name, line, folder, log }: ServerFacts): ServerPlan {
  const root = line === '7.0' ? rootOf70() : undefined;
  const env = {
    INCUS_DIR: folder,
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    // The daemon asks a site for instance types at its start. Sent to a port where nothing listens, it asks nobody.
    HTTP_PROXY: 'http://127.0.0.1:9',
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '127.0.0.1',
    // Profiles loaded into the kernel would outlive a server that is killed.
    INCUS_SECURITY_APPARMOR: 'false',
  };
  return { name, folder, log, gid: process.getgid?.() ?? 0, env, ...(root === undefined ? {} : { root }) };
}

export class LabServer {
  readonly name: string;
  readonly line: Line;
  readonly folder: string;
  readonly log: string;
  readonly address: string;
  readonly #keeper: KeeperClient;
  readonly #env: NodeJS.ProcessEnv;

  constructor(facts: ServerFacts, keeper: KeeperClient, env: NodeJS.ProcessEnv) {
    this.name = facts.name;
    this.line = facts.line;
    this.folder = facts.folder;
    this.log = facts.log;
    this.address = facts.address;
    this.#keeper = keeper;
    this.#env = { ...env, INCUS_DIR: facts.folder };
  }

  /** Starts the daemon, and resolves when it answers. Running containers of a killed daemon are taken over again. */
  async start(): Promise<void> {
    await this.#keeper.ask({ do: 'start', server: this.name });
  }

  /** Shuts the daemon and its containers down in order; kills it when it does not end. */
  async stop(): Promise<void> {
    const ended = this.#keeper.ask({ do: 'ended', server: this.name });
    const { promise: tooLate, resolve } = Promise.withResolvers<'too late'>();
    const timer = setTimeout(() => {
      resolve('too late');
    }, 30_000);
    void run(['incus', 'admin', 'shutdown', '--force'], { env: this.#env });
    if ((await Promise.race([ended, tooLate])) === 'too late') await this.kill();
    clearTimeout(timer);
  }

  /** Ends the daemon alone, at once; its containers go on. */
  async kill(): Promise<void> {
    await this.signal('SIGKILL');
    await this.ended();
  }

  /** Resolves when the daemon has ended, however that came. */
  async ended(): Promise<void> {
    await this.#keeper.ask({ do: 'ended', server: this.name });
  }

  /** Makes the daemon hang: connections are taken, nothing is answered. */
  async freeze(): Promise<void> {
    await this.signal('SIGSTOP');
  }

  /** Ends `freeze`. */
  async thaw(): Promise<void> {
    await this.signal('SIGCONT');
  }

  /** Stops the daemon in order and starts it again. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** The daemon's process, as it is numbered outside of its namespace; undefined while it does not run. */
  async pid(): Promise<number | undefined> {
    return (await this.#keeper.ask({ do: 'pid', server: this.name })) as number | undefined;
  }

  /** Sends the daemon a signal. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    await this.#keeper.ask({ do: 'signal', server: this.name, signal });
  }
}
