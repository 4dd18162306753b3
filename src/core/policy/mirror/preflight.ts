/**
 * Whether instances could be mirrored from one server to another: a list of checks, computed from what both servers say
 * and from copies that were tried.
 */
import type { Config, Devices, Instance, TransferMode } from '../../model.ts';
import { isRootDisk, missingNames, poolsNamed } from './missing.ts';

/** One of the two servers. */
export interface Side {
  readonly remote: string;
  /** Absent where it cannot be used; `problem` says why then, in Incus' words. */
  readonly version?: string;
  readonly problem?: string;
}

export interface PreflightFacts {
  readonly source: Side;
  readonly target: Side;
  /** Those that are to be mirrored. */
  readonly instances: readonly Instance[];
  /** What the target has; `undefined`: this client may not read it. */
  readonly projects: readonly string[] | undefined;
  readonly pools: readonly string[] | undefined;
  /** By project: one can have networks of its own, or use those of the default one. */
  readonly networks: ReadonlyMap<string, readonly string[] | undefined>;
  /** By project. */
  readonly profiles: ReadonlyMap<string, readonly string[] | undefined>;
  readonly others: readonly Instance[];
  /** Absent: the mirrors have the project of their originals. */
  readonly targetProject?: string;
  readonly targetPool?: string;
  knowsKey(key: string): boolean;
  /** Each way in which a copy was tried, with what Incus said where it failed. */
  readonly tried: readonly { readonly mode: TransferMode; readonly failure?: string }[];
  /** Bytes that are free on the pool that the mirrors go to. */
  readonly free?: number;
  /** Bytes that instances without a mirror use, as far as their server tells. */
  readonly used: readonly (number | undefined)[];
}

/** A network that a project of the target lacks. */
export interface MissingNetwork {
  readonly project: string;
  readonly network: string;
}

/** A profile that the target lacks. */
export interface MissingProfile {
  readonly project: string;
  readonly profile: string;
  /** Where it is on the source. */
  readonly from: string;
}

export type Check = { readonly state: 'good' | 'warning' | 'bad' } & (
  | { readonly kind: 'answers'; readonly remote: string; readonly version?: string; readonly problem?: string }
  | { readonly kind: 'project'; readonly missing: readonly { readonly project: string; readonly from: string }[] }
  | { readonly kind: 'profiles'; readonly missing: readonly MissingProfile[] }
  | { readonly kind: 'pools'; readonly missing: readonly string[] }
  | { readonly kind: 'networks'; readonly missing: readonly MissingNetwork[] }
  | { readonly kind: 'addresses'; readonly clashes: readonly AddressClash[] }
  | { readonly kind: 'keys'; readonly unknown: readonly string[] }
  | { readonly kind: 'transfer'; readonly works: readonly TransferMode[]; readonly failure?: string }
  /** `needed` in bytes, of those whose use is known; `unknown` counts the others. */
  | { readonly kind: 'space'; readonly free: number; readonly needed: number; readonly unknown: number }
);

export interface AddressClash {
  readonly address: string;
  readonly instance: string;
  /** The instance on the target that has the address. */
  readonly other: string;
}

/** All checks, in the order in which one would set things right. Where a server cannot be used there is nothing more. */
export function checksOf(facts: PreflightFacts): Check[] {
  const sides = [facts.source, facts.target].map(({ remote, version, problem }): Check => ({
    kind: 'answers',
    state: problem === undefined ? 'good' : 'bad',
    remote,
    ...(version !== undefined && { version }),
    ...(problem !== undefined && { problem }),
  }));
  if (sides.some(({ state }) => state === 'bad')) return sides;
  const unknown = [...new Set(facts.instances.flatMap(({ config }) => Object.keys(config)))].filter(
    (key) => !facts.knowsKey(key),
  );
  const networks = missingNetworks(facts);
  const clashes = addressClashes(facts);
  return [
    ...sides,
    projectCheck(facts),
    profileCheck(facts),
    poolCheck(facts),
    { kind: 'networks', state: warningIf(networks), missing: networks },
    { kind: 'addresses', state: warningIf(clashes), clashes },
    { kind: 'keys', state: unknown.length > 0 ? 'bad' : 'good', unknown: unknown.toSorted() },
    transferCheck(facts),
    ...spaceCheck(facts),
  ];
}

/** Whether mirrors could be made: what is only a warning keeps them from nothing but starting. */
export function couldMirror(checks: readonly Check[]): boolean {
  return checks.every(({ state }) => state !== 'bad');
}

/** The project of an instance's mirror. */
function projectOf({ ref }: Instance, { targetProject }: PreflightFacts): string {
  return targetProject ?? ref.project;
}

function projectCheck(facts: PreflightFacts): Check {
  const wanted = new Map(facts.instances.map((one) => [projectOf(one, facts), one.ref.project]));
  const missing = [...wanted]
    .filter(([project]) => facts.projects && !facts.projects.includes(project))
    .map(([project, from]) => ({ project, from }));
  return { kind: 'project', state: missing.length > 0 ? 'bad' : 'good', missing };
}

