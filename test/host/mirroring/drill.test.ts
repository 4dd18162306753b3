/** Recovery drills and temporary copies, on the snapshot server. */
import assert from 'node:assert/strict';
import { overridesFor, SENDING_KEY } from '../../../src/core/policy/mirror/mirrorKeys.ts';
import { TEMPORARY_KEY } from '../../../src/core/policy/temporary.ts';
import { describeLine } from '../../../src/vscode/mirrors/provider.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';
import { waitFor } from '../../lab/process.ts';
import { leaves, picks, presses, types } from '../support/dialogs.ts';

describe('on the snapshot server', () => {
  const host = useHost();
  const { lab } = host;
  const there = { on: SNAPSHOT_REMOTE };

  /** A container on the primary with one snapshot, and its mirror, as the extension marks one. */
  async function mirrored(name: string): Promise<void> {
    const ref = await host.container(name, { stopped: true });
    await lab.must('snapshot', 'create', name, 'first');
    host.later(() => lab.incus('config', 'set', `${SNAPSHOT_REMOTE}:${name}`, 'security.protection.delete=false'));
    host.later(() => lab.incus('delete', '--force', `${SNAPSHOT_REMOTE}:${name}`));
    const { environment } = await lab.query<{ environment: { certificate_fingerprint: string } }>('local:/1.0');
    const target = await lab.query<{ api_extensions: string[] }>(`${SNAPSHOT_REMOTE}:/1.0`);
    const overrides = overridesFor({
      source: { config: {}, expandedConfig: {} },
      identity: { fingerprint: environment.certificate_fingerprint, project: 'default', instance: ref.instance },
      extensions: new Set(target.api_extensions),
    });
    const flags = Object.entries(overrides).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    await lab.must('copy', '--quiet', '--refresh', ...flags, `local:${name}`, `${SNAPSHOT_REMOTE}:${name}`);
  }

  /** The instances of the snapshot server that bear the reserved name. */
  async function temporary(): Promise<string[]> {
    const urls = await lab.query<string[]>(`${SNAPSHOT_REMOTE}:/1.0/instances`);
    return urls.map((url) => url.split('/').at(-1) ?? '').filter((name) => name.startsWith('incus-snapshots-tmp-'));
  }

  describe('a recovery drill', () => {
    it('starts a copy of the newest mirrored snapshot without network, runs the command, and leaves nothing', async () => {
      await mirrored('drill-good');
      await host.setting('snapshotServers', [{ from: 'local', to: SNAPSHOT_REMOTE }]);
      await host.load();
      const row = host.instance('drill-good', there);
      // It has no device but the loopback, and is not what it is a copy of.
      const command = 'test "$(ls /sys/class/net)" = lo && test "$(hostname)" != drill-good';
      await host.run('recoveryDrill', [row], types(command));
      assert.match(host.window.status.at(-1) ?? '', /^drill-good: passed just now, [\d.]+ s\.$/);
      assert.match(host.tooltip(row), /Last recovery drill: passed just now, [\d.]+ s/);
      const { board } = host.parts;
      const line = board.lineFor({ remote: 'local', project: 'default', instance: 'drill-good' });
      assert.ok(line);
      assert.match(describeLine(line, new Date()), / · drill passed just now, [\d.]+ s$/);
      assert.deepEqual(await temporary(), []);
      assert.equal((await host.real('drill-good', there))?.status, 'Stopped');
      const shown = host.window.progress.at(-1);
      assert.deepEqual(shown?.messages, [
        'copying the snapshot',
        'starting the copy',
        'running the command',
        'removing the copy',
      ]);
    });

    it('is made from the row of the original too, and says what failed', async () => {
      await mirrored('drill-bad');
      await host.load();
      const [, told] = await host.run(
        'recoveryDrill',
        [host.instance('drill-bad')],
        types('echo no database; exit 3'),
        leaves,
      );
      assert.match(
        told?.text ?? '',
        /^The drill of drill-bad failed: the command ended with exit code 3\. no database /,
      );
      assert.match(host.tooltip(host.instance('drill-bad', there)), /Last recovery drill: failed just now/);
      assert.deepEqual(await temporary(), []);
    });

    it('that is cancelled removes its copy, and is not kept', async () => {
      await mirrored('drill-cancelled');
      await host.load();
      const row = host.instance('drill-cancelled', there);
      const drill = host.run('recoveryDrill', [row], types('sleep 600'));
      await waitFor('the command to run', () =>
        host.window.progress.at(-1)?.messages.at(-1) === 'running the command' ? true : undefined,
      );
      host.window.progress.at(-1)?.cancel();
      await drill;
      assert.deepEqual(await temporary(), []);
      assert.doesNotMatch(host.tooltip(row), /recovery drill/);
    });

    it('does not trust a snapshot that a broken run may have left hollow', async () => {
      await mirrored('drill-doubt');
      await lab.must('config', 'set', `${SNAPSHOT_REMOTE}:drill-doubt`, `${SENDING_KEY}=["first"]`);
      await host.load();
      const [, told] = await host.run('recoveryDrill', [host.instance('drill-doubt', there)], types(''), leaves);
      assert.match(told?.text ?? '', /^drill-doubt has no snapshot that could be tried/);
      assert.deepEqual(await temporary(), []);
    });
  });

  describe('a temporary copy that is left over', () => {
    async function leftover(name: string, mark: string | undefined): Promise<void> {
      const key = mark === undefined ? {} : { [TEMPORARY_KEY]: mark };
      await host.container(name, { stopped: true, ...there, config: key });
    }

    it('is told in its row and removed when the user agrees, running or not', async () => {
      await host.container('incus-snapshots-tmp-left1', { ...there, config: { [TEMPORARY_KEY]: 'a/b/drill' } });
      await host.load();
      const row = host.instance('incus-snapshots-tmp-left1', there);
      assert.match(String(host.item(row).description), /temporary copy/);
      const [asked] = await host.run('removeTemporaryCopies', [row], presses('Remove'));
      assert.equal(asked?.text, 'Remove the temporary copy incus-snapshots-tmp-left1?');
      assert.match(
        asked.detail,
        /^incus-snapshot: incus-snapshots-tmp-left1, made by another client: it may be in use/,
      );
      assert.equal(await host.real('incus-snapshots-tmp-left1', there), undefined);
    });

    it('is offered from the palette, and what only bears the name is not', async () => {
      await leftover('incus-snapshots-tmp-left2', 'a/b/files');
      await leftover('incus-snapshots-tmp-mine', undefined);
      await leftover('drill-marked', 'a/b/files');
      await host.load();
      const [offered] = await host.run(
        'removeTemporaryCopies',
        [],
        picks('incus-snapshots-tmp-left2'),
        presses('Remove'),
      );
      assert.deepEqual(offered?.options, ['incus-snapshots-tmp-left2']);
      assert.equal(host.window.status.at(-1), '1 temporary copy removed.');
      assert.deepEqual(await temporary(), ['incus-snapshots-tmp-mine']);
      assert.ok(await host.real('drill-marked', there));
    });

    it('stays where it became something else before it was to be removed', async () => {
      await leftover('incus-snapshots-tmp-left3', 'a/b/files');
      await host.load();
      const row = host.instance('incus-snapshots-tmp-left3', there);
      const unset = () => lab.must('config', 'unset', `${SNAPSHOT_REMOTE}:incus-snapshots-tmp-left3`, TEMPORARY_KEY);
      await host.run('removeTemporaryCopies', [row], presses('Remove', unset), leaves);
      assert.ok(await host.real('incus-snapshots-tmp-left3', there));
    });
  });
});
