/** Work with several things at once, from the palette and by keyboard; and a remote that goes away. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { attachLab, CONTAINERS } from '../lab/handle.ts';
import { Window } from './window.ts';

const lab = attachLab();

const snapshotsOf = async (instance: string) => {
  const list = await lab.query<string[]>(`local:/1.0/instances/${instance}/snapshots`);
  return list.map((url) => url.split('/').at(-1) ?? '');
};

test('snapshots of several instances from the palette, deleted together by keyboard', () =>
  Window.use(async (window) => {
    await window.row('ubuntu-test').waitFor();
    await window.run('Incus: Create Snapshot…');
    const list = await window.question('Create Snapshot');
    for (const name of CONTAINERS) {
      await list.locator('.monaco-list-row').filter({ hasText: name }).locator('.monaco-checkbox').first().click();
    }
    await list.getByRole('button', { name: 'OK' }).click();
    await window.answer('Create Snapshot of 2 Instances', 'bad name');
    const box = await window.question('Create Snapshot of 2 Instances');
    await box.getByText('Only letters, digits, dots, hyphens and underscores.').waitFor();
    await box.locator('input.input').fill('');
    await window.answer('Name of the snapshot.', 'before-upgrade');
    await window.answer('When does it expire?', '1w');
    await window.status('2 snapshots created.');
    for (const name of CONTAINERS) {
      expect(await snapshotsOf(name)).toEqual(['before-upgrade']);
      await window.expand(name);
    }
    const rows = window.row('before-upgrade');
    await expect.poll(() => rows.count()).toBe(2);
    expect(await rows.first().locator('.label-description').textContent()).toContain('expires in 7 days');

    await rows.first().click();
    await rows.last().click({ modifiers: ['ControlOrMeta'] });
    await window.page.keyboard.press('Delete');
    const dialog = await window.dialog();
    const text = await dialog.innerText();
    expect(text).toContain('Delete 2 snapshots?');
    for (const name of CONTAINERS) expect(text).toContain(`local: ${name}/before-upgrade`);
    await window.press('Delete');
    await window.status('2 snapshots deleted.');
    await expect.poll(() => rows.count()).toBe(0);
    for (const name of CONTAINERS) expect(await snapshotsOf(name)).toEqual([]);
  }));

test('a remote that goes down says so in its row, and comes back by "Try Again"', () =>
  Window.use(async (window) => {
    await window.row('ubuntu-test').waitFor();
    await lab.snapshotServer.stop();
    try {
      await window.run('Incus: Refresh');
      await expect.poll(() => window.description('incus-snapshot'), { timeout: 20_000 }).toBe('down');
      expect(await window.description('local')).toContain('2 instances');
      await window.row('incus-snapshot').click();
      const message = await window.message('incus-snapshot: down. The server refused the connection.');
      await lab.snapshotServer.start();
      await message.getByRole('button', { name: 'Try Again' }).click();
      await expect.poll(() => window.description('incus-snapshot'), { timeout: 20_000 }).toContain('0 instances');
    } finally {
      if ((await lab.snapshotServer.pid()) === undefined) await lab.snapshotServer.start();
    }
  }));

test('a workspace that is not trusted cannot choose the program', async () => {
  const folder = mkdtempSync(join(lab.folder, 'workspace-'));
  const called = join(folder, 'called');
  mkdirSync(join(folder, '.vscode'));
  writeFileSync(join(folder, 'incus'), `#!/bin/sh\ntouch ${called}\n`, { mode: 0o755 });
  writeFileSync(
    join(folder, '.vscode', 'settings.json'),
    JSON.stringify({
      'incusSnapshots.cliPath': join(folder, 'incus'),
      'incusSnapshots.environment': { PATH: folder },
    }),
  );
  try {
    await Window.use(
      async (window) => {
        await window.page.getByText('Restricted Mode').first().waitFor();
        await window.row('ubuntu-test').waitFor();
        expect(existsSync(called)).toBe(false);
      },
      { folder, trust: true },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
