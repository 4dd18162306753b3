/** The lab's side of the talk with its keeper. Any process of the lab's user may have one, next to the owner's. */
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { KeeperReply, KeeperRequest } from './keeper-protocol.ts';

export class KeeperClient {
  readonly #path: string;
  #socket: Promise<Socket> | undefined;
  #nextId = 1;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();

  /** `folder` is the lab's; the connection is made by the first request. */
  constructor(folder: string) {
    this.#path = join(folder, 'control');
  }

  /** Sends one request and resolves with its result. */
  async ask(request: KeeperRequest): Promise<unknown> {
    const socket = await (this.#socket ??= this.#connect());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      socket.ref();
      socket.write(`${JSON.stringify({ ...request, id })}\n`);
    });
  }

  /** Hangs up; the keeper goes on. */
  async close(): Promise<void> {
    (await this.#socket)?.destroy();
  }

  async #connect(): Promise<Socket> {
    const socket = createConnection(this.#path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the lab has ended'));
      this.#waiting.clear();
    });
    createInterface({ input: socket }).on('line', (line) => {
      const reply = JSON.parse(line) as KeeperReply;
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      // An idle connection does not keep a process alive.
      if (this.#waiting.size === 0) socket.unref();
      if ('error' in reply) waiting?.reject(new Error(reply.error));
      else waiting?.resolve(reply.result);
    });
    return socket;
  }
}
