import { isRestoringVolume, parseBackups, type ServerBackup } from './backups.ts';
import { volumeBackupsPath } from './volumeBackupCommands.ts';
import { apiPath, instancePath, listRemotes, snapshotPath, type IncusCommand } from './commands.ts';
import { IncusError, toIncusError } from './errors.ts';
import { parseOperations } from './events.ts';
import type { Answerer, Runner, RunOptions } from './runner.ts';
import { parseInstance, parseInstances } from './instances.ts';
import {
  type BadRecord,
  type ProfileContent,
  type Greeting,
  parseEnvelope,
  parseDiskUsage,
  parseDocumentedKeys,
  parseJson,
  parseName,
  parseNames,
  parseProfileContent,
  parseProfile,
  parseProfiles,
  parseProjectUrls,
  parseRemotes,
  parseRestricted,
  parseServer,
  parseVolumeConfig,
} from './schemas.ts';
import type { EventListener, Transport } from './transport.ts';
import { parseCustomVolume, parseCustomVolumes, parseFreeSpace, parsePool, parsePools } from './storage.ts';
import { volumePath, volumeSnapshotPath, volumeSnapshotsPath } from './volumeCommands.ts';
import { parseInstanceVolumes, type VolumeRow } from './volumes.ts';
import type {
  Access,
  Config,
  Instance,
  InstanceRef,
  InstanceType,
  Pool,
  Profile,
  ProfileRef,
  ProjectRef,
  Remote,
  Server,
  SnapshotRef,
  Volume,
  VolumeRef,
  VolumeSnapshotRef,
} from '../model.ts';

/** Milliseconds that a call may take. */
export interface TimeLimits {
  /** For what only reads: past it, the remote is said to hang. */
  readonly read: number;
  /** For what changes something, which may copy a disk. */
  readonly change: number;
}

/** The door to Incus: what can be asked and done, in the terms of the model. Every method throws `IncusError`. */
export class IncusClient {
  readonly #runner: Runner;
  readonly #transport: Transport;
  readonly #limits: () => TimeLimits;
  readonly #onBad: BadRecord;

  constructor(runner: Runner, transport: Transport, limits: () => TimeLimits, onBad: BadRecord) {
    this.#runner = runner;
    this.#transport = transport;
    this.#limits = limits;
    this.#onBad = onBad;
  }

  async remotes(signal?: AbortSignal): Promise<Remote[]> {
    const { argv } = listRemotes();
    const remotes = await this.#runner.read(argv, this.#reading(signal), (stdout) =>
      parseRemotes(parseJson(stdout, argv), this.#onBad),
    );
    this.#transport.locate(remotes);
    return remotes;
  }

  /** Hears the remote's events until they end; resolves with the reason. */
  listen(remote: string, listener: EventListener, signal: AbortSignal): Promise<IncusError> {
    return this.#transport.listen(remote, listener, signal);
  }

  /** Lets go of what is kept for a remote. */
  close(remote: string): void {
    this.#transport.close(remote);
  }

  async greet(remote: string, signal?: AbortSignal): Promise<Greeting> {
    return this.#get(remote, apiPath([]), parseServer, signal);
  }

  /** Whether a list may leave things out: a certificate can be held to some projects. */
  async access(remote: string, greeting: Greeting, signal?: AbortSignal): Promise<Access> {
    if (greeting.certificate === undefined) return 'full';
    try {
      const path = apiPath(['certificates', greeting.certificate]);
      const restricted = await this.#get(remote, path, parseRestricted, signal);
      return restricted ? 'limited' : 'full';
    } catch (error) {
      const { kind } = toIncusError(error);
      if (kind === 'timedOut' || kind === 'cancelled') throw error;
      // A server that does not show a client its own certificate (OpenID, a fine-grained authorizer) may hide more.
      return 'limited';
    }
  }

  async projects(remote: string, signal?: AbortSignal): Promise<string[]> {
    return this.#get(remote, apiPath(['projects']), parseProjectUrls, signal);
  }

  /**
   * All instances of all projects, without their snapshots: recursion 2 would cost 1.5 ms per snapshot. `unread` counts
   * the records that could not be read.
   */
  async instances(remote: string, signal?: AbortSignal): Promise<{ instances: Instance[]; unread: number }> {
    const path = apiPath(['instances'], { recursion: '1', 'all-projects': 'true' });
    let unread = 0;
    const onBad: BadRecord = (what, why) => {
      unread++;
      this.#onBad(what, why);
    };
    const instances = await this.#get(remote, path, (value) => parseInstances(value, remote, onBad), signal);
    return { instances, unread };
  }

  /** One instance with its snapshots. */
  async instance(ref: InstanceRef, signal?: AbortSignal): Promise<Instance> {
    const path = instancePath(ref, { recursion: '1' });
    return this.#get(ref.remote, path, (value) => parseInstance(value, ref.remote, this.#onBad), signal);
  }

  /** The names of an instance's snapshots, in order of creation: the cheapest way to know them. */
  async snapshotNames(ref: InstanceRef, signal?: AbortSignal): Promise<string[]> {
    const path = apiPath(['instances', ref.instance, 'snapshots'], { project: ref.project });
    return this.#get(ref.remote, path, parseNames, signal);
  }

