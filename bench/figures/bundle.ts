/** What the extension weighs before it has done anything. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { project, readAtStart } from '../../scripts/setup/places.mjs';
import { startLab } from '../../test/lab/lab.ts';
import type { Experiment } from '../figure.ts';
import { medianOf, RUNS } from '../statistics.ts';
import { activationTime, useWindow } from '../window.ts';

const size: Experiment = {
  figures: [{ name: 'bundle-size', unit: 'KB', goal: { atMost: 300 } }],
  measure() {
    const sizeOf = (path: string) => statSync(join(project, path)).size / 1000;
    const first = JSON.parse(readFileSync(readAtStart, 'utf8')) as string[];
    const all = ['dist', 'dist/lib'].flatMap((folder) =>
      readdirSync(join(project, folder)).map((name) => `${folder}/${name}`),
    );
    const later = all.filter((path) => path.endsWith('.js') && !first.includes(path));
    const weighed = later.map(
      (path) => `${basename(path).replace(/-\w+(?=\.js$)/, '')} ${Math.round(sizeOf(path))} KB`,
    );
    const note = `loaded when it is needed for the first time: ${weighed.join(', ')}`;
    const size = first.reduce((sum, path) => sum + sizeOf(path), 0);
    return Promise.resolve(new Map([['bundle-size', medianOf([size], note)]]));
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
