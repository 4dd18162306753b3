/**
 * A recovery drill: whether a mirror could stand in for its original, tried on a temporary copy of it.
 */
import type { Config, Devices, Instance, Snapshot } from '../../model.ts';
import { doubtfulNames } from './mirrorKeys.ts';
import { checkSnapshotUse } from '../names.ts';

/** How a drill ended. */
export interface DrillResult {
  readonly at: Date;
  /** From the copy's beginning to the answer. */
  readonly seconds: number;
  readonly passed: boolean;
  readonly snapshot: string;
  /** What was run in it; empty: nothing but the question whether it answers. */
  readonly command: string;
}

/**
 * The newest snapshot of a mirror that a drill can be made with: one that is known to have been sent whole, and whose
 * name means itself in a copy. `undefined`: there is none.
 */
export function snapshotForDrill(mirror: Pick<Instance, 'config' | 'snapshots'>): Snapshot | undefined {
  const doubtful = new Set(doubtfulNames(mirror));
  return mirror.snapshots?.findLast(
    ({ ref, pending }) => !pending && !doubtful.has(ref.snapshot) && !checkSnapshotUse(ref.snapshot, 'copy'),
  );
}

/** Everything that a copy of a snapshot would be made with: its own, and what the instance's profiles bring. */
export function settingsOfSnapshot(
  instance: Pick<Instance, 'expandedConfig' | 'expandedDevices'>,
  snapshot: Pick<Snapshot, 'config' | 'devices'>,
): { config: Config; devices: Devices } {
  return {
    config: { ...instance.expandedConfig, ...snapshot.config },
    devices: { ...instance.expandedDevices, ...snapshot.devices },
  };
}

const ANSWER = 'incus-snapshots-answer';

/**
 * Runs its second argument and says how that ended. A client can lose a program's output and its exit code on a busy
 * server (measured on 7.0.2), so that exit code 0 alone proves nothing.
 */
const WRAPPER = `sh -c "$1"; echo "${ANSWER} $?"`;

/** The program that a drill runs, with its arguments. */
export function drillProgram(command: string): readonly string[] {
  return ['sh', '-c', WRAPPER, 'drill', command === '' ? ':' : command];
}

/** Whether this is a program that {@link drillProgram} makes. */
export function isDrillProgram(argv: readonly string[]): boolean {
  return argv.length === 5 && argv[4] !== '' && argv.slice(0, 4).every((arg, i) => arg === drillProgram(':')[i]);
}

/** What the program said, without our own line. `undefined`: it was not seen to its end. */
export function readAnswer(output: string): { exitCode: number; said: string } | undefined {
  const match = new RegExp(`^(.*?)(?:^|\\n)${ANSWER} (\\d+)\\s*$`, 's').exec(output);
  return match ? { exitCode: Number(match[2]), said: (match[1] ?? '').trim() } : undefined;
}
