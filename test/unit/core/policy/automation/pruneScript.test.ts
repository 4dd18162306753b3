/** What the script chooses is what `retention.ts` chooses: its shell functions are run on the same snapshots. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CHOICE, clockText, isPlainName } from '../../../../../src/core/policy/automation/pruneScript.ts';
import {
  NO_RETENTION,
  parseRetention,
  planRetention,
  type Retention,
  RULES,
  retentionText,
} from '../../../../../src/core/policy/retention/retention.ts';

const folder = mkdtempSync(join(tmpdir(), 'prune-script-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const clocks = new Map<string, string>();

function clockOf(zone: string): string {
  const known = clocks.get(zone) ?? clockText(zone);
  clocks.set(zone, known);
  return known;
}

/** Runs a line of shell with the script's functions at hand; it may fail. */
function shell(line: string, zone = 'UTC'): { code: number; out: string } {
  const head = `set -u\nwork='${folder}'\ntab=$(printf '\\t')\nown=user.incus-snapshots.\n${clockOf(zone)}\n`;
  try {
    return { code: 0, out: execFileSync('/bin/sh', ['-c', `${head}${CHOICE}\n${line}`], { encoding: 'utf8' }) };
  } catch (error) {
    return { code: (error as { status: number }).status, out: '' };
  }
}

interface Made {
  readonly name: string;
  readonly createdAt: Date;
  readonly isPinned: boolean;
}

/** Writes an instance as `incus query` prints it. */
function written(made: readonly Made[], dateOf = ({ createdAt }: Made) => createdAt.toISOString()): string {
  const pins = made.filter(({ isPinned }) => isPinned).map(({ createdAt }) => createdAt.getTime());
  const instance = {
    architecture: 'x86_64',
    config: {
      'user.incus-snapshots.pin.12': '',
      ...Object.fromEntries(pins.map((time) => [`user.incus-snapshots.pin.${time}`, 'true'])),
      'user.incus-snapshots.retention': 'hourly=1',
    },
    // What is deeper down is not the instance's own.
    snapshots: made.map((one) => ({
      config: { 'user.incus-snapshots.pin.0': 'true' },
      created_at: dateOf(one),
      devices: { root: { name: 'none', created_at: 'never' } },
      name: one.name,
    })),
  };
  const file = join(folder, 'instance');
  writeFileSync(file, `${JSON.stringify(instance, undefined, '\t')}\n`);
  return file;
}

function chosen(made: readonly Made[], rules: Retention, zone: string): string[] {
  const { code, out } = shell(`to_go ${written(made)} '${retentionText(rules)}'`, zone);
  expect(code).toBe(0);
  return out.split('\n').slice(0, -1);
}

/** By the rules in VS Code, the oldest first; names that a script leaves alone are protected. */
function planned(made: readonly Made[], rules: Retention, zone: string): string[] {
  const marks = planRetention(made, rules, zone, ({ name, isPinned }) =>
    isPinned ? 'pinned' : isPlainName(name) ? undefined : 'oddName',
  );
  const goes = marks.filter(({ keptBy }) => keptBy === undefined).map(({ snapshot }) => snapshot);
  return goes.toReversed().map(({ createdAt, name }) => `${createdAt.getTime()} ${name}`);
}

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
];

/** Near each other, so that periods hold several; some at the changes of clocks. */
const moments = fc.oneof(
  fc.date({ min: new Date('2026-10-20T00:00:00Z'), max: new Date('2026-11-05T00:00:00Z'), noInvalidDate: true }),
  fc.date({ min: new Date('2026-03-27T00:00:00Z'), max: new Date('2026-03-30T00:00:00Z'), noInvalidDate: true }),
  fc.date({ min: new Date('2024-12-25T00:00:00Z'), max: new Date('2027-01-10T00:00:00Z'), noInvalidDate: true }),
  fc.date({ min: new Date('2016-01-01T00:00:00Z'), max: new Date('2055-01-01T00:00:00Z'), noInvalidDate: true }),
);
const made: fc.Arbitrary<Made> = fc.record({
  name: fc.oneof(
    { weight: 8, arbitrary: fc.stringMatching(/^[A-Za-z0-9._-]{1,8}$/) },
    fc.constantFrom('.', '..', 'a b', 'a%62', 'ü', 'x"y', '-n'),
  ),
  createdAt: moments,
  isPinned: fc.integer({ max: 9 }).map((one) => one === 0),
});
const lists = fc
  .uniqueArray(made, { maxLength: 40, selector: ({ name }) => name })
  .map((all) => all.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime()));
