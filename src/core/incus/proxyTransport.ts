import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as setSilence } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import { get, proxy } from './commands.ts';
import { IncusError, toIncusError } from './errors.ts';
import type { Runner, RunningProgram, RunOptions } from './runner.ts';
import { parseEnvelope } from './schemas.ts';
import type { EventListener, Transport } from './transport.ts';
import WebSocket from 'ws';

/** Seconds without a request after which a proxy ends by itself, so that none outlives an extension host that died. */
const IDLE = 60;

/** Milliseconds between two looks at whether the proxy's socket is there; it takes 12 to 26. */
const LOOK = 2;

/** Bytes that the path of a unix socket may have. */
const LONGEST_PATH = 107;

/** Milliseconds without a sign of life after which a server counts as frozen: it pings its listeners every ten seconds. */
const SILENCE = 25_000;

const EVENTS = '/1.0/events?type=lifecycle,operation&all-projects=true';

/** Requests on one connection after another, some side by side. */
const SOCKETS = 8;

/** One `incus remote proxy` and the way to it. */
interface Proxy {
  readonly socket: string;
  readonly agent: Agent;
  readonly program: RunningProgram;
}

/**
 * Reads through `incus remote proxy`: one process per remote, with the client's own trust, at the speed of the server's
 * own socket. Where a proxy cannot be had, or answers that the server is gone, the transport behind it is asked
 * instead: it finds the words for what is wrong.
 */
export class ProxyTransport implements Transport {
  readonly #runner: Runner;
  readonly #behind: Transport;
  readonly #proxies = new Map<string, Promise<Proxy>>();
  #folder: Promise<string> | undefined;
  readonly #isWanted: () => boolean;
  #count = 0;
  #isDisposed = false;
  /** The client has no proxy to offer: an old one, or one that is none. */
  #isLacking = false;

  /** @param isWanted asked before each call: without a proxy, the transport behind does all */
  constructor(runner: Runner, behind: Transport, isWanted: () => boolean) {
    this.#runner = runner;
    this.#behind = behind;
    this.#isWanted = isWanted;
  }

  async get<T>(remote: string, path: string, parse: (metadata: unknown) => T, options: RunOptions): Promise<T> {
    if (!this.#isPossible()) return this.#behind.get(remote, path, parse, options);
    const { argv } = get(remote, path);
    const start = performance.now();
    let answer: string;
    try {
      answer = await read(await this.#proxy(remote, options), path, options);
    } catch (error) {
      if (error instanceof Gone) this.close(remote);
      if (!isFinal(error)) return this.#behind.get(remote, path, parse, options);
      return this.#runner.reportProxied(argv, start, () => {
        throw error;
      });
    }
    return this.#runner.reportProxied(argv, start, () => parse(parseEnvelope(answer, argv)));
  }

