/**
 * What restoring a snapshot would do, told before it is done.
 *
 * Read from Incus: `Restore` in `internal/server/instance/drivers/driver_lxc.go` and `driver_qemu.go`,
 * `RestoreInstanceSnapshot` in `internal/server/storage/backend.go`, `CanRestoreVolume` of the storage drivers.
 */
import { type Config, type Devices, type Instance, isRunning, type Pool, type Snapshot } from '../model.ts';
import { isGroupLabel } from './groups/group.ts';
import { stopDeletes } from './lifecycle.ts';
import { OWN_PREFIX } from './mirror/mirrorKeys.ts';

export interface RestoreInput {
  /** Read afresh, with its snapshots. */
  readonly instance: Instance;
  readonly snapshot: Snapshot;
  /** The pool of the root disk; `undefined`: not known, or not to be read by this client. */
  readonly pool: Pool | undefined;
  /** `api_extensions` of the server. */
  readonly extensions: ReadonlySet<string>;
  /** `diskOnly` leaves configuration and devices as they are. */
  readonly mode: 'all' | 'diskOnly';
  /**
   * Configuration of the root volume (`storage-pools/P/volumes/container/I`). On pools that have a `remove_snapshots`
   * key it decides: Incus copies the pool's `volume.*` keys into it when the volume is made, and asks it first. Without
   * it the pool's own setting is taken, which may be another one by now.
   */
  readonly rootVolumeConfig?: Config | undefined;
}

/** A key that gets another value; `from` absent: it is set; `to` absent: it is taken away. */
export interface ValueChange {
  readonly key: string;
  readonly from?: string;
  readonly to?: string;
}

/** What happens to a device of the instance itself (those of profiles stay). */
export interface DeviceChange {
  readonly device: string;
  /** `added`: the snapshot has it, the instance has not; `removed`: the other way round. */
  readonly kind: 'added' | 'removed' | 'changed';
  /** Sorted by key. */
  readonly keys: readonly ValueChange[];
}

export type OtherChange =
  | { readonly field: 'description'; readonly from: string; readonly to: string }
  /** An ephemeral instance that is not running becomes a lasting one: snapshots are never ephemeral. */
  | { readonly field: 'ephemeral'; readonly from: boolean; readonly to: boolean };

/** Why Incus would refuse; 6.0 would stop a running instance before it does so. */
export type RestoreBlock =
  /** `setting` is the key of the root volume that would let Incus delete the newer snapshots. */
  | { readonly reason: 'newerSnapshots'; readonly setting: string; readonly snapshots: readonly Snapshot[] }
  /** Volumes that go with the instance's snapshots can go back to the newest only; `devices` attach them. */
  | { readonly reason: 'dependentDisks'; readonly snapshots: readonly Snapshot[]; readonly devices: readonly string[] }
  /** Not known which snapshots there are, where newer ones could be lost or stand against it. */
  | { readonly reason: 'snapshotsUnknown' }
  /** The server does not know `disk_only`, and would restore everything. */
  | { readonly reason: 'diskOnlyUnsupported' };

export interface RestorePlan {
  /** The instance executes, a frozen one included. Afterwards Incus leaves it running, not frozen. */
  readonly wasRunning: boolean;
  /**
   * It runs and is ephemeral: `incus stop` would delete it. Incus' own restore stops and starts it without that
   * danger, and puts today's configuration and devices back itself.
   */
  readonly stopWouldDelete: boolean;
  /** Newer than the snapshot, and deleted by the restore. */
  readonly lostSnapshots: readonly Snapshot[];
  /** Newer than the snapshot, and deleted if the pool, of which nothing is known, is of the kind that does so. */
  readonly endangeredSnapshots: readonly Snapshot[];
  readonly blockedBy: RestoreBlock | undefined;
  /** Of the instance's own configuration; sorted by key. */
  readonly configChanges: readonly ValueChange[];
  /** Sorted by device. */
  readonly deviceChanges: readonly DeviceChange[];
  readonly otherChanges: readonly OtherChange[];
  /** The keys among `configChanges` that begin with `snapshots.`. */
  readonly scheduleKeys: readonly string[];
  /** What puts today's `snapshots.*` back when it is set afterwards; empty values take a key away. */
  readonly keepSettings: Readonly<Record<string, string>>;
  /**
   * What puts back the marks that this extension has set on the instance (what is pinned, whose mirror it is): they say
   * what is so today, whatever was so when the snapshot was made.
   */
  readonly keepMarks: Readonly<Record<string, string>>;
  /** `pool/volume` of attached volumes, whose contents stay as they are; sorted. */
  readonly attachedVolumes: readonly string[];
  /** Whether the server can restore the disk alone. */
  readonly offersDiskOnly: boolean;
  /**
   * Whether a snapshot made just before survives the restore. Where only the newest snapshot can be restored, it would
   * itself stand against the restore, or be deleted by it.
   */
  readonly safetySnapshotHelps: boolean;
}

