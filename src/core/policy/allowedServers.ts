/** The part of the guard that is about servers: which remotes the client knows, and what they have to have. */
import type { Refusal } from './allowed.ts';
import { checkNewRemoteName, isServerUrl } from './trust.ts';

/** A new remote by its address. A token would stand in the process list: it goes by stdin. */
export function addRemoteRefusal(names: readonly string[]): Refusal | undefined {
  const [name = '', url = ''] = names;
  if (names.length !== 2) return { reason: 'count' };
  if (checkNewRemoteName(name, [])) return { reason: 'remote', argument: name };
  return isServerUrl(url) ? undefined : { reason: 'argument', argument: url };
}

/** Any remote but the server on this machine, without which the client would have no default one. */
export function removeRemoteRefusal(names: readonly string[]): Refusal | undefined {
  const [name = ''] = names;
  if (names.length !== 1) return { reason: 'count' };
  return checkNewRemoteName(name, ['local']) ? { reason: 'remote', argument: name } : undefined;
}
