import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Figure } from '../../../bench/figure.ts';
import { table } from '../../../bench/print.ts';
import { allExperiments, choose, isMeant } from '../../../bench/registry.ts';
import { merge, parseResults, toResult } from '../../../bench/results.ts';

const project = join(import.meta.dirname, '..', '..', '..');
const figure: Figure = { name: 'rows-vs-csv/6.0', unit: 'of', goal: { atMost: 0.7 } };
const measurement = { value: 0.70449, runs: 7, spread: 0.1234567, note: 'rows 80 ms' };

describe('noted figures', () => {
  test('have what it takes to read them', () => {
    expect(toResult(figure, measurement)).toEqual({
      figure: 'rows-vs-csv/6.0',
      value: 0.704,
      unit: 'of',
      goal: 'at most 0.7',
      met: false,
      runs: 7,
      spread: 0.123,
      note: 'rows 80 ms',
    });
  });

  test('are met as they are noted, and counted ones are noted whole', () => {
    expect(toResult(figure, { value: 0.7, runs: 7, spread: 0 }).met).toBe(true);
    expect(toResult({ ...figure, goal: { atLeast: 18 } }, { value: 18.4, runs: 7, spread: 0 }).met).toBe(true);
    const counted = toResult({ ...figure, unit: 'calls', goal: { exactly: 0 } }, { value: 12_345, runs: 1, spread: 0 });
    expect(counted).toMatchObject({ value: 12_345, met: false, goal: 'exactly 0', note: '' });
  });

  test('stay when others are measured, in the order of the registry', () => {
    const result = (name: string, value: number) => toResult({ ...figure, name }, { ...measurement, value });
    const before = [result('a', 1), result('c', 3), result('gone', 9)];
    expect(merge(before, [result('c', 4), result('b', 2)], ['a', 'b', 'c', 'd'])).toEqual([
      result('a', 1),
      result('b', 2),
      result('c', 4),
    ]);
  });

  test('in another form are refused', () => {
    const good = toResult(figure, measurement);
    expect(parseResults(JSON.stringify([good]))).toEqual([good]);
    const { spread: _spread, ...without } = good;
    for (const bad of [{}, [without], [{ ...good, runs: 0 }], [{ ...good, met: 'yes' }], [{ ...good, more: 1 }]]) {
      expect(() => parseResults(JSON.stringify(bad))).toThrow();
    }
  });

  test('are printed one a line, those that miss their goal in sight', () => {
    const text = table([
      toResult(figure, measurement),
      toResult({ ...figure, name: 'b' }, { ...measurement, value: 0.5 }),
    ]);
    const [head, first, note, second] = text.split('\n');
    expect(head).toMatch(/^figure +value +unit +goal +met +runs +spread$/);
    expect(first).toMatch(/^rows-vs-csv\/6\.0 +0\.704 +of +at most 0\.7 +NO +7 +12 %$/);
    expect(note?.trim()).toBe('rows 80 ms');
    expect(second).toMatch(/ yes /);
  });
});

describe('the registry', () => {
  test('a figure is meant by its name, the part before the slash, or its first words', () => {
    expect(isMeant('rows-vs-csv/6.0', 'rows-vs-csv/6.0')).toBe(true);
    expect(isMeant('rows-vs-csv/6.0', 'rows-vs-csv')).toBe(true);
    expect(isMeant('rows-vs-csv/6.0', 'rows')).toBe(true);
    expect(isMeant('rows-vs-csv/6.0', 'row')).toBe(false);
    expect(isMeant('row-before-cli-returns', 'rows')).toBe(false);
  });

  test('no figure is measured by two experiments, and one that nobody measures is said to be none', async () => {
    const all = await allExperiments();
    const names = all.flatMap(({ figures }) => figures.map(({ name }) => name));
    expect(new Set(names).size).toBe(names.length);
    expect(() => choose(all, ['no-such-figure'])).toThrow('there is no figure no-such-figure');
    expect(choose(all, []).length).toBe(all.length);
    expect(choose(all, ['bundle-size']).flatMap(({ figures }) => figures.map(({ name }) => name))).toContain(
      'bundle-size',
    );
  });

  test('what is noted is of the registry, and each of its figures is explained', async () => {
    const all = await allExperiments();
    const names = all.flatMap(({ figures }) => figures.map(({ name }) => name));
    const noted = parseResults(readFileSync(join(project, 'bench/results.json'), 'utf8'));
    expect(names).toEqual(expect.arrayContaining(noted.map(({ figure: name }) => name)));
    const page = readFileSync(join(project, 'docs/benchmarks.md'), 'utf8');
    // A variant is explained with its figure.
    const headings = [...page.matchAll(/^### .+$/gm)].flatMap(([line]) =>
      [...line.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    );
    expect(headings).toEqual(expect.arrayContaining(names.map((name) => name.split('/')[0])));
  });
});
