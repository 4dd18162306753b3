/** What the extension weighs before it has done anything. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { project } from '../../scripts/setup/places.mjs';
import { startLab } from '../../test/lab/lab.ts';
import type { Experiment } from '../figure.ts';
import { medianOf, RUNS } from '../statistics.ts';
import { activationTime, useWindow } from '../window.ts';

const size: Experiment = {
  figures: [{ name: 'bundle-size', unit: 'KB', goal: { atMost: 300 } }],
  measure() {
    const sizeOf = (path: string) => statSync(join(project, 'dist', path)).size / 1000;
    const later = readdirSync(join(project, 'dist/lib')).filter((name) => name.endsWith('.js'));
    const note = `loaded when it is needed for the first time: ${later.map((name) => `${name} ${Math.round(sizeOf(`lib/${name}`))} KB`).join(', ')}`;
    return Promise.resolve(new Map([['bundle-size', medianOf([sizeOf('extension.js')], note)]]));
  },
};

const activation: Experiment = {
  figures: [{ name: 'activation', unit: 'ms', goal: { atMost: 30 } }],
  async measure() {
    const lab = await startLab({ line: '6.0' });
    try {
      const times: number[] = [];
      while (times.length < RUNS) {
        times.push(
          await useWindow(lab.environment(), async (ask, page) => {
            await ask('open');
            return activationTime(page);
          }),
        );
      }
      return new Map([['activation', medianOf(times, `${times.join(', ')} ms`)]]);
    } finally {
      await lab.stop();
    }
  },
};

export const experiments: readonly Experiment[] = [size, activation];
