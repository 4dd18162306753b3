/**
 * A thousand instances with ten snapshots each, on real servers, within minutes: empty instances through the server's own
 * socket, and where listing costs depend on the database alone, snapshots as further rows of it.
 */
import pLimit from 'p-limit';
import type { InstanceRef } from '../src/core/model.ts';
import type { Lab } from '../test/lab/handle.ts';
import { startLab } from '../test/lab/lab.ts';
import { mustRun } from '../test/lab/process.ts';
import type { Line } from '../test/lab/server.ts';
import { ServerSocket } from './serverSocket.ts';

export interface FleetKind {
  readonly line: Line;
  readonly storage: 'dir' | 'btrfs';
}

export interface Fleet {
  readonly kind: FleetKind;
  /** The lab whose primary server holds the fleet. */
  readonly lab: Lab;
  readonly instances: number;
  /** Of each instance. */
  readonly snapshots: number;
}

/** The remote that holds the fleet. */
export const FLEET_REMOTE = 'local';

/** Real snapshots come at some ten per second; on btrfs, where all are real, as many as come in minutes. */
const INSTANCES = { dir: 1000, btrfs: 200 } as const;
const SNAPSHOTS = 10;

/** Calls that run side by side; more gain nothing on the server. */
const SIDE_BY_SIDE = 8;

/** The kind as a word, for maps. */
export function keyOfKind({ line, storage }: FleetKind): string {
  return `${line} ${storage}`;
}

/** One of the fleet's instances. */
export function fleetRef(index: number): InstanceRef {
  return { remote: FLEET_REMOTE, project: 'default', instance: nameOf(index) };
}

/** In the order of the numbers as in that of the letters. */
function nameOf(index: number): string {
  return `fleet-${String(index).padStart(4, '0')}`;
}

/** Builds a fleet on a lab of its own; whoever has it stops the lab. */
export async function buildFleet(kind: FleetKind, say: (text: string) => void): Promise<Fleet> {
  say(`building a fleet on Incus ${kind.line}, ${kind.storage}`);
  const lab = await startLab({ ...kind, containers: false });
  try {
    const socket = new ServerSocket(lab.primary.folder);
    const limit = pLimit(SIDE_BY_SIDE);
    const instances = INSTANCES[kind.storage];
    const indexes = Array.from({ length: instances }, (_, index) => index);
    await limit.map(indexes, (index) => makeInstance(socket, nameOf(index)));
    say(`${instances} instances are there`);
    // Those of one instance one after the other, as they would be made.
    const real = kind.storage === 'dir' ? 1 : SNAPSHOTS;
    for (let at = 0; at < real; at++) {
      await limit.map(indexes, (index) => socket.make(snapshotsOf(nameOf(index)), { name: `snap${at}` }));
    }
    if (real < SNAPSHOTS) await multiply(lab);
    socket.end();
    say(`${instances * SNAPSHOTS} snapshots are there, ${instances * real} of them with data`);
    return { kind, lab, instances, snapshots: SNAPSHOTS };
  } catch (error) {
    await lab.stop();
    throw error;
  }
}

const snapshotsOf = (name: string) => `/1.0/instances/${name}/snapshots`;

async function makeInstance(socket: ServerSocket, name: string): Promise<void> {
  await socket.make('/1.0/instances', { name, source: { type: 'none' } });
}

/** Copies the rows of each instance's one snapshot to further names; on a dir pool a listing looks at nothing else. */
async function multiply(lab: Lab): Promise<void> {
  const sql = (text: string) =>
    mustRun([lab.client, 'admin', 'sql', 'global', text], { env: lab.environment({ INCUS_DIR: lab.primary.folder }) });
  // Servers differ in columns that are not named here.
  const columnsOf = async (name: string, but: readonly string[]) =>
    [...(await sql(`SELECT name FROM pragma_table_info('${name}')`)).matchAll(/^[|│]\s*([a-z_]+)\s*[|│]/gm)]
      .map(([, column = '']) => column)
      .filter((column) => !but.includes(column));
  const further = Array.from({ length: SNAPSHOTS - 1 }, (_, at) => at + 1);
  for (const table of ['instances_snapshots', 'storage_volumes_snapshots']) {
    const same = (await columnsOf(table, ['id', 'name', 'creation_date'])).join(', ');
    for (const at of further) {
      const moment = `strftime('%Y-%m-%dT%H:%M:%SZ', creation_date, '+${at} minutes')`;
      // Numbers of volumes' snapshots are shared with those of volumes, and counted elsewhere.
      const id = table === 'instances_snapshots' ? 'NULL' : `id + ${at * 1_000_000}`;
      await sql(
        `INSERT INTO ${table} (id, name, creation_date, ${same}) SELECT ${id}, 'snap${at}', ${moment}, ${same} FROM ${table} WHERE name = 'snap0'`,
      );
    }
  }
  await sql(
    `INSERT INTO instances_snapshots_config (instance_snapshot_id, key, value)
     SELECT made.id, config.key, config.value FROM instances_snapshots AS made
     JOIN instances_snapshots AS first ON first.instance_id = made.instance_id AND first.name = 'snap0'
     JOIN instances_snapshots_config AS config ON config.instance_snapshot_id = first.id
     WHERE made.name <> 'snap0'`,
  );
}
