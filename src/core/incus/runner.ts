import type { Options } from 'execa';
import { refusalOf } from '../policy/guard/allowed.ts';
import { systemRefusalOf, type SystemProgram } from '../policy/guard/allowedSystem.ts';
import { whileConfigIsWritten } from './again.ts';
import { classify, errorTextOf, IncusError, toIncusError } from './errors.ts';

/** Where the `incus` program is, and what it is given. Read again before each call, since settings change. */
export interface Program {
  /** A name to be found on the PATH, or an absolute path. */
  readonly path: string;
  /** Laid over the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
}

/** One finished call, as the log is told of it. */
export interface CallRecord {
  readonly program: string;
  readonly argv: readonly string[];
  /** Milliseconds. */
  readonly duration: number;
  /** Absent where the program did not start or did not end by itself. */
  readonly exitCode?: number;
  readonly failure?: IncusError;
  /** Set where no program ran for it: a proxy that was running already answered. */
  readonly isProxied?: true;
}

export interface RunOptions {
  /** Milliseconds until the program is ended and the call fails with `timedOut`. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** Given on stdin, which is closed otherwise. */
  readonly input?: string;
  /** Told what it prints on stdout, as it comes. */
  readonly onOutput?: (text: string) => void;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Answers what a program asks.
 * @param said all that it has said since the last answer
 * @returns what to type, without a newline; `undefined`: that is no question yet. A rejection ends the program
 */
export type Answerer = (said: string) => Promise<string> | undefined;

/** A program that runs until it is ended, or ends by itself. */
export interface RunningProgram {
  /** Its output, line by line. */
  readonly lines: AsyncIterable<string>;
  /** Resolves when it has ended, with what it said; by our own `end` too. */
  readonly ended: Promise<IncusError>;
  /** Ends it. */
  readonly end: () => void;
}

/** Bytes of output past which a call is broken off: a listing of ten thousand instances stays below a tenth of it. */
const MAX_OUTPUT = 256 * 1024 * 1024;

/** Milliseconds that `systemctl` and `crontab` may take. */
const SYSTEM_TIMEOUT = 30_000;

/** Milliseconds between asking the program to end and ending it. */
const GRACE = 2_000;

/**
 * Runs `incus`, and is the only part of the extension that starts a process. No shell is involved, stdin is closed
 * (some verbs read YAML from it and would wait for ever), the locale is fixed (Incus translates its errors), and
 * whatever could delete an instance is refused before anything starts.
 */
export class Runner {
  readonly #program: () => Program;
  readonly #onCall: (call: CallRecord) => void;

  constructor(program: () => Program, onCall: (call: CallRecord) => void) {
    this.#program = program;
    this.#onCall = onCall;
  }

  /**
   * @param argv the arguments, without the program
   * @throws IncusError for anything but exit code 0
   */
  run(argv: readonly string[], options: RunOptions): Promise<RunResult> {
    return this.read(argv, options, (stdout, stderr) => ({ stdout, stderr }));
  }

  /**
   * @param parse reads the output: exit code 0 is no proof of success. What it throws is the call's failure, and stands
   * in the log with it
   * @throws IncusError
   */
  read<T>(argv: readonly string[], options: RunOptions, parse: (stdout: string, stderr: string) => T): Promise<T> {
    return whileConfigIsWritten(() => this.#once(argv, options, parse), options.signal);
  }

  async #once<T>(
    argv: readonly string[],
    options: RunOptions,
    parse: (stdout: string, stderr: string) => T,
  ): Promise<T> {
    const program = this.#allowed(argv);
    if (options.signal?.aborted) throw new IncusError('cancelled', { argv, text: 'cancelled before it started' });

    const { execa } = await loadExeca();
    const start = performance.now();
    const child = execa(program.path, [...argv], childOptions(program, options));
    const { onOutput } = options;
    if (onOutput)
      child.stdout.on('data', (data: Buffer) => {
        onOutput(data.toString());
      });
    const result = await child;
    const { exitCode } = result;
    const call = {
      program: program.path,
      argv,
      duration: performance.now() - start,
      ...(exitCode !== undefined && { exitCode }),
    };
    return this.#report(call, () => {
      if (result.failed) throw failureOf(result, argv);
      return parse(result.stdout, result.stderr);
    });
  }

