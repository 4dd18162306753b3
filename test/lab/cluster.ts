/** A cluster of three servers of 7.0 beside the lab's own two. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from './handle.ts';
import { mustRun } from './process.ts';
import type { LabServer } from './server.ts';

export interface Cluster {
  members: readonly [LabServer, LabServer, LabServer];
  /** Runs `incus` with the first member as `local`. */
  must: (...args: string[]) => Promise<string>;
  /** Has the cluster trust whoever brings this token. */
  token: (name: string) => Promise<string>;
}

/** Starts a cluster; its servers end with the lab. @param prefix of its members' names */
export async function startCluster(lab: Lab, prefix: string): Promise<Cluster> {
  // Its members' client must not forget the lab's remotes, nor the lab's client be trusted by it.
  const conf = mkdtempSync(join(lab.folder, 'cluster-conf-'));
  const on = (member: LabServer) => lab.environment({ INCUS_DIR: member.folder, INCUS_CONF: conf });
  const preseed = async (member: LabServer, content: object) => {
    await mustRun([lab.client, 'admin', 'init', '--preseed'], { env: on(member), input: JSON.stringify(content) });
    return member;
  };
  const first = await lab.addServer(`${prefix}1`, '7.0');
  const must = (...args: string[]) => mustRun([lab.client, ...args], { env: on(first) });
  const lastLine = (said: string) => said.trim().split('\n').at(-1) ?? '';
  await preseed(first, {
    config: { 'core.https_address': first.address, 'cluster.https_address': first.address },
    storage_pools: [{ name: 'default', driver: 'dir' }],
    profiles: [{ name: 'default', devices: { root: { type: 'disk', path: '/', pool: 'default' } } }],
    cluster: { server_name: first.name, enabled: true },
  });
  const enter = async (name: string) => {
    const token = lastLine(await must('cluster', 'add', name));
    const member = await lab.addServer(name, '7.0');
    const source = [{ entity: 'storage-pool', name: 'default', key: 'source', value: '' }];
    return preseed(member, {
      cluster: {
        enabled: true,
        server_name: name,
        server_address: member.address,
        cluster_token: token,
        member_config: source,
      },
    });
  };
  const members = [first, await enter(`${prefix}2`), await enter(`${prefix}3`)] as const;
  return { members, must, token: async (name) => lastLine(await must('config', 'trust', 'add', name, '--quiet')) };
}
