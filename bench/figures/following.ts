/** Whether what others do is seen while they do it. */
import { CONTAINERS } from '../../test/lab/handle.ts';
import { startLab } from '../../test/lab/lab.ts';
import type { Line } from '../../test/lab/server.ts';
import type { Experiment } from '../figure.ts';
import { Product } from '../product.ts';
import { incus } from '../servers.ts';
import { median, spreadOf } from '../statistics.ts';

const SNAPSHOTS = 50;

function rowBeforeCliReturns(line: Line): Experiment {
  const name = `row-before-cli-returns/${line}`;
  return {
    figures: [{ name, unit: 'snapshots', goal: { exactly: SNAPSHOTS } }],
    async measure() {
      const lab = await startLab({ line, storage: 'dir' });
      const product = new Product(lab);
      try {
        const { inventory } = product;
        await product.follow();
        const [instance] = CONTAINERS;
        const ref = { remote: 'local', project: 'default', instance };
        await inventory.refreshInstance(ref);
        const leads: number[] = [];
        for (let at = 0; at < SNAPSHOTS; at++) {
          const snapshot = `outside-${at}`;
          let seen: number | undefined;
          const unsubscribe = inventory.onDidChange(() => {
            const isPending = inventory.snapshot({ ...ref, snapshot })?.pending;
            if (isPending) seen ??= performance.now();
          });
          await incus(lab, 'snapshot', 'create', `local:${instance}`, snapshot);
          const returned = performance.now();
          unsubscribe();
          if (seen !== undefined) leads.push(returned - seen);
        }
        const note = `the row is there ${Math.round(median(leads))} ms before`;
        return new Map([[name, { value: leads.length, runs: SNAPSHOTS, spread: spreadOf(leads), note }]]);
      } finally {
        await product.end();
        await lab.stop();
      }
    },
  };
}

export const experiments: readonly Experiment[] = [rowBeforeCliReturns('6.0'), rowBeforeCliReturns('7.0')];
