/** The extension as a client that the snapshot server holds to one project. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../../lab/process.ts';
import { type Host, SNAPSHOT_REMOTE } from './host.ts';

/** The project, and the remote under whose name such a client knows the server. */
export const HELD = 'held';

/** Has the server trust a client of its own for one project, and the extension be that client. */
export async function beHeld(host: Host): Promise<void> {
  const { lab } = host;
  const shared = ['-c', 'features.images=false', '-c', 'features.profiles=false'];
  await lab.must('project', 'create', `${SNAPSHOT_REMOTE}:${HELD}`, ...shared);
  host.later(() => lab.incus('project', 'delete', `${SNAPSHOT_REMOTE}:${HELD}`));
  const env = lab.environment({ INCUS_DIR: lab.snapshotServer.folder });
  const grant = ['config', 'trust', 'add', HELD, '--restricted', '--projects', HELD, '--quiet'];
  const token = (await mustRun([lab.client, ...grant], { env })).trim().split('\n').at(-1) ?? '';
  host.later(async () => {
    const trusted = await lab.query<{ name: string; fingerprint: string }[]>(
      `${SNAPSHOT_REMOTE}:/1.0/certificates?recursion=1`,
    );
    const own = trusted.find(({ name }) => name === HELD);
    if (own) await lab.must('config', 'trust', 'remove', `${SNAPSHOT_REMOTE}:${own.fingerprint}`);
  });
  const INCUS_CONF = host.conf(({ remotes }, conf) => {
    Reflect.deleteProperty(remotes, SNAPSHOT_REMOTE);
    for (const file of ['client.crt', 'client.key']) rmSync(join(conf, file));
  });
  const add = ['remote', 'add', HELD, token, '--accept-certificate'];
  await mustRun([lab.client, ...add], { env: lab.environment({ INCUS_CONF }) });
}
