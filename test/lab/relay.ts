/** A place in the network between a client and a server, where what goes wrong on the way can be made to go wrong. */
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { freePorts } from './ports.ts';

export class Relay {
  readonly #port: number;
  readonly #target: { host: string; port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  private constructor(port: number, target: string) {
    const [host = '', targetPort = ''] = target.split(':');
    this.#port = port;
    this.#target = { host, port: Number(targetPort) };
  }

  /** Opens a relay to a server. @param target `host:port` */
  static async open(target: string): Promise<Relay> {
    const [port = 0] = await freePorts(1);
    const relay = new Relay(port, target);
    await relay.open();
    return relay;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Lets everything through. */
  async open(): Promise<void> {
    await this.#listen(
      createServer((from) => {
        const to = connect(this.#target);
        this.#hold(from);
        this.#hold(to);
        from.pipe(to).pipe(from);
      }),
    );
  }

  /** Another server answers in its place: one that shows this certificate, and says nothing else. */
  async impersonate(certificate: string, key: string): Promise<void> {
    const server = createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) });
    server.on('connection', (socket: Socket) => {
      this.#hold(socket);
    });
    server.on('tlsClientError', () => undefined);
    await this.#listen(server);
  }

  /** Breaks all connections, and refuses others. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = server && new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #listen(server: Server): Promise<void> {
    await this.close();
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
  }

  #hold(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
    });
  }
}
