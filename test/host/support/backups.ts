/** Backup files of instances, written and read as a user does it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, constants, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { mustRun, waitFor } from '../../lab/process.ts';
import { type Answer, choosesFile, confirms, leaves, picks, type Question } from './dialogs.ts';
import { type Host, useHost } from './host.ts';
import { Mirroring } from './mirroring.ts';

/** What is answered to an export's questions, before the one for the file. */
export const FORMS = {
  packed: [picks('With its snapshots (2)'), picks('gzip'), picks('Any pool')],
  bare: [picks('Without snapshots'), picks('Not packed'), picks('Any pool')],
  ownFormat: [picks('With its snapshots (2)'), picks('Not packed'), picks('Pools with btrfs only')],
} as const satisfies Record<string, readonly Answer[]>;

export class BackupFiles {
  readonly host: Host;
  readonly #mirroring: Mirroring;

  constructor(host: Host) {
    this.host = host;
    this.#mirroring = new Mirroring(host);
  }

  /**
   * A stopped instance with a file in it and two snapshots; it and all whose names begin so are gone after the test.
   * @returns the file's sum
   */
  async original(name: string, bytes = 300_000): Promise<string> {
    this.#mirroring.forget(name, 'local');
    await this.host.lab.must('init', '--quiet', 'local:busybox', `local:${name}`);
    const sum = await this.#mirroring.fill(name, 'blob', bytes);
    for (const snapshot of ['s1', 's2']) await this.host.lab.must('snapshot', 'create', `local:${name}`, snapshot);
    await this.host.load();
    return sum;
  }

  export(name: string, file: string, form: readonly Answer[] = FORMS.packed, ...then: Answer[]): Promise<Question[]> {
    return this.host.run('exportInstance', [this.host.instance(name)], ...form, choosesFile(file), ...then);
  }

  /** Imports into the project `default` of `local`, under the name that is proposed unless an answer says otherwise. */
  import(file: string, name: Answer = confirms): Promise<Question[]> {
    return this.host.run('importInstance', [this.host.remote('local')], choosesFile(file), name);
  }

  /** That an import is refused before anything is asked of the server, and why. */
  async refused(file: string): Promise<string> {
    const before = await this.everything();
    const calls = this.host.calls(' import ').length;
    const [, message] = await this.host.run('importInstance', [this.host.remote('local')], choosesFile(file), leaves);
    assert.equal(this.host.calls(' import ').length, calls);
    assert.deepEqual(await this.everything(), before);
    return message?.text ?? '';
  }

  /** The sum of the file in an instance. */
  async sum(name: string): Promise<string> {
    const to = join(this.host.folder(), 'blob');
    await this.host.lab.must('file', 'pull', '--quiet', `local:${name}/root/blob`, to);
    return createHash('sha256').update(readFileSync(to)).digest('hex');
  }

  /** Names of all instances, of whatever project. */
  async everything(): Promise<string[]> {
    const { lab } = this.host;
    const listed = await lab.query<{ name: string }[]>('local:/1.0/instances?recursion=1&all-projects=true');
    return listed.map(({ name }) => name).sort();
  }

  /** What the server keeps of exports of an instance. */
  kept(name: string): Promise<string[]> {
    return this.host.lab.query<string[]>(`local:/1.0/instances/${name}/backups`);
  }

  /** A backup is there as a whole: the file and its checksum, and nothing else in the folder. */
  async isWhole(file: string): Promise<void> {
    assert.deepEqual(readdirSync(dirname(file)).sort(), [basename(file), `${basename(file)}.sha256`].sort());
    await mustRun(['sha256sum', '--check', '--strict', `${basename(file)}.sha256`], { cwd: dirname(file) });
  }

  /**
   * A file of which no more than the beginning comes: whoever sends it is held until it is let go.
   * @param whole what it would be
   */
  async held(whole: string): Promise<{ path: string; letGo: () => void }> {
    const path = join(this.host.folder(), 'held');
    await mustRun(['mkfifo', path]);
    // Held open on both sides, so that no thread ever waits for the other one, and with no more than a pipe takes.
    let pipe: number | undefined = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    writeSync(pipe, readFileSync(whole).subarray(0, 50_000));
    const letGo = () => {
      if (pipe !== undefined) closeSync(pipe);
      pipe = undefined;
    };
    this.host.later(letGo);
    return { path, letGo };
  }

  /** Waits until a part of a file that is sent is on the server. */
  async arrives(): Promise<void> {
    const folder = join(this.host.lab.primary.folder, 'backups');
    await waitFor('the file to arrive', () => {
      const isThere = readdirSync(folder, { withFileTypes: true }).some((one) => one.isFile());
      return isThere || undefined;
    });
  }

  /** Has something done when the server is through with an import, before anybody hears of that. */
  afterImport(then: () => void): void {
    const { client } = this.host.parts;
    const change = client.change.bind(client);
    client.change = async (command, ...rest) => {
      await change(command, ...rest);
      if (command.argv.slice(0, 3).includes('import')) then();
    };
  }

  /** A file system of one megabyte; what is on it ends with the test. */
  async smallDisk(): Promise<string> {
    const folder = join(this.host.folder(), 'disk');
    mkdirSync(folder);
    await mustRun(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
    this.host.later(() => mustRun(['umount', folder]));
    return folder;
  }

  /** Nothing was left of an export that broke off. */
  async leftNothing(name: string, file: string): Promise<void> {
    assert.ok(!existsSync(file));
    assert.deepEqual(readdirSync(dirname(file)), []);
    assert.deepEqual(await this.kept(name), []);
  }
}

export function useBackupFiles(): BackupFiles {
  return new BackupFiles(useHost());
}