/** What restoring the snapshot would do to the instance. */
export function planRestore(input: RestoreInput): RestorePlan {
  const { instance, snapshot, extensions, mode } = input;
  const wasRunning = isRunning(instance);
  const stopWouldDelete = wasRunning && stopDeletes(instance);
  // Incus takes the ephemeral mark off a running instance for the time of the restore. When it puts the mark back, it
  // writes all that it had read before: configuration and devices are today's again.
  const keepsConfig = mode === 'diskOnly' || stopWouldDelete;
  const allChanges = keepsConfig ? [] : changesOf(instance.config, snapshot.config);
  const marks = allChanges.filter(({ key }) => isMark(key));
  const configChanges = allChanges.filter((change) => concernsUser(change) && !isMark(change.key));
  const scheduleChanges = configChanges.filter((change) => change.key.startsWith('snapshots.'));
  return {
    wasRunning,
    stopWouldDelete,
    ...snapshotsAtStake(input),
    configChanges,
    deviceChanges: keepsConfig ? [] : deviceChangesOf(instance.devices, snapshot.devices),
    otherChanges: keepsConfig ? [] : otherChangesOf(instance, snapshot),
    scheduleKeys: scheduleChanges.map((change) => change.key),
    keepSettings: Object.fromEntries(scheduleChanges.map((change) => [change.key, change.from ?? ''])),
    keepMarks: Object.fromEntries(marks.map((change) => [change.key, change.from ?? ''])),
    attachedVolumes: attachedVolumesOf(instance, extensions),
    offersDiskOnly: extensions.has('instance_snapshot_disk_only_restore'),
    safetySnapshotHelps: restoresAny(input),
  };
}

/** What this extension has written on the instance. */
function isMark(key: string): boolean {
  return key.startsWith(OWN_PREFIX) || isGroupLabel(key);
}

/** Whether any snapshot can be restored and the newer ones stay; false where the pool is not known. */
function restoresAny({ instance, pool, extensions, rootVolumeConfig }: RestoreInput): boolean {
  return (
    pool !== undefined &&
    !removalSetting(pool, rootVolumeConfig) &&
    dependentDevicesOf(instance, extensions).length === 0
  );
}

type AtStake = Pick<RestorePlan, 'lostSnapshots' | 'endangeredSnapshots' | 'blockedBy'>;

function snapshotsAtStake(input: RestoreInput): AtStake {
  const { instance, snapshot, pool, extensions, mode } = input;
  const nothing: AtStake = { lostSnapshots: [], endangeredSnapshots: [], blockedBy: undefined };
  if (mode === 'diskOnly' && !extensions.has('instance_snapshot_disk_only_restore')) {
    return { ...nothing, blockedBy: { reason: 'diskOnlyUnsupported' } };
  }
  const devices = dependentDevicesOf(instance, extensions);
  const setting = pool && removalSetting(pool, input.rootVolumeConfig);
  if (pool && !setting && devices.length === 0) return nothing;

  const newer = newerThan(snapshot, instance.snapshots);
  if (!newer) return { ...nothing, blockedBy: { reason: 'snapshotsUnknown' } };
  if (newer.length === 0) return nothing;
  if (devices.length > 0) return { ...nothing, blockedBy: { reason: 'dependentDisks', snapshots: newer, devices } };
  if (!setting) return { ...nothing, endangeredSnapshots: newer };
  if (setting.removes) return { ...nothing, lostSnapshots: newer };
  return { ...nothing, blockedBy: { reason: 'newerSnapshots', setting: setting.key, snapshots: newer } };
}

/** Drivers that can go back to the newest snapshot only. */
const ROLLBACK_DRIVERS: ReadonlySet<string> = new Set(['zfs', 'linstor', 'truenas']);

