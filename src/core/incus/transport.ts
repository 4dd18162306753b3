import type { Remote } from '../model.ts';
import { whileConfigIsWritten } from './again.ts';
import { apiPath, get, monitor } from './commands.ts';
import { IncusError, toIncusError } from './errors.ts';
import type { Runner, RunOptions } from './runner.ts';
import { parseEnvelope } from './schemas.ts';

/** Milliseconds of silence after which a server is asked for a sign of life, and in which it has to give one. */
const LIFE = 9_000;

/** Milliseconds after which `incus monitor` hears events for sure. */
const CONNECTED = 3_000;

/** Reads from a remote's API. What changes something goes by verbs of the CLI instead. */
export interface Transport {
  /** Told where the remotes are, before they are asked: a server on this machine is asked otherwise than one behind TLS. */
  locate(remotes: readonly Remote[]): void;

  /**
   * @param path of the API, as `apiPath` builds it
   * @param parse reads the metadata of the answer; what it throws is the call's failure
   * @throws IncusError
   */
  get<T>(remote: string, path: string, parse: (metadata: unknown) => T, options: RunOptions): Promise<T>;

  /**
   * Hears the server's events on instances and operations, of all projects, until the connection ends.
   * @returns why it ended: cancelled by the signal, `timedOut` where the server went silent, or what went wrong
   */
  listen(remote: string, listener: EventListener, signal: AbortSignal): Promise<IncusError>;

  /** Whether each call takes a process of its own, so that one large answer costs less than many small ones. */
  readonly isOneProcessPerCall: boolean;

  /** Lets go of what is kept for a remote; the next call finds it as it is by then. */
  close(remote: string): void;

  /** Ends all that runs. */
  dispose(): Promise<void>;
}

export interface EventListener {
  /** From here on no event is missed. */
  onOpen(): void;
  /** @param message as the server sends it: JSON */
  onMessage(message: string): void;
}

/** Reads by `incus query`: one process per call, wherever the CLI runs. */
export class QueryTransport implements Transport {
  readonly isOneProcessPerCall = true;
  readonly #runner: Runner;

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  locate(): void {
    // The CLI knows.
  }

  async get<T>(remote: string, path: string, parse: (metadata: unknown) => T, options: RunOptions): Promise<T> {
    const { argv } = get(remote, path);
    return this.#runner.read(argv, options, (stdout) => parse(parseEnvelope(stdout, argv)));
  }

  async listen(remote: string, listener: EventListener, signal: AbortSignal): Promise<IncusError> {
    try {
      return await whileConfigIsWritten(() => this.#monitor(remote, listener, signal), signal);
    } catch (error) {
      return toIncusError(error);
    }
  }

  /** @throws IncusError `configBeingWritten` */
  async #monitor(remote: string, listener: EventListener, signal: AbortSignal): Promise<IncusError> {
    const program = this.#runner.start(monitor(remote).argv);
    const life = this.#watch(remote, listener, program.end);
    signal.addEventListener('abort', program.end, { once: true });
    try {
      for await (const line of program.lines) {
        life.sign();
        if (line !== '') listener.onMessage(line);
      }
    } catch {
      // An output that breaks off is an end like any other, and `ended` says which.
    }
    life.stop();
    signal.removeEventListener('abort', program.end);
    const ended = await program.ended;
    if (ended.kind === 'configBeingWritten') throw ended;
    return life.isSilent() && !signal.aborted ? new IncusError('timedOut', { text: 'the server went silent' }) : ended;
  }

  /**
   * `incus monitor` does not say when it is connected, nor notice that a server is frozen. So the server is asked for a
   * sign of life: at first, and where it was silent for some time.
   */
  #watch(remote: string, listener: EventListener, onSilent: () => void) {
    const stop = new AbortController();
    let isSilent = false;
    let heard = performance.now();
    let connected: NodeJS.Timeout | undefined;
    const ask = async (): Promise<boolean> => {
      const limits = { timeout: LIFE, signal: stop.signal };
      const error = await this.get(remote, apiPath([]), () => undefined, limits).catch(toIncusError);
      if (error?.kind === 'timedOut') {
        isSilent = true;
        onSilent();
      }
      // What else is wrong ends the monitor by itself.
      return !error && !stop.signal.aborted;
    };
    const timer = setInterval(() => {
      if (performance.now() - heard >= LIFE) void ask();
    }, LIFE);
    void ask().then((isThere) => {
      if (!isThere) return;
      listener.onOpen();
      // What happened in the first moments can have been missed.
      connected = setTimeout(() => {
        listener.onOpen();
      }, CONNECTED);
    });
    return {
      sign: () => (heard = performance.now()),
      isSilent: () => isSilent,
      stop: () => {
        clearInterval(timer);
        clearTimeout(connected);
        stop.abort();
      },
    };
  }

  close(): void {
    // Nothing is kept: every call is a process of its own.
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}
