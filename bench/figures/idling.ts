/** What the extension costs while nothing happens, in the real workbench with its view open. */
import { setTimeout as pass } from 'node:timers/promises';
import { startLab } from '../../test/lab/lab.ts';
import type { Experiment, Measurement } from '../figure.ts';
import { ApiCalls, programsBelow } from '../servers.ts';
import { median, medianOf, ratioOf, RUNS } from '../statistics.ts';
import { type Ask, useWindow } from '../window.ts';

/** Milliseconds without a call after which all is read. */
const QUIET = 3_000;

const MB = 1_000_000;
const MINUTE = 60_000;

/** In these minutes after everything was read the slow poll comes, which is meant to. */
const SLOW_POLL = { from: 9.5 * MINUTE, to: 10.5 * MINUTE };
const MINUTES = 15;

/** Opens the view, and resolves when all that it shows is read. */
async function openAndRead(ask: Ask, calls: ApiCalls): Promise<void> {
  await ask('open');
  await calls.quiet(QUIET);
}

const idleCalls: Experiment = {
  figures: [{ name: 'idle-calls', unit: 'calls', goal: { exactly: 0 } }],
  async measure() {
    const lab = await startLab({ line: '6.0' });
    const calls = await ApiCalls.of(lab);
    try {
      return await useWindow(lab.environment(), async (ask) => {
        await openAndRead(ask, calls);
        const start = performance.now();
        await pass(MINUTE);
        const got = calls.since(start);
        const note = `${calls.calls.length - got.length} calls before, while all was read; counted by the servers`;
        return new Map([['idle-calls', { value: got.length, runs: 1, spread: 0, note }]]);
      });
    } finally {
      calls.end();
      await lab.stop();
    }
  },
};

const fleetMemory: Experiment = {
  figures: [{ name: 'fleet-memory', unit: 'MB', goal: { atMost: 30 } }],
  fleet: { line: '6.0', storage: 'dir' },
  async measure(bench) {
    const { lab } = await bench.fleet();
    const calls = await ApiCalls.of(lab);
    const heapIn = (env: NodeJS.ProcessEnv) =>
      useWindow(env, async (ask) => {
        calls.calls.length = 0;
        await openAndRead(ask, calls);
        return (await ask('heap')).bytes / MB;
      });
    try {
      const full: number[] = [];
      const empty: number[] = [];
      while (full.length < RUNS) {
        full.push(await heapIn(lab.environment()));
        // The other server of the lab has nothing on it.
        empty.push(await heapIn(lab.environment({ INCUS_DIR: lab.snapshotServer.folder })));
        bench.say(`${full.length} of ${RUNS}: ${full.at(-1)?.toFixed(1)} and ${empty.at(-1)?.toFixed(1)} MB`);
      }
      const more = full.map((one) => one - median(empty));
      const note = `heap of the extension host after collection: ${median(full).toFixed(1)} MB with the fleet, ${median(empty).toFixed(1)} MB with two empty servers`;
      return new Map([['fleet-memory', medianOf(more, note)]]);
    } finally {
      calls.end();
    }
  },
};

const quarterHour: Experiment = {
  figures: [
    { name: 'quarter-hour-calls', unit: 'calls', goal: { exactly: 0 } },
    { name: 'quarter-hour-heap', unit: 'of', goal: { atMost: 1.02 } },
    { name: 'quarter-hour-programs', unit: 'programs', goal: { exactly: 0 } },
  ],
  async measure(bench) {
    const lab = await startLab({ line: '6.0' });
    const calls = await ApiCalls.of(lab);
    try {
      return await useWindow(lab.environment(), async (ask) => {
        await openAndRead(ask, calls);
        const start = performance.now();
        const heaps: number[] = [];
        const programs: string[][] = [];
        for (let minute = 0; minute <= MINUTES; minute++) {
          if (minute > 0) await pass(MINUTE);
          const { bytes, pid } = await ask('heap');
          heaps.push(bytes / MB);
          programs.push(
            programsBelow(pid).filter((line) => /\bincus\b.* (remote|monitor|query|list) /.test(`${line} `)),
          );
          bench.say(`minute ${minute}: ${(bytes / MB).toFixed(1)} MB, ${programs.at(-1)?.length} programs`);
        }
        const isPoll = (at: number) => at - start > SLOW_POLL.from && at - start < SLOW_POLL.to;
        const got = calls.since(start).filter(({ at }) => !isPoll(at));
        const polled = calls.since(start).length - got.length;
        return idleFigures({ got: got.map(({ path }) => path), polled, heaps, programs });
      });
    } finally {
      calls.end();
      await lab.stop();
    }
  },
};

interface Idled {
  got: string[];
  polled: number;
  heaps: number[];
  programs: string[][];
}

/** Remotes of the lab, each with a proxy of its own. */
const REMOTES = 2;

function idleFigures({ got, polled, heaps, programs }: Idled): ReadonlyMap<string, Measurement> {
  // A proxy that came to help while all was read ends by itself within the first minute.
  const worst = programs.slice(1).toSorted((a, b) => b.length - a.length)[0] ?? [];
  const once = { runs: 1, spread: 0 };
  const named = got.length > 0 ? `: ${[...new Set(got)].slice(0, 5).join(', ')}` : '';
  const third = Math.floor(heaps.length / 3);
  const [first, last] = [heaps.slice(0, third), heaps.slice(-third)];
  return new Map([
    ['quarter-hour-calls', { value: got.length, ...once, note: `${polled} calls of the slow poll${named}` }],
    [
      'quarter-hour-heap',
      ratioOf(
        last,
        first,
        `after collection, in MB, minute by minute: ${heaps.map((one) => one.toFixed(1)).join(' ')}`,
      ),
    ],
    [
      'quarter-hour-programs',
      {
        value: worst.length - REMOTES,
        ...once,
        note: `beyond one for each of ${REMOTES} remotes; at most ${worst.length} ran at a time`,
      },
    ],
  ]);
}

export const experiments: readonly Experiment[] = [idleCalls, fleetMemory, quarterHour];
