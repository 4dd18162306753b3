/** The timeline and the prune preview, worked by keyboard alone, and kept as pictures. */
import type { FrameLocator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachLab } from '../lab/handle.ts';
import { mustRun } from '../lab/process.ts';
import { Window } from './window.ts';

const lab = attachLab();

const HOUR = 3_600_000;

const THEMES = [
  ['dark', 'Default Dark Modern'],
  ['light', 'Default Light Modern'],
  ['high-contrast', 'Default High Contrast'],
] as const;

/** Accepted by both lines of Incus; read as markup it would hide every cell, and turn what follows it round. */
const MARKUP = 'a<style>td,th{display:none}\u202eb';

/** Names of snapshots, by how many hours ago they are to have been made. */
const MADE: readonly (readonly [instance: string, name: string, hours: number])[] = [
  ['ubuntu-test', 'snap0', 9 * 24],
  ['ubuntu-test', 'snap1', 8 * 24],
  ['ubuntu-test', 'snap2', 7 * 24],
  ['ubuntu-test', 'before-upgrade', 6 * 24 + 5],
  ['ubuntu-test', 'snap3', 6 * 24],
  ['ubuntu-test', 'snap4', 5 * 24],
  ['rockylinux-test-9', MARKUP, 8 * 24 + 3],
  ['rockylinux-test-9', 'release', 4 * 24],
];

async function backdate(instance: string, snapshot: string, hours: number): Promise<void> {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const at = new Date(Date.now() - hours * HOUR).toISOString().replace('T', ' ').replace('Z', '+00:00');
  const statement =
    `UPDATE instances_snapshots SET creation_date = ${quoted(at)} WHERE name = ${quoted(snapshot)} ` +
    `AND instance_id = (SELECT id FROM instances WHERE name = ${quoted(instance)})`;
  const env = lab.environment({ INCUS_DIR: lab.primary.folder });
  const said = await mustRun([lab.client, 'admin', 'sql', 'global', statement], { env });
  expect(said).toMatch(/Rows affected: 1/);
}

beforeAll(async () => {
  await lab.must('config', 'set', 'ubuntu-test', 'snapshots.expiry=3w');
  for (const [instance, name, hours] of MADE) {
    await lab.must('snapshot', 'create', '--', instance, name);
    await backdate(instance, name, hours);
  }
  await lab.must('config', 'set', 'ubuntu-test', 'snapshots.schedule=0 6 * * *');
}, 120_000);

afterAll(async () => {
  for (const key of ['snapshots.schedule', 'snapshots.expiry']) await lab.must('config', 'unset', 'ubuntu-test', key);
  for (const instance of ['ubuntu-test', 'rockylinux-test-9']) {
    const left = await lab.query<string[]>(`local:/1.0/instances/${instance}/snapshots`);
    for (const url of left) {
      const name = decodeURIComponent(url.split('/').at(-1) ?? '');
      await lab.must('snapshot', 'delete', '--', instance, name);
    }
    const { config } = await lab.query<{ config: Record<string, string> }>(`local:/1.0/instances/${instance}`);
    for (const key of Object.keys(config).filter((one) => one.startsWith('user.incus-snapshots.'))) {
      await lab.must('config', 'unset', instance, key);
    }
  }
}, 120_000);

/** Opens the timeline from the palette, and waits until all of it is known. */
async function openTimeline(window: Window): Promise<{ page: FrameLocator; spoken: () => Promise<string> }> {
  await window.row('ubuntu-test').waitFor();
  await window.run('Incus: Show Timeline');
  const page = window.webview();
  await page.getByRole('application', { name: 'Timeline' }).focus();
  const spoken = async () => (await page.locator('[aria-live]').textContent()) ?? '';
  // What is in sight has been read once its expiry is known.
  await window.page.keyboard.press('ArrowDown');
  await window.page.keyboard.press('ArrowDown');
  await expect
    .poll(async () => {
      await window.page.keyboard.press('Home');
      return spoken();
    })
    .toMatch(/^ubuntu-test, local, snap0, Taken .*, Expires .*, by schedule$/);
  return { page, spoken };
}

test.each(THEMES)('the timeline in the %s theme', (name, theme) =>
  Window.use(
    async (window) => {
      const { page, spoken } = await openTimeline(window);
      const { keyboard } = window.page;
      for (const expected of [/snap1/, /snap2/, /before-upgrade, .*by hand/, /snap3/, /snap4/, /overdue since/]) {
        await keyboard.press('ArrowRight');
        await expect.poll(spoken).toMatch(expected);
      }
      await keyboard.press('ArrowRight');
      await expect.poll(spoken).toMatch(/^ubuntu-test, local, coming run, .*, At 06:00$/);
      await keyboard.press('0');
      await keyboard.press('-');
      for (const _ of [1, 2]) await keyboard.press('ArrowLeft');
      await expect.poll(() => page.locator('.tip').textContent()).toContain('snap4');
      await window.picture(`timeline-${name}`);
    },
    { settings: { 'workbench.colorTheme': theme } },
  ),
);

test('the timeline as a table, and what is done from it shows at once', () =>
  Window.use(async (window) => {
    const { page, spoken } = await openTimeline(window);
    const { keyboard } = window.page;
    await keyboard.press('Enter');
    await window.row('snap0').waitFor();
    await expect.poll(() => window.row('snap0').getAttribute('aria-selected')).toBe('true');

    await page.getByRole('application', { name: 'Timeline' }).focus();
    await keyboard.press('t');
    const table = page.getByRole('table', { name: 'Timeline' });
    await expect.poll(() => table.getByRole('row').filter({ hasText: 'by hand' }).count()).toBe(3);
    const markup = table.getByRole('row').filter({ hasText: 'a<style>' });
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
    expect(await (await window.dialog()).innerText()).toContain('Delete the snapshot snap1 of ubuntu-test?');
    await window.press('Delete');
    await window.status('Snapshot ubuntu-test/snap1 deleted.');
    await page.getByRole('application', { name: 'Timeline' }).focus();
    await keyboard.press('t');
    await expect.poll(() => table.getByRole('row').filter({ hasText: 'snap1' }).count()).toBe(0);
    await lab.must('snapshot', 'create', 'ubuntu-test', 'made-elsewhere');
    await expect.poll(() => table.getByRole('row').filter({ hasText: 'made-elsewhere' }).count()).toBe(1);
    await lab.must('snapshot', 'delete', 'ubuntu-test', 'made-elsewhere');
    await expect.poll(() => table.getByRole('row').filter({ hasText: 'made-elsewhere' }).count()).toBe(0);
  }));

/** Opens the page from the palette, by keyboard. */
async function openPrune(window: Window): Promise<FrameLocator> {
  await window.row('ubuntu-test').waitFor();
  await window.run('Incus: Prune Snapshots…');
  const list = await window.question('Prune Snapshots');
  await list.locator('input.input').fill('ubuntu-test');
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
    expect(text).toContain('Delete 3 snapshots of ubuntu-test?');
    for (const one of ['snap0', 'snap2', 'before-upgrade']) expect(text).toContain(`local: ubuntu-test/${one}`);
    await window.picture('prune-question');
    await keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    const names = async () =>
      (await lab.query<string[]>('local:/1.0/instances/ubuntu-test/snapshots')).map((url) => url.split('/').at(-1));
    expect(await names()).toHaveLength(5);
    await page.getByText('2 stay, 3 will be deleted').waitFor();
    await remove.focus();
    await keyboard.press('Enter');
    await window.press('Delete');
    await page.getByText('Nothing will be deleted').waitFor();
    expect(await names()).toEqual(['snap3', 'snap4']);
  }));