/** The key that lets the driver delete newer snapshots, and whether it is on; `undefined`: the driver keeps them. */
export function removalSetting(pool: Pool, volume: Config | undefined): { key: string; removes: boolean } | undefined {
  // `ExpandedConfig` in internal/server/storage/drivers/volume.go: a key of the volume's own counts even if empty.
  const inForce = (key: string): string => volume?.[key] ?? pool.config[`volume.${key}`] ?? '';
  // Of lvmcluster's volumes only the qcow2 ones are chains of snapshots; that is asked of the volume alone.
  const isChain =
    pool.driver === 'lvmcluster' && (volume ? volume['block.type'] : pool.config['volume.block.type']) === 'qcow2';
  if (!ROLLBACK_DRIVERS.has(pool.driver) && !isChain) return undefined;
  const key = `${pool.driver}.remove_snapshots`;
  return { key, removes: isOn(inForce(key)) };
}

/** Snapshots after this one; `undefined` where it is not known which there are. */
function newerThan(snapshot: Snapshot, all: readonly Snapshot[] | undefined): Snapshot[] | undefined {
  const index = all?.findIndex((other) => other.ref.snapshot === snapshot.ref.snapshot) ?? -1;
  return index < 0 ? undefined : all?.slice(index + 1);
}

/** `HasDependentDisk` in driver_common.go: disks whose volume is snapshotted and restored with the instance. */
function dependentDevicesOf(instance: Instance, extensions: ReadonlySet<string>): string[] {
  if (!extensions.has('dependent')) return [];
  return Object.entries(instance.expandedDevices)
    .filter(([, device]) => isVolume(device) && isOn(device['dependent'] ?? ''))
    .map(([name]) => name)
    .toSorted(byText);
}

function attachedVolumesOf(instance: Instance, extensions: ReadonlySet<string>): string[] {
  const dependent = new Set(dependentDevicesOf(instance, extensions));
  const volumes = Object.entries(instance.expandedDevices)
    .filter(([name, device]) => isVolume(device) && Boolean(device['source']) && !dependent.has(name))
    .map(([, device]) => `${device['pool']}/${device['source']}`);
  return [...new Set(volumes)].toSorted(byText);
}

/** Whether a device is a custom volume or another disk of a pool, and not the root disk. */
export function isVolume(device: Config): boolean {
  return device['type'] === 'disk' && device['path'] !== '/' && Boolean(device['pool']);
}

/** Neither false nor empty, as `util.IsFalseOrEmpty` of Incus sees it. */
function isOn(value: string): boolean {
  return !['', 'false', '0', 'no', 'off'].includes(value.toLowerCase());
}

/**
 * `volatile.*` is Incus' own record and comes back unsaid, but for the address of a network card: with another one the
 * instance gets another IP address. `image.*` differs only where the instance was rebuilt, and is worth telling then.
 */
function concernsUser(change: ValueChange): boolean {
  if (!change.key.startsWith('volatile.')) return true;
  return change.key.endsWith('.hwaddr') && change.from !== undefined;
}

/** What turns one configuration into another; an empty value is no value to Incus. */
function changesOf(from: Config, to: Config): ValueChange[] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .toSorted(byText)
    .filter((key) => (from[key] ?? '') !== (to[key] ?? ''))
    .map((key) => ({ key, ...(from[key] && { from: from[key] }), ...(to[key] && { to: to[key] }) }));
}

function deviceChangesOf(from: Devices, to: Devices): DeviceChange[] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].toSorted(byText).flatMap((device) => {
    const before = from[device];
    const after = to[device];
    const keys = changesOf(before ?? {}, after ?? {});
    const kind = !before ? 'added' : !after ? 'removed' : 'changed';
    return kind === 'changed' && keys.length === 0 ? [] : [{ device, kind, keys }];
  });
}

function otherChangesOf(instance: Instance, snapshot: Snapshot): OtherChange[] {
  const changes: OtherChange[] = [];
  if (instance.description !== snapshot.description) {
    changes.push({ field: 'description', from: instance.description, to: snapshot.description });
  }
  if (instance.ephemeral !== snapshot.ephemeral) {
    changes.push({ field: 'ephemeral', from: instance.ephemeral, to: snapshot.ephemeral });
  }
  return changes;
}

/** By code units: the same everywhere, whatever the user's language. */
function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
