/**
 * The domain in Incus' own terms. Everything here is read-only data: what the servers said, freed from the wire.
 */

/** A project of one remote. */
export interface ProjectRef {
  readonly remote: string;
  readonly project: string;
}

/** One instance (container or virtual machine), wherever it is. */
export interface InstanceRef extends ProjectRef {
  readonly instance: string;
}

/** One snapshot of one instance. `snapshot` is the bare name, without `instance/`. */
export interface SnapshotRef extends InstanceRef {
  readonly snapshot: string;
}

/** One custom storage volume. `project` is the one that it lies in, which need not be that of the instances that use it. */
export interface VolumeRef extends ProjectRef {
  readonly pool: string;
  readonly volume: string;
  /** The cluster member that holds it; absent where there is one storage for all. Two members can hold equal names. */
  readonly location?: string;
}

/** One snapshot of one custom volume. `snapshot` is the bare name, without `volume/`. */
export interface VolumeSnapshotRef extends VolumeRef {
  readonly snapshot: string;
}

/** One profile of a project. */
export interface ProfileRef extends ProjectRef {
  readonly profile: string;
}

/** The default project of every Incus server. */
export const DEFAULT_PROJECT = 'default';

/** A remote as the client's configuration names it. Image servers are not remotes in this sense. */
export interface Remote {
  readonly name: string;
  /** The address as `incus remote list` shows it, e.g. `unix://` or `https://192.0.2.1:8443`. */
  readonly address: string;
}

/** Whether its server is reached by a socket of this machine. */
export function isOnThisMachine({ address }: Pick<Remote, 'address'>): boolean {
  return address.startsWith('unix:');
}

/**
 * How much of a server this client may see. `limited` means that a list may leave things out without saying so:
 * an empty one is then no proof that there is nothing.
 */
export type Access = 'full' | 'limited';

/** What a server says of itself in `/1.0`. */
export interface Server {
  readonly version: string;
  readonly name: string;
  /** What the server can do; asked instead of its version (`doc/api-extensions.md` of Incus). */
  readonly extensions: ReadonlySet<string>;
  readonly clustered: boolean;
  readonly access: Access;
  /** SHA-256 of the server's certificate, in hex; absent where the server does not say. */
  readonly fingerprint?: string;
}

export type InstanceType = 'container' | 'virtual-machine';

/** String to string, as Incus keeps configuration. */
export type Config = Readonly<Record<string, string>>;

/** Device name to its keys. */
export type Devices = Readonly<Record<string, Config>>;

export interface Snapshot {
  readonly ref: SnapshotRef;
  readonly createdAt: Date;
  /** Absent: never expires. */
  readonly expiresAt?: Date;
  readonly stateful: boolean;
  /** Set while it is still being made: it is not there yet, and may never be. */
  readonly pending?: true;
  readonly ephemeral: boolean;
  /** The instance's own configuration at the time of the snapshot, which a restore brings back. */
  readonly config: Config;
  readonly devices: Devices;
  readonly description: string;
}

/** A snapshot of which little more than the name is known. */
export interface SnapshotName {
  readonly name: string;
  /** Absent where the listing does not tell. */
  readonly createdAt?: Date;
}

export interface Instance {
  readonly ref: InstanceRef;
  readonly type: InstanceType;
  /** As the server words it: `Running`, `Stopped`, `Frozen`, `Error`, ... */
  readonly status: string;
  /** Set where the instance would delete itself when it stops. */
  readonly ephemeral: boolean;
  readonly architecture: string;
  readonly description: string;
  readonly createdAt: Date;
  /** When it was last started; absent: never, or not told. */
  readonly lastUsedAt?: Date;
  /** The cluster member; absent where the server is not clustered. */
  readonly location?: string;
  readonly profiles: readonly string[];
  /** The instance's own keys, without those of its profiles. */
  readonly config: Config;
  readonly devices: Devices;
  /** With the profiles applied: what is in force. */
  readonly expandedConfig: Config;
  readonly expandedDevices: Devices;
  /** In order of creation; `undefined`: not known (not read, or the cluster member is down). That is not "none". */
  readonly snapshots?: readonly Snapshot[];
}

