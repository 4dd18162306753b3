import { timeDay, timeHour, timeMinute, timeMonth, timeTicks, timeYear } from 'd3-time';

/** A mark of the axis. */
export interface Tick {
  readonly at: number;
  readonly label: string;
  /** It begins a day, month or year among smaller steps. */
  readonly major: boolean;
}

/** Pixels that a label takes. */
const WIDTH = 90;

/** Words ticks as calendars do: each by the largest unit that begins there. */
export class TickLabels {
  readonly #formats: readonly (readonly [begins: (at: Date) => boolean, format: Intl.DateTimeFormat])[];

  constructor(locale: string) {
    const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
    const begins = (interval: { floor: (at: Date) => Date }) => (at: Date) => interval.floor(at) >= at;
    this.#formats = [
      [begins(timeYear), format({ year: 'numeric' })],
      [begins(timeMonth), format({ month: 'long' })],
      [begins(timeDay), format({ weekday: 'short', day: 'numeric' })],
      [begins(timeHour), format({ hour: '2-digit', minute: '2-digit' })],
      [begins(timeMinute), format({ hour: '2-digit', minute: '2-digit' })],
    ];
  }

  /** Ticks at round local times, as many as can be read. */
  between(from: number, to: number, width: number): Tick[] {
    const ticks = timeTicks(new Date(from), new Date(to), Math.max(2, Math.floor(width / WIDTH)));
    const ranks = ticks.map((at) => this.#formats.findIndex(([begins]) => begins(at)));
    const smallest = Math.max(...ranks);
    return ticks.map((at, i) => {
      const rank = ranks[i] ?? -1;
      const label = this.#formats[rank]?.[1].format(at) ?? at.toLocaleTimeString();
      return { at: at.getTime(), label, major: rank >= 0 && rank < smallest };
    });
  }
}
