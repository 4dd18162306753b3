import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeSchedule,
  parseSchedule,
  type SchedulePhrases,
} from '../../../../../src/core/policy/schedule/schedule.ts';

const phrases: SchedulePhrases = {
  hourly: 'HOURLY',
  midnight: 'MIDNIGHT',
  daily: 'DAILY',
  weekly: 'WEEKLY',
  monthly: 'MONTHLY',
  yearly: 'YEARLY',
  startup: 'STARTUP',
};

const told = (text: string | undefined, locale = 'en') => describeSchedule(text, { locale, phrases });

describe('reading a schedule', () => {
  it.each([
    ['@daily', [{ kind: 'alias', alias: 'daily' }]],
    ['@Midnight', [{ kind: 'alias', alias: 'midnight' }]],
    ['@annually', [{ kind: 'alias', alias: 'yearly' }]],
    ['@never', [{ kind: 'never' }]],
    ['@startup', [{ kind: 'startup' }]],
    ['0 6,18 * * 1-5', [{ kind: 'cron', expression: '0 6,18 * * 1-5' }]],
    ['*/15 * * jan MON', [{ kind: 'cron', expression: '*/15 * * jan MON' }]],
    ['@hourly , @startup', [{ kind: 'alias', alias: 'hourly' }, { kind: 'startup' }]],
    ['@hourly,@daily', [{ kind: 'other', text: '@hourly,@daily' }]],
    ['30 * * * * *', [{ kind: 'other', text: '30 * * * * *' }]],
    ['0 6 * * 5L', [{ kind: 'other', text: '0 6 * * 5L' }]],
    ['0 6 * * 1#2', [{ kind: 'other', text: '0 6 * * 1#2' }]],
    ['@5minutes', [{ kind: 'other', text: '@5minutes' }]],
    ['', []],
    [' ', []],
  ])('%j', (text, schedule) => {
    expect(parseSchedule(text)).toEqual(schedule);
  });

  it('promises nothing of a list that Incus splits in the wrong place', () => {
    expect(parseSchedule('0 6,18 * * *, @weekly')).toEqual([
      { kind: 'other', text: '0 6,18 * * *' },
      { kind: 'alias', alias: 'weekly' },
    ]);
  });
});

describe('a schedule in words', () => {
  it.each([undefined, '', '@never', '@NEVER'])('of %j is none', (text) => {
    expect(told(text)).toBeUndefined();
  });

  it.each([
    ['@hourly', 'HOURLY'],
    ['@midnight', 'MIDNIGHT'],
    ['@daily', 'DAILY'],
    ['@weekly', 'WEEKLY'],
    ['@monthly', 'MONTHLY'],
    ['@yearly', 'YEARLY'],
    ['@startup', 'STARTUP'],
    ['@startup, @never', 'STARTUP'],
  ])('of %s is the phrase for it', (text, phrase) => {
    expect(told(text)).toBe(phrase);
  });

  it('tells cron in the language of the user, with 24 hours', () => {
    expect(told('30 18 * * *')).toBe('At 18:30');
    expect(told('0 6,18 * * 1-5', 'de')).toBe('Um 06:00 und 18:00, Montag bis Freitag');
    expect(told('0 6,18 * * 1-5', 'de-AT')).toBe('Um 06:00 und 18:00, Montag bis Freitag');
    expect(told('*/15 * * * *', 'fr')).toBe('Toutes les 15 minutes');
    expect(told('30 4 * * *', 'it')).toBe('Alle 04:30');
    expect(told('30 4 * * *', 'ja')).toBe('At 04:30');
  });

  it('counts the days of the week as cron does', () => {
    expect(told('0 6 * * 0')).toContain('Sunday');
    expect(told('0 6 * * 7')).toContain('Sunday');
    expect(told('0 6 * * 1')).toContain('Monday');
    expect(told('0 6 * * mon')).toContain('Monday');
  });

  it('joins triggers as the language does', () => {
    expect(told('@startup, @daily')).toBe('STARTUP and DAILY');
    expect(told('@startup, @daily', 'de')).toBe('STARTUP und DAILY');
    expect(told('@hourly, @startup, 0 6 * * *')).toBe('HOURLY, STARTUP, and At 06:00');
  });

  it.each(['99 * * * *', '@5minutes', '30 * * * * *', 'nonsense', '0 6 * * 1#2', 'a b c d e'])(
    'leaves %j as it is written',
    (text) => {
      expect(told(text)).toBe(text);
    },
  );

  it('survives any text and any locale', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('*', '/', ',', ' ', '0', '9', '-', '@', 'a', 'L', '#') }),
        (text) => {
          const words = told(text);
          expect(words === undefined || words.length > 0).toBe(true);
        },
      ),
    );
    for (const locale of ['', 'qps-ploc', 'zh-cn', 'x', 'de_DE'])
      expect(told('@daily, @startup', locale)).toContain('DAILY');
  });
});
