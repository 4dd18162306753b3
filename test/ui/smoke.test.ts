import { join } from 'node:path';
import { expect, test } from 'vitest';
import { attachLab } from '../lab/handle.ts';
import { openWorkbench } from '../lab/workbench.ts';

test('the workbench opens with the extension', async () => {
  const lab = attachLab();
  const workbench = await openWorkbench({ env: lab.environment(), extensionPath: join(import.meta.dirname, '..', '..') });
  try {
    expect(await workbench.page.title()).toContain('Extension Development Host');
  } finally {
    await workbench.close();
  }
});
