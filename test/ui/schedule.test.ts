/** The form for schedules, worked by keyboard alone in each theme; names that would be markup are text in it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachLab } from '../lab/handle.ts';
import { Window } from './window.ts';

const lab = attachLab();

/** Markup, and a mark that writes what follows from right to left: Incus lets a profile be called so. */
const MARKUP = 'nightly<b>x\u202ey';
/** As it is to be read. */
const SHOWN = 'nightly<b>x\\u202ey';

beforeAll(async () => {
  await lab.must('profile', 'create', MARKUP);
  await lab.must('profile', 'set', MARKUP, 'snapshots.expiry=2w', 'snapshots.pattern=<img-src=x-onerror=alert(1)>%d');
  await lab.must('profile', 'add', 'ubuntu-test', MARKUP);
});

afterAll(async () => {
  await lab.must('profile', 'remove', 'ubuntu-test', MARKUP);
  await lab.must('profile', 'delete', MARKUP);
  await lab.must('config', 'set', 'ubuntu-test', 'snapshots.schedule=', 'snapshots.expiry=', 'snapshots.pattern=');
});

const valueOf = async (key: string) => (await lab.must('config', 'get', 'ubuntu-test', key)).trim();

test.each([
  ['dark', 'Default Dark Modern'],
  ['light', 'Default Light Modern'],
  ['high-contrast', 'Default High Contrast'],
])('a schedule is set by keyboard alone (%s)', (name, theme) =>
  Window.use(
    async (window) => {
      const { keyboard } = window.page;
      await window.row('ubuntu-test').waitFor();
      await window.chooseFromMenu('ubuntu-test', 'Edit Schedule…');
      const page = window.webview();
      const schedule = page.getByRole('textbox', { name: 'Schedule' });
      await page.locator('#schedule:focus').waitFor();
      await keyboard.type('61 6 * * *');
      await page.getByText('Incus would refuse this.').first().waitFor();
      expect(await schedule.getAttribute('aria-invalid')).toBe('true');
      await keyboard.press('Home');
      await keyboard.press('Shift+End');
      await keyboard.type('30 6 * * 1-5');
      await page.getByText('Snapshots: At 06:30, Monday through Friday.').first().waitFor();
      expect(await page.getByRole('table').getByRole('row').count()).toBe(6);
      // What a profile says is shown as text, and inherited.
      await page.getByText(`From the profile ${SHOWN}: 2w`).waitFor();
      expect(await page.locator('img, b').count()).toBe(0);
      await page.getByRole('cell', { name: '<img-src=x-onerror=alert(1)>0', exact: true }).waitFor();
      await page.getByText('work only in part').first().waitFor();
      const pattern = page.locator('#pattern:focus');
      while ((await pattern.count()) === 0) await keyboard.press('Tab');
      await keyboard.type("day-{{ creation_date|date:'2006-01-02' }}");
      await expect.poll(() => page.getByRole('cell', { name: /^day-\d{4}-\d\d-\d\d$/ }).count()).toBe(5);
      await page.getByText('snapshots.schedule: not set → 30 6 * * 1-5').waitFor();
      await window.picture(`schedule-${name}`);
      await keyboard.press('Enter');
      await page.getByRole('status').getByText('Saved.').waitFor();
      expect(await valueOf('snapshots.schedule')).toBe('30 6 * * 1-5');
      expect(await valueOf('snapshots.pattern')).toBe("day-{{ creation_date|date:'2006-01-02' }}");
      expect(await valueOf('snapshots.expiry')).toBe('');
      await lab.must('config', 'set', 'ubuntu-test', 'snapshots.schedule=', 'snapshots.pattern=');
      await page.getByText('Changed on the server in the meantime').waitFor();
    },
    { settings: { 'workbench.colorTheme': theme } },
  ),
);
