/** Formatters in the user's language, each made once: to make one takes some thirty times as long as to use it. */
import { env } from 'vscode';
import { ownTimeZone } from '../core/policy/schedule/zone.ts';

const made = new Map<string, unknown>();

function once<T>(kind: string, options: object, make: () => T): T {
  // Node heeds this variable also when it is set while a program runs.
  const zone = process.env['TZ'] ?? '';
  const key = `${kind} ${env.language} ${zone} ${JSON.stringify(options)}`;
  const format = (made.get(key) as T | undefined) ?? make();
  made.set(key, format);
  return format;
}

/** For moments. */
export function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return once('date', options, () => new Intl.DateTimeFormat(env.language, options));
}

/** A number as people say it: with a tenth where it is small. */
export function roughNumber(value: number): string {
  const options = { maximumFractionDigits: value < 10 ? 1 : 0 };
  return once('number', options, () => new Intl.NumberFormat(env.language, options)).format(value);
}

/** For distances in time: `3 days ago`. */
export function ageFormat(): Intl.RelativeTimeFormat {
  return once('age', {}, () => new Intl.RelativeTimeFormat(env.language, { numeric: 'always' }));
}

/** The zone of the clock of this machine. */
export function ownZone(): string {
  return once('zone', {}, ownTimeZone);
}
