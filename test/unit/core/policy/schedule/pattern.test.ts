import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatGoTime } from '../../../../../src/core/policy/schedule/goTime.ts';
import { isRepeating, previewName } from '../../../../../src/core/policy/schedule/pattern.ts';
import { isTimeZone, momentOf, momentsOf, wallTime } from '../../../../../src/core/policy/schedule/zone.ts';

const at = new Date('2026-02-07T16:05:09Z');
const name = (pattern: string, taken: readonly string[] = [], zone = 'Europe/Berlin') => {
  const preview = previewName(pattern, { at, zone }, taken);
  return preview.kind === 'name' ? preview.name : preview.kind === 'refused' ? `! ${preview.reason}` : '?';
};

describe('the name of the next snapshot', () => {
  it.each([
    ['', [], 'snap0'],
    ['', ['snap0', 'snap7', 'snap2'], 'snap8'],
    ['snap%d', ['snap5x'], 'snap6'],
    ['snap%d-x', ['snap5', 'snap3-x'], 'snap4-x'],
    ['auto', [], 'auto'],
    ['auto', ['auto'], 'auto-0'],
    ['auto', ['auto', 'auto-0', 'auto-4'], 'auto-5'],
    ["{{ creation_date|date:'2006-01-02_15-04-05' }}", [], '2026-02-07_17-05-09'],
    ['{{creation_date | date : "Mon Jan _2"}}', [], '! character'],
    ['d-{{creation_date|date:"06002"}}-%d', ['d-26038-0'], 'd-26038-1'],
    ['%d%d', [], '! twoNumbers'],
    ['..', [], '! dots'],
    ['a/b', [], '! character'],
    ['{{ creation_date', [], '! syntax'],
    ['{{ creation_date }}', [], '?'],
    ['{% if 1 %}y{% endif %}', [], '?'],
    ['{# note #}z', [], '?'],
    ['{{ creation_date|date:"MST" }}', [], '?'],
    ['%s-%d', [], '?'],
    ['100%', [], '100%'],
  ])('%j after %j: %s', (pattern, taken, expected) => {
    expect(name(pattern, taken)).toBe(expected);
  });

  it('leaves open the second in which the server gets to it', () => {
    const time = { at, zone: 'UTC', openSeconds: true };
    expect(previewName('{{ creation_date|date:"15-04-05" }}', time, [])).toEqual({
      kind: 'name',
      name: '16-05-ss',
      openSeconds: true,
    });
    expect(previewName('{{ creation_date|date:"15-04" }}', time, [])).toEqual({ kind: 'name', name: '16-05' });
  });

  it('is never one that is there already', () => {
    const taken = fc.array(fc.constantFrom('snap0', 'snap1', 'auto', 'auto-0', 'auto-1', 'x'), { maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom('', 'auto', 'x', 'snap%d', '%d'), taken, (pattern, names) => {
        expect(names).not.toContain(name(pattern, names));
      }),
    );
  });

  it('comes again where the pattern is coarser than the schedule', () => {
    const runs = [0, 1, 2].map((hours) => new Date(at.getTime() + hours * 3_600_000));
    expect(isRepeating('{{ creation_date|date:"2006-01-02" }}', runs, 'UTC')).toBe(true);
    expect(isRepeating('{{ creation_date|date:"2006-01-02_15" }}', runs, 'UTC')).toBe(false);
    expect(isRepeating('', runs, 'UTC')).toBe(false);
    expect(isRepeating('auto', runs, 'UTC')).toBe(true);
  });
});

describe("a time by Go's layout", () => {
  const time = wallTime(at, 'America/St_Johns');
  it.each([
    ['2006-01-02T15:04:05Z07:00', '2026-02-07T12:35:09-03:30'],
    ['Monday, 2 January 06', 'Saturday, 7 February 26'],
    ['Mon Jan _2 3:4:5PM', 'Sat Feb  7 12:35:9PM'],
    ['03pm -0700 -07', '12pm -0330 -03'],
    ['002 __2', '038  38'],
    ['Janet Monet', 'Janet Monet'],
    ['no time', 'no time'],
    ['20060102150405', '20260207123509'],
  ])('%j: %j', (layout, text) => {
    expect(formatGoTime(time, layout)).toBe(text);
  });

  it('is not told where only the server knows it', () => {
    expect(formatGoTime(time, 'MST')).toBeUndefined();
    expect(formatGoTime(time, '05.000')).toBeUndefined();
    expect(formatGoTime(wallTime(at, 'UTC'), 'MST')).toBe('UTC');
  });

  it('counts the days of any year', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-01'), max: new Date('2999-12-31'), noInvalidDate: true }),
        (date) => {
          const day = Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
          expect(formatGoTime(wallTime(date, 'UTC'), '002')).toBe(String(day).padStart(3, '0'));
        },
      ),
    );
  });
});

describe('the clock on the wall', () => {
  it('is read and set back to the same moment', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe');
    const dates = fc.date({ min: new Date('2000-01-01'), max: new Date('2060-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(dates, zones, (date, zone) => {
        const second = Math.floor(date.getTime() / 1000) * 1000;
        expect(momentsOf(wallTime(date, zone), zone).map((one) => one.getTime())).toContain(second);
      }),
    );
  });

  it('shows an hour never or twice where it is put forward or back', () => {
    const gap = { year: 2027, month: 3, day: 28, hour: 2, minute: 30 };
    expect(momentsOf(gap, 'Europe/Berlin')).toEqual([]);
    expect(momentOf(gap, 'Europe/Berlin').toISOString()).toBe('2027-03-28T01:30:00.000Z');
    expect(momentsOf({ ...gap, month: 10, day: 31 }, 'Europe/Berlin')).toHaveLength(2);
  });

  it('knows which names are zones', () => {
    expect(isTimeZone('Europe/Berlin')).toBe(true);
    for (const no of ['', 'Mars/Base', '<b>']) expect(isTimeZone(no)).toBe(false);
  });
});
