/** Prepares the environment in which `incus` is the fake one, and reads what it was called with. */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

export interface Answer {
  stdout?: string;
  /** Output that is no text. */
  stdoutBase64?: string;
  stderr?: string;
  /** 0 by default. */
  exitCode?: number;
  /** After its output, runs until it is killed. */
  hang?: true;
  /** After its output, ends by this signal. */
  signal?: NodeJS.Signals;
  /** Waits for this file before anything else. */
  delayUntilFile?: string;
  /** Only SIGKILL ends it. */
  ignoreSigterm?: true;
  /** The real incus answers; `stderr` and `exitCode` are what it is made to say and return when it has ended. */
  real?: true;
}

/** The first rule that fits a call answers it. */
export interface Rule {
  /** Regular expressions that all have to be found in the arguments, joined by a space. */
  match?: readonly string[];
  /** What the arguments have to begin with. */
  prefix?: readonly string[];
  /** How many calls the rule answers; later ones go to the rules after it. Without it, all. */
  times?: number;
  do: Answer;
}

export interface Call {
  argv: string[];
  env: Record<string, string | undefined>;
  /** `closed` (or /dev/null), `pipe`, or the path of what it is. */
  stdin: string;
  pid: number;
}

export interface FakeIncus {
  /** To be laid over the environment of the program under test. */
  env: { PATH: string; FAKE_INCUS_SCENARIO: string; FAKE_INCUS_CALLS: string; FAKE_INCUS_REAL?: string };
  /** Replaces the rules for the calls to come. */
  play: (rules: readonly Rule[], otherwise?: Answer) => void;
  /** All calls up to this moment. */
  calls: () => Call[];
  remove: () => void;
}

export interface FakeOptions {
  rules?: readonly Rule[];
  /** The answer where no rule fits; without it the real incus answers, if there is one, else an error. */
  otherwise?: Answer;
  /** The real program, `lab.client` say. */
  real?: string;
  /** The PATH that the fake is put before. */
  path?: string;
}

/** Prepares a fake `incus`. */
export function fakeIncus(options: FakeOptions = {}): FakeIncus {
  // In the lab's folder it vanishes with the lab, whatever becomes of the test.
  const folder = mkdtempSync(join(process.env['INCUS_LAB'] ?? tmpdir(), 'fake-incus-'));
  const calls = join(folder, 'calls');
  let generation = 0;
  const scenario = join(folder, 'scenario.json');
  const env: FakeIncus['env'] = {
    PATH: [programFolder(), options.path ?? process.env['PATH'] ?? ''].join(delimiter),
    FAKE_INCUS_SCENARIO: scenario,
    FAKE_INCUS_CALLS: calls,
    ...(options.real === undefined ? {} : { FAKE_INCUS_REAL: options.real }),
  };
  const play: FakeIncus['play'] = (rules, otherwise) => {
    // The turns that rules have taken are files whose names hold the generation.
    generation += 1;
    // Written aside and renamed, because a call may be reading it.
    writeFileSync(`${scenario}.new`, JSON.stringify({ generation, rules, otherwise }));
    renameSync(`${scenario}.new`, scenario);
  };
  play(options.rules ?? [], options.otherwise);
  return {
    env,
    play,
    calls: () =>
      existsSync(calls)
        ? readFileSync(calls, 'utf8')
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line) as Call)
        : [],
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The folder of the program; this module may have been bundled to some other place in the checkout. */
function programFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const found = join(folder, 'test', 'lab', 'fake-incus');
    if (existsSync(join(found, 'incus'))) return found;
    if (folder === dirname(folder)) throw new Error(`no fake incus above ${import.meta.dirname}`);
  }
}
