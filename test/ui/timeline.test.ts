/** The timeline, worked by keyboard alone, and kept as pictures. */
import type { FrameLocator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachLab } from '../lab/handle.ts';
import { daysAgo, deleteOld, makeOld, type Made, QUIET_HOUR, THEMES } from './past.ts';
import { Window } from './window.ts';

const lab = attachLab();

const SCHEDULE = ['snapshots.expiry=3w', `snapshots.schedule=0 ${QUIET_HOUR} * * *`];

/** Accepted by both lines of Incus; read as markup it would hide every cell, and turn what follows it round. */
const MARKUP = 'a<style>td,th{display:none}\u202eb';

const WEB: readonly Made[] = [
  ['snap0', daysAgo(9)],
  ['snap1', daysAgo(8)],
  ['snap2', daysAgo(7)],
  ['before-upgrade', daysAgo(6, QUIET_HOUR - 5)],
  ['snap3', daysAgo(6)],
  ['snap4', daysAgo(5)],
];

/** What is only looked at. */
beforeAll(async () => {
  await makeOld('web-1', WEB, ...SCHEDULE);
  await makeOld('db-1', [['release', daysAgo(4)]], 'snapshots.schedule=@daily');
}, 120_000);

afterAll(async () => {
  for (const name of ['web-1', 'db-1']) await deleteOld(name);
}, 120_000);

interface Shown {
  readonly page: FrameLocator;
  readonly spoken: () => Promise<string>;
}

/** Opens the timeline of everything from the palette. */
async function openTimeline(window: Window, instance: string): Promise<Shown> {
  await window.row(instance).waitFor();
  await window.run('Incus: Show Timeline');
  return onTimeline(window, instance);
}

/** Goes to the first snapshot of an instance, and waits until all of it is known. */
async function onTimeline(window: Window, instance: string): Promise<Shown> {
  const page = window.webview();
  await page.getByRole('application', { name: 'Timeline' }).focus();
  const spoken = async () => (await page.locator('[aria-live]').textContent()) ?? '';
  const after = (key: string) => async () => {
    await window.page.keyboard.press(key);
    return spoken();
  };
  await expect.poll(after('ArrowDown')).toMatch(new RegExp(`^${instance}, local, `));
  // What is in sight has been read once its expiry is known.
  await expect
    .poll(after('Home'))
    .toMatch(new RegExp(`^${instance}, local, snap0, Taken .*, Expires .*, by schedule$`));
  return { page, spoken };
}

test.each(THEMES)('the timeline in the %s theme', (name, theme) =>
  Window.use(
    async (window) => {
      const { page, spoken } = await openTimeline(window, 'web-1');
      const { keyboard } = window.page;
      for (const expected of [/snap1/, /snap2/, /before-upgrade, .*by hand/, /snap3/, /snap4/, /overdue since/]) {
        await keyboard.press('ArrowRight');
        await expect.poll(spoken).toMatch(expected);
      }
      await keyboard.press('ArrowRight');
      await expect.poll(spoken).toMatch(/^web-1, local, coming run, .*, At \d\d:00$/);
      // Those of an alias come at a time that nobody knows but Incus.
      while (!(await spoken()).startsWith('db-1')) await keyboard.press('ArrowUp');
      await keyboard.press('End');
      await expect
        .poll(spoken)
        .toMatch(/^db-1, local, coming run, at a time that Incus picks, between .* and .*, once a day/);
      await keyboard.press('0');
      await keyboard.press('-');
      await onTimeline(window, 'web-1');
      for (const _ of WEB.slice(1)) await keyboard.press('ArrowRight');
      await expect.poll(() => page.locator('.tip').textContent()).toContain('snap4');
      await window.picture(`timeline-${name}`);
    },
    { settings: { 'workbench.colorTheme': theme } },
  ),
);

test('the timeline as a table, and what is done from it shows at once', async () => {
  const made: readonly Made[] = [...WEB.slice(0, 2), [MARKUP, daysAgo(3)], ['release', daysAgo(2)]];
  await makeOld('shop-1', made, ...SCHEDULE);
  try {
    await Window.use(async (window) => {
      const { page, spoken } = await openTimeline(window, 'shop-1');
      const { keyboard } = window.page;
      await keyboard.press('Enter');
      await window.row('snap0').waitFor();
      await expect.poll(() => window.row('snap0').getAttribute('aria-selected')).toBe('true');

      await page.getByRole('application', { name: 'Timeline' }).focus();
      await keyboard.press('t');
      const table = page.getByRole('table', { name: 'Timeline' });
      const rows = table.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'shop-1' }) });
      await expect.poll(() => rows.filter({ hasText: 'by hand' }).count()).toBe(2);
      const markup = rows.filter({ hasText: 'a<style>' });
      expect(await markup.getByRole('cell').nth(1).textContent()).toBe('a<style>td,th{display:none}\\u202eb');
      expect(await markup.getByRole('cell').nth(1).isVisible()).toBe(true);
      await window.picture('timeline-table');

      await keyboard.press('t');
      await keyboard.press('Home');
      await keyboard.press('ArrowRight');
      await expect.poll(spoken).toMatch(/snap1/);
      await keyboard.press('Shift+F10');
      const menu = window.page.locator('.context-view .monaco-menu');
      await menu.waitFor();
      const actions = await menu.getByRole('menuitem').allTextContents();
      expect(actions[0]).toContain('Restore Snapshot…');
      expect(actions.at(-1)).toContain('Delete Snapshot…');
      await window.picture('timeline-menu');
      await menu.getByRole('menuitem', { name: 'Delete Snapshot…' }).hover();
      await menu.locator('.action-item.focused', { hasText: 'Delete Snapshot…' }).waitFor();
      await keyboard.press('Enter');
      expect(await (await window.dialog()).innerText()).toContain('Delete the snapshot snap1 of shop-1?');
      await window.press('Delete');
      await window.status('Snapshot shop-1/snap1 deleted.');
      await page.getByRole('application', { name: 'Timeline' }).focus();
      await keyboard.press('t');
      await expect.poll(() => rows.filter({ hasText: 'snap1' }).count()).toBe(0);
      await lab.must('snapshot', 'create', 'shop-1', 'made-elsewhere');
      await expect.poll(() => rows.filter({ hasText: 'made-elsewhere' }).count()).toBe(1);
      await lab.must('snapshot', 'delete', 'shop-1', 'made-elsewhere');
      await expect.poll(() => rows.filter({ hasText: 'made-elsewhere' }).count()).toBe(0);
    });
  } finally {
    await deleteOld('shop-1');
  }
});
