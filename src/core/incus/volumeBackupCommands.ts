import type { VolumeRef } from '../model.ts';
import { apiPath, changes, type ExportOptions, type IncusCommand, inProject } from './commands.ts';

/** Argvs about backup files of custom volumes. The one that deletes can name a temporary copy and nothing else. */

const poolOf = (ref: VolumeRef): string => `${ref.remote}:${ref.pool}`;
const onMember = ({ location }: VolumeRef): string[] => (location === undefined ? [] : ['--target', location]);

/** Path of the list of backups that a volume's server keeps. */
export function volumeBackupsPath({ project, pool, volume, location }: VolumeRef): string {
  const query = { project, ...(location !== undefined && { target: location }), recursion: '1' };
  return apiPath(['storage-pools', pool, 'volumes', 'custom', volume, 'backups'], query);
}

/** As `exportInstance`, of a volume. */
export function exportVolume(ref: VolumeRef, path: string, options: ExportOptions): IncusCommand {
  const flags = [
    ...['--compression', options.compression],
    ...(options.withSnapshots ? [] : ['--volume-only']),
    ...(options.optimized ? ['--optimized-storage'] : []),
    ...onMember(ref),
  ];
  const words = ['storage', 'volume', 'export', ...inProject(ref)];
  return changes(...words, ...flags, '--', poolOf(ref), ref.volume, path);
}

/** As `importInstance`, of a volume: under a reserved name. */
export function importVolume(temporary: VolumeRef, path: string): IncusCommand {
  const words = ['storage', 'volume', 'import', ...inProject(temporary)];
  return changes(...words, ...onMember(temporary), '--', poolOf(temporary), path, temporary.volume);
}

/** Gives an imported volume its name. */
export function renameTemporaryVolume(temporary: VolumeRef, name: string): IncusCommand {
  const words = ['storage', 'volume', 'rename', ...inProject(temporary)];
  return changes(...words, ...onMember(temporary), '--', poolOf(temporary), temporary.volume, name);
}

/** Deletes a volume with a reserved name; whoever runs it has read it and found its key. */
export function deleteTemporaryVolume(temporary: VolumeRef): IncusCommand {
  const words = ['storage', 'volume', 'delete', ...inProject(temporary)];
  return changes(...words, ...onMember(temporary), '--', poolOf(temporary), temporary.volume);
}

/** Takes away what a server keeps of an export that broke off. Only names that the server gave can be given. */
export function deleteVolumeBackup(
  { remote, project, pool, volume, location }: VolumeRef,
  backup: string,
): IncusCommand {
  const query = { project, ...(location !== undefined && { target: location }) };
  const path = apiPath(['storage-pools', pool, 'volumes', 'custom', volume, 'backups', backup], query);
  return changes('query', '--raw', '--wait', '-X', 'DELETE', '--', `${remote}:${path}`);
}