function profileCheck(facts: PreflightFacts): Check {
  const missing = new Map<string, MissingProfile>();
  for (const instance of facts.instances) {
    const project = projectOf(instance, facts);
    for (const profile of missingNames(instance.profiles, facts.profiles.get(project))) {
      missing.set(JSON.stringify([project, profile]), { project, profile, from: instance.ref.project });
    }
  }
  return { kind: 'profiles', state: missing.size > 0 ? 'bad' : 'good', missing: [...missing.values()] };
}

/** Pools that the instances name themselves; the root disk goes to the chosen pool, or to that of the profile. */
function poolCheck({ instances, pools, targetPool }: PreflightFacts): Check {
  const named = instances.flatMap((one) => poolsNamed(one, (disk) => !isRootDisk(disk) || targetPool === undefined));
  const missing = missingNames([...named, ...(targetPool === undefined ? [] : [targetPool])], pools);
  return { kind: 'pools', state: missing.length > 0 ? 'bad' : 'good', missing };
}

function missingNetworks(facts: PreflightFacts): MissingNetwork[] {
  const wanted = new Map<string, string[]>();
  for (const instance of facts.instances) {
    const project = projectOf(instance, facts);
    wanted.set(project, [...(wanted.get(project) ?? []), ...networksOf(instance.expandedDevices)]);
  }
  return [...wanted].flatMap(([project, names]) =>
    missingNames(names, facts.networks.get(project)).map((network) => ({ project, network })),
  );
}

function networksOf(devices: Devices): string[] {
  return Object.values(devices).flatMap((device) => networkOf(device) ?? []);
}

function networkOf(device: Config): string | undefined {
  return device['type'] === 'nic' ? (device['network'] ?? device['parent']) : undefined;
}

/** Static addresses that an instance of the target has as well, unless it is the mirror itself. */
function addressClashes(facts: PreflightFacts): AddressClash[] {
  const taken = new Map(
    facts.others.flatMap((other) => addressesOf(other).map((address) => [address, other] as const)),
  );
  return facts.instances.flatMap((instance) =>
    addressesOf(instance).flatMap((address) => {
      const other = taken.get(address);
      const isItself =
        other?.ref.instance === instance.ref.instance && other.ref.project === projectOf(instance, facts);
      if (!other || isItself) return [];
      return [{ address, instance: instance.ref.instance, other: other.ref.instance }];
    }),
  );
}

function addressesOf({ expandedDevices }: Instance): string[] {
  return Object.values(expandedDevices)
    .filter((device) => device['type'] === 'nic')
    .flatMap((device) => [device['ipv4.address'], device['ipv6.address']])
    .filter((address): address is string => address !== undefined && address !== '' && address !== 'none');
}

/** Instances that have a mirror need little more; what is not known is counted, and not guessed. */
function spaceCheck({ free, used }: PreflightFacts): Check[] {
  if (free === undefined) return [];
  const needed = used.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  const unknown = used.filter((bytes) => bytes === undefined).length;
  return [{ kind: 'space', state: needed > free ? 'warning' : 'good', free, needed, unknown }];
}

function transferCheck({ tried }: PreflightFacts): Check {
  const works = tried.filter(({ failure }) => failure === undefined).map(({ mode }) => mode);
  const failure = tried.find((one) => one.failure !== undefined)?.failure;
  return {
    kind: 'transfer',
    state: works.length > 0 ? 'good' : 'bad',
    works,
    ...(failure !== undefined && { failure }),
  };
}

function warningIf(found: readonly unknown[]): 'good' | 'warning' {
  return found.length > 0 ? 'warning' : 'good';
}

/** A profile as it would be on the target. */
export interface ProfileCopy {
  readonly description: string;
  readonly config: Config;
  readonly devices: Devices;
  /** Pools that are others there, as `was` and `is`. */
  readonly pools: readonly { readonly was: string; readonly is: string }[];
  /** Devices that are left out, since what they are connected to is not there. */
  readonly without: readonly string[];
}

/**
 * A profile, adapted to what the target has: a pool that is missing there is the given one, and a network device whose
 * network is missing is left out (Incus refuses a profile with one).
 * @param pool where disks go whose pool is missing; `undefined`: they are left out as well
 */
export function adaptProfile(
  profile: { readonly description: string; readonly config: Config; readonly devices: Devices },
  target: { readonly pools: readonly string[] | undefined; readonly networks: readonly string[] | undefined },
  pool: string | undefined,
): ProfileCopy {
  const devices: Record<string, Config> = {};
  const pools: { was: string; is: string }[] = [];
  const without: string[] = [];
  for (const [name, device] of Object.entries(profile.devices)) {
    const { pool: was } = device;
    const network = networkOf(device);
    if (was !== undefined && target.pools && !target.pools.includes(was)) {
      if (pool === undefined) without.push(name);
      else {
        pools.push({ was, is: pool });
        devices[name] = { ...device, pool };
      }
    } else if (network !== undefined && target.networks && !target.networks.includes(network)) without.push(name);
    else devices[name] = device;
  }
  return { description: profile.description, config: profile.config, devices, pools, without };
}

/** What a new project takes over: what it has of its own, and what it shares with the default one. */
export function projectFeatures(config: Config): Config {
  return Object.fromEntries(
    Object.entries(config).filter(([key, value]) => /^features\.[a-z.]+$/.test(key) && /^(true|false)$/.test(value)),
  );
}
