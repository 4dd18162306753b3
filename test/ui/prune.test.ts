/** The prune preview, worked by keyboard alone, and kept as pictures. */
import type { FrameLocator } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { attachLab } from '../lab/handle.ts';
import { daysAgo, deleteOld, makeOld, type Made, THEMES } from './past.ts';
import { Window } from './window.ts';

const lab = attachLab();

const MADE: readonly Made[] = [
  ['snap0', daysAgo(9)],
  ['snap2', daysAgo(7)],
  ['before-upgrade', daysAgo(6, 1)],
  ['snap3', daysAgo(6)],
  ['snap4', daysAgo(5)],
];

beforeEach(() => makeOld('web-1', MADE, 'snapshots.expiry=3w'), 120_000);

afterEach(() => deleteOld('web-1'), 120_000);

/** Opens the page from the palette, by keyboard. */
async function openPrune(window: Window): Promise<FrameLocator> {
  await window.row('web-1').waitFor();
  await window.run('Incus: Prune Snapshots…');
  const list = await window.question('Prune Snapshots');
  await list.locator('input.input').fill('web-1');
  await expect.poll(() => list.locator('.monaco-list-row').count()).toBe(1);
  for (const key of ['ArrowDown', 'Space', 'Enter']) await window.page.keyboard.press(key);
  return window.webview();
}

/** Types a number into the field of a rule. */
async function setRule(window: Window, page: FrameLocator, rule: string, count: string): Promise<void> {
  const field = page.getByLabel(rule, { exact: true });
  await field.focus();
  // Selecting all is a command of VS Code, which comes back to the page after what is typed next.
  for (const key of ['End', 'Shift+Home']) await window.page.keyboard.press(key);
  await window.page.keyboard.type(count);
  await expect.poll(() => field.inputValue()).toBe(count);
}

test.each(THEMES)('the prune preview in the %s theme says why each snapshot stays or goes', (name, theme) =>
  Window.use(
    async (window) => {
      const page = await openPrune(window);
      await setRule(window, page, 'last', '1');
      await setRule(window, page, 'daily', '2');
      await page.getByText('3 stay, 2 will be deleted').waitFor();
      await page.getByRole('button', { name: 'Pin before-upgrade' }).focus();
      await window.page.keyboard.press('Enter');
      const row = page.getByRole('row').filter({ hasText: 'before-upgrade' });
      await expect.poll(() => row.getByRole('cell').first().textContent()).toBe('✓ stays: pinned');
      await page.getByText('4 stay, 1 will be deleted').waitFor();
      await page.getByRole('button', { name: 'Delete 1 Snapshot…' }).waitFor();
      await window.picture(`prune-${name}`);
      await page.getByRole('button', { name: 'Unpin before-upgrade' }).focus();
      await window.page.keyboard.press('Enter');
      await page.getByText('3 stay, 2 will be deleted').waitFor();
    },
    { settings: { 'workbench.colorTheme': theme } },
  ),
);

test('pruning deletes what was shown, after a question, by keyboard alone', () =>
  Window.use(async (window) => {
    const page = await openPrune(window);
    const { keyboard } = window.page;
    await setRule(window, page, 'last', '2');
    const remove = page.getByRole('button', { name: 'Delete 3 Snapshots…' });
    await remove.focus();
    await keyboard.press('Enter');
    const dialog = await window.dialog();
    const text = await dialog.innerText();
    expect(text).toContain('Delete 3 snapshots of web-1?');
    for (const one of ['snap0', 'snap2', 'before-upgrade']) expect(text).toContain(`local: web-1/${one}`);
    await window.picture('prune-question');
    await keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    const names = async () =>
      (await lab.query<string[]>('local:/1.0/instances/web-1/snapshots')).map((url) => url.split('/').at(-1));
    expect(await names()).toHaveLength(5);
    await page.getByText('2 stay, 3 will be deleted').waitFor();
    await remove.focus();
    await keyboard.press('Enter');
    await window.press('Delete');
    await page.getByText('Nothing will be deleted').waitFor();
    expect(await names()).toEqual(['snap3', 'snap4']);
  }));
