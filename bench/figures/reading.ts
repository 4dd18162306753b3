/** Reading a fleet: rows, everything in sight, all names; by proxy and by a process for each call. */
import type { Line } from '../../test/lab/server.ts';
import type { Bench, Experiment, Measurement } from '../figure.ts';
import { type Fleet, fleetRef } from '../fleet.ts';
import { Product, readFleet, type Way } from '../product.ts';
import { incus, processorTime } from '../servers.ts';
import { ServerSocket } from '../serverSocket.ts';
import { byTurns, ratioOf, RUNS, time, wordTime } from '../statistics.ts';

const LINES: readonly Line[] = ['6.0', '7.0'];

/** The listing that shows all, which others ask for. On 6.0 it takes so long that one run says enough. */
const list = (fleet: Fleet) => time(() => incus(fleet.lab, 'list', 'local:', '-f', 'json'));

function rowsVsCsv(line: Line): Experiment {
  return {
    figures: [{ name: `rows-vs-csv/${line}`, unit: 'of', goal: { atMost: 0.7 } }],
    fleet: { line, storage: 'dir' },
    async measure(bench) {
      const fleet = await bench.fleet();
      const { read, csv } = await byTurns(2 * RUNS, {
        read: () => readFleet(fleet),
        csv: () => time(() => incus(fleet.lab, 'list', 'local:', '-f', 'csv', '-c', 'ns')),
      });
      const rows = read.map((one) => one.rows);
      const note = `rows ${wordTime(rows)}, incus list -f csv -c ns ${wordTime(csv)}`;
      return new Map([[`rows-vs-csv/${line}`, ratioOf(rows, csv, note)]]);
    },
  };
}

/** Names and dates of all, by the two requests that give them, side by side on the server's own socket. */
async function askSockets({ lab }: Fleet): Promise<number> {
  const socket = new ServerSocket(lab.primary.folder);
  const taken = await time(async () => {
    const paths = ['/1.0/instances', '/1.0/storage-pools/default/volumes/container'];
    await Promise.all(
      paths.map(async (path) => JSON.parse(await socket.get(`${path}?recursion=1&all-projects=true`)) as unknown),
    );
  });
  socket.end();
  return taken;
}

const inventory60: Experiment = {
  figures: [
    { name: 'inventory-60-vs-list', unit: 'times faster', goal: { atLeast: 18 } },
    { name: 'inventory-60-vs-sockets', unit: 'of', goal: { atMost: 1.15 } },
  ],
  fleet: { line: '6.0', storage: 'dir' },
  async measure(bench) {
    const fleet = await bench.fleet();
    const { read, sockets } = await byTurns(RUNS, { read: () => readFleet(fleet), sockets: () => askSockets(fleet) });
    const listed = [await list(fleet)];
    const names = read.map((one) => one.names);
    return new Map([
      [
        'inventory-60-vs-list',
        ratioOf(listed, names, `all names and dates ${wordTime(names)}, incus list -f json ${wordTime(listed)}`),
      ],
      [
        'inventory-60-vs-sockets',
        ratioOf(names, sockets, `all names and dates ${wordTime(names)}, the bare requests ${wordTime(sockets)}`),
      ],
    ]);
  },
};

const inventory60Btrfs: Experiment = {
  figures: [{ name: 'inventory-60-btrfs-vs-list', unit: 'times faster', goal: { atLeast: 35 } }],
  fleet: { line: '6.0', storage: 'btrfs' },
  async measure(bench) {
    const fleet = await bench.fleet();
    const { read } = await byTurns(RUNS, { read: () => readFleet(fleet) });
    const listed = [await list(fleet)];
    const names = read.map((one) => one.names);
    const note = `${fleet.instances} instances with ${fleet.snapshots} snapshots each: all names and dates ${wordTime(names)}, incus list -f json ${wordTime(listed)}`;
    return new Map([['inventory-60-btrfs-vs-list', ratioOf(listed, names, note)]]);
  },
};

