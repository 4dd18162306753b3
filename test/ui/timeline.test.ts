/** The timeline, worked by keyboard alone, and kept as pictures. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachLab } from '../lab/handle.ts';
import { Window } from './window.ts';

const lab = attachLab();

beforeAll(async () => {
  await lab.must('config', 'set', 'ubuntu-test', 'snapshots.schedule=@daily', 'snapshots.expiry=2w');
  for (const name of ['snap0', 'before-upgrade']) await lab.must('snapshot', 'create', 'ubuntu-test', name);
  await lab.must('snapshot', 'create', 'rockylinux-test-9', 'first');
});

afterAll(async () => {
  for (const key of ['snapshots.schedule', 'snapshots.expiry']) await lab.must('config', 'unset', 'ubuntu-test', key);
  for (const name of ['snap0', 'before-upgrade']) await lab.must('snapshot', 'delete', 'ubuntu-test', name);
  await lab.must('snapshot', 'delete', 'rockylinux-test-9', 'first');
});

test('the timeline shows what is there, and keys find their way in it', () =>
  Window.use(async (window) => {
    await window.row('ubuntu-test').waitFor();
    await window.run('Incus: Show Timeline');
    const page = window.webview();
    const picture = page.getByRole('application', { name: 'Timeline' });
    await picture.focus();
    const spoken = page.locator('[aria-live]');
    await expect
      .poll(async () => {
        await window.page.keyboard.press('Home');
        return spoken.textContent();
      })
      .toMatch(/^rockylinux-test-9, local, first, Taken .*, by hand$/);
    await window.page.keyboard.press('ArrowDown');
    await window.page.keyboard.press('Home');
    await expect
      .poll(() => spoken.textContent())
      .toMatch(/^ubuntu-test, local, snap0, Taken .*, Expires .*, by schedule$/);
    await window.picture('timeline');
    await window.page.keyboard.press('Enter');
    await window.row('snap0').waitFor();
    expect(await window.row('snap0').getAttribute('aria-selected')).toBe('true');
  }));
