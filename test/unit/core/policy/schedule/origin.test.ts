import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNamedBy, originOf } from '../../../../../src/core/policy/schedule/origin.ts';

describe('a name that a pattern gives', () => {
  it.each([
    [undefined, 'snap0', true],
    ['', 'snap12', true],
    [undefined, 'snapx', false],
    [undefined, 'before-upgrade', false],
    [undefined, 'mysnap0', false],
    ['auto%d', 'auto7', true],
    ['auto%d', 'auto', false],
    ["{{ creation_date|date:'2006-01-02_15-04-05' }}", '2026-11-28_00-00-00', true],
    ["daily-{{ creation_date|date:'2006' }}", 'daily-2026', true],
    ["daily-{{ creation_date|date:'2006' }}", 'daily-2026-1', true],
    ["daily-{{ creation_date|date:'2006' }}", 'weekly-2026', false],
    ['{% if a %}x{% endif %}%d', 'x3', true],
    ['a.b', 'a.b', true],
    ['a.b', 'axb', false],
    ['fixed', 'fixed-0', true],
  ])('%s gives %s: %s', (pattern, name, expected) => {
    expect(isNamedBy(pattern, name)).toBe(expected);
  });

  it('is found for any text around the number', () => {
    const literal = fc.string().filter((text) => !/[%{}]/.test(text));
    fc.assert(
      fc.property(literal, literal, fc.nat(), (before, after, number) => {
        expect(isNamedBy(`${before}%d${after}`, `${before}${number}${after}`)).toBe(true);
      }),
    );
  });

  it('makes a snapshot one of the schedule only where there is or was a schedule', () => {
    const ref = { remote: 'r', project: 'p', instance: 'i', snapshot: 'snap0' };
    const schedule = { 'snapshots.schedule': '@daily' };
    expect(originOf({ ref, config: {} }, { expandedConfig: {} })).toBe('hand');
    expect(originOf({ ref, config: {} }, { expandedConfig: schedule })).toBe('schedule');
    expect(originOf({ ref, config: schedule }, { expandedConfig: {} })).toBe('schedule');
    expect(originOf({ ref: { ...ref, snapshot: 'x' }, config: {} }, { expandedConfig: schedule })).toBe('hand');
  });
});
