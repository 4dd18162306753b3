import { SecondClient } from '../../lab/second-client.ts';
import { Following, ROUNDS } from '../support/following.ts';
import { useHost } from '../support/host.ts';

/** What is done, and how often a server is stopped or killed between. */
const OPERATIONS = 200;
const RESTARTS = 3;

for (const round of ROUNDS) {
  describe(`what somebody else does at random${round}`, () => {
    const host = useHost();
    const following = new Following(host);

    it('is shown as it is in the end, though servers were restarted between', async function () {
      this.timeout(300_000);
      // INCUS_TEST_SEED does the same once more.
      const seed = Number(process.env['INCUS_TEST_SEED'] ?? Math.floor(Math.random() * 1_000_000));
      const second = new SecondClient(host.lab, seed, `random${seed}x`);
      host.later(async () => {
        await second.clean();
        await host.running();
      });
      await following.start();
      await second.work(OPERATIONS, RESTARTS);
      await following.agree().catch((error: unknown) => {
        throw new Error(`seed ${seed}, after:\n${second.log.slice(-80).join('\n')}`, { cause: error });
      });
    });
  });
}
