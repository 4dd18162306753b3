import type { IncusClient } from '../incus/client.ts';
import { type OperationEvent, parseEvent } from '../incus/events.ts';

type Listener = (event: OperationEvent) => void;

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
