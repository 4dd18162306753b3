import { Agent, request } from 'node:http';
import { join } from 'node:path';

/** Connections that are kept side by side; more gain nothing on the server. */
const SOCKETS = 8;

/** A server's own socket, past client and proxy: the floor that everything else is measured against. */
export class ServerSocket {
  readonly #path: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });

  /** @param folder the server's INCUS_DIR */
  constructor(folder: string) {
    this.#path = join(folder, 'unix.socket');
  }

  /** The body of an answer, as it is. */
  get(path: string): Promise<string> {
    return this.#ask('GET', path);
  }

  /**
   * Has something made, and waits until it is.
   * @throws Error with the server's words where it is not
   */
  async make(path: string, body: unknown): Promise<void> {
    const started = JSON.parse(await this.#ask('POST', path, body)) as { operation?: string; error?: string };
    if (!started.operation) throw new Error(`POST ${path}: ${started.error ?? 'no operation'}`);
    const ended = JSON.parse(await this.get(`${started.operation}/wait`)) as { metadata: { err: string } };
    if (ended.metadata.err !== '') throw new Error(`POST ${path}: ${ended.metadata.err}`);
  }

  end(): void {
    this.#agent.destroy();
  }

  #ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: this.#path, agent: this.#agent, method, path }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve(Buffer.concat(chunks).toString('utf8'));
        });
      });
      asked.on('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
