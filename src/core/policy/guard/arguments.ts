/** What the parts of the guard ask of single arguments. */
import { checkRemoteName } from '../names.ts';
import type { Refusal } from './allowed.ts';

/** Anything but an empty text. */
export function isFilled(value: string): boolean {
  return value !== '';
}

/** A name that could not be taken for a flag. */
export function isName(value: string): boolean {
  return isFilled(value) && !value.startsWith('-');
}

/** Which server opens the connection of a copy. */
export function isMode(value: string): boolean {
  return ['pull', 'push', 'relay'].includes(value);
}

/** Why it is not this many names. */
export function countRefusal(names: readonly string[], count: number): Refusal | undefined {
  return names.length === count ? undefined : { reason: 'count' };
}

/** `remote:rest`, cut at the first colon as the CLI does it (`ParseRemote`). */
export function cut(argument: string | undefined): { remote: string; rest: string } | undefined {
  const colon = argument?.indexOf(':') ?? -1;
  if (argument === undefined || colon < 0) return undefined;
  const remote = argument.slice(0, colon);
  return checkRemoteName(remote) ? undefined : { remote, rest: argument.slice(colon + 1) };
}
