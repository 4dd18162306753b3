/** The noted figures: `bench/results.json`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { type Figure, type Measurement, meets, wordGoal } from './figure.ts';

const result = z.strictObject({
  figure: z.string().check(z.minLength(1)),
  value: z.number(),
  unit: z.string(),
  /** In words: `at most 0.7`. */
  goal: z.string(),
  met: z.boolean(),
  runs: z.int().check(z.gte(1)),
  /** How far the middle half of the runs lies apart, as a part of the value. */
  spread: z.number().check(z.gte(0)),
  note: z.string(),
});

export type Result = z.infer<typeof result>;

/** Digits that say something on a machine that others use as well. */
const DIGITS = 3;

const rounded = (value: number) => Number(value.toPrecision(DIGITS));

/** What is noted of a figure. Whether a goal is met is asked of the value as it is noted. */
export function toResult({ name, unit, goal }: Figure, { value, runs, spread, note = '' }: Measurement): Result {
  // What is counted is noted whole.
  const noted = Number.isInteger(value) ? value : rounded(value);
  return {
    figure: name,
    value: noted,
    unit,
    goal: wordGoal(goal),
    met: meets(noted, goal),
    runs,
    spread: rounded(spread),
    note,
  };
}

/**
 * Reads noted figures.
 * @throws Error where the text is something else
 */
export function parseResults(text: string): Result[] {
  return z.array(result).parse(JSON.parse(text));
}

/** Those that were noted before, with what was measured since in their place, in the order of the names. */
export function merge(before: readonly Result[], measured: readonly Result[], names: readonly string[]): Result[] {
  const all = new Map([...before, ...measured].map((one) => [one.figure, one]));
  return names.flatMap((name) => all.get(name) ?? []);
}

/** Notes what was measured, beside what the file holds already. */
export function noteResults(file: string, measured: readonly Result[], names: readonly string[]): Result[] {
  const before = existsSync(file) ? parseResults(readFileSync(file, 'utf8')) : [];
  const all = merge(before, measured, names);
  writeFileSync(file, `${JSON.stringify(all, undefined, 2)}\n`);
  return all;
}
