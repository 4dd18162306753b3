import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTime } from '../../../../src/core/incus/time.ts';

describe('a time of Incus', () => {
  it('is read as Date reads it, with as many digits of a second as there are', () => {
    const noted = fc
      .tuple(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), fc.nat(12))
      .map(([date, length]) => {
        const seconds = date.toISOString().slice(0, 19);
        return `${seconds}${length === 0 ? '' : `.${'123456789012'.slice(0, length)}`}Z`;
      });
    fc.assert(
      fc.property(noted, (text) => {
        expect(parseTime(text)).toEqual(new Date(text));
      }),
    );
  });

  it('is what Date makes of it where anything is other than it should be', () => {
    const almost = fc
      .tuple(
        fc.constantFrom('2026-11-28T04:05:06Z', '2026-02-31T24:00:00.123Z'),
        fc.nat(24),
        fc.string({ maxLength: 2 }),
      )
      .map(([text, at, other]) => text.slice(0, at) + other + text.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(almost, fc.string()), (text) => {
        expect(parseTime(text)).toEqual(new Date(text));
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['2026-11-28T04:05:06.5+02:00', '2026-02-30T00:00:00Z', '2026-11-28T04:05:60Z', '0001-01-01T00:00:00Z', ''])(
    '%j is as Date has it',
    (text) => {
      expect(parseTime(text)).toEqual(new Date(text));
    },
  );
});
