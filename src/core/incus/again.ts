import { setTimeout } from 'node:timers/promises';
import { IncusError, toIncusError } from './errors.ts';

/** How often a call is made in all. */
const ATTEMPTS = 5;

/** Milliseconds before the second attempt; each further pause is twice as long. */
const FIRST_PAUSE = 25;

/**
 * Makes a call again whose client found its configuration just being written. A 7.0 client empties `config.yml` before
 * it fills it (at `remote add`, and at the first use of a remote); another one that starts in that moment finds nothing
 * in it and fails before it has done anything, so that what changes something can be made again as well.
 * @param call the call, from its beginning
 * @throws what the last call threw; IncusError `cancelled` where the signal ends a pause
 */
export async function whileConfigIsWritten<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (toIncusError(error).kind !== 'configBeingWritten' || attempt === ATTEMPTS) throw error;
      await pause(FIRST_PAUSE * 2 ** (attempt - 1), signal);
    }
  }
}

async function pause(duration: number, signal?: AbortSignal): Promise<void> {
  try {
    await setTimeout(duration, undefined, { ...(signal && { signal }) });
  } catch {
    throw new IncusError('cancelled', { text: 'cancelled' });
  }
}
