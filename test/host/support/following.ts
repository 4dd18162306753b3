/** The view while it follows the servers, as it does once it is seen. */
import assert from 'node:assert/strict';
import { waitFor } from '../../lab/process.ts';
import type { LabServer } from '../../lab/server.ts';
import { agrees } from './agreement.ts';
import { type Host, SNAPSHOT_REMOTE } from './host.ts';

/** INCUS_TEST_ROUNDS has the faults and the random work come so many times in a row. */
export const ROUNDS = Array.from({ length: Number(process.env['INCUS_TEST_ROUNDS'] ?? 1) }, (_, i) =>
  i === 0 ? '' : `, round ${i + 1}`,
);

/** Milliseconds until a remote has to be found again: pauses between attempts grow while it is away. */
const BACK = 30_000;

export class Following {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** One row as text; undefined where there is none. */
  row(name: string): string | undefined {
    return this.#host
      .tree()
      .split('\n')
      .map((line) => line.trim())
      .find((line) => line.startsWith(`${name} `));
  }

  /** Waits until a row says what it should; says what it says where it does not come to that. */
  async rowBecomes(name: string, wanted: RegExp, patience = 10_000): Promise<void> {
    const look = () => (wanted.test(this.row(name) ?? '') ? true : undefined);
    await waitFor(`the row of ${name}`, look, patience).catch(() => {
      assert.match(this.row(name) ?? '(no row)', wanted);
    });
  }

  /** Begins to follow, and waits until events are heard. */
  async start(): Promise<void> {
    const { lab, parts } = this.#host;
    await parts.follower.start();
    await parts.inventory.settled();
    await this.rowBecomes('ubuntu-test', /no snapshots/);
    // A client in the middle of connecting misses what happens: the first event that is heard says that it listens.
    await waitFor('the events to be heard', async () => {
      await lab.must('config', 'set', 'ubuntu-test', `user.heard=${performance.now()}`);
      const heard = parts.inventory.instance({ remote: 'local', project: 'default', instance: 'ubuntu-test' });
      return heard?.instance.config['user.heard'] === undefined ? undefined : true;
    });
    this.#host.later(() => lab.must('config', 'unset', 'ubuntu-test', 'user.heard'));
  }

  /** Sees to it that a server runs, and its containers, when the test is over. */
  backLater(server: LabServer): void {
    this.#host.later(async () => {
      if ((await server.pid()) === undefined) await server.start();
      await this.#host.running();
    });
  }

  /** Changes something on a remote that is there again, and waits until the tree shows it, and all else as it is. */
  async isBack(remote: string, name: string): Promise<void> {
    await this.#host.container(name, { on: remote, stopped: true });
    await this.#host.lab.must('snapshot', 'create', `${remote}:${name}`, 's1');
    await this.rowBecomes(name, new RegExp(`^${name} stopped · 1 snapshot$`), BACK);
    await this.agree();
  }

  /** Waits until the tree shows all remotes as they are. */
  async agree(): Promise<void> {
    for (const remote of ['local', SNAPSHOT_REMOTE])
      await agrees(this.#host.parts.inventory, this.#host.lab, remote, BACK);
  }
}
