/** A client that knows the server on its own machine and nothing else, and what gives it access to the second one. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../../lab/process.ts';
import type { Host } from './host.ts';

/** @returns its folder */
export function newClientOf(host: Host): string {
  const folder = host.conf((config) => {
    config.remotes = { local: { addr: 'unix://' } };
  });
  for (const file of ['client.crt', 'client.key']) rmSync(join(folder, file), { force: true });
  rmSync(join(folder, 'servercerts'), { recursive: true, force: true });
  return folder;
}

/** A token of the snapshot server. */
export async function tokenOf({ lab }: Host): Promise<string> {
  const env = lab.environment({ INCUS_DIR: lab.snapshotServer.folder });
  const said = await mustRun([lab.client, 'config', 'trust', 'add', 'setup-test', '--quiet'], { env });
  return said.trim().split('\n').at(-1) ?? '';
}
