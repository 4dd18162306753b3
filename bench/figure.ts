/** What is measured, and what has to come out. */
import type { Fleet, FleetKind } from './fleet.ts';

/** Above or below which a value is as it should be. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number } | { readonly exactly: number };

export interface Figure {
  /** As it is asked for and noted; what stands behind a slash tells variants of one figure apart. */
  readonly name: string;
  /** `times` are how often one goes into the other, `of` is which part one is of the other. */
  readonly unit: 'of' | 'times faster' | 'MB' | 'KB' | 'ms' | 'calls' | 'snapshots' | 'programs' | 'frames/s';
  readonly goal: Goal;
}

/** What came out. */
export interface Measurement {
  readonly value: number;
  /** How often each side was measured. */
  readonly runs: number;
  /** How far the runs lie apart, as a part of the value: the middle half of them. */
  readonly spread: number;
  /** What has to be known to read it: the absolute values of this run, and why a goal is out of reach. */
  readonly note?: string;
}

/** Figures that come out of the same runs. A file in `figures/` exports experiments; nothing else names them. */
export interface Experiment {
  readonly figures: readonly Figure[];
  /** The fleet that it measures on; experiments on one fleet are run after each other. */
  readonly fleet?: FleetKind;
  /** Measures, and tells each figure by its name. */
  measure(bench: Bench): Promise<ReadonlyMap<string, Measurement>>;
}

/** What an experiment is given. */
export interface Bench {
  /** The fleet that the experiment asked for; it is built when it is asked for the first time. */
  fleet(): Promise<Fleet>;
  /** Says what is under way. */
  say(text: string): void;
}

/** Whether a value is as it should be. */
export function meets(value: number, goal: Goal): boolean {
  if ('atMost' in goal) return value <= goal.atMost;
  return 'atLeast' in goal ? value >= goal.atLeast : value === goal.exactly;
}

/** A goal in words. */
export function wordGoal(goal: Goal): string {
  if ('atMost' in goal) return `at most ${goal.atMost}`;
  return 'atLeast' in goal ? `at least ${goal.atLeast}` : `exactly ${goal.exactly}`;
}
