/** What mirroring a fleet costs, against what a user would type instead: a loop of `incus copy --refresh`. */
import { KeyedQueue } from '../../src/core/actions/queue.ts';
import { Mirrors } from '../../src/core/actions/mirror.ts';
import { unchangedJobs } from '../../src/core/actions/mirrorFleet.ts';
import { MirrorHistory, type MirrorRecord } from '../../src/core/actions/mirrorHistory.ts';
import { MirrorPlaces } from '../../src/core/actions/mirrorPlaces.ts';
import { Temporaries } from '../../src/core/actions/temporary.ts';
import { Operations } from '../../src/core/actions/operations.ts';
import { IncusClient } from '../../src/core/incus/client.ts';
import { ProxyTransport } from '../../src/core/incus/proxyTransport.ts';
import { Runner } from '../../src/core/incus/runner.ts';
import { QueryTransport } from '../../src/core/incus/transport.ts';
import { Inventory } from '../../src/core/inventory/inventory.ts';
import { jobFor, jobKey, type MirrorJob } from '../../src/core/policy/mirror/mirrorJobs.ts';
import { IMAGE, type Lab, SNAPSHOT_REMOTE } from '../../test/lab/handle.ts';
import { startLab } from '../../test/lab/lab.ts';
import type { Experiment, Measurement } from '../figure.ts';
import { byTurns, ratioOf, time, wordTime } from '../statistics.ts';

const INSTANCES = 50;

/** Among which one has changed. */
const MANY = 200;

/** A run over all takes many seconds. */
const TURNS = 7;

const PAIR = { from: 'local', to: SNAPSHOT_REMOTE, mode: 'pull' } as const;

interface Mirrored {
  readonly lab: Lab;
  readonly jobs: readonly MirrorJob[];
  /** Mirrors them as the command does. */
  mirror(jobs: readonly MirrorJob[]): Promise<void>;
  /** Finds out which have nothing to send. */
  unchanged(): Promise<Set<string>>;
  end(): Promise<void>;
}

/** So many small instances with a snapshot each, and their mirrors. */
async function mirrored(storage: 'dir' | 'btrfs', count: number): Promise<Mirrored> {
  const lab = await startLab({ line: '6.0', storage, containers: false });
  const names = Array.from({ length: count }, (_, at) => `small-${at}`);
  for (const name of names) {
    await lab.must('init', '--quiet', `local:${IMAGE}`, `local:${name}`);
    await lab.must('snapshot', 'create', `local:${name}`, 's1');
  }
  const runner = new Runner(
    () => ({ path: lab.client, env: lab.env }),
    () => undefined,
  );
  const transport = new ProxyTransport(runner, new QueryTransport(runner), () => true);
  const client = new IncusClient(
    runner,
    transport,
    () => ({ read: 60_000, change: 600_000 }),
    () => undefined,
  );
  const inventory = new Inventory(client);
  await inventory.refresh();
  const records = new Map<string, MirrorRecord>();
  const store = {
    get: (key: string) => records.get(key),
    set: (key: string, record: MirrorRecord) => {
      records.set(key, record);
      return Promise.resolve();
    },
  };
  const history = new MirrorHistory(store, 'bench', () => true);
  const queue = new KeyedQueue();
  const maker = { client: 'bench', window: 'bench' };
  const temporaries = new Temporaries(client, inventory, queue, maker, () => undefined);
  const mirrors = new Mirrors(client, inventory, queue, new Operations(client), history, temporaries);
  const jobs = names.map((instance) => jobFor(PAIR, { remote: 'local', project: 'default', instance }));
  const mirror = async (some: readonly MirrorJob[]) => {
    const places = new MirrorPlaces(client);
    await Promise.all(
      some.map(async (job) => {
        const { deleted } = await mirrors.plan(job, false, places);
        const wish = { job, agreed: deleted, takesOver: false, keeps: false, snapshotFirst: false };
        await mirrors.run(wish, new AbortController().signal, () => undefined, places);
      }),
    );
  };
  const end = async () => {
    inventory.dispose();
    await transport.dispose();
    await lab.stop();
  };
  await mirror(jobs);
  return { lab, jobs, mirror, unchanged: () => unchangedJobs(client, inventory, jobs), end };
}

/** What a user would type for each of them; onto mirrors of their own, since it takes our marks away. */
async function loop({ lab }: Mirrored, jobs: readonly MirrorJob[]): Promise<void> {
  for (const { source } of jobs) {
    const flags = ['-c', 'boot.autostart=false', '-c', 'snapshots.schedule=', '-c', 'security.protection.delete=true'];
    const names = [`local:${source.instance}`, `${SNAPSHOT_REMOTE}:loop-${source.instance}`];
    await lab.must('copy', '--refresh', '--quiet', ...flags, ...names);
  }
}

async function measureFleet(storage: 'dir' | 'btrfs'): Promise<Map<string, Measurement>> {
  const fleet = await mirrored(storage, INSTANCES);
  try {
    const values = await byTurns(TURNS, {
      loop: () => time(() => loop(fleet, fleet.jobs)),
      ours: () => time(() => fleet.mirror(fleet.jobs)),
      unchanged: () => time(() => fleet.unchanged()),
    });
    const note = `${INSTANCES} instances: the loop ${wordTime(values.loop)}`;
    return new Map([
      [`mirror-${storage}-vs-loop`, ratioOf(values.loop, values.ours, `${note}, ours ${wordTime(values.ours)}`)],
      [
        'mirror-unchanged-vs-loop',
        ratioOf(values.loop, values.unchanged, `${note}, ours ${wordTime(values.unchanged)}`),
      ],
    ]);
  } finally {
    await fleet.end();
  }
}

async function measureOne(): Promise<Map<string, Measurement>> {
  const fleet = await mirrored('btrfs', MANY);
  const [first] = fleet.jobs;
  if (!first) throw new Error('there are no instances');
  let count = 0;
  const change = () => fleet.lab.must('snapshot', 'create', `local:${first.source.instance}`, `more-${count++}`);
  try {
    const values = await byTurns(TURNS, {
      alone: async () => {
        await change();
        return time(() => loop(fleet, [first]));
      },
      amongMany: async () => {
        await change();
        return time(async () => {
          const unchanged = await fleet.unchanged();
          await fleet.mirror(fleet.jobs.filter((job) => !unchanged.has(jobKey(job))));
        });
      },
    });
    const note = `one refresh ${wordTime(values.alone)}; found among ${MANY} and mirrored ${wordTime(values.amongMany)}`;
    return new Map([['mirror-one-of-200', ratioOf(values.amongMany, values.alone, note)]]);
  } finally {
    await fleet.end();
  }
}

export const experiments: readonly Experiment[] = [
  {
    figures: [{ name: 'mirror-dir-vs-loop', unit: 'times faster', goal: { atLeast: 1.8 } }],
    measure: () => measureFleet('dir'),
  },
  {
    figures: [
      { name: 'mirror-btrfs-vs-loop', unit: 'times faster', goal: { atLeast: 1.4 } },
      { name: 'mirror-unchanged-vs-loop', unit: 'times faster', goal: { atLeast: 20 } },
    ],
    measure: () => measureFleet('btrfs'),
  },
  {
    figures: [{ name: 'mirror-one-of-200', unit: 'of', goal: { atMost: 2.5 } }],
    measure: measureOne,
  },
];
