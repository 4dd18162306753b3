import { setTimeout as delay } from 'node:timers/promises';
import type { IncusClient } from '../incus/client.ts';
import * as commands from '../incus/commands.ts';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type Instance, type InstanceRef, keyOf, type Snapshot } from '../model.ts';
import { type DrillResult, readAnswer, settingsOfSnapshot, snapshotForDrill } from '../policy/mirror/drill.ts';
import { mirrorSourceOf } from '../policy/mirror/mirrorKeys.ts';
import { temporarySettings } from '../policy/temporary.ts';
import { queueKey } from './actions.ts';
import type { KeyedQueue } from './queue.ts';
import type { Temporaries, TemporaryPlace } from './temporary.ts';

/** The steps of a drill, in the order in which they run. */
export type DrillStep = 'copy' | 'start' | 'answer' | 'remove';

export interface DrillOutcome {
  readonly result: DrillResult;
  /** What failed, where it did not pass. */
  readonly failed?: {
    readonly step: DrillStep;
    readonly error?: IncusError;
    /** Of the command. */
    readonly exitCode?: number;
    readonly said?: string;
  };
}

/** Milliseconds for which an instance that has started may leave a question without an answer; a virtual machine boots. */
const PATIENCE = 180_000;

/** Milliseconds between two questions. */
const PAUSE = { first: 100, last: 3_000 } as const;

/** Questions that may fail for a reason that would not pass. */
const TRIES = 5;

/** What is said while a virtual machine's agent is not there yet. */
const NOT_YET = /agent isn't currently running/i;

/** Tries mirrors out, on temporary copies of their newest snapshots. */
export class Drills {
  readonly #client: IncusClient;
  readonly #inventory: Inventory;
  readonly #queue: KeyedQueue;
  readonly #temporaries: Temporaries;

  constructor(client: IncusClient, inventory: Inventory, queue: KeyedQueue, temporaries: Temporaries) {
    this.#client = client;
    this.#inventory = inventory;
    this.#queue = queue;
    this.#temporaries = temporaries;
  }

  /**
   * Copies the mirror's newest snapshot, starts the copy without network, runs the command in it, and removes it,
   * whatever happens. What fails on the way is the drill's result.
   * @param command for `sh -c`; empty: it only has to answer
   * @throws IncusError `cancelled`; `snapshotMissing` where there is none to try; where the mirror cannot be read
   */
  async run(
    mirror: InstanceRef,
    command: string,
    signal: AbortSignal,
    onStep: (step: DrillStep) => void,
  ): Promise<DrillOutcome> {
    const seen = await this.#inventory.refreshInstance(mirror, signal);
    const snapshot = snapshotForDrill(seen);
    if (!snapshot) throw new IncusError('snapshotMissing', { text: `${mirror.instance} has none that could be tried` });
    const begun = performance.now();
    let step: DrillStep = 'copy';
    const enter = (next: DrillStep) => {
      step = next;
      onStep(next);
    };
    const result = (passed: boolean): DrillResult => ({
      at: new Date(),
      seconds: (performance.now() - begun) / 1000,
      passed,
      snapshot: snapshot.ref.snapshot,
      command,
    });
    try {
      enter('copy');
      return await this.#temporaries.use(
        mirror,
        'drill',
        (place) => this.#copy(seen, snapshot, place, signal),
        async (copy) => {
          enter('start');
          await this.#client.change(commands.startInstance(copy), signal);
          enter('answer');
          const { exitCode, said } = await this.#ask(copy, command, signal);
          const outcome = result(exitCode === 0);
          onStep('remove');
          return exitCode === 0 ? { result: outcome } : { result: outcome, failed: { step: 'answer', exitCode, said } };
        },
      );
    } catch (thrown) {
      const error = toIncusError(thrown);
      if (error.kind === 'cancelled' || signal.aborted) throw cancelled();
      return { result: result(false), failed: { step, error } };
    }
  }

  /** Waits for work on the mirror and its original: a run that is under way may delete the snapshot. */
  async #copy(mirror: Instance, snapshot: Snapshot, place: TemporaryPlace, signal: AbortSignal): Promise<void> {
    const source = mirrorSourceOf(mirror);
    const extensions = this.#inventory.server(mirror.ref.remote)?.extensions ?? new Set<string>();
    const settings = temporarySettings(settingsOfSnapshot(mirror, snapshot), place.mark, extensions);
    const copy = () => this.#client.change(commands.copySnapshot(snapshot.ref, place.ref, settings));
    const onMirror = () => this.#queue.run(queueKey(this.#inventory, mirror.ref), signal, copy);
    if (!source) return onMirror();
    const original = keyOf({ remote: source.fingerprint, project: source.project, instance: source.instance });
    return this.#queue.run(original, signal, onMirror);
  }

  /** Asks until there is an answer: a client that lost one asks again, and a virtual machine has to boot. */
  async #ask(copy: InstanceRef, command: string, signal: AbortSignal): Promise<{ exitCode: number; said: string }> {
    const deadline = performance.now() + PATIENCE;
    let pause: number = PAUSE.first;
    for (let tries = 1; ;) {
      let failure: IncusError;
      try {
        const answer = readAnswer(await this.#client.output(commands.execInTemporary(copy, command), signal));
        if (answer) return answer;
        failure = new IncusError('other', { text: 'the answer of the program was lost' });
      } catch (error) {
        failure = toIncusError(error);
      }
      const mayCome = NOT_YET.test(failure.text) ? performance.now() < deadline : tries++ < TRIES;
      if (failure.kind === 'cancelled' || signal.aborted || !mayCome) throw failure;
      await delay(pause);
      pause = Math.min(pause * 2, PAUSE.last);
    }
  }
}

function cancelled(): IncusError {
  return new IncusError('cancelled', { text: 'the drill was cancelled; its copy is removed' });
}
