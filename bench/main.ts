/**
 * Measures, prints a table and notes the figures in bench/results.json.
 *
 *   main.ts [FIGURE...]
 */
import { join } from 'node:path';
import { runMain } from '../test/lab/process.ts';
import type { Bench, Experiment } from './figure.ts';
import { buildFleet, type Fleet, keyOfKind } from './fleet.ts';
import { table } from './print.ts';
import { allExperiments, choose, isMeant } from './registry.ts';
import { noteResults, type Result, toResult } from './results.ts';

const RESULTS = join(import.meta.dirname, 'results.json');

const say = (text: string) => {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
};

/** One fleet at a time: the machine that they are measured on also carries them. */
class Fleets {
  #kept: { key: string; fleet: Fleet } | undefined;

  async get(kind: Experiment['fleet']): Promise<Fleet> {
    if (!kind) throw new Error('the experiment names no fleet');
    const key = keyOfKind(kind);
    if (this.#kept?.key !== key) {
      await this.end();
      this.#kept = { key, fleet: await buildFleet(kind, say) };
    }
    return this.#kept.fleet;
  }

  async end(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    await kept?.fleet.lab.stop();
  }
}

/** Experiments without a fleet first, those that share one after each other. */
function inOrder(experiments: readonly Experiment[]): Experiment[] {
  const groups = Map.groupBy(experiments, ({ fleet }) => (fleet ? keyOfKind(fleet) : ''));
  return [...(groups.get('') ?? []), ...[...groups].filter(([key]) => key !== '').flatMap(([, group]) => group)];
}

async function measure(experiment: Experiment, fleets: Fleets, isAsked: (name: string) => boolean): Promise<Result[]> {
  const bench: Bench = { fleet: () => fleets.get(experiment.fleet), say };
  const figures = experiment.figures.filter(({ name }) => isAsked(name));
  say(`measuring ${figures.map(({ name }) => name).join(', ')}`);
  const measured = await experiment.measure(bench);
  return figures.map((figure) => {
    const measurement = measured.get(figure.name);
    if (!measurement) throw new Error(`${figure.name} was not measured`);
    return toResult(figure, measurement);
  });
}

async function main(asked: readonly string[]): Promise<void> {
  const all = await allExperiments();
  const names = all.flatMap(({ figures }) => figures.map(({ name }) => name));
  const isAsked = (name: string) => asked.length === 0 || asked.some((one) => isMeant(name, one));
  const fleets = new Fleets();
  const results: Result[] = [];
  const failed: string[] = [];
  for (const experiment of inOrder(choose(all, asked))) {
    try {
      results.push(...(await measure(experiment, fleets, isAsked)));
      // Each at once: what comes later may fail.
      noteResults(RESULTS, results, names);
    } catch (error) {
      failed.push(...experiment.figures.map(({ name }) => name));
      say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
  await fleets.end();
  process.stdout.write(`\n${table(results)}\n`);
  if (failed.length > 0) throw new Error(`not measured: ${failed.join(', ')}`);
}

// The lab's own connections keep no process.
setInterval(() => undefined, 2 ** 30);
await runMain(() => main(process.argv.slice(2)));
process.exit();
