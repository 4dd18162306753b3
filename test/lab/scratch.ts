/** Folders that vanish with the process that made them, and those of killed processes with the next one. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onEnd } from './at-end.ts';
import { isRunning, markOf, type ProcessMark, viewOf, type Whereabouts, whereabouts } from './process.ts';

/** Not where TMPDIR says, so that what one run has left is found by the next. */
const PREFIX = '/tmp/incus-scratch-';

interface Owner {
  place?: Whereabouts;
  owner: ProcessMark;
  helpers: ProcessMark[];
}

export class Scratch {
  readonly folder: string;
  readonly #helpers: ProcessMark[] = [];
  readonly #forget: () => void;

  constructor() {
    sweep();
    this.folder = mkdtempSync(PREFIX);
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
      JSON.stringify({ place: whereabouts(), owner, helpers: this.#helpers } satisfies Owner),
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
  const folders = readdirSync(dirname(PREFIX)).map((name) => join(dirname(PREFIX), name));
  for (const folder of folders.filter((one) => one.startsWith(PREFIX))) {
    try {
      if (statSync(folder).uid !== process.getuid?.()) continue;
      const { place, owner, helpers } = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as Owner;
      const view = viewOf(place);
      if (view === 'elsewhere' || (view === 'here' && isRunning(owner))) continue;
      if (view === 'here') endGroups(helpers);
      tryRemove(folder);
    } catch {
      // Another process is just making it, or removing it.
    }
  }
}
