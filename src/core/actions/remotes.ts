import type { IncusClient } from '../incus/client.ts';
import { IncusError, type IncusErrorKind, toIncusError } from '../incus/errors.ts';
import { addRemote, removeRemote } from '../incus/serverCommands.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { serverUrl, type TrustToken } from '../policy/mirror/trust.ts';

/** A server that is to become a remote. */
export interface NewRemote {
  readonly name: string;
  /** URLs, tried one after another until one answers. */
  readonly urls: readonly string[];
  /** Where it is there, the server's certificate has to be the one that it names. */
  readonly token?: TrustToken;
}

/** What has to be asked of the user meanwhile; `undefined` and `false` mean that the user leaves. */
export interface TrustQuestions {
  /** Whether the server is the right one. @param fingerprint SHA-256 of its certificate, in hex */
  confirm(url: string, fingerprint: string): Promise<boolean>;
  /** For a token, where the server wants one and none was given. */
  token(): Promise<string | undefined>;
}

/** Failures that another address of the same server may not have. */
const ELSEWHERE: ReadonlySet<IncusErrorKind> = new Set(['connectionRefused', 'unreachable', 'hostUnknown']);

/** Which servers the client knows. */
export class Remotes {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;

  constructor(client: IncusClient, inventory: Inventory) {
    this.#client = client;
    this.#inventory = inventory;
  }

  /**
   * Adds a remote that trusts this client. Where that fails half-way, the client knows no more than before.
   * @throws IncusError `otherServer` where the server is not the one that made the token
   */
  async add(server: NewRemote, questions: TrustQuestions, signal?: AbortSignal): Promise<void> {
    let failure = new IncusError('hostUnknown', { text: 'no address' });
    for (const url of server.urls) {
      try {
        await this.#addAt(url, server, questions, signal);
        await this.#inventory.refreshRemotes();
        return;
      } catch (error) {
        failure = toIncusError(error);
        if (!ELSEWHERE.has(failure.kind)) throw failure;
      }
    }
    throw failure;
  }

  /** Has the client forget a remote; the server is left as it is. */
  async remove(name: string): Promise<void> {
    await this.#client.change(removeRemote(name));
    await this.#inventory.refreshRemotes();
  }

  async #addAt(url: string, { name, token }: NewRemote, questions: TrustQuestions, signal?: AbortSignal) {
    await this.#client.converse(
      addRemote(name, url),
      (said) => {
        const fingerprint = /fingerprint: ([0-9a-f]{64})\s[^]*\?\s*$/.exec(said)?.[1];
        if (fingerprint !== undefined) return this.#confirmed(url, fingerprint, token, questions);
        return /token for [^\n]*:\s*$/i.test(said) ? this.#tokenFor(token, questions) : undefined;
      },
      signal,
    );
    const { trusted } = await this.#client.greet(name, signal);
    if (!trusted) throw new IncusError('untrusted', { text: 'not authorized' });
  }

  /** @returns the answer: the fingerprint itself, so that no other certificate can be meant */
  async #confirmed(url: string, fingerprint: string, token: TrustToken | undefined, questions: TrustQuestions) {
    if (token && token.fingerprint !== fingerprint) {
      throw new IncusError('otherServer', { text: `${url} has the certificate ${fingerprint}` });
    }
    if (await questions.confirm(url, fingerprint)) return fingerprint;
    throw new IncusError('cancelled', { text: 'the certificate was not confirmed' });
  }

  async #tokenFor(token: TrustToken | undefined, questions: TrustQuestions): Promise<string> {
    const text = token?.token ?? (await questions.token());
    if (text === undefined) throw new IncusError('cancelled', { text: 'no token was given' });
    return text;
  }
}

/** The URLs of the addresses that a token names. */
export function urlsOf(token: TrustToken): string[] {
  return token.addresses.flatMap((address) => serverUrl(address) ?? []);
}
