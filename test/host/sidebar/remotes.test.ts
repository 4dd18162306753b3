import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { freePorts } from '../../lab/ports.ts';
import { mustRun } from '../../lab/process.ts';
import { leaves, picks, presses, types } from '../support/dialogs.ts';
import { beHeld, HELD } from '../support/held.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';
import { text } from '../support/tree.ts';

describe('a remote that cannot be used', () => {
  const host = useHost();
  const { lab } = host;
  const server = lab.snapshotServer;
  const rowOf = (name: string) =>
    host
      .tree()
      .split('\n')
      .find((line) => line.startsWith(name));
  const adviceOf = (name: string) => host.tooltip(host.remote(name)).split('\n\n')[2];

  /** What is wrong does not concern the other remote. */
  async function othersAreFine(): Promise<void> {
    await host.treeBecomes(
      /^local [\d.]+ · 2 instances\n {2}rockylinux-test-9 running · no s.*\n {2}ubuntu-test running · no s/m,
    );
  }

  it('is down: nothing listens there', async () => {
    const [port] = await freePorts(1);
    host.conf(({ remotes }) => {
      remotes['closed'] = { addr: `https://127.0.0.1:${port}`, protocol: 'incus', public: false };
    });
    await host.load();
    assert.equal(rowOf('closed'), 'closed down');
    assert.equal(
      adviceOf('closed'),
      'The server refused the connection. Check that Incus runs there and that no firewall is in the way.',
    );
    const item = host.item(host.remote('closed'));
    assert.equal(item.collapsibleState, vscode.TreeItemCollapsibleState.None);
    assert.equal(item.contextValue, 'remote;failed;removable');
    assert.equal(item.command?.command, 'incusSnapshots.showRemoteProblem');
    assert.equal(item.command.arguments, undefined, 'VS Code would forget them when the row is redrawn');
    await othersAreFine();
  });

  it('is down: its daemon has ended, until it is back', async () => {
    await host.load();
    await server.kill();
    host.later(() => server.start());
    await host.run('refresh', []);
    assert.equal(rowOf(SNAPSHOT_REMOTE), `${SNAPSHOT_REMOTE} down`);
    await othersAreFine();
    await server.start();
    const [message] = await host.run('showRemoteProblem', [host.remote(SNAPSHOT_REMOTE)], presses('Try Again'));
    assert.match(message?.text ?? '', new RegExp(`^${SNAPSHOT_REMOTE}: down\\. The server refused the connection\\.`));
    assert.deepEqual(message?.options, ['Try Again', 'Show Log']);
    assert.match(rowOf(SNAPSHOT_REMOTE) ?? '', / · 0 instances$/);
  });

  it('is down: the daemon of this machine does not run, and says how it is started', async () => {
    host.env({ INCUS_DIR: join(lab.folder, 'nowhere') });
    await host.load();
    assert.equal(rowOf('local'), 'local down');
    assert.match(rowOf(SNAPSHOT_REMOTE) ?? '', / · 0 instances$/);
    const [message] = await host.run('showRemoteProblem', [host.remote('local')], presses('Copy Command'));
    assert.match(message?.text ?? '', /^local: down\. The Incus daemon on this machine is not running\. Start it/);
    assert.equal(await vscode.env.clipboard.readText(), 'sudo systemctl start incus');
  });

  it('hangs: it says so within the time-out that is set, and delays nothing else', async () => {
    await host.container('hang-one', { on: SNAPSHOT_REMOTE, stopped: true });
    await host.setting('timeouts.read', 1);
    await server.freeze();
    host.later(() => server.thaw());
    const loading = host.load();
    await othersAreFine();
    assert.equal(rowOf(SNAPSHOT_REMOTE), `${SNAPSHOT_REMOTE} connecting…`);
    await loading;
    assert.equal(rowOf(SNAPSHOT_REMOTE), `${SNAPSHOT_REMOTE} does not answer`);
    assert.match(adviceOf(SNAPSHOT_REMOTE) ?? '', /^The server did not answer in time\./);
    await server.thaw();
    await host.run('refresh', [host.remote(SNAPSHOT_REMOTE)]);
    await host.treeBecomes(/hang-one stopped · no snapshots/);
  });

  it('begins to hang while it is worked on: the action ends as well', async () => {
    await host.container('hang-two', { on: SNAPSHOT_REMOTE, stopped: true });
    await host.load();
    await host.setting('timeouts.read', 1);
    await server.freeze();
    host.later(() => server.thaw());
    const row = host.instance('hang-two', { on: SNAPSHOT_REMOTE });
    const [, , message] = await host.run('createSnapshot', [row], types('one'), types(''), presses('Show Log'));
    assert.match(message?.text ?? '', /^The server did not answer in time\. It may still be at work/);
    await server.thaw();
    assert.deepEqual(await host.snapshots('hang-two', { on: SNAPSHOT_REMOTE }), []);
  });

  it('does not trust this client, and says what to do', async () => {
    const folder = host.conf((_, conf) => {
      for (const file of ['client.crt', 'client.key']) rmSync(join(conf, file));
    });
    await host.load();
    assert.equal(rowOf(SNAPSHOT_REMOTE), `${SNAPSHOT_REMOTE} does not trust this client`);
    assert.match(adviceOf(SNAPSHOT_REMOTE) ?? '', /^This client has no certificate yet\. Add the remote with a token/);

    await mustRun([lab.client, 'remote', 'generate-certificate'], { env: lab.environment({ INCUS_CONF: folder }) });
    await host.run('refresh', []);
    assert.equal(rowOf(SNAPSHOT_REMOTE), `${SNAPSHOT_REMOTE} does not trust this client`);
    const [message] = await host.run('showRemoteProblem', [], presses('Copy Command'));
    assert.match(
      message?.text ?? '',
      /does not trust this client\. The server does not trust this client for that\. Create a token/,
    );
    assert.equal(await vscode.env.clipboard.readText(), 'incus config trust add my-client');
    await othersAreFine();
  });

  it('is chosen in the palette where there are several', async () => {
    const [one, two] = await freePorts(2);
    host.conf(({ remotes }) => {
      remotes['closed-one'] = { addr: `https://127.0.0.1:${one}`, protocol: 'incus', public: false };
      remotes['closed-two'] = { addr: `https://127.0.0.1:${two}`, protocol: 'incus', public: false };
    });
    await host.load();
    const [, message] = await host.run('showRemoteProblem', [], picks('closed-two'), leaves);
    assert.match(message?.text ?? '', /^closed-two: down\. The server refused the connection\./);
  });

  it('has another certificate than before', async () => {
    host.conf((_, conf) => {
      cpSync(join(conf, 'client.crt'), join(conf, 'servercerts', `${SNAPSHOT_REMOTE}.crt`));
    });
    await host.load();
    assert.equal(rowOf(SNAPSHOT_REMOTE), `${SNAPSHOT_REMOTE} does not trust this client`);
    assert.match(adviceOf(SNAPSHOT_REMOTE) ?? '', /^The server's certificate is not the one that this client trusts\./);
    const [message] = await host.run('showRemoteProblem', [host.remote(SNAPSHOT_REMOTE)], presses('Copy Command'));
    assert.deepEqual(message?.options, ['Try Again', 'Copy Command', 'Show Log']);
    assert.equal(await vscode.env.clipboard.readText(), `incus remote remove ${SNAPSHOT_REMOTE}`);
  });

  it('has an address that nobody knows', async () => {
    host.conf(({ remotes }) => {
      remotes['nobody'] = { addr: 'https://nobody.invalid:8443', protocol: 'incus', public: false };
    });
    await host.load();
    assert.equal(rowOf('nobody'), 'nobody down');
    // Without any network it is the name server that cannot be reached.
    assert.match(adviceOf('nobody') ?? '', /^The server's name is not known\.|^The server cannot be reached\./);
    await othersAreFine();
  });

  for (const name of ['a=b', '-r', 'a/b']) {
    it(`has a name that the client would take for something else: ${name}`, async () => {
      host.conf(({ remotes }) => {
        remotes[name] = { addr: 'unix://', protocol: 'incus', public: false };
      });
      await host.load();
      assert.equal(rowOf(name), `${name} name cannot be used`);
      assert.deepEqual(
        host.calls('incus ').filter((line) => line.includes(`${name}:`)),
        [],
        'it is not asked anything',
      );
      const [message] = await host.run('showRemoteProblem', [host.remote(name)], leaves);
      assert.match(message?.text ?? '', /^The client would misread the name of the remote ".*"\. Rename it/);
      await othersAreFine();
    });
  }

  it('is removed from the client: its row goes, and an action on it does nothing', async () => {
    await host.container('remote-gone', { on: SNAPSHOT_REMOTE, stopped: true });
    await host.load();
    const row = host.instance('remote-gone', { on: SNAPSHOT_REMOTE });
    host.conf(({ remotes }) => {
      Reflect.deleteProperty(remotes, SNAPSHOT_REMOTE);
    });
    const [, , message] = await host.run('createSnapshot', [row], types('one'), types(''), leaves);
    assert.equal(message?.text, 'The client has no such remote any more. Refresh the view.');
    await host.run('refresh', []);
    assert.equal(rowOf(SNAPSHOT_REMOTE), undefined);
    assert.equal(host.parts.inventory.instances(SNAPSHOT_REMOTE).length, 0);
    await othersAreFine();
  });

  it('is one of none that fails: all answer', async () => {
    await host.load();
    const [message] = await host.run('showRemoteProblem', [], leaves);
    assert.deepEqual([message?.kind, message?.text], ['info', 'All remotes answer.']);
  });
});

describe('a client that is held to one project', () => {
  const host = useHost();
  const project = HELD;

  it('does not take an empty list for "all gone"', async () => {
    await host.container('held-hidden', { on: SNAPSHOT_REMOTE, stopped: true });
    await beHeld(host);
    await host.load();
    assert.equal(
      host.tree(),
      text`
        local ${await host.version('local')} · 2 instances
          rockylinux-test-9 running · no snapshots
          ubuntu-test running · no snapshots
        held ${await host.version(SNAPSHOT_REMOTE)} · 0 instances · limited access
          None visible: the access of this client may be limited
      `,
    );
    assert.match(host.tooltip(host.remote('held')), /held to some projects: the server may hide what is in others/);
  });

  it('works in its project as anywhere, and is told so of any other', async () => {
    await beHeld(host);
    await host.container('held-one', { on: SNAPSHOT_REMOTE, project, stopped: true });
    await host.container('held-other', { on: SNAPSHOT_REMOTE, stopped: true });
    await host.load();
    assert.equal(host.tree(host.remote('held')), 'held-one stopped · no snapshots');
    const row = host.instance('held-one', { on: 'held', project });
    await host.run('createSnapshot', [row], types('one'), types('5d'));
    assert.equal(host.tree(row), 'one AGE · expires in 5 days');
    const snapshot = host.snapshot('held-one', 'one', { on: 'held', project });
    await host.run('restoreSnapshot', [snapshot], presses('Restore'));
    const [dialog] = await host.run('deleteSnapshot', [snapshot], presses('Delete'));
    assert.match(dialog?.detail ?? '', /^held \/ held: held-one\/one\n/);
    assert.deepEqual(await host.snapshots('held-one', { on: SNAPSHOT_REMOTE, project }), []);

    const other = { remote: 'held', project: 'default', instance: 'held-other' };
    const { kind, words } = await host.sentence(host.parts.actions.createSnapshot(other, { name: 'x' }));
    assert.equal(kind, 'forbiddenProject');
    assert.match(words, /^This client is not allowed into that project\./);
    assert.match(
      host.calls('/1.0/instances/held-other')[0] ?? '',
      /\nUser does not have permission/,
      "Incus' own words are in the log",
    );
  });
});