const reading70: Experiment = {
  figures: [
    { name: 'rows-70-vs-list', unit: 'times faster', goal: { atLeast: 45 } },
    { name: 'first50-70-vs-list', unit: 'times faster', goal: { atLeast: 12 } },
    { name: 'names-70-vs-list', unit: 'times faster', goal: { atLeast: 6 } },
    { name: 'names-70-vs-list/cpu', unit: 'of', goal: { atMost: 0.2 } },
  ],
  fleet: { line: '7.0', storage: 'dir' },
  async measure(bench) {
    const fleet = await bench.fleet();
    const withProcessor = async <T>(work: () => Promise<T>) => {
      const before = await processorTime(fleet.lab.primary);
      const outcome = await work();
      return { outcome, processor: (await processorTime(fleet.lab.primary)) - before };
    };
    const { read, listed } = await byTurns(RUNS, {
      read: () => withProcessor(() => readFleet(fleet)),
      listed: () => withProcessor(() => list(fleet)),
    });
    const lists = listed.map(({ outcome }) => outcome);
    const figure = (what: string, times: readonly number[]) =>
      ratioOf(lists, times, `${what} ${wordTime(times)}, incus list -f json ${wordTime(lists)}`);
    const processor = ratioOf(
      read.map((one) => one.processor),
      listed.map((one) => one.processor),
      'seconds of processor time that the server used',
    );
    return new Map([
      [
        'rows-70-vs-list',
        figure(
          'rows',
          read.map(({ outcome }) => outcome.rows),
        ),
      ],
      [
        'first50-70-vs-list',
        figure(
          'the first 50 with everything',
          read.map(({ outcome }) => outcome.sight),
        ),
      ],
      [
        'names-70-vs-list',
        figure(
          'all names',
          read.map(({ outcome }) => outcome.names),
        ),
      ],
      ['names-70-vs-list/cpu', processor],
    ]);
  },
};

function expand(line: Line): Experiment {
  return {
    figures: [{ name: `expand-vs-snapshot-list/${line}`, unit: 'times faster', goal: { atLeast: 7 } }],
    fleet: { line, storage: 'dir' },
    async measure(bench) {
      const { lab, instances } = await bench.fleet();
      const product = new Product(lab);
      try {
        await product.follow();
        let at = 0;
        // Each time another one, past those that are in sight.
        const next = () => fleetRef(instances - 1 - at++);
        const { opened, listed } = await byTurns(3 * RUNS, {
          opened: () => time(() => product.inventory.refreshInstance(next())),
          listed: () => time(() => incus(lab, 'snapshot', 'list', `local:${next().instance}`, '-f', 'json')),
        });
        const note = `everything of one instance ${wordTime(opened)}, incus snapshot list -f json ${wordTime(listed)}`;
        return new Map([[`expand-vs-snapshot-list/${line}`, ratioOf(listed, opened, note)]]);
      } finally {
        await product.end();
      }
    },
  };
}

function cliWay(line: Line): Experiment {
  const way: Way = 'query';
  return {
    figures: [{ name: `cli-way-vs-list/${line}`, unit: 'times faster', goal: { atLeast: 1.05 } }],
    fleet: { line, storage: 'dir' },
    measure: async (bench) => new Map([[`cli-way-vs-list/${line}`, await measureCliWay(bench, line, way)]]),
  };
}

async function measureCliWay(bench: Bench, line: Line, way: Way): Promise<Measurement> {
  const fleet = await bench.fleet();
  const once = line === '6.0';
  const { read, listed } = once
    ? { ...(await byTurns(RUNS, { read: () => readFleet(fleet, way) })), listed: [await list(fleet)] }
    : await byTurns(RUNS, { read: () => readFleet(fleet, way), listed: () => list(fleet) });
  const names = read.map((one) => one.names);
  return ratioOf(listed, names, `all names by incus query ${wordTime(names)}, incus list -f json ${wordTime(listed)}`);
}

export const experiments: readonly Experiment[] = [
  ...LINES.map(rowsVsCsv),
  inventory60,
  inventory60Btrfs,
  reading70,
  ...LINES.map(expand),
  ...LINES.map(cliWay),
];
