/** What a user sees, checked and kept as pictures; `npm run images` makes those of docs/images. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachLab } from '../lab/handle.ts';
import { Window } from './window.ts';

const lab = attachLab();

/** The sidebar and what lies beside it. */
const SIDEBAR = { clip: { x: 0, y: 0, width: 760, height: 460 } };

const WIDE_SIDEBAR = { x: 560, y: 300 };

beforeAll(async () => {
  await lab.must('config', 'set', 'ubuntu-test', 'snapshots.schedule=50 20 * * *', 'snapshots.expiry=2w');
  await lab.must('snapshot', 'create', 'ubuntu-test', 'ubuntu-test-1');
  await lab.must('snapshot', 'create', 'ubuntu-test', 'before-upgrade');
  await lab.must('config', 'set', 'ubuntu-test', 'snapshots.schedule=@daily', 'limits.memory=2GiB');
  await lab.must('snapshot', 'create', 'rockylinux-test-9', 'rockylinux-test-9-snap1');
  await lab.must('init', 'busybox', 'powerdns');
});

afterAll(async () => {
  await lab.must('delete', 'powerdns');
  await lab.must('snapshot', 'delete', 'rockylinux-test-9', 'rockylinux-test-9-snap1');
  for (const name of ['ubuntu-test-1', 'before-upgrade']) await lab.must('snapshot', 'delete', 'ubuntu-test', name);
  for (const key of ['snapshots.schedule', 'snapshots.expiry', 'limits.memory']) {
    await lab.must('config', 'unset', 'ubuntu-test', key);
  }
});

/** Drags the side bar's edge, so that the rows can be read. */
async function widen(window: Window): Promise<void> {
  const bar = await window.page.locator('.part.sidebar').boundingBox();
  if (!bar) throw new Error('there is no side bar');
  await window.page.mouse.move(bar.x + bar.width + 1, WIDE_SIDEBAR.y);
  await window.page.mouse.down();
  await window.page.mouse.move(WIDE_SIDEBAR.x, WIDE_SIDEBAR.y, { steps: 5 });
  await window.page.mouse.up();
  await expect
    .poll(async () => (await window.page.locator('.part.sidebar').boundingBox())?.width)
    .toBeGreaterThan(bar.width + 100);
}

async function showTree(window: Window): Promise<void> {
  await window.row('incus-snapshot').waitFor();
  await widen(window);
  await expect.poll(() => window.description('ubuntu-test')).toContain('2 snapshots');
  await expect.poll(() => window.description('powerdns')).toBe('stopped · no snapshots');
  await window.expand('ubuntu-test');
  await window.row('before-upgrade').waitFor();
}

test('the tree says what is there', () =>
  Window.use(async (window) => {
    await showTree(window);
    expect(await window.description('local')).toMatch(/^\d+\.\d+.* · 3 instances$/);
    expect(await window.description('incus-snapshot')).toMatch(/^\d+\.\d+.* · 0 instances$/);
    expect(await window.description('ubuntu-test')).toBe(
      'running · 2 snapshots · once a day, at a time that Incus picks',
    );
    expect(await window.description('before-upgrade')).toMatch(/^(just now|1 minute ago) · expires in 14 days$/);
    await window.row('powerdns').hover();
    await window.picture('tree', SIDEBAR);
    const menu = await window.openMenu('before-upgrade');
    const actions = await menu.getByRole('menuitem').allTextContents();
    expect(actions.at(-1), 'what destroys stands last').toMatch(/^Delete Snapshot…/);
    await window.picture('context-menu', SIDEBAR);
  }));

test('the restore dialog says what will be lost, and offers a snapshot first', () =>
  Window.use(async (window) => {
    await showTree(window);
    await window.chooseFromMenu('ubuntu-test-1', 'Restore Snapshot…');
    await window.pick('Restore ubuntu-test-1', "keep today's snapshot settings");
    const dialog = await window.dialog();
    const text = await dialog.innerText();
    expect(text).toContain('Restore ubuntu-test to the snapshot ubuntu-test-1?');
    expect(text).toContain('limits.memory: "2GiB" will be removed');
    expect(text).toContain('Kept as they are today: snapshots.schedule');
    const buttons = await dialog.getByRole('button').allInnerTexts();
    expect(buttons.filter(Boolean)).toEqual(
      expect.arrayContaining(['Snapshot First, Then Restore', 'Restore', 'Cancel']),
    );
    await window.picture('restore');
    await window.press('Cancel');
    expect(await lab.must('config', 'get', 'ubuntu-test', 'limits.memory')).toContain('2GiB');
  }));

test.each([
  ['light', 'Default Light Modern'],
  ['high-contrast', 'Default High Contrast'],
])('the tree can be read in the %s theme', (name, theme) =>
  Window.use(
    async (window) => {
      await showTree(window);
      await window.row('before-upgrade').click();
      await window.picture(`tree-${name}`, SIDEBAR);
    },
    { settings: { 'workbench.colorTheme': theme } },
  ),
);

test('without the Incus client, the view says how to get it', () => {
  return Window.use(
    async (window) => {
      const welcome = window.page.locator('.welcome-view-content');
      await welcome.getByText('The Incus client was not found on this machine.').waitFor();
      await welcome.getByRole('button', { name: 'How to Install Incus' }).waitFor();
      await window.picture('welcome', SIDEBAR);
    },
    { settings: { 'incusSnapshots.environment': { PATH: '/nonexistent' } } },
  );
});
