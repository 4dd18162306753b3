/** The packed extension, installed as a user installs it. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { attachLab, CONTAINERS, SNAPSHOT_REMOTE } from '../lab/handle.ts';
import { type OpenOptions, openWorkbench } from '../lab/workbench.ts';

const VSIX = join(import.meta.dirname, '..', '..', 'dist', 'incus-snapshots.vsix');

async function inWorkbench(options: Partial<OpenOptions>, work: (page: Page) => Promise<void>): Promise<void> {
  const workbench = await openWorkbench({ env: attachLab().environment(), vsix: VSIX, ...options });
  try {
    await work(workbench.page);
  } catch (error) {
    process.stderr.write(`${workbench.logs.join('\n')}\n`);
    throw error;
  } finally {
    await workbench.close();
  }
}

async function openTab(page: Page, name: string | RegExp): Promise<void> {
  await page.locator('.activitybar').getByRole('tab', { name, exact: true }).click();
}

/** Waits for a row whose text has all of these in it. */
async function seeRow(page: Page, ...texts: (string | RegExp)[]): Promise<void> {
  const rows = texts.reduce((row, hasText) => row.filter({ hasText }), page.getByRole('treeitem'));
  await rows.first().waitFor({ timeout: 30_000 });
}

test('shows both servers and their instances', async () => {
  await inWorkbench({}, async (page) => {
    await openTab(page, 'Incus');
    await seeRow(page, 'local', '2 instances');
    await seeRow(page, SNAPSHOT_REMOTE, /\d+\.\d+/);
    for (const name of CONTAINERS) await seeRow(page, name, 'running', 'no snapshots');
  });
});

test('speaks the language of VS Code', async () => {
  await inWorkbench({ locale: 'de' }, async (page) => {
    await openTab(page, 'Incus');
    await seeRow(page, 'local', '2 Instanzen');
    for (const name of CONTAINERS) await seeRow(page, name, 'keine Snapshots');
  });
});

test('has a page with its README, and no picture missing from it', async () => {
  await inWorkbench({}, async (page) => {
    await openTab(page, /^Extensions/);
    await page.locator('.extension-list-item', { hasText: 'Incus Snapshots' }).click();
    const readme = page.frameLocator('iframe.webview.ready').frameLocator('#active-frame');
    await readme.getByRole('heading', { name: 'The first five minutes' }).waitFor({ timeout: 30_000 });
    expect(await readme.getByRole('img').count()).toBe(0);
  });
});
