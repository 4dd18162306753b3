import pLimit from 'p-limit';
import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import { createProfile, createProject, createTrial } from '../incus/serverCommands.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type Instance, type ProfileRef, type ProjectRef, rootPoolOf, type TransferMode } from '../model.ts';
import {
  adaptProfile,
  type PreflightFacts,
  type ProfileCopy,
  projectFeatures,
  type Side,
} from '../policy/mirror/preflight.ts';
import { TEMPORARY_KEY } from '../policy/temporary.ts';
import { MirrorPlaces } from './mirrorPlaces.ts';
import type { Temporaries } from './temporary.ts';

/** Which server is to be mirrored to which. */
export interface Route {
  readonly from: string;
  readonly to: string;
  readonly targetProject?: string;
  readonly targetPool?: string;
}

/** Questions side by side on one server. */
const SIDE_BY_SIDE = 4;

const MODES: readonly TransferMode[] = ['pull', 'push', 'relay'];

/** The snapshot of a trial instance. */
const TRIAL_SNAPSHOT = 'trial';

/** Finds out whether one server can be mirrored to another, and makes what is missing there. */
export class Preflight {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #temporaries: Temporaries;

  constructor(client: IncusClient, inventory: Inventory, temporaries: Temporaries) {
    this.#client = client;
    this.#inventory = inventory;
    this.#temporaries = temporaries;
  }

