import type { IncusClient } from '../incus/client.ts';
import { cancelOperation } from '../incus/commands.ts';
import { IncusError } from '../incus/errors.ts';
import { type OperationEvent, parseEvent } from '../incus/events.ts';

type Listener = (event: OperationEvent) => void;

/** An operation that a piece of work causes on a server. */
export interface Expected {
  readonly remote: string;
  readonly isMine: (event: OperationEvent) => boolean;
}

interface Watch {
  readonly end: AbortController;
  readonly opened: Promise<void>;
  readonly listeners: Set<Listener>;
}

/** Hears the operations of remotes, for as long as somebody wants to: one stream per remote. */
export class Operations {
  readonly #client: IncusClient;
  readonly #watches = new Map<string, Watch>();

  constructor(client: IncusClient) {
    this.#client = client;
  }

  /**
   * Hears a remote's operations. A stream that breaks off is not opened again: what it would have told is progress, and
   * a server that went away ends what is watched as well.
   * @returns when it listens (or cannot), a function that ends it
   */
  async listen(remote: string, listener: Listener): Promise<() => void> {
    const watch = this.#watches.get(remote) ?? this.#open(remote);
    watch.listeners.add(listener);
    await watch.opened;
    return () => {
      watch.listeners.delete(listener);
      if (watch.listeners.size > 0) return;
      if (this.#watches.get(remote) === watch) this.#watches.delete(remote);
      watch.end.abort();
    };
  }

  /**
   * Works while it hears what the work causes on the servers.
   * @param signal asks the servers to break off what lets itself be broken off; the rest comes to its end
   * @param onProgress told how far it is, as the server words it
   * @throws IncusError `cancelled` where the signal came before the work ended, whatever that came to: the CLI ends with
   * exit code 0 when its copy was broken off; `copyInterrupted` where somebody else broke it off; else what the work throws
   */
  async during(
    expected: readonly Expected[],
    signal: AbortSignal,
    onProgress: (text: string) => void,
    work: () => Promise<void>,
  ): Promise<void> {
    const running = new Map<string, string>();
    let broken: string | undefined;
    const cancel = (id: string, remote: string) => {
      // A server that refuses lets it go on, which is seen in the end.
      void this.#client.change(cancelOperation(remote, id)).catch(() => undefined);
    };
    const hear = ({ remote, isMine }: Expected) =>
      this.listen(remote, (event) => {
        if (!isMine(event)) return;
        if (event.progress !== undefined) onProgress(event.progress.replace(/^.*: /s, ''));
        if (event.state === 'failure') broken = event.error || 'it was broken off';
        if (event.state !== 'running' || !event.cancellable) running.delete(event.id);
        else running.set(event.id, remote);
        if (signal.aborted && running.has(event.id)) cancel(event.id, remote);
      });
    const ends = await Promise.all(expected.map(hear));
    const onAbort = () => {
      for (const [id, remote] of running) cancel(id, remote);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await work();
    } catch (error) {
      if (signal.aborted) throw cancelled(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      for (const end of ends) end();
    }
    if (signal.aborted) throw cancelled();
    if (broken !== undefined) throw new IncusError('copyInterrupted', { text: broken });
  }

  #open(remote: string): Watch {
    const end = new AbortController();
    const listeners = new Set<Listener>();
    const { promise: opened, resolve } = Promise.withResolvers<undefined>();
    const watch: Watch = { end, opened, listeners };
    this.#watches.set(remote, watch);
    const onMessage = (message: string) => {
      const event = parseEvent(message, remote);
      if (event?.kind !== 'operation') return;
      for (const listener of [...listeners]) listener(event);
    };
    const onOpen = () => {
      resolve(undefined);
    };
    void this.#client.listen(remote, { onOpen, onMessage }, end.signal).then(() => {
      if (this.#watches.get(remote) === watch) this.#watches.delete(remote);
      resolve(undefined);
    });
    return watch;
  }
}

function cancelled(cause?: unknown): IncusError {
  return new IncusError('cancelled', { text: 'cancelled while it was sent', cause });
}
