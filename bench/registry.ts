/** All experiments: each file in `figures/` exports some. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Experiment } from './figure.ts';

const FOLDER = join(import.meta.dirname, 'figures');

/** The experiments, in the order of the files' names. */
export async function allExperiments(): Promise<Experiment[]> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));
  const modules = await Promise.all(
    files.sort().map(async (name) => {
      const module = (await import(pathToFileURL(join(FOLDER, name)).href)) as { experiments: readonly Experiment[] };
      return module.experiments;
    }),
  );
  return modules.flat();
}

/** Whether a figure is meant: by its name, by the part before the slash, or by its first words. */
export function isMeant(figure: string, asked: string): boolean {
  return figure === asked || figure.startsWith(`${asked}/`) || figure.startsWith(`${asked}-`);
}

/**
 * The experiments that give what is asked for; all of them where nothing is.
 * @throws Error where no figure has such a name
 */
export function choose(experiments: readonly Experiment[], asked: readonly string[]): Experiment[] {
  const names = experiments.flatMap(({ figures }) => figures.map(({ name }) => name));
  for (const one of asked) {
    if (!names.some((name) => isMeant(name, one))) {
      throw new Error(`there is no figure ${one}; there are ${names.join(', ')}`);
    }
  }
  if (asked.length === 0) return [...experiments];
  return experiments.filter(({ figures }) => figures.some(({ name }) => asked.some((one) => isMeant(name, one))));
}
