/** The part of the guard that is about servers: which remotes the client knows, and what they have to have. */
import type { Flags, Refusal } from './allowed.ts';
import { checkRemoteName } from '../names.ts';
import { isTemporaryName, TEMPORARY_KEY } from '../temporary.ts';
import { checkNewRemoteName, isServerUrl } from '../mirror/trust.ts';

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

/** A new project that differs from the default one in its features alone. */
export function createProjectRefusal(names: readonly string[]): Refusal | undefined {
  return placeRefusal(names, 'argument');
}

export function createProfileRefusal(names: readonly string[]): Refusal | undefined {
  return placeRefusal(names, 'argument');
}

/** An empty instance for a trial, which bears both marks of a temporary copy. */
export function createTrialRefusal(names: readonly string[], flags: Flags): Refusal | undefined {
  const [name = ''] = names;
  if (names.length !== 1) return { reason: 'count' };
  if (!flags.has('--empty')) return { reason: 'flag', argument: '--empty' };
  const [remote = '', instance = '', ...rest] = name.split(':');
  if (checkRemoteName(remote)) return { reason: 'remote', argument: name };
  if (rest.length > 0 || !isTemporaryName(instance)) return { reason: 'instance', argument: name };
  return flags.has('-c') ? undefined : { reason: 'config', argument: TEMPORARY_KEY };
}

/** `features.x=true` */
export function isFeature(pair: string): boolean {
  return /^features\.[a-z.]+=(?:true|false)$/.test(pair);
}

/** The key that marks a temporary copy. */
export function isTemporaryMark(pair: string): boolean {
  return new RegExp(`^${TEMPORARY_KEY.replaceAll('.', '\\.')}=[^/]+/[^/]+/[^/]+$`).test(pair);
}

function placeRefusal(names: readonly string[], reason: 'argument'): Refusal | undefined {
  const [name = ''] = names;
  if (names.length !== 1) return { reason: 'count' };
  const [remote = '', rest = '', ...more] = name.split(':');
  if (checkRemoteName(remote)) return { reason: 'remote', argument: name };
  return more.length === 0 && /^[^\s/:]+$/.test(rest) ? undefined : { reason, argument: name };
}
