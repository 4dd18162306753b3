import type { IncusCommand } from './commands.ts';

/**
 * Argvs that concern servers rather than instances: the client's list of remotes, and what a snapshot server has to have.
 * What is secret in them goes by stdin, since anybody on the machine can read a process's arguments.
 */

const changes = (...argv: string[]): IncusCommand => ({ argv, changes: true });

/**
 * Adds a remote. It asks on its output whether the certificate is the right one, and for a token where the server wants
 * one; each answer is read from stdin after its question.
 * @param url as `serverUrl` of the policy gives it
 */
export function addRemote(name: string, url: string): IncusCommand {
  return changes('remote', 'add', '--', name, url);
}

/** Has the client forget a remote. Nothing is changed on the server. */
export function removeRemote(name: string): IncusCommand {
  return changes('remote', 'remove', '--', name);
}
