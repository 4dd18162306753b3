/** From a server that nobody trusts yet to a snapshot server, as a new user does it. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { attachLab } from '../lab/handle.ts';
import { mustRun } from '../lab/process.ts';
import { Window } from './window.ts';

const lab = attachLab();
let conf = '';

beforeEach(async () => {
  conf = mkdtempSync(join(lab.folder, 'conf-'));
  cpSync(lab.env['INCUS_CONF'] ?? '', conf, { recursive: true });
  const file = join(conf, 'config.yml');
  const config = parse(readFileSync(file, 'utf8')) as { remotes: Record<string, unknown> };
  writeFileSync(file, stringify({ ...config, remotes: { local: { addr: 'unix://' } } }));
  rmSync(join(conf, 'servercerts'), { recursive: true, force: true });
  for (const name of ['client.crt', 'client.key']) rmSync(join(conf, name), { force: true });
  await lab.must('profile', 'create', 'web-tier');
  await lab.must('profile', 'add', 'ubuntu-test', 'web-tier');
});

afterEach(async () => {
  await lab.must('profile', 'remove', 'ubuntu-test', 'web-tier');
  await lab.must('profile', 'delete', 'web-tier');
  await lab.incus('profile', 'delete', 'incus-snapshot:web-tier');
  rmSync(conf, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

test('a second server becomes a snapshot server, with what it lacked', async () => {
  const env = lab.environment({ INCUS_DIR: lab.snapshotServer.folder });
  const said = await mustRun([lab.client, 'config', 'trust', 'add', 'ui-test', '--quiet'], { env });
  await Window.use(
    async (window) => {
      await window.row('ubuntu-test').waitFor();
      await window.run('Incus: Set Up Snapshot Server…');
      await window.pick('Set Up Snapshot Server', 'Add Remote');
      await window.answer('Address of the server', said.trim().split('\n').at(-1) ?? '');
      await window.answer('What the remote is to be called here');
      const dialog = await window.dialog();
      expect(await dialog.innerText()).toContain('It is the certificate that the token names.');
      await window.press('Trust This Server');
      const list = await window.question('A trial copy works by pull, push, relay');
      await window.picture('preflight');
      await list.locator('.monaco-list-row').filter({ hasText: 'Missing profiles: web-tier' }).click();
      await window.press('Create Profile');
      await window.pick('The profiles are there', 'Mirror local to incus-snapshot');
      await window.message('local is set up to be mirrored to incus-snapshot, by pull.');
      expect(await lab.must('profile', 'list', 'incus-snapshot:', '-f', 'csv')).toContain('web-tier');
    },
    { settings: { 'incusSnapshots.environment': { INCUS_CONF: conf } } },
  );
});

test('the walkthrough leads there', () =>
  Window.use(async (window) => {
    await window.row('ubuntu-test').waitFor();
    await window.run('Welcome: Open Walkthrough...');
    await window.pick('', 'Keep copies on a snapshot server');
    await window.page.getByText('Make the second server known').first().waitFor();
    await window.picture('walkthrough');
  }));
