import { ask, end, Gone, type Proxy } from './proxy.ts';

/** How a remote may be asked. */
export interface LaneRules {
  /** Requests that one proxy may be asked side by side. */
  readonly requests: number;
  /** Proxies that may run side by side. */
  readonly lanes: number;
}

/** A server behind TLS takes any number of connections. */
export const SIDE_BY_SIDE: LaneRules = { requests: 8, lanes: 1 };

/**
 * A server on this machine reads the first bytes of each connection to its unix socket before it takes the next one
 * (`StarttlsListener.Accept` of Incus, both lines): one on which nothing is said shuts everybody out until it is closed.
 * A proxy that is asked two things at once opens a connection for the second, and may find another one free meanwhile;
 * then it keeps the one that it opened, and says nothing on it. One that is asked one thing after another does not.
 */
export const ONE_BY_ONE: LaneRules = { requests: 1, lanes: 4 };

/** Milliseconds for which somebody always waits until a further proxy comes to help. */
const PATIENCE = 50;

/** A proxy of a remote, with what it is being asked. */
export interface Lane {
  readonly proxy: Proxy;
  readonly isFirst: boolean;
  asked: number;
}

interface Waiting {
  readonly onlyFirst: boolean;
  readonly go: (lane: Lane) => void;
  readonly fail: (error: Error) => void;
}

/**
 * The proxies of one remote: the first, which lives as long as this does, and those that come beside it while there is
 * much to ask and end by themselves.
 */
export class Lanes {
  readonly #rules: LaneRules;
  readonly #open: (signal: AbortSignal) => Promise<Proxy>;
  readonly #lanes: Lane[];
  readonly #waiting: Waiting[] = [];
  readonly #end = new AbortController();
  #patience: NodeJS.Timeout | undefined;
  #opening: Promise<void> | undefined;
  /** Resolves when the first proxy has ended, and with it all of this. */
  readonly ended: Promise<void>;

  /** @param open starts a further proxy */
  constructor(first: Proxy, rules: LaneRules, open: (signal: AbortSignal) => Promise<Proxy>) {
    this.#rules = rules;
    this.#open = open;
    this.#lanes = [{ proxy: first, isFirst: true, asked: 0 }];
    this.ended = first.program.ended.then(() => this.close());
  }

  /**
   * Asks the server.
   * @param over when it is no longer wanted
   * @throws Gone, or what `over` was aborted with
   */
  async ask(path: string, over: AbortSignal): Promise<string> {
    for (;;) {
      const lane = await this.take(over);
      // Hung up, a request could leave a connection behind on which nothing was said: it goes on, and nobody listens.
      const mayHangUp = this.#rules.requests > 1;
      const answer = ask(lane.proxy, path, mayHangUp ? over : undefined);
      const giveBack = () => {
        this.give(lane);
      };
      answer.then(giveBack, giveBack);
      try {
        return await unless(over, answer);
      } catch (error) {
        // One that ends by itself may do so in this very moment; whether the server is gone, the first one knows.
        if (lane.isFirst || over.aborted || !(error instanceof Gone)) throw error;
        this.#drop(lane);
      }
    }
  }

  /**
   * Waits for its turn; the lane has to be given back.
   * @param onlyFirst the one that stays
   * @throws Gone, or what `over` was aborted with
   */
  take(over: AbortSignal, onlyFirst = false): Promise<Lane> {
    over.throwIfAborted();
    if (this.#end.signal.aborted) return Promise.reject(new Gone('the proxy has ended'));
    const free = this.#lanes.find((lane) => this.#fits(lane, onlyFirst));
    if (free) {
      free.asked++;
      return Promise.resolve(free);
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        this.#lookAfterWaiting();
        reject(over.reason as Error);
      };
      const waiting: Waiting = {
        onlyFirst,
        go: (lane) => {
          over.removeEventListener('abort', leave);
          resolve(lane);
        },
        fail: (error) => {
          over.removeEventListener('abort', leave);
          reject(error);
        },
      };
      over.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
      this.#lookAfterWaiting();
    });
  }

  /** Gives a lane back to those who wait. */
  give(lane: Lane): void {
    lane.asked--;
    this.#serve();
  }

  /** Ends all proxies; whoever waits is told that they are gone. */
  async close(): Promise<void> {
    this.#end.abort();
    clearTimeout(this.#patience);
    for (const { fail } of this.#waiting.splice(0)) fail(new Gone('the proxy has ended'));
    await this.#opening;
    await Promise.all(this.#lanes.splice(0).map(({ proxy }) => end(proxy)));
  }

  #fits(lane: Lane, onlyFirst: boolean): boolean {
    return lane.asked < this.#rules.requests && (lane.isFirst || !onlyFirst);
  }

  #serve(): void {
    for (const lane of this.#lanes) {
      for (;;) {
        const at = this.#waiting.findIndex(({ onlyFirst }) => this.#fits(lane, onlyFirst));
        if (at < 0) break;
        lane.asked++;
        for (const { go } of this.#waiting.splice(at, 1)) go(lane);
      }
    }
    this.#lookAfterWaiting();
  }

  /** Runs a timer exactly while somebody waits and help may come. */
  #lookAfterWaiting(): void {
    const mayHelp = this.#lanes.length < this.#rules.lanes && !this.#opening && !this.#end.signal.aborted;
    if (this.#waiting.length === 0 || !mayHelp) {
      clearTimeout(this.#patience);
      this.#patience = undefined;
      return;
    }
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      this.#opening = this.#help().finally(() => {
        this.#opening = undefined;
        this.#serve();
      });
    }, PATIENCE);
  }

  async #help(): Promise<void> {
    try {
      const lane: Lane = { proxy: await this.#open(this.#end.signal), isFirst: false, asked: 0 };
      this.#lanes.push(lane);
      void lane.proxy.program.ended.then(() => {
        this.#drop(lane);
      });
    } catch {
      // Help that does not come leaves things as they are; why, stands in the log.
    }
  }

  #drop(lane: Lane): void {
    const at = this.#lanes.indexOf(lane);
    if (at < 0) return;
    this.#lanes.splice(at, 1);
    void end(lane.proxy);
  }
}

/** What the work comes to, unless it is over before: then what it comes to is of no interest. */
export async function unless<T>(over: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: left, reject } = Promise.withResolvers<never>();
  const leave = () => {
    reject(over.reason as Error);
  };
  if (over.aborted) leave();
  over.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([left, work]);
  } finally {
    over.removeEventListener('abort', leave);
  }
}
