/** What a server itself can tell of the calls that it gets, and of what they cost. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import WebSocket from 'ws';
import type { Lab } from '../test/lab/handle.ts';
import { mustRun } from '../test/lab/process.ts';
import type { LabServer } from '../test/lab/server.ts';

/** What `incus` prints, run as a user does. */
export function incus(lab: Lab, ...args: string[]): Promise<string> {
  return mustRun([lab.client, ...args], { env: lab.environment({ LC_ALL: 'C.UTF-8', LANGUAGE: '' }) });
}

/** Ticks of the clock that `/proc` counts processor time by, in a second; Linux has no other on these machines. */
const TICKS = 100;

/** Seconds of processor time that the server has used, with the programs that it has run. */
export async function processorTime(server: LabServer): Promise<number> {
  const pid = await server.pid();
  if (pid === undefined) throw new Error(`${server.name} does not run`);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const used = fields.slice(11, 15).map(Number);
  return used.reduce((sum, one) => sum + one, 0) / TICKS;
}

/** A call that a server got. */
export interface ApiCall {
  /** Milliseconds, as `performance.now()` tells. */
  readonly at: number;
  readonly path: string;
}

/** Hears which calls servers get, as they note it in their own logs, whoever makes them. */
export class ApiCalls {
  readonly calls: ApiCall[] = [];
  readonly #sockets: WebSocket[] = [];

  /** Hears both servers of a lab. */
  static async of(lab: Lab): Promise<ApiCalls> {
    const heard = new ApiCalls();
    await Promise.all([lab.primary, lab.snapshotServer].map((server) => heard.#hear(server)));
    return heard;
  }

  /** The calls since a moment. */
  since(moment: number): ApiCall[] {
    return this.calls.filter(({ at }) => at >= moment);
  }

  /** Resolves when there was a call, and after it none for so many milliseconds. */
  async quiet(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const watch = setInterval(() => {
      const last = this.calls.at(-1);
      if (last && performance.now() - last.at > milliseconds) resolve(undefined);
    }, 100);
    await promise;
    clearInterval(watch);
  }

  end(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async #hear({ folder }: LabServer): Promise<void> {
    const socket = new WebSocket(`ws+unix:${join(folder, 'unix.socket')}:/1.0/events?type=logging`);
    this.#sockets.push(socket);
    socket.on('message', (data: Buffer) => {
      const event = JSON.parse(data.toString('utf8')) as { metadata: { message: string; context?: { url?: string } } };
      const { message, context } = event.metadata;
      if (message === 'Handling API request') this.calls.push({ at: performance.now(), path: context?.url ?? '' });
    });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  }
}

/** The command lines of a process's children and of theirs. */
export function programsBelow(pid: number): string[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    const stat = textOf(`/proc/${name}/stat`);
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isBelow = (one: number | undefined): boolean =>
    one === pid || (one !== undefined && one > 1 && isBelow(parents.get(one)));
  return [...parents]
    .filter(([, parent]) => isBelow(parent))
    .map(([one]) => textOf(`/proc/${one}/cmdline`).split('\0').join(' ').trim())
    .filter((line) => line !== '');
}

/** What a file of /proc says; nothing where its process has ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
