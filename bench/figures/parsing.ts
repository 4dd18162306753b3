/** What it costs to look at what a server says before it is believed. */
import { parseInstances } from '../../src/core/incus/instances.ts';
import { parseEnvelope } from '../../src/core/incus/schemas.ts';
import { parseInstanceVolumes } from '../../src/core/incus/volumes.ts';
import { CONTAINERS } from '../../test/lab/handle.ts';
import { startLab } from '../../test/lab/lab.ts';
import type { Experiment } from '../figure.ts';
import { ServerSocket } from '../serverSocket.ts';
import { byTurns, processorTimeOf, ratioOf, wordTime } from '../statistics.ts';

const INSTANCES = 1000;
const SNAPSHOTS = 10;

/** Turns, since each is short. */
const TURNS = 31;

interface Listing {
  metadata: Record<string, unknown>[];
}

/** A thousand of a server's own records, as it would list them. */
async function listings(): Promise<{ instances: string; volumes: string }> {
  const lab = await startLab({ line: '6.0' });
  const socket = new ServerSocket(lab.primary.folder);
  try {
    const [name] = CONTAINERS;
    await socket.make(`/1.0/instances/${name}/snapshots`, { name: 'snap0' });
    const ask = async (path: string) => JSON.parse(await socket.get(path)) as Listing;
    const instances = await ask('/1.0/instances?recursion=1&all-projects=true');
    const volumes = await ask('/1.0/storage-pools/default/volumes/container?recursion=1&all-projects=true');
    const instance = instances.metadata.find((record) => record['name'] === name);
    const volume = volumes.metadata.find((record) => record['name'] === name);
    const snapshot = volumes.metadata.find((record) => record['name'] === `${name}/snap0`);
    if (!instance || !volume || !snapshot) throw new Error('the server does not list what is there');
    const all = Array.from({ length: INSTANCES }, (_, at) => `fleet-${at}`);
    const names = Array.from({ length: SNAPSHOTS }, (_, at) => `snap${at}`);
    return {
      instances: JSON.stringify({ ...instances, metadata: all.map((one) => ({ ...instance, name: one })) }),
      volumes: JSON.stringify({
        ...volumes,
        metadata: all.flatMap((one) => [
          { ...volume, name: one },
          ...names.map((snap) => ({ ...snapshot, name: `${one}/${snap}` })),
        ]),
      }),
    };
  } finally {
    socket.end();
    await lab.stop();
  }
}

export const experiments: readonly Experiment[] = [
  {
    figures: [{ name: 'validate-vs-parse', unit: 'of', goal: { atMost: 1.2 } }],
    async measure() {
      const { instances, volumes } = await listings();
      const refuse = (what: string, why: string) => {
        throw new Error(`${what}: ${why}`);
      };
      const texts = [instances, volumes];
      const values = await byTurns(TURNS, {
        parse: () => processorTimeOf(() => texts.map((text): unknown => JSON.parse(text))),
        validateInstances: () => processorTimeOf(() => parseInstances(parseEnvelope(instances, []), 'local', refuse)),
        validateVolumes: () => processorTimeOf(() => parseInstanceVolumes(parseEnvelope(volumes, []))),
      });
      const validate = values.validateInstances.map((one, turn) => one + (values.validateVolumes[turn] ?? NaN));
      const note = `JSON.parse of 1,000 instances and 11,000 volumes ${wordTime(values.parse)}; with validation ${wordTime(values.validateInstances)} and ${wordTime(values.validateVolumes)}`;
      return new Map([['validate-vs-parse', ratioOf(validate, values.parse, note)]]);
    },
  },
];