const rules: fc.Arbitrary<Retention> = fc.record(
  Object.fromEntries(RULES.map((rule) => [rule, fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 }))])) as Record<
    (typeof RULES)[number],
    fc.Arbitrary<number>
  >,
);

describe('what a script prunes', () => {
  it('is what the rules in VS Code say, for any snapshots in any zone', () => {
    fc.assert(
      fc.property(lists, rules, fc.constantFrom(...ZONES), (all, some, zone) => {
        expect(chosen(all, some, zone)).toEqual(planned(all, some, zone));
      }),
      { numRuns: 80 },
    );
  });

  it('is nothing without rules, and never the newest', () => {
    const all = ['2026-11-01T10:00:00.5Z', '2026-11-02T10:00:00Z'].map((at, i) => ({
      ...{ name: `snap${i}`, createdAt: new Date(at), isPinned: false },
    }));
    expect(chosen(all, NO_RETENTION, 'UTC')).toEqual([]);
    expect(chosen(all, { ...NO_RETENTION, last: 1 }, 'UTC')).toEqual([`${Date.parse('2026-11-01T10:00:00.5Z')} snap0`]);
  });

  it('is known by the millisecond, as pins are, however finely Incus dates', () => {
    const createdAt = new Date('2026-11-01T10:00:00.129Z');
    const old = { name: 'old', createdAt, isPinned: true };
    const newer = { name: 'new', createdAt: new Date('2026-11-02T10:00:00Z'), isPinned: false };
    const dateOf = (one: Made) => (one === old ? '2026-11-01T10:00:00.129999999Z' : '2026-11-02T10:00:00Z');
    expect(shell(`to_go ${written([old, newer], dateOf)} last=1`).out).toBe('');
    const unpinned = { ...old, isPinned: false };
    const dated = (one: Made) => (one === unpinned ? '2026-11-01T10:00:00.129999999Z' : '2026-11-02T10:00:00Z');
    expect(shell(`to_go ${written([unpinned, newer], dated)} last=1`).out).toBe(`${createdAt.getTime()} old\n`);
  });

  it('is not guessed where a date cannot be read', () => {
    const all = [{ name: 'a', createdAt: new Date('2026-11-01T10:00:00Z'), isPinned: false }];
    expect(shell(`to_go ${written(all, () => '2026-11-01T10:00:00+01:00')} last=1`).code).not.toBe(0);
  });
});

describe('rules in a script', () => {
  it('are read where VS Code reads them', () => {
    const part = fc.oneof(
      fc
        .tuple(fc.constantFrom(...RULES, 'minutely', ''), fc.integer({ min: -1, max: 10_001 }))
        .map((one) => one.join('=')),
      fc.constantFrom('hourly', 'daily=01', '=3', 'last=2x', 'Last=2', ' '),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const text = parts.join(' ');
        expect(shell(`are_rules '${text}'`).code === 0, text).toBe(parseRetention(text) !== undefined);
      }),
      { numRuns: 40 },
    );
  });
});

describe('an instance at which somebody is at work', () => {
  const operation = (description: string, resources: Record<string, string[]>) => ({
    class: 'task',
    description,
    resources,
  });
  const isBusy = (listed: unknown) => {
    const file = join(folder, 'operations');
    writeFileSync(file, `${JSON.stringify(listed, undefined, '\t')}\n`);
    return shell(`is_busy ${file} c1`).code === 0;
  };
  const path = '/1.0/instances/c1';

  it('is one that a running operation names, in whichever project', () => {
    expect(isBusy({ running: [operation('Restoring snapshot', { instances: [path] })] })).toBe(true);
    expect(isBusy({ running: [operation('Restoring snapshot', { instances: [`${path}?project=p`] })] })).toBe(true);
    expect(
      isBusy({ pending: [operation('Snapshotting instance', { instances_snapshots: [`${path}/snapshots/s`] })] }),
    ).toBe(true);
  });

  it('may be one where a schedule makes snapshots, which says of none', () => {
    expect(isBusy({ running: [operation('Snapshotting instance', {})] })).toBe(true);
    expect(isBusy({ running: [operation('Snapshotting instance', { instances: ['/1.0/instances/c2'] })] })).toBe(false);
  });

  it('is none of which an operation has ended, or that is called otherwise', () => {
    expect(isBusy({})).toBe(false);
    expect(isBusy({ success: [operation('Snapshotting instance', { instances: [path] })] })).toBe(false);
    expect(isBusy({ running: [operation('Restoring snapshot', { instances: ['/1.0/instances/c12'] })] })).toBe(false);
    expect(isBusy({ running: [operation('Executing command', {})] })).toBe(false);
  });
});
