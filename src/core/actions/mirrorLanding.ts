import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type Config, type Instance, type InstanceRef, rootPoolOf } from '../model.ts';
import { BTRFS, isPartedBy } from '../policy/mirror/failover.ts';
import type { MirrorPlan } from '../policy/mirror/mirror.ts';
import {
  isMirrorOf,
  type MirrorSource,
  PARTED_KEY,
  replacedConfig,
  SENDING_KEY,
  VERIFIED_KEY,
} from '../policy/mirror/mirrorKeys.ts';
import { listFaults, type MirrorJob } from '../policy/mirror/mirrorJobs.ts';
import { replacedName } from '../policy/mirror/mirrorNames.ts';
import { TEMPORARY_KEY, temporarySettings } from '../policy/temporary.ts';
import { insist } from './mirrorTransfer.ts';
import { removeHalfMirror, type Temporaries } from './temporary.ts';

/**
 * The beginning and the end of a sending: what is sent in a source's place, and how what arrived gets its name.
 *
 * On btrfs a snapshot that was received remembers what it was received from, and is sent under that name. Whoever gets it
 * looks for another one, and fails (`cannot find parent subvolume`, `file exists`; 6.0.4, in part 7.0.2). A copy on the same
 * server, which takes no room and no time there, has no such past.
 */
export class MirrorLanding {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #temporaries: Temporaries;

  constructor(client: IncusClient, inventory: Inventory, temporaries: Temporaries) {
    this.#client = client;
    this.#inventory = inventory;
    this.#temporaries = temporaries;
  }

  /** What kind of pool the root disk is on; `undefined`: it is not known. */
  async driverOf(instance: Instance, signal?: AbortSignal): Promise<string | undefined> {
    const pool = rootPoolOf(instance);
    if (pool === undefined) return undefined;
    return (await this.#client.pool(instance.ref.remote, pool, signal).catch(() => undefined))?.driver;
  }

  /**
   * Works with what is to be sent. On a way back that is a temporary copy of what stood in, where it once arrived itself.
   * @param work told what has to be said of the target beside everything else
   */
  async sending(
    job: MirrorJob,
    source: Instance,
    work: (from: InstanceRef, config: Config) => Promise<void>,
  ): Promise<void> {
    if (!job.isFailback || (await this.driverOf(source)) !== BTRFS) return work(source.ref, {});
    const { ref } = source;
    const extensions = this.#inventory.server(ref.remote)?.extensions ?? new Set<string>();
    return this.#temporaries.use(
      ref,
      'failback',
      (place) => {
        const { config } = temporarySettings({ ...source, devices: {} }, place.mark, extensions);
        // What this server knows and the other one does not must not be in what is sent.
        const own = 'security.protection.start' in config ? { ...config, 'security.protection.start': '' } : config;
        return this.#client.change(commands.copyInstance(ref, place.ref.instance, own));
      },
      (copy) => work(copy, { [TEMPORARY_KEY]: '' }),
    );
  }

  /** The next plan is to know that nothing can be built on this mirror. */
  async noteParted(error: unknown, base: InstanceRef): Promise<void> {
    if (toIncusError(error).kind !== 'mirrorParted') return;
    await insist(() => this.#client.change(commands.setConfig(base, { [PARTED_KEY]: 'true' })));
    await this.#inventory.refreshInstance(base).catch(() => undefined);
  }

  /**
   * Says of the mirror that it is whole, and gives a first one its name; what had the name until then is kept.
   * @returns under which name that is
   */
  async finish(
    { target, isFailback = false }: MirrorJob,
    base: InstanceRef,
    { replaces, identity }: MirrorPlan,
    now: Date,
  ): Promise<string | undefined> {
    const whole = {
      [SENDING_KEY]: '',
      [VERIFIED_KEY]: now.toISOString(),
      'security.protection.delete': 'true',
    };
    const isFirst = base.instance !== target.instance;
    if (isFirst && isFailback && (await this.#isOnBtrfs(base))) {
      await this.#copyTo(base, target, whole);
      // It is a copy of a copy by now, and bears the mark of what is half: what cannot be removed is cleared by the next run.
      await removeHalfMirror(this.#client, base, identity).catch(() => undefined);
      await this.#inventory.refreshInstance(base).catch(() => undefined);
      return undefined;
    }
    await insist(() => this.#client.change(commands.setConfig(base, whole)));
    const replaced = replaces ? await this.#setAside(target, identity) : undefined;
    if (isFirst) await this.#client.change(commands.renameInstance(base, target.instance));
    await this.#inventory.refreshInstance(target);
    return replaced;
  }

  /**
   * Makes of a whole mirror an instance that later runs can start from: on btrfs a copy of it, on its server. The mirror
   * itself stays beside it.
   * @returns the mirror's name then; `undefined`: nothing had to be done
   */
  async makeOwn({ source, target }: MirrorJob): Promise<string | undefined> {
    const [from, mirror] = await Promise.all([source, target].map((ref) => this.#inventory.refreshInstance(ref)));
    if (!from || !mirror) return undefined;
    if (!isPartedBy(await Promise.all([from, mirror].map((one) => this.driverOf(one))))) return undefined;
    const kept = await this.#rename(target);
    await this.#copyTo(kept, target, {});
    const { fingerprint = '' } = this.#inventory.server(source.remote) ?? {};
    await this.#disown(kept, { fingerprint, project: source.project, instance: source.instance });
    return kept.instance;
  }

  async #isOnBtrfs(ref: InstanceRef): Promise<boolean> {
    return (await this.driverOf(await this.#inventory.refreshInstance(ref))) === BTRFS;
  }

  /** @throws IncusError `notVerified` where the copy has not all snapshots */
  async #copyTo(from: InstanceRef, to: InstanceRef, config: Config): Promise<void> {
    await this.#client.change(commands.copyInstance(from, to.instance, config));
    const [before, copy] = await Promise.all([from, to].map((ref) => this.#inventory.refreshInstance(ref)));
    const { missing, foreign } = listFaults(before?.snapshots ?? [], before?.snapshots ?? [], copy?.snapshots ?? []);
    const wrong = [...missing, ...foreign];
    if (wrong.length > 0) throw new IncusError('notVerified', { text: `not copied: ${wrong.join(', ')}` });
  }

  /** Gives what has the mirror's name another one: it stays as it is, and is nobody's mirror. */
  async #setAside(target: InstanceRef, identity: MirrorSource): Promise<string> {
    const aside = await this.#rename(target);
    await this.#disown(aside, identity);
    return aside.instance;
  }

  async #rename(ref: InstanceRef): Promise<InstanceRef> {
    const taken = this.#inventory.instances(ref.remote, ref.project).map(({ instance }) => instance.ref.instance);
    const kept = { ...ref, instance: replacedName(ref.instance, taken) };
    await this.#client.change(commands.renameInstance(ref, kept.instance));
    return kept;
  }

  async #disown(ref: InstanceRef, identity: MirrorSource): Promise<void> {
    const instance = await this.#inventory.refreshInstance(ref);
    if (!isMirrorOf(instance, identity)) return;
    await insist(() => this.#client.change(commands.setConfig(ref, replacedConfig(identity))));
    await this.#inventory.refreshInstance(ref);
  }
}
