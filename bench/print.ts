/** Figures as a table for a terminal. */
import type { Result } from './results.ts';

const HEAD = ['figure', 'value', 'unit', 'goal', 'met', 'runs', 'spread'];

/** One line per figure, and below it what has to be known of it. */
export function table(results: readonly Result[]): string {
  const rows = results.map(({ figure, value, unit, goal, met, runs, spread }) =>
    [figure, value, unit, goal, met ? 'yes' : 'NO', runs, `${Math.round(spread * 100)} %`].map(String),
  );
  const widths = HEAD.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  const lines = results.flatMap(({ note }, at) => [line(rows[at] ?? []), ...(note === '' ? [] : [`    ${note}`])]);
  return [line(HEAD), ...lines].join('\n');
}
