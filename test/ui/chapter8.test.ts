/** Chapter 8 of the book, from end to end, in the sidebar. */
import { afterEach, expect, test } from 'vitest';
import { attachLab } from '../lab/handle.ts';
import { Window } from './window.ts';

const lab = attachLab();

afterEach(async () => {
  for (const name of await snapshots()) await lab.must('snapshot', 'delete', 'ubuntu-test', name);
});

const snapshots = async () => {
  const list = await lab.query<string[]>('local:/1.0/instances/ubuntu-test/snapshots');
  return list.map((url) => url.split('/').at(-1) ?? '');
};
const fileExists = async () =>
  (await lab.incus('exec', 'ubuntu-test', '--', 'test', '-e', '/root/this_file.txt')).exitCode === 0;
const isRunning = async () => (await lab.must('list', '-f', 'csv', '-c', 's', 'ubuntu-test')).trim() === 'RUNNING';

test('snapshot, look, shell, touch a file, restore, the file is gone, it runs again, delete', () =>
  Window.use(async (window) => {
    const { page } = window;
    await window.row('ubuntu-test').waitFor();

    await window.chooseFromMenu('ubuntu-test', 'Create Snapshot…');
    await window.question('Create Snapshot of ubuntu-test');
    await window.answer('Name of the snapshot.');
    await window.answer('When does it expire?');
    await window.row('ubuntu-test-1').waitFor();
    await window.status('Snapshot ubuntu-test-1 of ubuntu-test created.');
    expect(await snapshots()).toEqual(['ubuntu-test-1']);
    await expect.poll(() => window.description('ubuntu-test')).toContain('running · 1 snapshot');
    expect(await window.description('ubuntu-test-1')).toBe('just now');

    await window.chooseFromMenu('ubuntu-test', 'Open Shell');
    const terminal = page.locator('.terminal-wrapper.active .xterm-helper-textarea');
    await terminal.waitFor({ state: 'attached' });
    await expect.poll(shellIsOpen, { timeout: 30_000 }).toBe(true);
    await terminal.focus();
    await page.keyboard.type('touch /root/this_file.txt\n');
    await expect.poll(fileExists, { timeout: 30_000 }).toBe(true);
    await page.keyboard.type('exit\n');
    await expect.poll(shellIsOpen, { timeout: 30_000 }).toBe(false);
    // The terminal's panel closes with it, and would take an open menu along.
    await page.locator('.part.panel').waitFor({ state: 'hidden' });

    await window.chooseFromMenu('ubuntu-test-1', 'Restore Snapshot…');
    const dialog = await window.dialog();
    expect(await dialog.textContent()).toContain('Restore ubuntu-test to the snapshot ubuntu-test-1?');
    expect(await dialog.textContent()).toContain('Remote: local, project: default');
    expect(await dialog.textContent()).toContain('it will be shut down, restored and started again');
    await window.press('Restore');
    await window.status('ubuntu-test was restored to ubuntu-test-1.');
    expect(await fileExists()).toBe(false);
    expect(await isRunning()).toBe(true);
    await expect.poll(() => window.description('ubuntu-test')).toContain('running');

    await window.row('ubuntu-test-1').click();
    await page.keyboard.press('Delete');
    const question = await window.dialog();
    expect(await question.textContent()).toContain('Delete the snapshot ubuntu-test-1 of ubuntu-test?');
    await window.press('Delete');
    await window.row('ubuntu-test-1').waitFor({ state: 'detached' });
    expect(await snapshots()).toEqual([]);
  }));

/** Whether somebody has a shell open on the primary. */
async function shellIsOpen(): Promise<boolean> {
  const operations = await lab.query<Record<string, { description: string }[]>>('local:/1.0/operations?recursion=1');
  return (operations['running'] ?? []).some(({ description }) => description === 'Executing command');
}