  /**
   * Whether a listing of volumes is the cheapest way to the names of all snapshots. On servers with `storage_volume_full`
   * it costs a quarter of a millisecond for each snapshot, and is worth it only where each call takes a process.
   */
  listsVolumesCheaply({ extensions }: Server): boolean {
    return !extensions.has('storage_volume_full') || this.#transport.isOneProcessPerCall;
  }

  /**
   * The root volumes of all instances of a type on a pool, with their snapshots; see {@link parseInstanceVolumes}.
   * @param recursion 2 where the server has `storage_volume_full`, and shows no snapshots otherwise
   */
  async instanceVolumes(
    remote: string,
    pool: string,
    type: InstanceType,
    signal?: AbortSignal,
    recursion: '1' | '2' = '1',
  ): Promise<VolumeRow[]> {
    const path = apiPath(['storage-pools', pool, 'volumes', type], { recursion, 'all-projects': 'true' });
    return this.#get(remote, path, parseInstanceVolumes, signal);
  }

  /**
   * The name of the snapshot that an escaped path of ours reaches: proof that the server reads the path as we mean it.
   */
  async snapshotAt(ref: SnapshotRef, signal?: AbortSignal): Promise<string> {
    return this.#get(ref.remote, snapshotPath(ref), parseName, signal);
  }

  async pool(remote: string, name: string, signal?: AbortSignal): Promise<Pool> {
    return this.#get(remote, apiPath(['storage-pools', name]), parsePool, signal);
  }

  /** The backups of an instance that its server keeps. */
  async backups(ref: InstanceRef, signal?: AbortSignal): Promise<ServerBackup[]> {
    const path = apiPath(['instances', ref.instance, 'backups'], { project: ref.project, recursion: '1' });
    return this.#get(ref.remote, path, parseBackups, signal);
  }

  /** The backups of a custom volume that its server keeps. */
  async volumeBackups(ref: VolumeRef, signal?: AbortSignal): Promise<ServerBackup[]> {
    return this.#get(ref.remote, volumeBackupsPath(ref), parseBackups, signal);
  }

  /** Whether the server is at work on making this volume of a backup file. */
  async isRestoringVolume(ref: VolumeRef): Promise<boolean> {
    const path = apiPath(['operations'], { recursion: '1', project: ref.project });
    return this.#get(ref.remote, path, (value) => isRestoringVolume(value, ref));
  }

  /**
   * Whether the server is at work on making this instance, whoever asked for it.
   * @param work as the server words it
   */
  async isBeingMade(
    ref: InstanceRef,
    work: 'Creating instance' | 'Restoring backup',
    signal?: AbortSignal,
  ): Promise<boolean> {
    const path = apiPath(['operations'], { recursion: '1', project: ref.project });
    const operations = await this.#get(ref.remote, path, (value) => parseOperations(value, ref), signal);
    return operations.some(
      ({ state, description, instances }) =>
        state === 'running' &&
        description === work &&
        instances.some(({ project, instance }) => project === ref.project && instance === ref.instance),
    );
  }

  /** The names of a project's profiles. */
  async profiles(remote: string, project: string, signal?: AbortSignal): Promise<string[]> {
    return this.#get(remote, apiPath(['profiles'], { project }), parseNames, signal);
  }

  /** A project's profiles, with what is set in them and who has them. */
  async profileList(place: ProjectRef, signal?: AbortSignal): Promise<Profile[]> {
    const path = apiPath(['profiles'], { project: place.project, recursion: '1' });
    return this.#get(place.remote, path, (value) => parseProfiles(value, place), signal);
  }

  async profile(ref: ProfileRef, signal?: AbortSignal): Promise<Profile> {
    const path = apiPath(['profiles', ref.profile], { project: ref.project });
    return this.#get(ref.remote, path, (value) => parseProfile(value, ref), signal);
  }

  /** What is in a profile. */
  async profileContent(ref: ProfileRef, signal?: AbortSignal): Promise<ProfileContent> {
    const path = apiPath(['profiles', ref.profile], { project: ref.project });
    return this.#get(ref.remote, path, parseProfileContent, signal);
  }

  /**
   * The names of the networks that instances of a project could be connected to, those of the machine itself among them.
   * The server knows whether the project has networks of its own.
   */
  async networks({ remote, project }: ProjectRef, signal?: AbortSignal): Promise<string[]> {
    return this.#get(remote, apiPath(['networks'], { project }), parseNames, signal);
  }

