import { readFileSync } from 'node:fs';
import type { Memento } from 'vscode';
import * as z from 'zod/mini';
import type { MirrorRecord, MirrorStore } from '../../core/actions/mirrorHistory.ts';

const KEY = 'mirrors';

const record = z.object({
  state: z.enum(['running', 'done', 'cancelled', 'failed']),
  at: z.number(),
  by: z.string(),
  error: z.optional(z.object({ kind: z.string(), text: z.string() })),
});

/** Keeps the last runs where VS Code keeps what is the extension's own on this machine. */
export class KeptMirrors implements MirrorStore {
  readonly #memento: Memento;

  constructor(memento: Memento) {
    this.#memento = memento;
  }

  get(key: string): MirrorRecord | undefined {
    const parsed = record.safeParse(this.#memento.get(`${KEY} ${key}`));
    return parsed.success ? (parsed.data as MirrorRecord) : undefined;
  }

  async set(key: string, value: MirrorRecord): Promise<void> {
    await this.#memento.update(`${KEY} ${key}`, value);
  }
}

/** Names this program: its number, and when it began, since numbers are given again. */
export function thisProgram(): string {
  return `${process.pid}/${startOf(process.pid) ?? ''}`;
}

/** Whether a program that was named so runs. */
export function isProgramAlive(name: string): boolean {
  const [pid = '', start = ''] = name.split('/');
  const number = Number(pid);
  if (!Number.isInteger(number) || number <= 0) return false;
  try {
    process.kill(number, 0);
  } catch (error) {
    // One that belongs to somebody else runs all the same.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return (startOf(number) ?? '') === start;
}

/** When a program began, in ticks since the machine did; `undefined` where the system does not say (no `/proc`). */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
