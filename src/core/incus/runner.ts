import { execa, type Options } from 'execa';
import { refusalOf } from '../policy/allowed.ts';
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
}

export interface RunOptions {
  /** Milliseconds until the program is ended and the call fails with `timedOut`. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** Bytes of output past which a call is broken off: a listing of ten thousand instances stays below a tenth of it. */
const MAX_OUTPUT = 256 * 1024 * 1024;

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
  async read<T>(
    argv: readonly string[],
    options: RunOptions,
    parse: (stdout: string, stderr: string) => T,
  ): Promise<T> {
    const program = this.#program();
    const refusal = refusalOf(argv);
    if (refusal) {
      const failure = new IncusError('refusedCommand', { argv, text: JSON.stringify(refusal) });
      this.#onCall({ program: program.path, argv, duration: 0, failure });
      throw failure;
    }
    if (options.signal?.aborted) throw new IncusError('cancelled', { argv, text: 'cancelled before it started' });

    const start = performance.now();
    const result = await execa(program.path, [...argv], childOptions(program, options));
    const duration = performance.now() - start;
    const report = (failure?: IncusError) => {
      const { exitCode } = result;
      const ending = { ...(exitCode !== undefined && { exitCode }), ...(failure && { failure }) };
      this.#onCall({ program: program.path, argv, duration, ...ending });
    };
    try {
      if (result.failed) throw failureOf(result, argv);
      const parsed = parse(result.stdout, result.stderr);
      report();
      return parsed;
    } catch (error) {
      const failure = toIncusError(error);
      report(failure);
      throw failure;
    }
  }
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
    stdin: 'ignore',
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
  readonly stdout: string;
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
  const text = errorTextOf(run.stderr) || run.stdout.trim() || `exit code ${String(run.exitCode)}`;
  return new IncusError(classify(text), { ...details, text });
}
