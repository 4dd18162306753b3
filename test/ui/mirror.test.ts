/** Mirroring by hand, from the menu: the plan, the view of mirrors, and what the tree says afterwards. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachLab, SNAPSHOT_REMOTE } from '../lab/handle.ts';
import { Window } from './window.ts';

const lab = attachLab();
const NAME = 'mirrored-test';
const SETTINGS = { 'incusSnapshots.snapshotServers': [{ from: 'local', to: SNAPSHOT_REMOTE, mode: 'pull' }] };

beforeAll(async () => {
  await lab.must('init', '--quiet', 'local:busybox', `local:${NAME}`);
  for (const snapshot of ['monday', 'tuesday']) await lab.must('snapshot', 'create', NAME, snapshot);
});

afterAll(async () => {
  await lab.must('delete', '--force', NAME);
  const listed = await lab.query<{ name: string }[]>(`${SNAPSHOT_REMOTE}:/1.0/instances?recursion=1`);
  for (const { name } of listed.filter((one) => one.name.startsWith(NAME))) {
    await lab.incus('config', 'set', `${SNAPSHOT_REMOTE}:${name}`, 'security.protection.delete=false');
    await lab.must('delete', '--force', `${SNAPSHOT_REMOTE}:${name}`);
  }
});

const there = async () => {
  const { snapshots } = await lab.query<{ snapshots: { name: string }[] | null }>(
    `${SNAPSHOT_REMOTE}:/1.0/instances/${NAME}?recursion=1`,
  );
  return (snapshots ?? []).map(({ name }) => name).sort();
};

test('an instance is mirrored from its menu, and a plan is shown where something would be deleted', () =>
  Window.use(
    async (window) => {
      await window.row(NAME).first().waitFor();
      await window.chooseFromMenu(NAME, 'Mirror to Snapshot Server');
      await window.status(`${NAME} mirrored to ${SNAPSHOT_REMOTE}.`);
      expect(await there()).toEqual(['monday', 'tuesday']);

      await lab.must('snapshot', 'create', `${SNAPSHOT_REMOTE}:${NAME}`, 'only-there');
      await lab.must('snapshot', 'create', NAME, 'wednesday');
      await window.run('Incus: Mirror to Snapshot Server');
      const list = await window.question('Mirror to Snapshot Server');
      await list.locator('.monaco-list-row').filter({ hasText: NAME }).locator('.monaco-checkbox').first().click();
      await list.getByRole('button', { name: 'OK' }).click();
      const dialog = await window.dialog();
      const words = await dialog.innerText();
      expect(words).toContain(`Only on ${SNAPSHOT_REMOTE}, and deleted there: only-there`);
      expect(words).toContain('Sent: wednesday');
      await window.picture('mirror-plan');
      await window.press('Keep Them, Then Mirror');
      await window.status('Kept as instances: 1.');
      expect(await there()).toEqual(['monday', 'tuesday', 'wednesday']);

      const header = window.page.locator('.pane-header').filter({ hasText: 'Mirrors' });
      if ((await header.getAttribute('aria-expanded')) !== 'true') await header.click();
      const view = window.page.locator('.pane').filter({ has: header });
      await expect.poll(() => view.innerText(), { timeout: 30_000 }).toMatch(/in step · mirrored/);
      await window.picture('mirrors');
    },
    { settings: SETTINGS },
  ));
