import { describe, expect, it } from 'vitest';
import { checkVolumeSchedule } from '../../../../../src/core/policy/volumes/volumeSchedule.ts';

describe('the schedule of a volume', () => {
  it.each(['', '@daily', '@Hourly, 0 6 * * *', '*/5 * * * *'])('can be %j', (text) => {
    for (const grammar of ['robfig', 'gronx'] as const) expect(checkVolumeSchedule(text, grammar)).toBe('accepted');
  });

  it.each(['@startup', '@never', '@daily, @Startup'])('cannot be %j, which speaks of an instance', (text) => {
    for (const grammar of ['robfig', 'gronx'] as const) expect(checkVolumeSchedule(text, grammar)).toBe('startOnly');
  });

  it('cannot be what Incus refuses for instances as well', () => {
    expect(checkVolumeSchedule('every day', 'robfig')).toBe('refused');
  });
});
