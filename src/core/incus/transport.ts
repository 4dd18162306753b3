import { get } from './commands.ts';
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
}
