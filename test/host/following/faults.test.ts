import { join } from 'node:path';
import { Relay } from '../../lab/relay.ts';
import { Following, ROUNDS } from '../support/following.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';

for (const round of ROUNDS) {
  describe(`a server that goes away while it is followed${round}`, () => {
    const host = useHost();
    const { lab } = host;
    const following = new Following(host);
    const remotes = [
      ['local', lab.primary, SNAPSHOT_REMOTE],
      [SNAPSHOT_REMOTE, lab.snapshotServer, 'local'],
    ] as const;

    /** It is said of this remote, nothing of what was on it is shown, and the other one is as it was. */
    async function isOnlyFault(remote: string, other: string, wanted: RegExp, patience?: number): Promise<void> {
      await following.rowBecomes(remote, wanted, patience);
      await following.rowBecomes(other, / · \d+ instances?$/);
      await host.treeBecomes(/^$/, host.remote(remote));
    }

    for (const [remote, server, other] of remotes) {
      for (const [fault, words] of [
        ['stop', 'stopped'],
        ['kill', 'killed'],
      ] as const) {
        it(`is found again after it was ${words}: ${remote}`, async () => {
          await following.start();
          following.backLater(server);
          await server[fault]();
          await isOnlyFault(remote, other, / down$/);
          await server.start();
          await following.isBack(remote, `after-${fault}-${server.name}`);
        });
      }

      it(`is followed on after it was restarted: ${remote}`, async () => {
        await following.start();
        following.backLater(server);
        await server.restart();
        await following.isBack(remote, `after-restart-${server.name}`);
      });
    }

    it('is said to hang where it is frozen, and found again when it goes on', async function () {
      // Both at once, since a server counts as frozen only after half a minute.
      this.timeout(150_000);
      await following.start();
      for (const [, server] of remotes) {
        host.later(() => server.thaw());
        await server.freeze();
      }
      for (const [remote] of remotes) {
        await following.rowBecomes(remote, / does not answer$/, 60_000);
        await host.treeBecomes(/^$/, host.remote(remote));
      }
      for (const [, server] of remotes) await server.thaw();
      for (const [remote, server] of remotes) await following.isBack(remote, `after-frost-${server.name}`);
    });

    describe('by the network between', () => {
      let relay: Relay;

      beforeEach(async () => {
        relay = await Relay.open(lab.snapshotServer.address);
        host.later(() => relay.close());
        host.conf(({ remotes: all }) => {
          all[SNAPSHOT_REMOTE]!.addr = `https://${relay.address}`;
        });
        await following.start();
        await following.rowBecomes(SNAPSHOT_REMOTE, / · \d+ instances?$/);
      });

      it('is found again after it refused all connections', async () => {
        await relay.close();
        await isOnlyFault(SNAPSHOT_REMOTE, 'local', / down$/);
        await relay.open();
        await following.isBack(SNAPSHOT_REMOTE, 'after-refusal');
      });

      it('is not trusted while it shows another certificate, and found again when it shows its own', async () => {
        const conf = lab.env['INCUS_CONF'] ?? '';
        await relay.impersonate(join(conf, 'client.crt'), join(conf, 'client.key'));
        await isOnlyFault(SNAPSHOT_REMOTE, 'local', / does not trust this client$/);
        await relay.open();
        await following.isBack(SNAPSHOT_REMOTE, 'after-impostor');
      });
    });
  });
}
