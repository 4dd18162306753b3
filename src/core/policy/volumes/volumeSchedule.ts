/** What a volume takes for a schedule: all that an instance does, but what speaks of its start (6.0.4, 7.0.2). */
import type { CronGrammar, Verdict } from '../schedule/cron.ts';
import { checkSchedule } from '../schedule/schedule.ts';

/** `startOnly`: one of the words that have a meaning for instances alone. */
export function checkVolumeSchedule(text: string, grammar: CronGrammar): Verdict | 'startOnly' {
  const words = text.split(',').map((part) => part.trim().toLowerCase());
  return words.some((word) => word === '@startup' || word === '@never') ? 'startOnly' : checkSchedule(text, grammar);
}
