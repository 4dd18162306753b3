/**
 * Running programs and telling processes apart: argv arrays only, never a shell.
 */
import { spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface Result {
  stdout: string;
  stderr: string;
  exitCode: number;
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** What the program reads on stdin; without it stdin is closed. */
  input?: string;
  /** Milliseconds after which it is killed, which its stderr says then. */
  limit?: number;
}

/** What a 7.0 client says that starts while another one has emptied its configuration to write it anew. */
const CONFIG_BEING_WRITTEN = /Failed to load configuration:.*no documents in stream/s;

/** How often such a client is started in all. */
const STARTS = 10;

/**
 * Runs a program to its end. A program that cannot be started rejects; any exit code resolves. An `incus` that found its
 * configuration just being written has done nothing, and is started again.
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
  for (let start = 1; ; start++) {
    const result = await runOnce(argv, options);
    if (start === STARTS || result.exitCode === 0 || !CONFIG_BEING_WRITTEN.test(result.stderr)) return result;
    await delay(20 * start);
  }
}

function runOnce(argv: readonly string[], options: RunOptions): Promise<Result> {
  const [file, ...args] = argv;
  if (file === undefined) throw new Error('run: no program given');
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: options.env ?? process.env,
      cwd: options.cwd,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    const { limit } = options;
    const end = () => {
      stderr += `(did not end within ${Number(limit) / 1000} s) `;
      child.kill('SIGKILL');
    };
    const timer = limit === undefined ? undefined : setTimeout(end, limit);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ stdout, stderr: signal ? `${stderr}(ended by ${signal})` : stderr, exitCode: code ?? -1 });
    });
    child.stdin?.end(options.input);
  });
}

/** Like `run`, but anything except exit code 0 rejects with what the program said. */
export async function mustRun(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.exitCode !== 0) {
    throw new Error(`${argv.join(' ')}: exit code ${result.exitCode}\n${result.stderr || result.stdout}`);
  }
  return result.stdout;
}

/** A process, named so that a later process with the same number is not taken for it. */
export interface ProcessMark {
  pid: number;
  start: string;
}

/** The mark of a running process; undefined when there is none (a zombie counts as none). */
export function markOf(pid: number): ProcessMark | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold anything, so count from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const start = fields[19];
    return fields[0] === 'Z' || start === undefined ? undefined : { pid, start };
  } catch {
    return undefined;
  }
}

/** Whether the very process that was marked still runs. */
export function isRunning(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.start === mark.start;
}

/** Where process marks mean something: one start of the machine, and one of its process namespaces. */
export interface Whereabouts {
  boot: string;
  namespace: string;
}

/** Where this process is. */
export function whereabouts(): Whereabouts {
  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    namespace: readlinkSync('/proc/self/ns/pid'),
  };
}

/** What can be told of processes that were marked at `place`: all, that they are gone, or nothing. */
export function viewOf(place: Whereabouts | undefined): 'here' | 'gone' | 'elsewhere' {
  const own = whereabouts();
  // Written by another version of this program: nothing can be told.
  if (place === undefined) return 'elsewhere';
  if (place.boot !== own.boot) return 'gone';
  return place.namespace === own.namespace ? 'here' : 'elsewhere';
}

/** Asks again and again until `look` finds something; rejects at the deadline with what was waited for. */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  milliseconds = 30_000,
): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds} ms in vain for ${what}`);
    await delay(10);
  }
}

/** Runs a program's main function. When it fails, the message says why; where in the code it was is nobody's concern. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