  /**
   * Runs a program that asks for answers. They are typed on its stdin, one after each question, and stand neither in its
   * arguments nor in the log.
   * @throws IncusError; what the answerer throws
   */
  async converse(argv: readonly string[], options: RunOptions, answerer: Answerer): Promise<RunResult> {
    const program = this.#allowed(argv);
    if (options.signal?.aborted) throw new IncusError('cancelled', { argv, text: 'cancelled before it started' });
    const { execa } = await loadExeca();
    const start = performance.now();
    const abort = new AbortController();
    const ends = [abort.signal, ...(options.signal ? [options.signal] : [])];
    const child = execa(program.path, [...argv], {
      ...childOptions(program, { timeout: options.timeout, signal: AbortSignal.any(ends) }),
      stdin: 'pipe',
    });
    let said = '';
    let problem: { readonly error: unknown } | undefined;
    // A program that ends before it has read an answer has said why.
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      const answer = answerer(said);
      if (!answer) return;
      said = '';
      answer.then(
        (text) => child.stdin.write(`${text}\n`),
        (error: unknown) => {
          problem = { error };
          abort.abort();
        },
      );
    });
    const result = await child;
    const { exitCode } = result;
    const call = { program: program.path, argv, duration: performance.now() - start };
    return this.#report({ ...call, ...(exitCode !== undefined && { exitCode }) }, () => {
      if (problem) throw problem.error;
      if (result.failed) throw failureOf(result, argv);
      return { stdout: result.stdout, stderr: result.stderr };
    });
  }

  /**
   * Runs one of the programs of the system that have mirroring run by itself, and returns what it prints.
   * @throws IncusError
   */
  async system(program: SystemProgram, argv: readonly string[]): Promise<string> {
    const refusal = systemRefusalOf(program, argv);
    if (refusal) throw new IncusError('refusedCommand', { argv, text: JSON.stringify(refusal) });
    const { execa } = await loadExeca();
    const start = performance.now();
    const result = await execa(
      program,
      [...argv],
      childOptions({ path: program, env: {} }, { timeout: SYSTEM_TIMEOUT }),
    );
    const { exitCode } = result;
    const call = { program, argv, duration: performance.now() - start, ...(exitCode !== undefined && { exitCode }) };
    return this.#report(call, () => {
      if (!result.failed) return result.stdout;
      const failure = failureOf(result, argv);
      throw new IncusError('system', { argv, text: `${program}: ${failure.text}`, cause: failure });
    });
  }

  /**
   * Tells the log of a call that a proxy answered, as the command line that would have asked the same.
   * @param start when it began, as `performance.now()` tells
   * @param read reads the answer; what it throws is the call's failure
   */
  reportProxied<T>(argv: readonly string[], start: number, read: () => T): T {
    return this.#report(
      { program: this.#program().path, argv, duration: performance.now() - start, isProxied: true },
      read,
    );
  }

  #report<T>(call: CallRecord, read: () => T): T {
    try {
      const value = read();
      this.#onCall(call);
      return value;
    } catch (error) {
      const failure = toIncusError(error);
      this.#onCall({ ...call, failure });
      throw failure;
    }
  }

  /**
   * Starts a program that runs on.
   * @throws IncusError where it may not be started
   */
  start(argv: readonly string[]): RunningProgram {
    const program = this.#allowed(argv);
    const start = performance.now();
    const abort = new AbortController();
    const running = loadExeca().then(({ execa }) => {
      const child = execa(program.path, [...argv], {
        ...childOptions(program, { timeout: 0, signal: abort.signal }),
        // What runs for days must not be gathered.
        buffer: { stdout: false, stderr: true },
      });
      // In an object: a promise that is given back by itself would be waited for.
      return { child, lines: child.iterable({ from: 'stdout', preserveNewlines: false }) };
    });
    const ended = running.then(async ({ child }) => {
      const result = await child;
      const failure = result.failed ? failureOf(result, argv) : endedBy(argv);
      this.#onCall({
        program: program.path,
        argv,
        duration: performance.now() - start,
        ...(result.exitCode !== undefined && { exitCode: result.exitCode }),
        failure,
      });
      return failure;
    });
    return {
      lines: linesOf(running),
      ended,
      end: () => {
        abort.abort();
      },
    };
  }

  /** @throws IncusError `refusedCommand` for whatever could delete an instance */
  #allowed(argv: readonly string[]): Program {
    const program = this.#program();
    const refusal = refusalOf(argv);
    if (!refusal) return program;
    const failure = new IncusError('refusedCommand', { argv, text: JSON.stringify(refusal) });
    this.#onCall({ program: program.path, argv, duration: 0, failure });
    throw failure;
  }
}

