/**
 * What a group is: a name, and labels by which its members are found. Nothing of it stands on a server but the labels,
 * so that who belongs to it is asked of what is there, each time.
 */
import { type Config, type Instance, isDependent, type Volume } from '../../model.ts';
import { mirrorSourceOf, OWN_PREFIX } from '../mirror/mirrorKeys.ts';
import { checkRemoteName } from '../names.ts';
import { isTemporaryName } from '../temporary.ts';
import { type Member, memberKey } from './member.ts';

/** What is done with the snapshots that were made where another member's could not be. */
export type OnFailure = 'keep' | 'takeBack';

/** Instances and custom volumes that are snapshotted and restored as one. */
export interface Group {
  readonly name: string;
  readonly remote: string;
  /** Where its members are; never empty. */
  readonly projects: readonly string[];
  /** Every key with its value has to be on a member; never empty. */
  readonly matchLabels: Config;
  /** Whether the custom volumes that its instances have are members too, whatever their labels and their project. */
  readonly attachedVolumes: boolean;
  /** Whether its members are paused together for a snapshot, unless the user says otherwise. */
  readonly frozen: boolean;
  readonly onFailure: OnFailure;
}

/** What is wrong with a group's definition. */
export type GroupProblem = 'name' | 'remote' | 'projects' | 'noLabels' | 'label';

/** Characters of a group's name. */
const NAME_MAX = 64;

/** Keys of an instance that are no labels: cloud-init runs what stands in them. */
const CLOUD_INIT: ReadonlySet<string> = new Set(
  ['user-data', 'vendor-data', 'network-config', 'meta-data'].map((key) => `user.${key}`),
);

/** The label that a group gets which is made from a selection; a key for each, since a member may be in several. */
export function labelOf(name: string): Config {
  return { [`${GROUP_PREFIX}${name}`]: 'true' };
}

/** Not among our own marks: a mirror keeps it, and so does what stands in for its original. */
const GROUP_PREFIX = 'user.snapshot-group.';

/** What is wrong with a name for a group that is made from a selection: it becomes part of a key. */
export function checkNewGroupName(name: string, taken: Iterable<string>): 'badName' | 'taken' | undefined {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) return 'badName';
  return new Set(taken).has(name) ? 'taken' : undefined;
}

/** Whether a key can be a label: one of `user.*` that means nothing to Incus or to what runs in an instance. */
export function isLabelKey(key: string): boolean {
  if (!/^user\.[^\s=\0]{1,200}$/u.test(key) || !key.isWellFormed() || CLOUD_INIT.has(key)) return false;
  return !key.startsWith(OWN_PREFIX);
}

/** Whether a key is the label of a group that was made from a selection: it says what is so today, not what once was. */
export function isGroupLabel(key: string): boolean {
  return key.startsWith(GROUP_PREFIX);
}

/** Whether `key=value` sets or takes away the label of a group that is made from a selection. */
export function isLabelSetting(pair: string): boolean {
  return /^user\.snapshot-group\.[a-z0-9-]{1,40}=(?:true)?$/.test(pair) && !pair.includes('\n');
}

/** What is wrong with a group as somebody has written it down; `undefined`: nothing. */
export function checkGroup({ name, remote, projects, matchLabels }: Group): GroupProblem | undefined {
  if (name.trim() === '' || name.length > NAME_MAX || !name.isWellFormed()) return 'name';
  if (checkRemoteName(remote)) return 'remote';
  if (projects.length === 0 || projects.some((project) => project === '' || /[/\0]/.test(project))) return 'projects';
  const labels = Object.entries(matchLabels);
  // Without labels everything would be a member.
  if (labels.length === 0) return 'noLabels';
  return labels.every(([key, value]) => isLabelKey(key) && !value.includes('\0')) ? undefined : 'label';
}

/** Whether something that is labelled so belongs to the group, as far as labels tell. */
export function matches({ matchLabels }: Pick<Group, 'matchLabels'>, labels: Config): boolean {
  const wanted = Object.entries(matchLabels);
  return wanted.length > 0 && wanted.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

/** All that belongs to a group: its instances, then its volumes. */
export function membersOf(group: Group, instances: readonly Instance[], volumes: readonly Volume[]): Member[] {
  const members = memberInstances(group, instances);
  return [...members, ...memberVolumes(group, members, volumes)];
}

/**
 * The instances that belong to a group, by project and name. Labels of profiles count. Temporary copies have the labels
 * of what they were made of, and mirrors are snapshotted by nobody but their runs: neither is a member.
 */
function memberInstances(group: Group, instances: readonly Instance[]): Instance[] {
  const { remote, projects } = group;
  return instances
    .filter(({ ref }) => ref.remote === remote && projects.includes(ref.project))
    .filter((instance) => matches(group, instance.expandedConfig) && !isByProduct(instance))
    .toSorted((a, b) => byText(a.ref.project, b.ref.project) || byText(a.ref.instance, b.ref.instance));
}

/**
 * The volumes that belong to a group, each once, by project, pool and name: by their labels, and those that its instances
 * have where they come along.
 */
function memberVolumes(group: Group, members: readonly Instance[], volumes: readonly Volume[]): Volume[] {
  const users = new Set(group.attachedVolumes ? members.map(({ ref }) => memberKey(ref)) : []);
  return volumes
    .filter(({ ref }) => ref.remote === group.remote)
    .filter(
      (volume) =>
        (group.projects.includes(volume.ref.project) && matches(group, volume.config)) ||
        volume.usedBy.some((ref) => users.has(memberKey(ref))),
    )
    .filter(canBeMember)
    .toSorted(
      (a, b) =>
        byText(a.ref.project, b.ref.project) ||
        byText(a.ref.pool, b.ref.pool) ||
        byText(a.ref.volume, b.ref.volume) ||
        byText(a.ref.location ?? '', b.ref.location ?? ''),
    );
}

/**
 * Whether a volume can be snapshotted by itself: a dependent one goes with its instance, and nothing is ever written to an
 * ISO image.
 */
export function canBeMember(volume: Volume): boolean {
  return !isDependent(volume) && volume.contentType !== 'iso' && !isTemporaryName(volume.ref.volume);
}

function isByProduct(instance: Instance): boolean {
  const { instance: name } = instance.ref;
  return isTemporaryName(name) || mirrorSourceOf(instance) !== undefined;
}

/** By code units: the same everywhere, whatever the user's language. */
function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
