/** What is open is there again when its window is opened anew. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachLab } from '../lab/handle.ts';
import { daysAgo, deleteOld, makeOld } from './past.ts';
import { Window } from './window.ts';

const lab = attachLab();

beforeAll(() => makeOld('again-1', [['before', daysAgo(3)]]), 120_000);

afterAll(() => deleteOld('again-1'), 120_000);

test('the timeline and the form come back with their window, read anew, with what was typed', () =>
  Window.use(async (window) => {
    await window.row('again-1').waitFor();
    await window.run('Incus: Show Timeline');
    const page = window.webview();
    await page.getByRole('application', { name: 'Timeline' }).focus();
    await window.page.keyboard.press('t');
    await page.getByRole('row').filter({ hasText: 'before' }).waitFor();
    await window.chooseFromMenu('again-1', 'Edit Schedule…');
    await page.locator('#schedule:focus').waitFor();
    await window.page.keyboard.type('30 6 * * 1-5');
    await page.getByText('snapshots.schedule: not set → 30 6 * * 1-5').waitFor();
    await lab.must('snapshot', 'create', 'again-1', 'meanwhile');

    // Unlike the browser's own, it waits until the state of what is open has been kept.
    await window.run('Developer: Reload Window');
    const schedule = page.locator('#schedule');
    await expect.poll(() => schedule.inputValue(), { timeout: 60_000 }).toBe('30 6 * * 1-5');
    await page.getByText('snapshots.schedule: not set → 30 6 * * 1-5').waitFor();
    await page.getByRole('heading', { name: 'Schedule of again-1' }).waitFor();
    await window.page.getByRole('tab', { name: 'Timeline' }).click();
    // It was shown as a table.
    await page.getByRole('row').filter({ hasText: 'meanwhile' }).waitFor();
    await page.getByRole('row').filter({ hasText: 'before' }).waitFor();
  }));