/** A profile, as far as its configuration reaches instances. */
export interface Profile {
  readonly ref: ProfileRef;
  readonly config: Config;
  /** The instances that have it, of whatever project. */
  readonly usedBy: readonly InstanceRef[];
}

/** A storage pool, as far as snapshots depend on it. */
export interface Pool {
  readonly name: string;
  /** `dir`, `btrfs`, `zfs`, `lvm`, `lvmcluster`, `ceph`, `linstor`, `truenas`, ... */
  readonly driver: string;
  readonly config: Config;
}

export interface VolumeSnapshot {
  readonly ref: VolumeSnapshotRef;
  readonly createdAt: Date;
  /** Absent: not known, since a listing of 6.0 does not tell. */
  readonly expiresAt?: Date | 'never';
  readonly description: string;
  readonly config: Config;
}

/** A custom storage volume: data that instances use and that no snapshot of an instance holds, unless it is dependent. */
export interface Volume {
  readonly ref: VolumeRef;
  /** As the server words it: `filesystem`, `block`, `iso`. */
  readonly contentType: string;
  readonly description: string;
  readonly createdAt: Date;
  readonly config: Config;
  /** The instances that use it, of whatever project, by project and name; those that have it by a profile among them. */
  readonly usedBy: readonly InstanceRef[];
  /** Bytes in use, where the server tells. */
  readonly usedBytes?: number;
  /** In order of creation. */
  readonly snapshots: readonly VolumeSnapshot[];
}

/**
 * Whether it goes with its instance: Incus snapshots and restores it together with that, and refuses to do so by itself
 * (`dependent` of 7.0).
 */
export function isDependent({ config }: Pick<Volume, 'config'>): boolean {
  return config['dependent'] === 'true';
}

/** Which server opens the connection for a copy: the target, the source, or neither (the client stands between). */
export type TransferMode = 'pull' | 'push' | 'relay';

/** Which remote is mirrored to which. Several pairs may exist, and both directions. */
export interface SnapshotServerPair {
  /** The remote whose instances are mirrored. */
  readonly from: string;
  /** The remote that holds the mirrors: the snapshot server. */
  readonly to: string;
  readonly mode: TransferMode;
  /** The project of the mirrors; absent: the one that an instance has on its own remote. */
  readonly targetProject?: string;
  /** The pool of the mirrors' root disks; absent: the one of that name, or of the target's profile. */
  readonly targetPool?: string;
}

/** A text that names one ref and no other; for maps, queues and tree ids. Odd names cannot forge another's key. */
export function keyOf(ref: { remote: string; project?: string; instance?: string; snapshot?: string }): string {
  return joined([ref.remote, ref.project, ref.instance, ref.snapshot]);
}

/** As {@link keyOf}, for a volume or one of its snapshots; no key of an instance is like it. */
export function volumeKeyOf(ref: VolumeRef & { readonly snapshot?: string }): string {
  const { remote, project, pool, location = '', volume, snapshot } = ref;
  return joined([remote, project, 'storage', 'pools', pool, location, volume, snapshot]);
}

function joined(parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined)
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/');
}

/**
 * True while the instance executes, a frozen (paused) one included: its processes are in memory. `Ready` is a running
 * one whose guest has said so (`shared/api/status_code.go` of Incus).
 */
export function isRunning({ status }: Pick<Instance, 'status'>): boolean {
  return status === 'Running' || status === 'Frozen' || status === 'Ready';
}

/** The name of the pool that holds the instance's root disk; `undefined` where no root disk is known. */
export function rootPoolOf(instance: Pick<Instance, 'expandedDevices'>): string | undefined {
  const root = Object.values(instance.expandedDevices).find((d) => d['type'] === 'disk' && d['path'] === '/');
  return root?.['pool'];
}
