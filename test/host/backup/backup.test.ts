/** Instances as files: written, read, and what becomes of it where something is in the way. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toIncusError } from '../../../src/core/incus/errors.ts';
import { mustRun, waitFor } from '../../lab/process.ts';
import { FORMS, useBackupFiles } from '../support/backups.ts';
import { leaves, types } from '../support/dialogs.ts';

/** Enough that a server that has told how far it is has a second's work before it. */
const MUCH = 60_000_000;

const nothingIsAsked = () => assert.fail('nothing is asked');

describe('a backup file', () => {
  const backups = useBackupFiles();
  const { host } = backups;

  it('brings an instance with its snapshots back under another name, and leaves the first one alone', async () => {
    const sum = await backups.original('bk-all');
    await host.lab.must('config', 'set', 'bk-all', 'user.incus-snapshots.source=x/y/z', 'user.mine=kept');
    const file = join(host.folder(), 'all.tar.gz');
    const asked = await backups.export('bk-all', file);
    assert.match(asked.at(-1)?.value ?? '', /\/bk-all_\d{4}-\d\d-\d\d_\d\d-\d\d\.tar\.gz$/);
    assert.equal(host.window.status.at(-1), 'bk-all exported to all.tar.gz.');
    await backups.isWhole(file);
    assert.deepEqual(await backups.kept('bk-all'), []);
    const untouched = await host.real('bk-all');

    const [, named] = await backups.import(file, types('bk-all-2', ['bk-all']));
    assert.equal(named?.prompt, 'bk-all is there already, and stays as it is. Under which name?');
    assert.equal(named.value, 'bk-all-2');
    assert.equal(host.window.status.at(-1), 'bk-all-2 imported into local. It is stopped.');
    assert.deepEqual(await host.snapshots('bk-all-2'), ['s1', 's2']);
    assert.equal(await backups.sum('bk-all-2'), sum);
    const made = await host.real('bk-all-2');
    assert.equal(made?.status, 'Stopped');
    assert.equal(made.config['user.mine'], 'kept');
    // An import is nobody's mirror: a run would write over it.
    assert.deepEqual(
      Object.keys(made.config).filter((key) => key.startsWith('user.incus-snapshots.')),
      [],
    );
    assert.deepEqual(await host.real('bk-all'), untouched);
    assert.deepEqual(await temporaryOnes(), []);
  });

  it('can be without snapshots and unpacked, or in the format of the pool', async () => {
    const sum = await backups.original('bk-form');
    const bare = join(host.folder(), 'bare.tar');
    await backups.export('bk-form', bare, FORMS.bare);
    await backups.isWhole(bare);
    await backups.import(bare, types('bk-form-bare'));
    assert.deepEqual(await host.snapshots('bk-form-bare'), []);
    const own = join(host.folder(), 'own.tar');
    await backups.export('bk-form', own, FORMS.ownFormat);
    await backups.isWhole(own);
    await backups.import(own, types('bk-form-own'));
    assert.deepEqual(await host.snapshots('bk-form-own'), ['s1', 's2']);
    assert.equal(await backups.sum('bk-form-own'), sum);
  });

  it('takes the place of a file only where that was agreed to', async () => {
    await backups.original('bk-over');
    const file = join(host.folder(), 'over.tar');
    writeFileSync(file, 'old');
    writeFileSync(`${file}.sha256`, `${'0'.repeat(64)}  over.tar\n`);
    await backups.export('bk-over', file, FORMS.bare);
    await backups.isWhole(file);
    const ref = { remote: 'local', project: 'default', instance: 'bk-over' };
    const wish = { ref, file, mayReplace: false, compression: 'none', withSnapshots: false, optimized: false } as const;
    const before = readFileSync(file);
    const unagreed = host.parts.backups.exportInstance(wish, new AbortController().signal, () => undefined);
    assert.deepEqual(await host.sentence(unagreed), {
      kind: 'fileExists',
      words: `There is a file already: ${file}. It was left as it was; choose another name.`,
    });
    assert.deepEqual(readFileSync(file), before);
  });

  it('leaves nothing on a full disk, and nothing on one that cannot be written', async () => {
    await backups.original('bk-disk', 2_000_000);
    const disk = await backups.smallDisk();
    const file = join(disk, 'disk.tar');
    const full = (await backups.export('bk-disk', file, FORMS.bare, leaves)).at(-1);
    assert.equal(
      full?.text,
      'There is no space left for disk.tar. Nothing of it was kept; make room, or choose another disk.',
    );
    await backups.leftNothing('bk-disk', file);
    await mustRun(['mount', '-o', 'remount,ro', disk]);
    const refused = (await backups.export('bk-disk', file, FORMS.bare, leaves)).at(-1);
    assert.equal(
      refused?.text,
      `The file cannot be read or written there: ${disk}. Check the folder and its permissions.`,
    );
    await backups.leftNothing('bk-disk', file);
  });

  it('that is damaged is refused with the reason, and the server hears nothing of it', async () => {
    await backups.original('bk-broken');
    const folder = host.folder();
    const file = join(folder, 'good.tar.gz');
    await backups.export('bk-broken', file);
    const copy = (name: string) => {
      copyFileSync(file, join(folder, name));
      return join(folder, name);
    };
    const short = copy('short.tar.gz');
    truncateSync(short, readFileSync(file).length - 1_000);
    assert.match(await backups.refused(short), /is damaged: it ends too early/);
    const bent = copy('bent.tar.gz');
    const bytes = readFileSync(bent);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 0xff, bytes.length >> 1);
    writeFileSync(bent, bytes);
    assert.match(await backups.refused(bent), /is damaged/);
    const other = copy('other.tar.gz');
    writeFileSync(`${other}.sha256`, `${'a'.repeat(64)}  other.tar.gz\n`);
    assert.match(await backups.refused(other), /is not the one that the checksum beside it was made of/);
    const none = join(folder, 'none.tar.gz');
    writeFileSync(none, 'no backup at all');
    assert.match(await backups.refused(none), /is no backup file of Incus/);
    assert.match(await backups.refused(join(folder, 'gone.tar.gz')), /cannot be read or written there/);
  });

  it('is not begun where the name is taken, and the import gets another name where it is taken meanwhile', async () => {
    const sum = await backups.original('bk-race');
    const file = join(host.folder(), 'race.tar');
    await backups.export('bk-race', file, FORMS.bare);
    const { signal } = new AbortController();
    const backup = await host.parts.backups.inspect(file, signal, () => undefined);
    const to = { remote: 'local', project: 'default', instance: 'bk-race' };
    const taken = host.parts.backups.importInstance({ file, backup, to }, signal, () => undefined, nothingIsAsked);
    assert.equal((await host.sentence(taken)).words, 'The name is taken. Nothing was changed; choose another name.');
    // Somebody is quicker, in the last moment that there is.
    const { client } = host.parts;
    const change = client.change.bind(client);
    client.change = async (command, ...rest) => {
      if (command.argv[0] === 'rename' && asked.length === 0) {
        await host.lab.must('init', '--quiet', '--empty', 'local:bk-race-2');
      }
      return change(command, ...rest);
    };
    const asked: string[] = [];
    const wish = { file, backup, to: { ...to, instance: 'bk-race-2' } };
    const made = await host.parts.backups.importInstance(
      wish,
      signal,
      () => undefined,
      (name) => {
        asked.push(name);
        return Promise.resolve('bk-race-3');
      },
    );
    assert.deepEqual(asked, ['bk-race-2']);
    assert.equal(made.ref.instance, 'bk-race-3');
    assert.equal(await backups.sum('bk-race-3'), sum);
    assert.deepEqual(await temporaryOnes(), []);
  });

  it('that is cancelled while it is written is not there, nor kept by the server', async () => {
    await backups.original('bk-cancel', MUCH);
    const file = join(host.folder(), 'cancel.tar.gz');
    const abort = new AbortController();
    const ref = { remote: 'local', project: 'default', instance: 'bk-cancel' };
    const wish = { ref, file, mayReplace: false, compression: 'gzip', withSnapshots: true, optimized: false } as const;
    const exported = host.parts.backups.exportInstance(wish, abort.signal, () => {
      abort.abort();
    });
    assert.equal((await host.sentence(exported)).kind, 'cancelled');
    await backups.leftNothing('bk-cancel', file);
  });

  it('makes no instance where it is cancelled, be it on its way or already unpacked', async () => {
    await backups.original('bk-stop');
    // Half of an import must be removable, whatever protects it.
    await host.lab.must('config', 'set', 'bk-stop', 'security.protection.delete=true');
    const file = join(host.folder(), 'stop.tar');
    await backups.export('bk-stop', file, FORMS.bare);
    const to = { remote: 'local', project: 'default', instance: 'bk-stop-2' };
    const before = await backups.everything();
    const backup = await host.parts.backups.inspect(file, new AbortController().signal, () => undefined);
    const importing = (from: string, { signal }: AbortController) =>
      host.sentence(
        host.parts.backups.importInstance({ file: from, backup, to }, signal, () => undefined, nothingIsAsked),
      );

    const early = new AbortController();
    const stopped = importing((await backups.held(file)).path, early);
    await backups.arrives();
    early.abort();
    assert.equal((await stopped).kind, 'cancelled');
    assert.deepEqual(await backups.everything(), before);

    const late = new AbortController();
    backups.afterImport(() => {
      late.abort();
    });
    assert.equal((await importing(file, late)).kind, 'cancelled');
    assert.deepEqual(await backups.everything(), before);
  });

  it('leaves nothing where the server dies while it is written or read', async () => {
    await backups.original('bk-dies', MUCH);
    const { primary } = host.lab;
    const folder = host.folder();
    const whole = join(folder, 'whole.tar');
    await backups.export('bk-dies', whole, FORMS.bare);
    const signal = new AbortController().signal;
    const backup = await host.parts.backups.inspect(whole, signal, () => undefined);
    const before = await backups.everything();
    const dies = async () => {
      const pid = await primary.pid();
      return () => {
        if (pid !== undefined && existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
      };
    };
    const ref = { remote: 'local', project: 'default', instance: 'bk-dies' };
    const file = join(host.folder(), 'dies.tar.gz');
    const wish = { ref, file, mayReplace: false, compression: 'gzip', withSnapshots: true, optimized: false } as const;
    const exported = host.parts.backups.exportInstance(wish, signal, await dies());
    await assert.rejects(exported, (error) => toIncusError(error).kind !== 'cancelled');
    await primary.ended();
    await primary.start();
    await waitFor('the server to keep nothing', async () => (await backups.kept('bk-dies')).length === 0 || undefined);
    await backups.leftNothing('bk-dies', file);

    const to = { ...ref, instance: 'bk-dies-2' };
    const held = await backups.held(whole);
    const wanted = { file: held.path, backup, to };
    const imported = host.parts.backups.importInstance(wanted, signal, () => undefined, nothingIsAsked);
    const failed = assert.rejects(imported, (error) => toIncusError(error).kind !== 'cancelled');
    await backups.arrives();
    await primary.kill();
    held.letGo();
    await failed;
    await primary.start();
    await waitFor('no half of it to be left', async () => (await temporaryOnes()).length === 0 || undefined);
    assert.deepEqual(await backups.everything(), before);
    await host.running();
  });

  async function temporaryOnes(): Promise<string[]> {
    return (await backups.everything()).filter((name) => name.startsWith('incus-snapshots-tmp-'));
  }
});
