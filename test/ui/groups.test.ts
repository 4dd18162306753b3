/** A group of containers and volumes in its view: snapshotted frozen from its row, damaged, and restored as one. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachLab } from '../lab/handle.ts';
import { Window } from './window.ts';

const lab = attachLab();
const NAMES = ['shop-cache', 'shop-db', 'shop-web'] as const;
/** By the container that has it. */
const VOLUMES = { 'shop-db': 'shop-data', 'shop-web': 'shop-uploads' } as const;
const SETTINGS = {
  'incusSnapshots.groups': [
    { name: 'web-shop', remote: 'local', matchLabels: { 'user.app': 'web-shop' }, attachedVolumes: true },
  ],
};

beforeAll(async () => {
  await Promise.all(
    NAMES.map((name) =>
      lab.must('launch', '--quiet', '--config', 'user.app=web-shop', 'local:busybox', `local:${name}`),
    ),
  );
  for (const [instance, volume] of Object.entries(VOLUMES)) {
    await lab.must('storage', 'volume', 'create', 'local:default', volume);
    const device = ['disk', 'pool=default', `source=${volume}`, 'path=/data'];
    await lab.must('config', 'device', 'add', instance, 'data', ...device);
  }
});

afterAll(async () => {
  await lab.must('delete', '--force', ...NAMES);
  for (const volume of Object.values(VOLUMES)) await lab.must('storage', 'volume', 'delete', 'local:default', volume);
});

/** Files of the containers, and of the volumes. */
const FILES = [
  ...NAMES.map((name) => [name, '/root/data'] as const),
  ...Object.keys(VOLUMES).map((name) => [name, '/data/data'] as const),
];

const write = (content: string) =>
  Promise.all(FILES.map(([name, path]) => lab.must('exec', '-T', name, '--', 'sh', '-c', `echo ${content} > ${path}`)));
const contents = () => Promise.all(FILES.map(([name, path]) => lab.must('file', 'pull', `${name}${path}`, '-')));

test('a group is snapshotted frozen from its row, damaged, and restored as one', () =>
  Window.use(
    async (window) => {
      await write('good');
      await window.row('ubuntu-test').first().waitFor();
      const header = window.page.locator('.pane-header').filter({ hasText: 'Groups' });
      if ((await header.getAttribute('aria-expanded')) !== 'true') await header.click();
      await window.row('web-shop').waitFor();
      await expect.poll(() => window.description('web-shop'), { timeout: 30_000 }).toMatch(/^5 members/);
      await window.chooseFromMenu('web-shop', 'Snapshot Group');
      await window.answer('Name of the snapshot', 'before-upgrade');
      await window.answer('When does it expire?');
      const ways = await window.question('Frozen together');
      await ways.getByRole('button', { name: 'OK' }).click();
      await window.status(/Snapshot before-upgrade of web-shop created: 5 members\. Longest pause of a member:/);
      await window.expand('web-shop');
      await window.row('before-upgrade').last().waitFor();
      await expect
        .poll(() => window.page.locator('.pane-body').filter({ hasText: 'Members' }).innerText(), { timeout: 30_000 })
        .toMatch(/complete/);
      await window.picture('groups');

      await write('bad');
      await window.chooseFromMenu('before-upgrade', 'Restore Group...');
      await window.press('Restore 5 members');
      await window.status('web-shop was restored to before-upgrade: 5 members.');
      expect(await contents()).toEqual(FILES.map(() => 'good\n'));
    },
    { settings: SETTINGS },
  ));
