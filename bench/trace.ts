/** Reads Chromium's own trace: when the marks of a measurement were set, and when frames were drawn. */
import * as z from 'zod/mini';

const trace = z.object({
  traceEvents: z.array(z.object({ name: z.string(), ts: z.optional(z.number()), ph: z.optional(z.string()) })),
});

/** Microseconds. */
interface Times {
  /** When the fleet was handed over, all of it was drawn, dragging began, and it ended. */
  readonly data: number;
  readonly drawn: number;
  readonly pan: number;
  readonly end: number;
  /** When frames came onto the screen. */
  readonly frames: readonly number[];
}

/**
 * Reads a trace.
 * @throws Error where a mark is missing, or no frame was drawn
 */
function timesOf(text: string): Times {
  const { traceEvents } = trace.parse(JSON.parse(text));
  const mark = (name: string) => {
    const ts = traceEvents.find((event) => event.name === name)?.ts;
    if (ts === undefined) throw new Error(`the trace has no ${name}`);
    return ts;
  };
  const frames = traceEvents
    .flatMap(({ name, ts }) => (name === 'DrawFrame' && ts !== undefined ? [ts] : []))
    .sort((a, b) => a - b);
  if (frames.length === 0) throw new Error('the trace has no drawn frame');
  return {
    data: mark('bench-data'),
    drawn: mark('bench-drawn'),
    pan: mark('bench-pan'),
    end: mark('bench-end'),
    frames,
  };
}

/** Milliseconds from handing the fleet over until the frame with it came onto the screen. */
export function paintTime(text: string): number {
  const { data, drawn, frames } = timesOf(text);
  const shown = frames.find((ts) => ts > drawn);
  if (shown === undefined) throw new Error('no frame was drawn after the fleet was');
  return (shown - data) / 1000;
}

/** Frames that were drawn in a second of dragging. */
export function panRate(text: string): number {
  const { pan, end, frames } = timesOf(text);
  const drawn = frames.filter((ts) => ts >= pan && ts <= end).length;
  return drawn / ((end - pan) / 1_000_000);
}