  /**
   * What the checks are computed from. Copies of a tiny temporary instance are tried in each mode.
   * @throws IncusError `cancelled`
   */
  async facts(route: Route, instances: readonly Instance[], signal?: AbortSignal): Promise<PreflightFacts> {
    const { to, targetProject, targetPool } = route;
    const [source, target] = await Promise.all([this.#side(route.from, signal), this.#side(to, signal)]);
    const [here, there] = [this.#inventory.server(route.from), this.#inventory.server(to)];
    const options = {
      ...(targetProject !== undefined && { targetProject }),
      ...(targetPool !== undefined && { targetPool }),
    };
    const nothing = { projects: undefined, pools: undefined, networks: new Map<string, never>() };
    const plain = {
      source,
      target,
      instances,
      others: [],
      tried: [],
      used: [],
      profiles: new Map<string, never>(),
      knowsKey: () => true,
      ...nothing,
      ...options,
    };
    if (source.problem !== undefined || target.problem !== undefined || !here || !there) return plain;
    const places = new MirrorPlaces(this.#client);
    const [projects, pools, knowsKey] = await Promise.all([
      this.#client.projects(to, signal),
      places.pools(to, signal),
      places.keysOf({ remote: route.from, server: here }, { remote: to, server: there }, signal),
    ]);
    const wanted = [...new Set(instances.map(({ ref }) => targetProject ?? ref.project))];
    const profiles = new Map<string, readonly string[] | undefined>();
    const networks = new Map<string, readonly string[] | undefined>();
    for (const project of wanted) {
      if (!projects.includes(project)) continue;
      profiles.set(project, await places.profiles(to, project, signal));
      networks.set(project, await this.#client.networks({ remote: to, project }, signal).catch(() => undefined));
    }
    const others = this.#inventory.instances(to).map(({ instance }) => instance);
    const pool = targetPool ?? (await this.poolOn(to, pools));
    const tried = await this.#try(
      route,
      instances,
      wanted.find((one) => projects.includes(one)),
      pool,
      signal,
    );
    const free = pool === undefined ? undefined : await this.#client.freeSpace(to, pool, signal).catch(() => undefined);
    const used = free === undefined ? [] : await this.#used(route, instances, signal);
    return {
      ...plain,
      ...{ projects, pools, networks, profiles, others, knowsKey, tried, used },
      ...(free !== undefined && { free }),
    };
  }

  /** What the instances use that have no mirror yet; `undefined`: their server does not tell. */
  async #used({ to, targetProject }: Route, instances: readonly Instance[], signal?: AbortSignal) {
    const limit = pLimit(SIDE_BY_SIDE);
    const fresh = instances.filter(({ ref }) => {
      const there = { remote: to, project: targetProject ?? ref.project, instance: ref.instance };
      return !this.#inventory.instance(there);
    });
    return limit.map(fresh, ({ ref }) => this.#client.diskUsage(ref, signal).catch(() => undefined));
  }

  /** The pool that new instances of the default profile go to; else the first one. */
  async poolOn(remote: string, pools: readonly string[] | undefined): Promise<string | undefined> {
    const { devices } = await this.#client.profileContent({ remote, project: 'default', profile: 'default' });
    const root = rootPoolOf({ expandedDevices: devices });
    return root !== undefined && pools?.includes(root) ? root : pools?.[0];
  }

  /** Makes a project as it is on the other server, and reads it back. */
  async createProject(from: ProjectRef, to: ProjectRef): Promise<void> {
    const features = projectFeatures(await this.#client.projectConfig(from.remote, from.project));
    await this.#client.change(createProject(to, features));
    if ((await this.#client.projects(to.remote)).includes(to.project)) return;
    throw new IncusError('projectMissing', { text: to.project });
  }

  /** What a profile would be on the target. */
  async planProfile(from: ProfileRef, to: ProfileRef, targetPool: string | undefined): Promise<ProfileCopy> {
    const [content, pools, networks] = await Promise.all([
      this.#client.profileContent(from),
      this.#client.pools(to.remote),
      this.#client.networks(to),
    ]);
    return adaptProfile(content, { pools, networks }, targetPool ?? (await this.poolOn(to.remote, pools)));
  }

  /** Makes a profile as it was planned, and reads it back. */
  async createProfile(to: ProfileRef, plan: ProfileCopy): Promise<void> {
    await this.#client.change(createProfile(to, plan));
    const made = await this.#client.profileContent(to);
    const isSame =
      Object.entries(plan.config).every(([key, value]) => made.config[key] === value) &&
      Object.keys(plan.devices).every((name) => Object.hasOwn(made.devices, name));
    if (!isSame) throw new IncusError('changedMeanwhile', { text: to.profile });
  }

  /** A remote that is not ready is asked what is wrong with it. */
  async #side(remote: string, signal?: AbortSignal): Promise<Side> {
    try {
      const { trusted, server } = await this.#client.greet(remote, signal);
      if (!trusted) throw new IncusError('untrusted', { text: 'not authorized' });
      if (!this.#inventory.server(remote)) await this.#inventory.refreshRemote(remote);
      return { remote, version: server.version };
    } catch (error) {
      const { kind, text } = toIncusError(error);
      if (kind === 'cancelled') throw error;
      return { remote, problem: text };
    }
  }

  /** Tries each mode with a copy of an empty instance. All that is made bears the marks of temporary copies. */
  async #try(
    { from, to }: Route,
    instances: readonly Instance[],
    targetProject: string | undefined,
    pool: string | undefined,
    signal?: AbortSignal,
  ): Promise<{ mode: TransferMode; failure?: string }[]> {
    const [first] = instances;
    const sourcePool = first && rootPoolOf(first);
    if (!first || sourcePool === undefined || targetProject === undefined || pool === undefined) return [];
    const at = { remote: from, project: first.ref.project };
    return this.#temporaries.use(
      at,
      'trial',
      async ({ ref, mark }) => {
        await this.#client.change(createTrial(ref, sourcePool, mark), signal);
        await this.#client.change(commands.createSnapshot(ref, { name: TRIAL_SNAPSHOT }), signal);
      },
      async (trial) => {
        const tried: { mode: TransferMode; failure?: string }[] = [];
        for (const mode of MODES) {
          const make = ({ ref, mark }: { ref: typeof trial; mark: string }) =>
            this.#client.change(
              commands.copySnapshot({ ...trial, snapshot: TRIAL_SNAPSHOT }, ref, {
                ...{ mode, pool },
                config: { [TEMPORARY_KEY]: mark },
              }),
              signal,
            );
          const done = () => Promise.resolve();
          const failure = await this.#temporaries
            .use({ remote: to, project: targetProject }, 'trial', make, done)
            .then(() => undefined, toIncusError);
          if (failure?.kind === 'cancelled') throw failure;
          tried.push({ mode, ...(failure && { failure: failure.text }) });
        }
        return tried;
      },
    );
  }
}
