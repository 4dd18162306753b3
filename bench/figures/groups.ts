/** For how long the members of a group stand still, against what the slowest snapshot of them takes by itself. */
import { Freezer } from '../../src/core/actions/freezer.ts';
import * as commands from '../../src/core/incus/commands.ts';
import { IncusClient } from '../../src/core/incus/client.ts';
import { ProxyTransport } from '../../src/core/incus/proxyTransport.ts';
import { Runner } from '../../src/core/incus/runner.ts';
import { QueryTransport } from '../../src/core/incus/transport.ts';
import { Inventory } from '../../src/core/inventory/inventory.ts';
import type { InstanceRef } from '../../src/core/model.ts';
import { isVolumeRef, type Member } from '../../src/core/policy/groups/member.ts';
import { IMAGE } from '../../test/lab/handle.ts';
import { startLab } from '../../test/lab/lab.ts';
import type { Experiment, Measurement } from '../figure.ts';
import { byTurns, ratioOf, wordTime } from '../statistics.ts';

const MEMBERS = 5;

const TURNS = 9;

async function measure(): Promise<ReadonlyMap<string, Measurement>> {
  const lab = await startLab({ line: '6.0', storage: 'btrfs', containers: false });
  const runner = new Runner(
    () => ({ path: lab.client, env: lab.env }),
    () => undefined,
  );
  const transport = new ProxyTransport(runner, new QueryTransport(runner), () => true);
  const limits = () => ({ read: 60_000, change: 60_000 });
  const client = new IncusClient(runner, transport, limits, () => undefined);
  const inventory = new Inventory(client);
  const freezer = new Freezer(client, inventory);
  const refs = Array.from({ length: MEMBERS }, (_, at): InstanceRef => ({
    ...{ remote: 'local', project: 'default', instance: `small-${at}` },
  }));
  let made = 0;
  try {
    for (const { instance } of refs) await lab.must('launch', '--quiet', `local:${IMAGE}`, `local:${instance}`);
    await inventory.refresh();
    const members = await Promise.all(refs.map((ref) => inventory.refreshInstance(ref)));
    const snapshot = async (ref: InstanceRef, name: string): Promise<number> => {
      const begun = performance.now();
      await client.change(commands.createSnapshot(ref, { name }));
      return performance.now() - begun;
    };
    const slowest = async () => {
      const name = `alone-${made++}`;
      return Math.max(...(await Promise.all(refs.map((ref) => snapshot(ref, name)))));
    };
    const frozen = async () => {
      const name = `frozen-${made++}`;
      const work = ({ ref }: Member) => (isVolumeRef(ref) ? Promise.resolve(0) : snapshot(ref, name));
      const { longestPause } = await freezer.together(members, work, new AbortController().signal);
      return longestPause ?? Number.NaN;
    };
    const { alone, together } = await byTurns(TURNS, { alone: slowest, together: frozen });
    const note = [
      `longest pause ${wordTime(together)}, slowest snapshot ${wordTime(alone)}`,
      // With cgroup v2 the kernel tells at once.
      'with the freezer of cgroup v1, which this machine has, LXC looks but once a second whether all stand still',
    ].join('; ');
    return new Map([['group-pause-vs-slowest', ratioOf(together, alone, note)]]);
  } finally {
    inventory.dispose();
    await transport.dispose();
    await lab.stop();
  }
}

export const experiments: readonly Experiment[] = [
  { figures: [{ name: 'group-pause-vs-slowest', unit: 'of', goal: { atMost: 1.5 } }], measure },
];
