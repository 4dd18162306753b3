import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { confirms, leaves, presses, types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';
import { newClientOf, tokenOf } from '../support/newClient.ts';

describe('a server that is to become a remote', () => {
  const host = useHost();
  const { lab } = host;
  const url = `https://${lab.snapshotServer.address}`;

  const newClient = () => newClientOf(host);
  const token = () => tokenOf(host);

  async function fingerprint(): Promise<string> {
    const server = await lab.query<{ environment: { certificate_fingerprint: string } }>(`${SNAPSHOT_REMOTE}:/1.0`);
    return server.environment.certificate_fingerprint;
  }

  /** Nothing of the token stands where anybody could read it. */
  function assertUnseen(secret: string): void {
    const seen = [...host.window.log.map(({ text }) => text), ...host.window.status, ...host.window.ran];
    assert.equal(seen.filter((text) => text.includes(secret)).length, 0);
  }

  it('is added by its token: its certificate is shown, confirmed, and trusts this client from then on', async () => {
    newClient();
    await host.load();
    assert.doesNotMatch(host.tree(), /backup/);
    const secret = await token();
    const calls = host.fake([]);
    await host.run(
      'addRemote',
      [],
      types(secret, ['', 'a b']),
      types('backup', ['local', '-x']),
      presses('Trust This Server'),
    );
    const question = host.dialogs.last;
    assert.ok(question.modal);
    assert.equal(question.text, `Trust the server at ${url} as backup?`);
    assert.ok(question.detail.replaceAll(' ', '').includes(await fingerprint()));
    assert.match(question.detail, /It is the certificate that the token names\.$/);
    await host.parts.inventory.refreshRemote('backup');
    await host.treeBecomes(/^backup \d+\.\d+/m);
    assert.deepEqual(
      calls.calls().filter(({ argv }) => argv.some((arg) => arg.includes(secret))),
      [],
      'the token is no argument of any process',
    );
    assertUnseen(secret);
    assert.equal(host.calls(`remote add -- backup ${url}`).length, 1);
  });

  it('is added by its address, and asks for a token then; a used one is refused in words', async () => {
    newClient();
    await host.load();
    const used = await token();
    await host.run('addRemote', [], types(used), types('first'), presses('Trust This Server'));
    const client = newClient();
    await host.parts.inventory.refresh();
    const address = lab.snapshotServer.address;
    const asked = await host.run(
      'addRemote',
      [],
      ...[types(address), types('second'), presses('Trust This Server'), types(used, ['nonsense']), leaves],
    );
    assert.match(asked[2]?.detail ?? '', /Compare it with what the server says of itself/);
    assert.match(asked[3]?.prompt ?? '', /^second wants a token/);
    assert.match(asked[4]?.text ?? '', /^The server (does not take the token|does not trust this client)/);
    assert.doesNotMatch(
      readFileSync(join(client, 'config.yml'), 'utf8'),
      /second/,
      'the client knows no more than before',
    );
    assertUnseen(used);
  });

  it('is not added where the user does not confirm its certificate, or it is not the token’s', async () => {
    newClient();
    await host.load();
    const fields = JSON.parse(atob(await token())) as { addresses: string[]; fingerprint: string };
    await host.run('addRemote', [], types(btoa(JSON.stringify(fields))), confirms, leaves);
    const forged = btoa(JSON.stringify({ ...fields, fingerprint: 'ab'.repeat(32) }));
    const asked = await host.run('addRemote', [], types(forged), types('forged'), leaves);
    assert.match(asked.at(-1)?.text ?? '', /^The server at that address is not the one that made the token/);
    const nowhere = await host.run('addRemote', [], types('127.0.0.1:9'), types('nowhere'), leaves);
    assert.match(nowhere.at(-1)?.text ?? '', /^The server refused the connection\./);
    await host.parts.inventory.refresh();
    assert.deepEqual(
      host.parts.inventory.remotes.map(({ remote }) => remote.name),
      ['local'],
    );
  });

  it('is forgotten with its pairs, and nothing is changed on it', async () => {
    newClient();
    await host.load();
    await host.run('addRemote', [], types(await token()), types('backup'), presses('Trust This Server'));
    await host.container('setup-stays', { on: SNAPSHOT_REMOTE, stopped: true });
    await host.setting('snapshotServers', [{ from: 'local', to: 'backup' }]);
    const row = host.remote('backup');
    assert.match(host.item(row).contextValue ?? '', /;removable$/);
    assert.doesNotMatch(host.item(host.remote('local')).contextValue ?? '', /removable/);
    await host.run('removeRemote', [row], leaves);
    assert.ok(host.parts.inventory.remote('backup'));
    const [question] = await host.run('removeRemote', [row], presses('Remove from This Client'));
    assert.match(question?.detail ?? '', /Nothing is changed on the server[^]*Mirroring that is set up with it ends/);
    assert.equal(host.parts.inventory.remote('backup'), undefined);
    assert.ok(await host.real('setup-stays', { on: SNAPSHOT_REMOTE }));
    const [none] = await host.run('removeRemote', [host.remote('local')], leaves);
    assert.equal(none?.text, 'There is no remote that could be removed.');
  });
});
