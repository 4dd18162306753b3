import { get } from './commands.ts';
import type { Runner, RunOptions } from './runner.ts';
import { parseEnvelope } from './schemas.ts';

/** Reads from a remote's API. What changes something goes by verbs of the CLI instead. */
export interface Transport {
  /**
   * @param path of the API, as `apiPath` builds it
   * @returns the metadata of the answer, unchecked
   * @throws IncusError
   */
  get(remote: string, path: string, options: RunOptions): Promise<unknown>;
}

/** Reads by `incus query`: one process per call, wherever the CLI runs. */
export class QueryTransport implements Transport {
  readonly #runner: Runner;

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  async get(remote: string, path: string, options: RunOptions): Promise<unknown> {
    const { argv } = get(remote, path);
    const { stdout } = await this.#runner.run(argv, options);
    return parseEnvelope(stdout, argv);
  }
}
