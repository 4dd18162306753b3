/** What is wrong with schedules: seen in the tree and the status bar, listed and mended by keyboard, in each theme. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachLab } from '../lab/handle.ts';
import { Window } from './window.ts';

const lab = attachLab();

beforeAll(async () => {
  const daily = ['snapshots.schedule=@daily', 'snapshots.expiry=2w'];
  await lab.must('config', 'set', 'ubuntu-test', ...daily, 'snapshots.pattern=two words');
  await lab.must('init', 'busybox', 'health-off', '-c', 'snapshots.schedule=@weekly');
});

afterAll(async () => {
  await lab.must('delete', 'health-off');
  const none = ['snapshots.schedule=', 'snapshots.expiry=', 'snapshots.pattern='];
  await lab.must('config', 'set', 'ubuntu-test', ...none);
});

test.each([
  ['dark', 'Default Dark Modern'],
  ['light', 'Default Light Modern'],
  ['high-contrast', 'Default High Contrast'],
])('what is wrong is listed, and leads to the form (%s)', (name, theme) =>
  Window.use(
    async (window) => {
      const { keyboard } = window.page;
      await expect.poll(() => window.description('ubuntu-test'), { timeout: 30_000 }).toContain('names invalid');
      await window.status('1 schedule needs attention');
      await window.run('Incus: Check Schedules');
      const list = await window.question('Check Schedules');
      await list.getByText('ubuntu-test: names invalid').waitFor();
      await list.getByText('health-off: scheduled, but stopped').waitFor();
      await list.getByText('rockylinux-test-9: no schedule').waitFor();
      await window.picture(`health-${name}`);
      await keyboard.type('names invalid');
      await expect.poll(() => list.locator('.monaco-list-row').count()).toBe(1);
      await keyboard.press('Enter');
      const page = window.webview();
      await page.locator('#schedule:focus').waitFor();
      expect(await page.locator('#pattern').inputValue()).toBe('two words');
      await page.locator('#pattern-error').getByText('a space or a slash in them').waitFor();
    },
    { settings: { 'workbench.colorTheme': theme } },
  ),
);
