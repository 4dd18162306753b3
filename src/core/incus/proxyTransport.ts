import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Remote } from '../model.ts';
import { whileConfigIsWritten } from './again.ts';
import { get, proxy } from './commands.ts';
import { IncusError, toIncusError } from './errors.ts';
import { type Lane, type LaneRules, Lanes, ONE_BY_ONE, SIDE_BY_SIDE, unless } from './lanes.ts';
import { adopt, Gone, hear, type Proxy, SILENCE } from './proxy.ts';
import type { Runner, RunOptions } from './runner.ts';
import { parseEnvelope } from './schemas.ts';
import type { EventListener, Transport } from './transport.ts';

/** Seconds without a request after which a proxy ends by itself, so that none outlives an extension host that died. */
const IDLE = 60;

/** The same for those that come to help; they look that often. */
const IDLE_HELP = 5;

/** Bytes that the path of a unix socket may have. */
const LONGEST_PATH = 107;

/** What is kept for a remote. */
interface Kept {
  readonly lanes: Promise<Lanes>;
  readonly abort: AbortController;
}

/**
 * Reads through `incus remote proxy`: one process per remote, with the client's own trust, at the speed of the server's
 * own socket. Where a proxy cannot be had, or answers that the server is gone, the transport behind it is asked
 * instead: it finds the words for what is wrong.
 */
export class ProxyTransport implements Transport {
  readonly #runner: Runner;
  readonly #behind: Transport;
  readonly #kept = new Map<string, Kept>();
  readonly #addresses = new Map<string, string>();
  /** What is being ended. */
  readonly #endings = new Set<Promise<void>>();
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

  get isOneProcessPerCall(): boolean {
    return !this.#isPossible();
  }

  locate(remotes: readonly Remote[]): void {
    for (const { name, address } of remotes) {
      const before = this.#addresses.get(name);
      this.#addresses.set(name, address);
      if (before !== undefined && before !== address) this.close(name);
    }
  }

  async get<T>(remote: string, path: string, parse: (metadata: unknown) => T, options: RunOptions): Promise<T> {
    if (!this.#isPossible()) return this.#behind.get(remote, path, parse, options);
    const { argv } = get(remote, path);
    const start = performance.now();
    const timeout = AbortSignal.timeout(options.timeout);
    const over = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
    let answer: string;
    try {
      const lanes = await unless(over, this.#lanesOf(remote));
      answer = await lanes.ask(path, over);
    } catch (error) {
      const failure = options.signal?.aborted
        ? new IncusError('cancelled', { argv, text: 'cancelled' })
        : timeout.aborted
          ? new IncusError('timedOut', { argv, text: 'no answer in time' })
          : error;
      if (failure instanceof Gone) this.close(remote);
      if (!isFinal(failure)) return this.#behind.get(remote, path, parse, options);
      return this.#runner.reportProxied(argv, start, () => {
        throw failure;
      });
    }
    return this.#runner.reportProxied(argv, start, () => parse(parseEnvelope(answer, argv)));
  }

  async listen(remote: string, listener: EventListener, signal: AbortSignal): Promise<IncusError> {
    if (!this.#isPossible()) return this.#behind.listen(remote, listener, signal);
    let lanes: Lanes;
    let lane: Lane;
    try {
      lanes = await unless(signal, this.#lanesOf(remote));
      lane = await lanes.take(signal, true);
    } catch (error) {
      if (signal.aborted) return new IncusError('cancelled', { text: 'no longer listening' });
      return this.#isPossible() ? toIncusError(error) : this.#behind.listen(remote, listener, signal);
    }
    const giveBack = once(() => {
      lanes.give(lane);
    });
    const ended = await hear(lane.proxy, listener, signal, giveBack);
    // The proxy answers /1.0 from what it knew when it started: a server that was away may be another one. Who merely
    // stops listening leaves it to the others.
    if (!signal.aborted) this.close(remote);
    return ended;
  }

  /** Ends the remote's proxies; the next request starts another, which knows the server as it is by then. */
  close(remote: string): void {
    const kept = this.#kept.get(remote);
    if (!kept) return;
    this.#kept.delete(remote);
    kept.abort.abort();
    const ending = kept.lanes
      .then(
        (lanes) => lanes.close(),
        () => undefined,
      )
      .finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
  }

  /** Ends all proxies and removes their sockets. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    for (const remote of [...this.#kept.keys()]) this.close(remote);
    await Promise.all(this.#endings);
    if (this.#folder) await rm(await this.#folder, { recursive: true, force: true });
  }

  #isPossible(): boolean {
    return !this.#isLacking && this.#isWanted();
  }

  #lanesOf(remote: string): Promise<Lanes> {
    const known = this.#kept.get(remote);
    if (known) return known.lanes;
    const abort = new AbortController();
    const kept = { lanes: this.#openLanes(remote, abort.signal), abort };
    this.#kept.set(remote, kept);
    const forget = () => {
      if (this.#kept.get(remote) === kept) this.close(remote);
    };
    kept.lanes.then((lanes) => lanes.ended.then(forget), forget);
    return kept.lanes;
  }

  async #openLanes(remote: string, signal: AbortSignal): Promise<Lanes> {
    const rules = this.#addresses.get(remote)?.startsWith('https:') ? SIDE_BY_SIDE : ONE_BY_ONE;
    try {
      const first = await this.#start(remote, IDLE, rules, signal);
      return new Lanes(first, rules, (end) => this.#start(remote, IDLE_HELP, rules, end));
    } catch (error) {
      // Whatever is wrong with a remote has a name; what has none is wrong with the client.
      if (error instanceof IncusError && error.kind === 'other') this.#isLacking = true;
      throw error;
    }
  }

  async #start(remote: string, idle: number, { requests }: LaneRules, signal: AbortSignal): Promise<Proxy> {
    // A private folder, since whoever reaches the socket has the remote.
    this.#folder ??= mkdtemp(join(tmpdir(), 'incus-snapshots-'));
    const folder = await this.#folder;
    return whileConfigIsWritten(async () => {
      if (this.#isDisposed) throw new IncusError('cancelled', { text: 'the extension is ending' });
      const socket = join(folder, `${this.#count++}.sock`);
      if (Buffer.byteLength(socket) > LONGEST_PATH) throw new IncusError('other', { text: 'the path is too long' });
      const program = this.#runner.start(proxy(remote, socket, idle).argv);
      return adopt(program, socket, requests, { timeout: SILENCE, signal });
    }, signal);
  }
}

/** Nobody else needs to be asked. */
function isFinal(error: unknown): boolean {
  const { kind } = toIncusError(error);
  return kind === 'cancelled' || kind === 'timedOut' || kind === 'noProgram' || kind === 'badProgram';
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}
