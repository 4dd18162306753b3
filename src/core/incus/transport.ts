import { get, monitor } from './commands.ts';
import type { IncusError } from './errors.ts';
import type { Runner, RunOptions } from './runner.ts';
import { parseEnvelope } from './schemas.ts';

/** Reads from a remote's API. What changes something goes by verbs of the CLI instead. */
export interface Transport {
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
  readonly #runner: Runner;

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  async get<T>(remote: string, path: string, parse: (metadata: unknown) => T, options: RunOptions): Promise<T> {
    const { argv } = get(remote, path);
    return this.#runner.read(argv, options, (stdout) => parse(parseEnvelope(stdout, argv)));
  }

  async listen(remote: string, listener: EventListener, signal: AbortSignal): Promise<IncusError> {
    const program = this.#runner.start(monitor(remote).argv);
    signal.addEventListener('abort', program.end, { once: true });
    // The CLI does not say when it is connected: what happens in its first moments can be missed.
    listener.onOpen();
    try {
      for await (const line of program.lines) if (line !== '') listener.onMessage(line);
    } catch {
      // An output that breaks off is an end like any other, and `ended` says which.
    }
    signal.removeEventListener('abort', program.end);
    return program.ended;
  }

  close(): void {
    // Nothing is kept: every call is a process of its own.
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}
