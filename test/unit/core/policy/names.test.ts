import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkNewInstanceName,
  checkNewSnapshotName,
  checkRemoteName,
  checkSnapshotUse,
  proposeInstanceName,
  proposeSnapshotName,
  type SnapshotOperation,
  snapshotPathSegment,
} from '../../../../src/core/policy/names.ts';

const OPERATIONS: readonly SnapshotOperation[] = ['restore', 'rename', 'delete', 'copy', 'setExpiry'];

/** What every Incus line accepts for a snapshot, written once more as one expression (incus-facts.md). */
const SNAPSHOT = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;

/** How an Incus server reads the last segment of a snapshot's path: two decodings, the second one of `+` as well. */
function asServerReads(segment: string): string {
  return decodeURIComponent(decodeURIComponent(segment).replaceAll('+', ' '));
}

describe('a name for a new snapshot', () => {
  it.each(['ubuntu-test-1', 'a', '1', '2026-11-20', 'a.b_c-d', 'a..b', 'A'.repeat(64)])('%s is fine', (name) => {
    expect(checkNewSnapshotName(name, [])).toBeUndefined();
  });

  it.each([
    ['', 'empty'],
    ['a'.repeat(65), 'tooLong'],
    ['a b', 'badCharacter'],
    ['a/b', 'badCharacter'],
    ['a%b', 'badCharacter'],
    ['a+b', 'badCharacter'],
    ['größe', 'badCharacter'],
    ['a\n', 'badCharacter'],
    ['.', 'badStart'],
    ['..', 'badStart'],
    ['-x', 'badStart'],
    ['_x', 'badStart'],
    ['x-', 'badEnd'],
    ['x.', 'badEnd'],
  ])('%j is refused: %s', (name, problem) => {
    expect(checkNewSnapshotName(name, [])).toBe(problem);
  });

  it('is refused where it is taken, in this very spelling', () => {
    expect(checkNewSnapshotName('s1', ['s0', 's1'])).toBe('taken');
    expect(checkNewSnapshotName('S1', new Set(['s1']))).toBeUndefined();
  });

  it('passes exactly where every Incus line accepts it', () => {
    const nearMiss = fc.string({
      unit: fc.constantFrom('a', 'Z', '0', '.', '_', '-', '%', ' ', '\n', 'é'),
      maxLength: 66,
    });
    fc.assert(
      fc.property(nearMiss, (name) => {
        expect(checkNewSnapshotName(name, []) === undefined).toBe(SNAPSHOT.test(name));
      }),
    );
  });
});

describe('a name for a new instance', () => {
  it.each(['c1', 'ubuntu-test', 'A', '1a', 'a--b', 'a'.repeat(63)])('%s is fine', (name) => {
    expect(checkNewInstanceName(name, [])).toBeUndefined();
  });

  it.each([
    ['', 'empty'],
    ['a'.repeat(64), 'tooLong'],
    ['a.b', 'badCharacter'],
    ['a_b', 'badCharacter'],
    ['a/b', 'badCharacter'],
    ['-a', 'badStart'],
    ['a-', 'badEnd'],
    ['2026', 'onlyDigits'],
  ])('%j is refused: %s', (name, problem) => {
    expect(checkNewInstanceName(name, [])).toBe(problem);
  });

  it('is refused where it is taken', () => {
    expect(checkNewInstanceName('c1', ['c1'])).toBe('taken');
  });
});

describe('a remote', () => {
  it.each(['local', 'incus-snapshot', 'my server', 'ä', 'a.b', '$(x)', 'a\nb'])('%j can be used', (name) => {
    expect(checkRemoteName(name)).toBeUndefined();
  });

  it.each([
    ['', 'empty'],
    ['a=b', 'equals'],
    ['a/b', 'slash'],
    ['-r', 'leadingDash'],
    ['a:b', 'colon'],
    ['a\0b', 'nul'],
    ['a\ud800', 'illFormed'],
  ])('%j cannot: %s', (name, problem) => {
    expect(checkRemoteName(name)).toBe(problem);
  });
});

