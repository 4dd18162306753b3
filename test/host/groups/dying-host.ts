/**
 * An extension host that is killed while it has instances paused: a program of its own, so that nothing of it is left to
 * resume anybody. Its arguments: the file that it keeps its notes in, the instances. It says `paused` when they are, and
 * then makes no progress.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Freezer } from '../../../src/core/actions/freezer.ts';
import { PauseJournal } from '../../../src/core/actions/pauseJournal.ts';
import { IncusClient } from '../../../src/core/incus/client.ts';
import { Runner } from '../../../src/core/incus/runner.ts';
import { QueryTransport } from '../../../src/core/incus/transport.ts';
import { Inventory } from '../../../src/core/inventory/inventory.ts';
import { thisProgram } from '../../../src/vscode/mirrors/store.ts';

const [, , file = '', ...names] = process.argv;

const notes = (): Record<string, unknown> =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
const storage = {
  keys: () => Object.keys(notes()),
  get: (key: string) => notes()[key],
  update: (key: string, value: unknown) => {
    writeFileSync(file, JSON.stringify({ ...notes(), [key]: value }));
    return Promise.resolve();
  },
};
const runner = new Runner(
  () => ({ path: 'incus', env: {} }),
  () => undefined,
);
const client = new IncusClient(
  runner,
  new QueryTransport(runner),
  () => ({ read: 60_000, change: 60_000 }),
  () => undefined,
);
const inventory = new Inventory(client);
const refs = names.map((instance) => ({ remote: 'local', project: 'default', instance }));
const members = await Promise.all(refs.map((ref) => inventory.refreshInstance(ref)));
await new PauseJournal(storage, thisProgram(), () => true).begin(refs);
let standing = 0;
// Something has to keep the program from ending.
setInterval(() => undefined, 60_000);
await new Freezer(client, inventory).together(
  members,
  () => {
    if (++standing === members.length) process.stdout.write('paused\n');
    return new Promise(() => undefined);
  },
  new AbortController().signal,
);
