/** Custom volumes as files. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, truncateSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { VolumeRef } from '../../../src/core/model.ts';
import { BackupFiles, FORMS } from '../support/backups.ts';
import { choosesFile, leaves, picks, types } from '../support/dialogs.ts';
import { useHost } from '../support/host.ts';
import { usesVolumes } from '../support/volumes.ts';

/** Bytes that no packing makes smaller. */
const MUCH = 60_000_000;

describe('a backup file of a volume', () => {
  const host = useHost();
  const { lab } = host;
  const volumes = usesVolumes(host);
  const backups = new BackupFiles(host);

  /** A volume with a file of its own and two snapshots. */
  async function original(name: string, bytes: number): Promise<VolumeRef> {
    const ref = await volumes.make(name, { 'user.mine': 'kept', 'user.incus-snapshots.source': 'x/y/z' });
    await host.container(`${name}-user`, { stopped: true });
    await volumes.attach(ref, `${name}-user`);
    await lab.must('start', `${name}-user`);
    await lab.must(
      'exec',
      '-T',
      `${name}-user`,
      '--',
      'dd',
      'if=/dev/urandom',
      'of=/data/blob',
      'bs=100000',
      `count=${bytes / 100_000}`,
    );
    for (const snapshot of ['s1', 's2'])
      await lab.must('storage', 'volume', 'snapshot', 'create', 'local:default', name, snapshot);
    await host.load();
    return ref;
  }

  const everything = async () => {
    const listed = await lab.query<{ name: string }[]>('local:/1.0/storage-pools/default/volumes/custom?recursion=1');
    return listed
      .map(({ name }) => name)
      .filter((name) => !name.includes('/'))
      .sort();
  };
  const kept = (name: string) => lab.query<string[]>(`local:/1.0/storage-pools/default/volumes/custom/${name}/backups`);
  const nothingIsAsked = () => assert.fail('nothing is asked');

  it('brings a volume with its snapshots back under another name, and is refused where it is damaged', async () => {
    await original('bk-vol', 300_000);
    volumes.expect('bk-vol-2');
    const file = join(host.folder(), 'vol.tar.gz');
    await host.run('exportVolume', [], picks('bk-vol'), ...FORMS.packed, choosesFile(file));
    assert.equal(host.window.status.at(-1), 'bk-vol exported to vol.tar.gz.');
    await backups.isWhole(file);
    assert.deepEqual(await kept('bk-vol'), []);

    const asked = await host.run(
      'importVolume',
      [host.remote('local')],
      choosesFile(file),
      types('bk-vol-2', ['bk-vol']),
    );
    assert.equal(asked.at(-1)?.prompt, 'bk-vol is there already, and stays as it is. Under which name?');
    assert.equal(host.window.status.at(-1), 'bk-vol-2 imported into local / default.');
    assert.deepEqual(
      await volumes.snapshots({ remote: 'local', project: 'default', pool: 'default', volume: 'bk-vol-2' }),
      ['s1', 's2'],
    );
    const { config } = await lab.query<{ config: Record<string, string> }>(
      'local:/1.0/storage-pools/default/volumes/custom/bk-vol-2',
    );
    assert.equal(config['user.mine'], 'kept');
    assert.equal(config['user.incus-snapshots.source'], undefined);
    await lab.must(
      'config',
      'device',
      'add',
      'bk-vol-user',
      'other',
      'disk',
      'pool=default',
      'source=bk-vol-2',
      'path=/other',
    );
    await host.exec('bk-vol-user', 'cmp', '/data/blob', '/other/blob');

    const [, other] = await host.run('importInstance', [host.remote('local')], choosesFile(file), leaves);
    assert.match(other?.text ?? '', /holds a volume, not an instance/);
    truncateSync(file, statSync(file).size - 1_000);
    const before = await everything();
    const [, damaged] = await host.run('importVolume', [host.remote('local')], choosesFile(file), leaves);
    assert.match(damaged?.text ?? '', /is damaged: it ends too early/);
    assert.deepEqual(await everything(), before);
  });

  it('leaves nothing where it is cancelled while it is written or read', async () => {
    const ref = await original('bk-vols', MUCH);
    const to = volumes.expect(`bk-vols-${randomBytes(2).toString('hex')}`);
    const whole = join(host.folder(), 'whole.tar');
    const { volumeBackups, backups: files } = host.parts;
    const wish = { ref, mayReplace: false, compression: 'none', withSnapshots: true, optimized: false } as const;
    await volumeBackups.exportVolume({ ...wish, file: whole }, new AbortController().signal, () => undefined);

    const folder = host.folder();
    const ended = new AbortController();
    const exported = volumeBackups.exportVolume(
      { ...wish, compression: 'gzip', file: join(folder, 'x.tar.gz') },
      ended.signal,
      () => {
        ended.abort();
      },
    );
    assert.equal((await host.sentence(exported)).kind, 'cancelled');
    assert.deepEqual(readdirSync(folder), []);
    assert.deepEqual(await kept('bk-vols'), []);

    const abort = new AbortController();
    const backup = await files.inspect(whole, abort.signal, () => undefined);
    const before = await everything();
    const imported = volumeBackups.importVolume(
      { file: (await backups.held(whole)).path, backup, to },
      abort.signal,
      () => undefined,
      nothingIsAsked,
    );
    const stopped = host.sentence(imported);
    await backups.arrives();
    abort.abort();
    assert.equal((await stopped).kind, 'cancelled');
    assert.deepEqual(await everything(), before);
  });
});