describe('an existing snapshot', () => {
  it.each(['-x', '--', '$(x)', 'a;b', 'a\nb', 'é', 'a:b', '@', '...', '*', '#', ' ', 'x'.repeat(255)])(
    '%j can be handled in every way',
    (name) => {
      for (const operation of OPERATIONS) expect(checkSnapshotUse(name, operation)).toBeUndefined();
    },
  );

  it.each([
    ['.', 'dots'],
    ['..', 'dots'],
    ['', 'empty'],
    ['other/s1', 'slash'],
    ['a\0', 'nul'],
    ['a\udfff', 'illFormed'],
  ])('%j can be handled in no way: %s', (name, problem) => {
    for (const operation of OPERATIONS) expect(checkSnapshotUse(name, operation)).toBe(problem);
  });

  it.each([
    ['a%62', 'percent'],
    ['a%b', 'percent'],
    ['%2e%2e', 'percent'],
    ['a+b', 'plus'],
  ])('%j is kept from the verbs that decode it to another name, and from those alone', (name, problem) => {
    for (const operation of ['rename', 'delete', 'copy'] as const) {
      expect(checkSnapshotUse(name, operation)).toBe(problem);
    }
    expect(checkSnapshotUse(name, 'restore')).toBeUndefined();
    expect(checkSnapshotUse(name, 'setExpiry')).toBeUndefined();
  });

  it('is never confused with another one: what a verb may be given, the server reads as it is', () => {
    const odd = fc.string({
      unit: fc.constantFrom('a', '6', '2', '%', '+', '.', ' ', 'é', '\n', '-', '😀'),
      minLength: 1,
    });
    fc.assert(
      fc.property(odd, (name) => {
        fc.pre(checkSnapshotUse(name, 'delete') === undefined);
        expect(asServerReads(encodeURIComponent(name))).toBe(name);
      }),
    );
  });

  it('is reached by its path, whatever it is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        const segment = snapshotPathSegment(name);
        expect(asServerReads(segment)).toBe(name);
        expect(segment).not.toMatch(/[/?#&+ ]/);
      }),
    );
    expect(snapshotPathSegment('ubuntu-test-1')).toBe('ubuntu-test-1');
    expect(snapshotPathSegment('a%b')).toBe('a%2525b');
  });
});

describe('a proposed name for a snapshot', () => {
  it.each([
    [[], 'ubuntu-test-1'],
    [['ubuntu-test-1'], 'ubuntu-test-2'],
    [['ubuntu-test-1', 'ubuntu-test-7', 'other-9'], 'ubuntu-test-8'],
    [['ubuntu-test-20261120153000'], 'ubuntu-test-1'],
    [['ubuntu-test-1-before', 'ubuntu-test-x'], 'ubuntu-test-1'],
  ])('with %j taken is %s', (taken, name) => {
    expect(proposeSnapshotName('ubuntu-test', taken)).toBe(name);
  });

  it('is always valid and free', () => {
    const instance = fc.stringMatching(/^[A-Za-z0-9-]{1,63}$/);
    fc.assert(
      fc.property(instance, fc.integer({ min: 0, max: 30 }), (name, count) => {
        const taken: string[] = [];
        for (let i = 0; i <= count; i++) {
          const proposed = proposeSnapshotName(name, taken);
          expect(checkNewSnapshotName(proposed, taken)).toBeUndefined();
          taken.push(proposed);
        }
      }),
    );
  });
});

describe('a proposed name for an instance made of a snapshot', () => {
  it.each([
    ['ubuntu-test', 'ubuntu-test-1', [], 'ubuntu-test-1'],
    ['ubuntu-test', 'ubuntu-test-1', ['ubuntu-test-1', 'ubuntu-test-1-2'], 'ubuntu-test-1-3'],
    ['c1', 'before_upgrade', [], 'c1-before-upgrade'],
    ['c1', '../..', ['c1'], 'c1-2'],
  ])('of %s/%s with %j taken is %s', (instance, snapshot, taken, name) => {
    expect(proposeInstanceName(instance, snapshot, taken)).toBe(name);
  });

  it('is always valid and free', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'binary' }), fc.array(fc.string()), (instance, snapshot, others) => {
        const first = proposeInstanceName(instance, snapshot, others);
        expect(checkNewInstanceName(first, others)).toBeUndefined();
        expect(checkNewInstanceName(proposeInstanceName(instance, snapshot, [first]), [first])).toBeUndefined();
      }),
    );
  });
});
