import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDuration, parseDuration, resolveExpiry } from '../../../../../src/core/policy/schedule/expiry.ts';

const NOW = new Date(2026, 10, 20, 15, 30, 12);

describe('a duration', () => {
  it.each([
    ['1d 3H', { d: 1, H: 3 }],
    ['30S', { S: 30 }],
    ['1y 2m 3w 4d 5H 6M 7S', { y: 1, m: 2, w: 3, d: 4, H: 5, M: 6, S: 7 }],
    ['3H 1d', { H: 3, d: 1 }],
    [' 4w ', { w: 4 }],
    ['0d', { d: 0 }],
    ['007d', { d: 7 }],
  ])('%j is understood', (text, duration) => {
    expect(parseDuration(text)).toEqual(duration);
  });

  it.each(['', ' ', '1', 'd', '1D', '1d1H', '1d  3H', '1d\t3H', '1d 2d', '-1d', '1.5d', '1d,3H', '١d', 'tomorrow'])(
    '%j is refused',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('is understood just where each field is a number and a unit, and no unit comes twice', () => {
    const field = fc.tuple(fc.integer({ min: 1 }), fc.constantFrom('S', 'M', 'H', 'd', 'w', 'm', 'y'));
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 8 }), (fields) => {
        const parsed = parseDuration(fields.map(([number, unit]) => `${number}${unit}`).join(' '));
        const isUnique = new Set(fields.map(([, unit]) => unit)).size === fields.length;
        const wanted = isUnique ? Object.fromEntries(fields.map(([number, unit]) => [unit, number])) : undefined;
        expect(parsed).toEqual(wanted);
      }),
    );
  });

  it('may name a unit again after a zero, as Incus has it', () => {
    expect(parseDuration('0M 0M')).toEqual({ M: 0 });
    expect(parseDuration('0M 5M')).toEqual({ M: 5 });
    expect(parseDuration('5M 0M')).toBeUndefined();
  });
});

describe('adding a duration', () => {
  it.each([
    [new Date(2026, 0, 31), { m: 1 }, new Date(2026, 2, 3)],
    [new Date(2028, 0, 31), { m: 1 }, new Date(2028, 2, 2)],
    [new Date(2028, 1, 29), { y: 1 }, new Date(2029, 2, 1)],
    [new Date(2026, 10, 20, 8), { w: 2, d: 1 }, new Date(2026, 11, 5, 8)],
    [new Date(2026, 11, 31, 23, 59, 30), { H: 1, M: 1, S: 30 }, new Date(2027, 0, 1, 1, 1)],
  ])('to %s: %j', (from, duration, sum) => {
    expect(addDuration(from, duration)).toEqual(sum);
  });

  it('leaves the date that it is given as it is', () => {
    const from = new Date(NOW);
    addDuration(from, { y: 1, S: 1 });
    expect(from).toEqual(NOW);
  });
});

describe('what a user types as an expiry', () => {
  it.each(['', '   '])('%j is never', (text) => {
    expect(resolveExpiry(text, NOW)).toEqual({ kind: 'never' });
  });

  it.each([
    ['1d 3H', new Date(2026, 10, 21, 18, 30, 12)],
    ['1S', new Date(2026, 10, 20, 15, 30, 13)],
    ['2027-01-02', new Date(2027, 0, 2)],
    ['2027-1-2', new Date(2027, 0, 2)],
    ['2027-01-02 15:04', new Date(2027, 0, 2, 15, 4)],
    ['2027-01-02T15:04', new Date(2027, 0, 2, 15, 4)],
    ['2028-02-29', new Date(2028, 1, 29)],
    [' 2027-01-02 ', new Date(2027, 0, 2)],
  ])('%j is a time', (text, at) => {
    expect(resolveExpiry(text, NOW)).toEqual({ kind: 'at', at });
  });

  it.each([
    ['0d', 'past'],
    ['0S 0y', 'past'],
    ['2026-11-20', 'past'],
    ['2026-11-20 15:30', 'past'],
    ['0001-01-01', 'past'],
    ['2027-02-29', 'noSuchDate'],
    ['2027-13-01', 'noSuchDate'],
    ['2027-00-10', 'noSuchDate'],
    ['2027-01-02 24:00', 'noSuchDate'],
    ['2027-01-02 12:60', 'noSuchDate'],
    ['9999y', 'tooFar'],
    ['99999999999999999999S', 'tooFar'],
    [`${'9'.repeat(400)}d`, 'tooFar'],
    ['never', 'grammar'],
    ['1d  3H', 'grammar'],
    ['2027/01/02', 'grammar'],
    ['02.01.2027', 'grammar'],
    ['2027-01-02 15', 'grammar'],
    ['2027-01-02 15:04 UTC', 'grammar'],
  ])('%j is refused: %s', (text, problem) => {
    expect(resolveExpiry(text, NOW)).toEqual({ kind: 'invalid', problem });
  });

  it('is never a time that has passed, nor one that Incus could not write', () => {
    const typed = fc.oneof(
      fc.string(),
      fc.stringMatching(/^\d{1,12}[SMHdwmy]$/),
      fc.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
    );
    fc.assert(
      fc.property(typed, (text) => {
        const resolved = resolveExpiry(text, NOW);
        if (resolved.kind !== 'at') return;
        expect(resolved.at.getTime()).toBeGreaterThan(NOW.getTime());
        expect(resolved.at.toISOString()).toMatch(/^\d{4}-/);
      }),
    );
  });
});
