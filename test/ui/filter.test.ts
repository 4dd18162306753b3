/** A long list: found by typing, filtered, sorted, and left in peace while servers change. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachLab } from '../lab/handle.ts';
import { Window } from './window.ts';

const lab = attachLab();

const NAMES = Array.from({ length: 40 }, (_, i) => `web-${String(i + 1).padStart(2, '0')}`);

beforeAll(async () => {
  for (const name of NAMES)
    await lab.must('init', '--empty', '--quiet', name, '-c', `user.team=${name < 'web-13' ? 'ops' : 'shop'}`);
  for (const name of ['web-01', 'web-20']) await lab.must('snapshot', 'create', name, `${name}-1`);
});

afterAll(async () => {
  await lab.must('delete', ...NAMES);
});

test('a filter shows what it does while it is typed, and is taken away by one click', () =>
  Window.use(async (window) => {
    const { page } = window;
    const header = page.locator('.part.sidebar .pane-header').filter({ hasText: 'Instances' });
    const message = page.locator('.tree-explorer-viewlet-tree-view .message');
    await window.row('web-01').waitFor();
    await header.hover();
    await header.getByRole('button', { name: 'Filter…' }).click();
    const box = await window.question('Filter Instances');
    const input = box.locator('input.input');
    // The list is drawn anew while one types, and forgets what was chosen in it.
    const take = async (word: string) => {
      const rows = box.locator('.monaco-list-row');
      await rows.filter({ hasText: word }).waitFor();
      const chosen = async () => {
        await input.press('ArrowDown');
        return box.locator('.monaco-list-row.focused').first().textContent();
      };
      await expect.poll(chosen).toContain(word);
      await input.press('Enter');
    };
    await input.fill('web stop');
    await take('stopped');
    await expect.poll(() => input.inputValue()).toBe('web stopped ');
    await input.pressSequentially('user.team=o');
    await take('user.team=ops');
    await expect.poll(() => input.inputValue()).toBe('web stopped user.team=ops ');
    await expect.poll(() => window.description('local')).toContain('12 of 42 instances');
    await window.picture('filter');
    await expect.poll(() => box.locator('.monaco-list-row.focused').first().textContent()).toContain('Enter keeps it');
    await input.press('Enter');
    await message.getByText('12 of 42 instances: web stopped user.team=ops').waitFor();
    expect(await window.row('web-13').count()).toBe(0);
    await header.hover();
    await header.getByRole('button', { name: 'Clear Filter' }).click();
    await message.waitFor({ state: 'hidden' });
    await window.row('web-13').waitFor();
  }));

test('what is selected, open and in sight stays so while instances come and change', () =>
  Window.use(async (window) => {
    const { page } = window;
    await window.row('web-01').waitFor();
    await window.run('Incus: Sort By…');
    await window.pick('Sort Instances', 'By name');
    await window.expand('web-20');
    await window.row('web-20-1').waitFor();
    await window.row('web-21').click();
    const top = async () => Math.round((await window.row('web-20').boundingBox())?.y ?? NaN);
    const before = await top();
    await lab.must('init', '--empty', '--quiet', 'aaa');
    try {
      await expect.poll(() => window.description('local')).toContain('43 instances');
      await lab.must('config', 'set', 'web-19', 'snapshots.schedule=@daily');
      await lab.must('snapshot', 'create', 'web-20', 'web-20-2');
      await window.row('web-20-2').waitFor();
      expect(await window.row('web-20-1').count(), 'it is open still').toBe(1);
      expect(await page.locator('.pane-body .monaco-list-row.selected .label-name').allTextContents()).toEqual([
        'web-21',
      ]);
      const ROW = 22;
      expect(Math.abs((await top()) - before), 'one row came above it, and no more moved').toBeLessThanOrEqual(ROW);
    } finally {
      await lab.must('delete', 'aaa');
      await lab.must('snapshot', 'delete', 'web-20', 'web-20-2');
    }
    await expect.poll(() => window.description('local')).toContain('42 instances');
  }));
