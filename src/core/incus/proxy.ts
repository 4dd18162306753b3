import { rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as setSilence } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import { IncusError } from './errors.ts';
import type { RunningProgram, RunOptions } from './runner.ts';
import type { EventListener } from './transport.ts';

/** Milliseconds between two looks at whether the proxy's socket is there; it takes 12 to 26. */
const LOOK = 2;

/** Milliseconds without a sign of life after which a server counts as frozen: it pings its listeners every ten seconds. */
export const SILENCE = 25_000;

const EVENTS = '/1.0/events?type=lifecycle,operation&all-projects=true';

/** One `incus remote proxy` and the way to it. */
export interface Proxy {
  readonly socket: string;
  readonly agent: Agent;
  readonly program: RunningProgram;
}

/** The proxy or the server behind it is not there: a reason to ask otherwise, not an answer. */
export class Gone extends Error {}

/**
 * Takes over a proxy that was just started; resolves when it listens. One that does not come to that is ended.
 * @param requests that it may be asked side by side
 * @throws IncusError with what it said when it ended, `timedOut`, `cancelled`
 */
export async function adopt(
  program: RunningProgram,
  socket: string,
  requests: number,
  options: RunOptions,
): Promise<Proxy> {
  const started = { socket, agent: new Agent({ keepAlive: true, maxSockets: requests }), program };
  try {
    await listens(started, options);
    return started;
  } catch (error) {
    await end(started);
    throw error;
  }
}

/** Ends a proxy and removes its socket. */
export async function end({ agent, program, socket }: Proxy): Promise<void> {
  agent.destroy();
  program.end();
  await program.ended;
  await rm(socket, { force: true });
}

async function listens({ socket, program }: Proxy, options: RunOptions): Promise<void> {
  let failure: IncusError | undefined;
  void program.ended.then((error) => (failure = error));
  const deadline = performance.now() + options.timeout;
  while (!(await connects(socket))) {
    if (failure) throw failure;
    if (options.signal?.aborted) throw new IncusError('cancelled', { text: 'cancelled' });
    if (performance.now() > deadline) throw new IncusError('timedOut', { text: 'the proxy did not start in time' });
    await setTimeout(LOOK);
  }
}

function connects(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/**
 * The body of an answer.
 * @param hangUp breaks the request off
 * @throws Gone
 */
export function ask({ agent, socket }: Proxy, path: string, hangUp?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      reject(new Gone(error.message));
    };
    const asked = request({ socketPath: socket, path, agent, ...(hangUp && { signal: hangUp }) }, (response) => {
      if (response.statusCode === 502) {
        response.resume();
        reject(new Gone('the server is gone'));
        return;
      }
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        resolve(Buffer.concat(chunks).toString('utf8'));
      });
    });
    asked.on('error', fail);
    asked.end();
  });
}

/**
 * Hears events until the connection ends; resolves with the reason.
 * @param onSettled told once the server has answered, or will not
 */
export async function hear(
  { socket }: Proxy,
  listener: EventListener,
  signal: AbortSignal,
  onSettled: () => void,
): Promise<IncusError> {
  // Loaded when the first server is heard, after the extension's activation.
  const { WebSocket } = await import('ws');
  return new Promise((resolve) => {
    const events = new WebSocket(`ws+unix:${socket}:${EVENTS}`, { perMessageDeflate: false });
    let reason = new IncusError('unreachable', { text: 'the connection for events ended' });
    const give = (why: IncusError) => {
      reason = why;
      events.terminate();
    };
    const leave = () => {
      give(new IncusError('cancelled', { text: 'no longer listening' }));
    };
    let silence: NodeJS.Timeout | undefined;
    const alive = () => {
      clearTimeout(silence);
      silence = setSilence(() => {
        give(new IncusError('timedOut', { text: 'the server went silent' }));
      }, SILENCE);
    };
    alive();
    signal.addEventListener('abort', leave, { once: true });
    events.on('open', () => {
      onSettled();
      listener.onOpen();
    });
    events.on('ping', alive);
    events.on('message', (data: Buffer) => {
      alive();
      listener.onMessage(data.toString('utf8'));
    });
    events.on('error', (error) => {
      if (reason.kind === 'unreachable') reason = new IncusError('unreachable', { text: error.message, cause: error });
    });
    events.on('close', () => {
      clearTimeout(silence);
      signal.removeEventListener('abort', leave);
      onSettled();
      resolve(reason);
    });
    if (signal.aborted) leave();
  });
}