  /** Bytes that an instance's root disk uses, snapshots left out; `undefined`: its pool does not tell. */
  async diskUsage(ref: InstanceRef, signal?: AbortSignal): Promise<number | undefined> {
    return this.#get(
      ref.remote,
      apiPath(['instances', ref.instance, 'state'], { project: ref.project }),
      parseDiskUsage,
      signal,
    );
  }

  /** A project's own configuration. */
  async projectConfig(remote: string, project: string, signal?: AbortSignal): Promise<Config> {
    return this.#get(remote, apiPath(['projects', project]), parseVolumeConfig, signal);
  }

  /** Bytes that are free on a pool. */
  async freeSpace(remote: string, pool: string, signal?: AbortSignal): Promise<number> {
    return this.#get(remote, apiPath(['storage-pools', pool, 'resources']), parseFreeSpace, signal);
  }

  /** The names of all storage pools. */
  async pools(remote: string, signal?: AbortSignal): Promise<string[]> {
    return this.#get(remote, apiPath(['storage-pools']), parseNames, signal);
  }

  /** All storage pools, with their configuration. */
  async poolList(remote: string, signal?: AbortSignal): Promise<Pool[]> {
    const path = apiPath(['storage-pools'], { recursion: '1' });
    return this.#get(remote, path, (value) => parsePools(value, this.#onBad), signal);
  }

  /** The custom volumes of all projects on a pool, with their snapshots: one listing, whichever line the server is of. */
  async customVolumes(
    { remote, pool }: { remote: string; pool: string },
    { extensions }: Pick<Server, 'extensions'>,
    signal?: AbortSignal,
  ): Promise<Volume[]> {
    const recursion = extensions.has('storage_volume_full') ? '2' : '1';
    const path = apiPath(['storage-pools', pool, 'volumes', 'custom'], { recursion, 'all-projects': 'true' });
    return this.#get(remote, path, (value) => parseCustomVolumes(value, { remote, pool }, this.#onBad), signal);
  }

  /** One custom volume with all that is known of its snapshots. */
  async customVolume(ref: VolumeRef, signal?: AbortSignal): Promise<Volume> {
    const record = await this.#get(ref.remote, volumePath(ref), (value) => value, signal);
    const path = volumeSnapshotsPath(ref, { recursion: '1' });
    return this.#get(ref.remote, path, (value) => parseCustomVolume(record, value, ref, this.#onBad), signal);
  }

  /** As {@link snapshotAt}, of a volume's snapshot. */
  async volumeSnapshotAt(ref: VolumeSnapshotRef, signal?: AbortSignal): Promise<string> {
    const name = await this.#get(ref.remote, volumeSnapshotPath(ref), parseName, signal);
    return name.slice(name.indexOf('/') + 1);
  }

  /**
   * The keys of an instance's configuration that the server documents; `user.*` stands for all that begin so. Some
   * 90 to 270 KB (6.0, 7.0): ask once.
   */
  async documentedKeys(remote: string, signal?: AbortSignal): Promise<string[]> {
    return this.#get(remote, apiPath(['metadata', 'configuration']), parseDocumentedKeys, signal);
  }

  /** The configuration of the volume that holds an instance's root disk, which may override its pool's. */
  async rootVolumeConfig(instance: Instance, pool: string, signal?: AbortSignal): Promise<Config> {
    const { ref, type } = instance;
    const path = apiPath(['storage-pools', pool, 'volumes', type, ref.instance], { project: ref.project });
    return this.#get(ref.remote, path, parseVolumeConfig, signal);
  }

  /**
   * Runs a command that changes something, and waits until Incus is done with it.
   * @param signal ends the program, not what the server is doing
   * @param onOutput told what it prints, as it comes
   */
  async change(command: IncusCommand, signal?: AbortSignal, onOutput?: (text: string) => void): Promise<void> {
    const { argv, input } = command;
    const options = {
      timeout: this.#limits().change,
      ...(signal && { signal }),
      ...(input !== undefined && { input }),
      ...(onOutput && { onOutput }),
    };
    await this.#runner.read(argv, options, (stdout) => {
      // A raw query ends with exit code 0 even on an error; the envelope tells.
      if (argv[0] === 'query' && stdout.trimStart().startsWith('{')) parseEnvelope(stdout, argv);
    });
  }

  /** Like {@link change}, for a command whose output tells how it went. */
  async output({ argv }: IncusCommand, signal?: AbortSignal): Promise<string> {
    const { stdout } = await this.#runner.run(argv, { timeout: this.#limits().change, ...(signal && { signal }) });
    return stdout;
  }

  /**
   * Runs a command that asks for answers. It has all the time that its user takes.
   * @throws IncusError; what the answerer throws
   */
  async converse({ argv }: IncusCommand, answerer: Answerer, signal?: AbortSignal): Promise<void> {
    await this.#runner.converse(argv, { timeout: 0, ...(signal && { signal }) }, answerer);
  }

  /** What a reading verb of the CLI prints, as it is. */
  async text(command: IncusCommand, signal?: AbortSignal): Promise<string> {
    if (command.changes) throw new IncusError('refusedCommand', { argv: command.argv, text: 'not a reading command' });
    return (await this.#runner.run(command.argv, this.#reading(signal))).stdout;
  }

  #get<T>(remote: string, path: string, parse: (metadata: unknown) => T, signal?: AbortSignal): Promise<T> {
    return this.#transport.get(remote, path, parse, this.#reading(signal));
  }

  #reading(signal?: AbortSignal): RunOptions {
    return { timeout: this.#limits().read, ...(signal && { signal }) };
  }
}
