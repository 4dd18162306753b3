/** Folders that vanish with the process that made them, and those of killed processes with the next one. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onEnd } from './at-end.ts';
import { bootId, isRunning, markOf, type ProcessMark } from './process.ts';

const PREFIX = 'incus-scratch-';

interface Owner {
  boot: string;
  owner: ProcessMark;
  helpers: ProcessMark[];
}

export class Scratch {
  readonly folder: string;
  readonly #helpers: ProcessMark[] = [];
  readonly #forget: () => void;

  constructor() {
    sweep();
    this.folder = mkdtempSync(join(tmpdir(), PREFIX));
    this.#write();
    this.#forget = onEnd({
      begin: () => {
        this.#endHelpers();
      },
      isOver: () => tryRemove(this.folder),
    });
  }

  /** Has the process, and those it leads as a group, end with the folder. */
  adopt(pid: number | undefined): void {
    const mark = pid === undefined ? undefined : markOf(pid);
    if (mark !== undefined) this.#helpers.push(mark);
    this.#write();
  }

  /** Ends what was adopted and removes the folder. */
  async remove(): Promise<void> {
    this.#endHelpers();
    // A process that was ended may still be writing its last file.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    this.#forget();
  }

  #endHelpers(): void {
    endGroups(this.#helpers);
  }

  #write(): void {
    const owner = markOf(process.pid);
    if (owner === undefined) throw new Error('this process does not find itself in /proc');
    writeFileSync(
      join(this.folder, 'owner.json'),
      JSON.stringify({ boot: bootId(), owner, helpers: this.#helpers } satisfies Owner),
    );
  }
}

function endGroups(marks: readonly ProcessMark[]): void {
  for (const mark of marks.filter(isRunning)) {
    try {
      process.kill(-mark.pid, 'SIGKILL');
    } catch {
      // It has ended between the look and the signal.
    }
  }
}

function tryRemove(folder: string): boolean {
  try {
    rmSync(folder, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

/** Removes the folders of this user's processes that were killed. */
function sweep(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    try {
      if (statSync(folder).uid !== process.getuid?.()) continue;
      const { boot, owner, helpers } = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as Owner;
      if (boot === bootId()) {
        if (isRunning(owner)) continue;
        endGroups(helpers);
      }
      tryRemove(folder);
    } catch {
      // Another process is just making it, or removing it.
    }
  }
}
