/** The view of volumes: a snapshot by menu, its row, a restore that names who uses the volume, its data back. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachLab } from '../lab/handle.ts';
import { Window } from './window.ts';

const lab = attachLab();

beforeAll(async () => {
  await lab.must('storage', 'volume', 'create', 'local:default', 'shop-data', 'size=64MiB');
  await lab.must('storage', 'volume', 'create', 'local:default', 'shop-logs', 'snapshots.schedule=@daily');
  await lab.must('storage', 'volume', 'snapshot', 'create', 'local:default', 'shop-logs', 'monday');
  const device = ['disk', 'pool=default', 'source=shop-data', 'path=/data'];
  await lab.must('config', 'device', 'add', 'ubuntu-test', 'data', ...device);
});

afterAll(async () => {
  await lab.must('config', 'device', 'remove', 'ubuntu-test', 'data');
  for (const name of ['shop-data', 'shop-logs']) await lab.must('storage', 'volume', 'delete', 'local:default', name);
});

const read = () => lab.must('file', 'pull', 'ubuntu-test/data/orders', '-');

test('a volume is snapshotted and restored from its view, and the instance that uses it runs again', () =>
  Window.use(async (window) => {
    await lab.must('exec', '-T', 'ubuntu-test', '--', 'sh', '-c', 'echo kept > /data/orders');
    await window.page.getByRole('button', { name: 'Volumes Section' }).click();
    await expect.poll(() => window.description('shop-data'), { timeout: 30_000 }).toContain('used by ubuntu-test');
    await window.chooseFromMenu('shop-data', 'Create Volume Snapshot…');
    await window.answer('Name of the snapshot', 'good');
    await window.answer('When does it expire?', '30d');
    await window.expand('shop-data');
    await expect.poll(() => window.description('good'), { timeout: 30_000 }).toContain('expires in 30 days');
    await window.expand('shop-logs');
    await window.row('monday').waitFor();
    await window.picture('volumes');
    await lab.must('exec', '-T', 'ubuntu-test', '--', 'sh', '-c', 'echo lost > /data/orders');
    await window.chooseFromMenu('good', 'Restore Volume Snapshot…');
    const dialog = await window.dialog();
    await dialog.getByText('started again: ubuntu-test').waitFor();
    await window.picture('volume-restore');
    await window.press('Restore');
    await window.status('shop-data was restored to good.');
    expect((await read()).trim()).toBe('kept');
  }));