/** Loaded with the first program that is started, after the extension's activation: it is a quarter of all code. */
const loadExeca = () => import('execa');

async function* linesOf(running: Promise<{ lines: AsyncIterable<string> }>): AsyncGenerator<string> {
  yield* (await running).lines;
}

function endedBy(argv: readonly string[]): IncusError {
  return new IncusError('unreachable', { argv, exitCode: 0, text: 'the program ended by itself' });
}

/**
 * What is laid over this process's environment for every `incus`, also for one in a terminal. The user's own aliases
 * could give any verb another meaning (`snapshot delete` that of `delete`); where this variable is set the CLI expands
 * none (`cmd/incus/main_aliases.go` of Incus).
 */
export function environmentOf({ env }: Program): Record<string, string> {
  return { ...env, INCUS_ALIASES: '1' };
}

function childOptions(program: Program, options: RunOptions) {
  return {
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    stripFinalNewline: false,
    reject: false,
    env: { ...environmentOf(program), LC_ALL: 'C.UTF-8', LANGUAGE: '' },
    timeout: options.timeout,
    maxBuffer: MAX_OUTPUT,
    forceKillAfterDelay: GRACE,
    windowsHide: true,
    ...(options.signal && { cancelSignal: options.signal }),
  } satisfies Options;
}

interface FailedRun {
  readonly exitCode?: number | undefined;
  /** Absent where it was not gathered. */
  readonly stdout: string | undefined;
  readonly stderr: string;
  readonly code?: string | undefined;
  readonly signal?: string | undefined;
  readonly timedOut: boolean;
  readonly isCanceled: boolean;
  readonly isMaxBuffer: boolean;
}

/** Errors of the operating system when it is asked to start something that is not a program. */
const NOT_A_PROGRAM = new Set(['EACCES', 'ENOEXEC', 'EISDIR', 'ENOTDIR', 'EPERM', 'UNKNOWN']);

function failureOf(run: FailedRun, argv: readonly string[]): IncusError {
  const details = { argv, ...(run.exitCode !== undefined && { exitCode: run.exitCode }) };
  if (run.isCanceled) return new IncusError('cancelled', { ...details, text: 'cancelled' });
  if (run.timedOut) return new IncusError('timedOut', { ...details, text: 'no answer in time' });
  if (run.isMaxBuffer) return new IncusError('garbage', { ...details, text: 'the output is too large' });
  if (run.code === 'ENOENT') return new IncusError('noProgram', { ...details, text: 'not found' });
  if (run.code !== undefined && NOT_A_PROGRAM.has(run.code)) {
    return new IncusError('badProgram', { ...details, text: run.code });
  }
  if (run.signal !== undefined) return new IncusError('other', { ...details, text: `ended by ${run.signal}` });
  const text = errorTextOf(run.stderr) || (run.stdout ?? '').trim() || `exit code ${String(run.exitCode)}`;
  return new IncusError(classify(text), { ...details, text });
}
