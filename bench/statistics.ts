/**
 * Statistics for a machine that others use as well: single times mean little there, medians of times that were taken by
 * turns can be set against each other.
 */
import type { Measurement } from './figure.ts';

/** How often each side is measured where nothing speaks against it. */
export const RUNS = 7;

/** The value below which a part of all values lies, between two values in proportion. */
function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = part * (sorted.length - 1);
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) throw new Error('nothing was measured');
  return below + (above - below) * (at - Math.floor(at));
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** How far the middle half of the values lies apart, as a part of their median; 0 where all are equal. */
export function spreadOf(values: readonly number[]): number {
  const width = quantile(values, 0.75) - quantile(values, 0.25);
  return width === 0 ? 0 : width / Math.abs(median(values));
}

/** A figure that is the median of its runs. */
export function medianOf(values: readonly number[], note?: string): Measurement {
  return { value: median(values), runs: values.length, spread: spreadOf(values), ...(note !== undefined && { note }) };
}

/**
 * A figure that is a ratio of medians. Where both sides were measured by turns, the spread is that of the ratios of each
 * turn; where one was measured less often, that of the other.
 */
export function ratioOf(above: readonly number[], below: readonly number[], note?: string): Measurement {
  const isPaired = above.length === below.length;
  const ratios = above.map((value, turn) => value / (below[turn] ?? NaN));
  const longer = above.length > below.length ? above : below;
  return {
    value: median(above) / median(below),
    runs: longer.length,
    spread: spreadOf(isPaired ? ratios : longer),
    ...(note !== undefined && { note }),
  };
}

/** How long something takes, in milliseconds. */
export async function time(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** How much processor time this thread takes for something, in milliseconds: what others do does not count. */
export function processorTimeOf(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/** What each of several contenders came to, in the order of the turns. */
type Turns<Contenders> = {
  [Name in keyof Contenders]: (Contenders[Name] extends () => infer Value ? Awaited<Value> : never)[];
};

/**
 * Measures several things by turns, after one turn that does not count. Who begins changes from turn to turn, so that
 * none is always the one that finds caches warm.
 * @param contenders each gives what one run came to
 */
export async function byTurns<Contenders extends Readonly<Record<string, () => unknown>>>(
  runs: number,
  contenders: Contenders,
): Promise<Turns<Contenders>> {
  const names = Object.keys(contenders);
  const values: Record<string, unknown[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let turn = -1; turn < runs; turn++) {
    const first = (turn + 1) % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const value = await contenders[name]?.();
      if (turn >= 0) values[name]?.push(value);
    }
  }
  return values as Turns<Contenders>;
}

/** Milliseconds in words, for notes. */
export function wordTime(values: readonly number[]): string {
  const middle = median(values);
  return middle < 10 ? `${middle.toFixed(1)} ms` : `${Math.round(middle)} ms`;
}