  async listen(remote: string, listener: EventListener, signal: AbortSignal): Promise<IncusError> {
    if (!this.#isPossible()) return this.#behind.listen(remote, listener, signal);
    let proxy: Proxy;
    try {
      proxy = await this.#proxy(remote, { timeout: SILENCE, signal });
    } catch (error) {
      const failure = toIncusError(error);
      return isFinal(failure) ? failure : this.#behind.listen(remote, listener, signal);
    }
    const ended = await hear(proxy, listener, signal);
    // The proxy answers /1.0 from what it knew when it started: a server that was away may be another one.
    this.close(remote);
    return ended;
  }

  /** Ends the remote's proxy; the next request starts another, which knows the server as it is by then. */
  close(remote: string): void {
    const proxy = this.#proxies.get(remote);
    this.#proxies.delete(remote);
    void proxy?.then(end, () => undefined);
  }

  /** Ends all proxies and removes their sockets. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    const proxies = await Promise.allSettled(this.#proxies.values());
    this.#proxies.clear();
    await Promise.all(proxies.map(async (proxy) => proxy.status === 'fulfilled' && end(proxy.value)));
    if (this.#folder) await rm(await this.#folder, { recursive: true, force: true });
  }

  #isPossible(): boolean {
    return !this.#isLacking && this.#isWanted();
  }

  #proxy(remote: string, options: RunOptions): Promise<Proxy> {
    const known = this.#proxies.get(remote);
    if (known) return known;
    const proxy = this.#start(remote, options);
    this.#proxies.set(remote, proxy);
    const forget = () => {
      if (this.#proxies.get(remote) === proxy) this.#proxies.delete(remote);
    };
    proxy.then(({ program }) => program.ended.then(forget), forget);
    return proxy;
  }

  async #start(remote: string, options: RunOptions): Promise<Proxy> {
    if (this.#isDisposed) throw new IncusError('cancelled', { text: 'the extension is ending' });
    // A private folder, since whoever reaches the socket has the remote.
    this.#folder ??= mkdtemp(join(tmpdir(), 'incus-snapshots-'));
    const socket = join(await this.#folder, `${this.#count++}.sock`);
    if (Buffer.byteLength(socket) > LONGEST_PATH) throw new IncusError('other', { text: 'the path is too long' });
    const program = this.#runner.start(proxy(remote, socket, IDLE).argv);
    const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
    const started = { socket, agent, program };
    try {
      await listens(started, options);
      return started;
    } catch (error) {
      await end(started);
      // Whatever is wrong with a remote has a name; what has none is wrong with the client.
      if (error instanceof IncusError && error.kind === 'other') this.#isLacking = true;
      throw error;
    }
  }
}

/** The proxy or the server behind it is not there: a reason to ask otherwise, not an answer. */
class Gone extends Error {}

/** Nobody else needs to be asked. */
function isFinal(error: unknown): boolean {
  const { kind } = toIncusError(error);
  return kind === 'cancelled' || kind === 'timedOut' || kind === 'noProgram' || kind === 'badProgram';
}

async function end({ agent, program, socket }: Proxy): Promise<void> {
  agent.destroy();
  program.end();
  await program.ended;
  await rm(socket, { force: true });
}

/** Resolves when the proxy listens. */
async function listens({ socket, program }: Pick<Proxy, 'socket' | 'program'>, options: RunOptions): Promise<void> {
  let failure: IncusError | undefined;
  void program.ended.then((error) => (failure = error));
  const deadline = performance.now() + options.timeout;
  while (!(await connects(socket))) {
    if (failure) throw failure;
    if (options.signal?.aborted) throw new IncusError('cancelled', { text: 'cancelled' });
    if (performance.now() > deadline) throw new IncusError('timedOut', { text: 'the proxy did not start in time' });
    await setTimeout(LOOK);
  }
}

function connects(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/**
 * The body of an answer.
 * @throws Gone, or IncusError `timedOut`, `cancelled`
 */
function read({ agent, socket }: Proxy, path: string, options: RunOptions): Promise<string> {
  const timeout = AbortSignal.timeout(options.timeout);
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      if (options.signal?.aborted) reject(new IncusError('cancelled', { text: 'cancelled' }));
      else if (timeout.aborted) reject(new IncusError('timedOut', { text: 'no answer in time' }));
      else reject(new Gone(error.message));
    };
    const asked = request({ socketPath: socket, path, agent, signal }, (response) => {
      if (response.statusCode === 502) {
        response.resume();
        reject(new Gone('the server is gone'));
        return;
      }
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        resolve(Buffer.concat(chunks).toString('utf8'));
      });
    });
    asked.on('error', fail);
    asked.end();
  });
}

/** Hears events until the connection ends; resolves with the reason. */
function hear({ socket }: Proxy, listener: EventListener, signal: AbortSignal): Promise<IncusError> {
  return new Promise((resolve) => {
    const events = new WebSocket(`ws+unix:${socket}:${EVENTS}`, { perMessageDeflate: false });
    let reason = new IncusError('unreachable', { text: 'the connection for events ended' });
    const give = (why: IncusError) => {
      reason = why;
      events.terminate();
    };
    const leave = () => {
      give(new IncusError('cancelled', { text: 'no longer listening' }));
    };
    let silence: NodeJS.Timeout | undefined;
    const alive = () => {
      clearTimeout(silence);
      silence = setSilence(() => {
        give(new IncusError('timedOut', { text: 'the server went silent' }));
      }, SILENCE);
    };
    alive();
    signal.addEventListener('abort', leave, { once: true });
    events.on('open', () => {
      listener.onOpen();
    });
    events.on('ping', alive);
    events.on('message', (data: Buffer) => {
      alive();
      listener.onMessage(data.toString('utf8'));
    });
    events.on('error', (error) => {
      if (reason.kind === 'unreachable') reason = new IncusError('unreachable', { text: error.message, cause: error });
    });
    events.on('close', () => {
      clearTimeout(silence);
      signal.removeEventListener('abort', leave);
      resolve(reason);
    });
    if (signal.aborted) leave();
  });
}
