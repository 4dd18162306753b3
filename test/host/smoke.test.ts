import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { attachLab } from '../lab/handle.ts';

describe('the extension', () => {
  it('is there and activates', async () => {
    const extension = vscode.extensions.getExtension('incus-snapshots.incus-snapshots');
    assert.ok(extension);
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  it('runs where the lab can be reached', async () => {
    const lab = attachLab();
    assert.match(await lab.must('list', '--format', 'csv', '--columns', 'n'), /ubuntu-test/);
    assert.equal(typeof (await lab.primary.pid()), 'number');
  });
});
