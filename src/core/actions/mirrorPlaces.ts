import type { IncusClient } from '../incus/client.ts';
import { toIncusError } from '../incus/errors.ts';
import type { Server } from '../model.ts';
import { keyMatcher } from '../policy/mirror/mirrorBlocks.ts';

/** What a server lacks, as far as it can be told without its list of keys. */
const KNOWN_KEYS: readonly (readonly [key: string, extension: string])[] = [
  ['snapshots.expiry.manual', 'snapshot_manual_expiry'],
  ['security.protection.start', 'instance_protection_start'],
];

/** What there is on targets beside instances. Each thing is asked once: make one of these for one piece of work. */
export class MirrorPlaces {
  readonly #client: IncusClient;
  readonly #asked = new Map<string, Promise<readonly string[] | undefined>>();

  constructor(client: IncusClient) {
    this.#client = client;
  }

  /** `undefined` where this client may not read them. */
  profiles(remote: string, project: string, signal?: AbortSignal): Promise<readonly string[] | undefined> {
    return this.#once(`profiles ${project} ${remote}`, () => this.#client.profiles(remote, project, signal));
  }

  pools(remote: string, signal?: AbortSignal): Promise<readonly string[] | undefined> {
    return this.#once(`pools ${remote}`, () => this.#client.pools(remote, signal));
  }

  /** Tells whether the target's server knows a key that the source's knows. Servers that can do as much are not asked. */
  async keysOf(
    source: { remote: string; server: Server },
    target: { remote: string; server: Server },
    signal?: AbortSignal,
  ): Promise<(key: string) => boolean> {
    const { extensions } = target.server;
    if ([...source.server.extensions].every((one) => extensions.has(one))) return () => true;
    const [here, there] = await Promise.all(
      [source.remote, target.remote].map((remote) =>
        this.#once(`keys ${remote}`, () => this.#client.documentedKeys(remote, signal)),
      ),
    );
    if (!here || !there) {
      return (key) => KNOWN_KEYS.every(([known, extension]) => key !== known || extensions.has(extension));
    }
    const isDocumentedHere = keyMatcher(here);
    const isDocumentedThere = keyMatcher(there);
    // A key that neither server documents is none that one of them could be too old for.
    return (key) => isDocumentedThere(key) || !isDocumentedHere(key);
  }

  #once(what: string, ask: () => Promise<readonly string[]>): Promise<readonly string[] | undefined> {
    const known = this.#asked.get(what);
    if (known) return known;
    const answer = ask().catch((error: unknown) => {
      const { kind } = toIncusError(error);
      // What a client may not read, and what an older server does not tell, is not known.
      if (['untrusted', 'forbiddenProject', 'projectMissing', 'garbage', 'other'].includes(kind)) return undefined;
      this.#asked.delete(what);
      throw error;
    });
    this.#asked.set(what, answer);
    return answer;
  }
}
