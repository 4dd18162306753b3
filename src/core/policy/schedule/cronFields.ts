/** What a cron expression comes to, whichever parser read it. */

/**
 * `unsettled`: whether the server takes it depends on the minute in which the server was started, since gronx looks at
 * the later parts of a list only where the earlier ones do not fit that minute.
 */
export type Verdict = 'accepted' | 'refused' | 'unsettled';

/** A day of the calendar. */
export interface CronDay {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  /** Of the month, from 1. */
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

export interface FieldValues {
  has(value: number): boolean;
}

/** The minutes in which something fires, by the clock on the wall. */
export interface CronTimes {
  readonly minutes: FieldValues;
  readonly hours: FieldValues;
  isOn(day: CronDay): boolean;
}

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** Go's `strconv.Atoi`: a sign and digits that fit into 64 bits; `undefined`: an error. */
export function wholeNumber(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const exact = BigInt(text.replace(/^\+/, ''));
  return exact > INT64_MAX || exact < INT64_MIN ? undefined : Number(text);
}
