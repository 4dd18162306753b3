/**
 * Running the programs that set a machine up: argv arrays only, their output kept for the case that they fail.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Something that this machine lacks and that could not be had; the message is meant for the user. */
export class Missing extends Error {}

/** One line to the user. */
export function say(text) {
  process.stdout.write(`setup: ${text}\n`);
}

/** The path of a program, as the PATH gives it; administrators' programs are found, too. */
export function which(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/** The argv that runs `argv` as root. */
export function asRoot(argv) {
  if (process.getuid?.() === 0) return argv;
  if (which('sudo') === undefined) {
    throw new Missing(
      `root is needed for \`${argv.join(' ')}\`, and there is no sudo: run it as root, or install sudo`,
    );
  }
  return ['sudo', '--', ...argv];
}

/** Runs a program to its end; resolves with its exit code and everything it printed. */
export function run(argv, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(argv[0], argv.slice(1), {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      // sudo asks for its password on the terminal itself.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.on('error', (error) => resolve({ exitCode: -1, output: error.message }));
    child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? -1, output }));
  });
}

/** Runs a program that has to succeed; `what` says in the user's terms what would be missing otherwise. */
export async function must(what, argv, options = {}) {
  const { exitCode, output } = await run(argv, options);
  if (exitCode === 0) return output;
  // npm tells the reason first and then how it is used; apt marks its reasons; others end with theirs.
  const lines = output.trim().split('\n');
  const marked = lines.filter((line) => /^(E: |npm error )/.test(line)).slice(0, 8);
  const why = marked.length > 0 ? marked : lines.slice(-8);
  throw new Missing(
    `${what} could not be had. \`${argv.join(' ')}\` ended with exit code ${exitCode}:\n  ${why.join('\n  ')}`,
  );
}

/** Writes a file that belongs to root. */
export async function writeAsRoot(file, text, mode) {
  const folder = mkdtempSync(join(tmpdir(), 'incus-setup-'));
  try {
    writeFileSync(join(folder, 'text'), text);
    await must(file, asRoot(['install', '-D', '-m', mode, join(folder, 'text'), file]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
