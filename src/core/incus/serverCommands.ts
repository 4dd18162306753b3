import type { Config, Devices, InstanceRef, ProfileRef, ProjectRef } from '../model.ts';
import { TEMPORARY_KEY } from '../policy/temporary.ts';
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

/** Makes a project. @param features as `projectFeatures` of the policy gives them */
export function createProject({ remote, project }: ProjectRef, features: Config): IncusCommand {
  const flags = Object.entries(features).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  return changes('project', 'create', ...flags, '--', `${remote}:${project}`);
}

/** Makes a profile. What is in it, which may hold passwords, goes by stdin: JSON is YAML. */
export function createProfile(
  { remote, project, profile }: ProfileRef,
  content: { readonly description: string; readonly config: Config; readonly devices: Devices },
): IncusCommand {
  const { description, config, devices } = content;
  return {
    ...changes('profile', 'create', '--project', project, '--', `${remote}:${profile}`),
    input: JSON.stringify({ description, config, devices }),
  };
}

/** Makes an empty, stopped instance for a trial; its name has to be a reserved one. */
export function createTrial(ref: InstanceRef, pool: string, mark: string): IncusCommand {
  const flags = ['--empty', '-q', '--no-profiles', '--storage', pool, '-c', `${TEMPORARY_KEY}=${mark}`];
  return changes('init', '--project', ref.project, ...flags, '--', `${ref.remote}:${ref.instance}`);
}
