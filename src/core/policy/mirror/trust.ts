/** What a user gives to have a server trusted: its address, or a token that was made on it. */
import { checkRemoteName } from '../names.ts';

/** `incus config trust add` prints it: one long word of base64, which holds JSON (`CertificateAddToken` of Incus). */
export interface TrustToken {
  readonly token: string;
  /** `host:port`, in the order in which they are to be tried. */
  readonly addresses: readonly string[];
  /** SHA-256 of the server's certificate, in hex. */
  readonly fingerprint: string;
  /** Absent: it does not expire. */
  readonly expiresAt?: Date;
}

export type ServerInput =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'token'; readonly token: TrustToken }
  | { readonly kind: 'invalid'; readonly problem: 'empty' | 'noAddress' | 'expired' };

const PORT = 8443;

/** Reads what was typed or pasted. */
export function readServerInput(text: string, now: Date): ServerInput {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'invalid', problem: 'empty' };
  const token = readToken(trimmed);
  if (token) {
    const isPast = token.expiresAt !== undefined && token.expiresAt <= now;
    return isPast ? { kind: 'invalid', problem: 'expired' } : { kind: 'token', token };
  }
  const address = serverUrl(trimmed);
  return address === undefined ? { kind: 'invalid', problem: 'noAddress' } : { kind: 'address', address };
}

/**
 * The URL of a server whose address was given as `host`, `host:port` or `https://host:port`; `undefined` where it is none
 * of these.
 */
export function serverUrl(address: string): string | undefined {
  const [, host, port = String(PORT)] =
    /^(?:https:\/\/)?([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?\/?$/.exec(
      address,
    ) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined;
  return `https://${host}:${Number(port)}`;
}

/** Whether this is a URL that {@link serverUrl} gives. */
export function isServerUrl(url: string): boolean {
  return url.startsWith('https://') && serverUrl(url) === url;
}

export type RemoteNameComplaint = 'empty' | 'badCharacter' | 'taken';

/** What is wrong with a name for a new remote: narrower than Incus, so that it works everywhere and in a shell. */
export function checkNewRemoteName(name: string, taken: Iterable<string>): RemoteNameComplaint | undefined {
  if (name === '') return 'empty';
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name) || checkRemoteName(name)) return 'badCharacter';
  return new Set(taken).has(name) ? 'taken' : undefined;
}

/** A name for a new remote: the book's, or that of the host, with a number where it is taken. */
export function proposeRemoteName(address: string | undefined, taken: Iterable<string>): string {
  const used = new Set(taken);
  const host = /^https:\/\/([A-Za-z][A-Za-z0-9-]*)[.:]/.exec(address ?? '')?.[1];
  const stem = host === undefined || host === 'localhost' ? 'incus-snapshot' : host;
  let name = stem;
  for (let number = 2; used.has(name); number++) name = `${stem}-${number}`;
  return name;
}

function readToken(text: string): TrustToken | undefined {
  if (!/^[A-Za-z0-9+/_-]{40,}={0,2}$/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(atob(text));
    if (typeof value !== 'object' || value === null) return undefined;
    const fields: Readonly<Record<string, unknown>> = { ...value };
    const { addresses, fingerprint, expires_at: expiry } = fields;
    if (typeof fingerprint !== 'string' || !/^[0-9a-f]{64}$/.test(fingerprint) || !Array.isArray(addresses)) {
      return undefined;
    }
    const usable = addresses.filter((one): one is string => typeof one === 'string' && serverUrl(one) !== undefined);
    const expiresAt = typeof expiry === 'string' ? new Date(expiry) : new Date(NaN);
    // Go's zero time means that it does not expire.
    const expires = expiresAt.getTime() > 0 ? { expiresAt } : {};
    return { token: text, addresses: usable, fingerprint, ...expires };
  } catch {
    return undefined;
  }
}
