import * as vscode from 'vscode';
import { type TrustQuestions, urlsOf } from '../../core/actions/remotes.ts';
import { isOnThisMachine } from '../../core/model.ts';
import {
  checkNewRemoteName,
  proposeRemoteName,
  readServerInput,
  type TrustToken,
} from '../../core/policy/mirror/trust.ts';
import { setSnapshotServers, snapshotServers } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { requireClient } from './choose.ts';
import { cancellable, done } from './report.ts';
import type { Handler, Services } from './services.ts';

/** Adds a server to the client's remotes. */
export const addRemote: Handler = async (services) => {
  await askForRemote(services);
};

/** @returns the name of the remote that was added; `undefined` where the user left */
export async function askForRemote(services: Services): Promise<string | undefined> {
  await services.loaded();
  requireClient(services);
  const title = vscode.l10n.t('Add Remote');
  const typed = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('Address of the server, or a token that was made there (incus config trust add NAME)'),
    placeHolder: vscode.l10n.t('e.g. 192.0.2.10, backup.example.com:8443, or the token'),
    ignoreFocusOut: true,
    validateInput: serverComplaint,
  });
  if (typed === undefined) return undefined;
  const input = readServerInput(typed, new Date());
  if (input.kind === 'invalid') return undefined;
  const urls = input.kind === 'token' ? urlsOf(input.token) : [input.address];
  const taken = services.inventory.remotes.map(({ remote }) => remote.name);
  const name = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('What the remote is to be called here'),
    value: proposeRemoteName(urls[0], taken),
    ignoreFocusOut: true,
    validateInput: (text) => nameComplaint(text, taken),
  });
  if (name === undefined) return undefined;
  const token = input.kind === 'token' ? input.token : undefined;
  await cancellable(vscode.l10n.t('Adding {0}…', name), (signal) =>
    services.remotes.add({ name, urls, ...(token && { token }) }, questionsFor(name, token), signal),
  );
  done(vscode.l10n.t('{0} was added. It trusts this client.', name));
  return name;
}

/** Has the client forget a remote. */
export const removeRemote: Handler = async (services, selection) => {
  await services.loaded();
  requireClient(services);
  const removable = services.inventory.remotes.map(({ remote }) => remote).filter((one) => !isOnThisMachine(one));
  const chosen = removable.find(({ name }) => selection.remotes.includes(name));
  const name = chosen?.name ?? (await pickName(removable.map((one) => one.name)));
  if (name === undefined) return;
  const pairs = snapshotServers();
  const kept = pairs.filter(({ from, to }) => from !== name && to !== name);
  const lost = pairs.length - kept.length;
  const yes = vscode.l10n.t('Remove from This Client');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Remove the remote {0}?', oneLine(name)),
    {
      modal: true,
      detail: [
        vscode.l10n.t(
          'This client forgets its address and its certificate. Nothing is changed on the server: its instances, its snapshots and its trust in this client stay.',
        ),
        ...(lost > 0 ? [vscode.l10n.t('Mirroring that is set up with it ends; the mirrors stay.')] : []),
      ].join('\n\n'),
    },
    yes,
  );
  if (answer !== yes) return;
  await services.remotes.remove(name);
  if (lost > 0) await setSnapshotServers(kept);
  done(vscode.l10n.t('{0} was removed from this client.', oneLine(name)));
};

async function pickName(names: readonly string[]): Promise<string | undefined> {
  if (names.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no remote that could be removed.'));
    return undefined;
  }
  const choices = names.map((name) => ({ label: oneLine(name), name }));
  return (await vscode.window.showQuickPick(choices, { title: vscode.l10n.t('Remove Remote') }))?.name;
}

function questionsFor(name: string, token: TrustToken | undefined): TrustQuestions {
  return {
    confirm: async (url, fingerprint) => {
      const yes = vscode.l10n.t('Trust This Server');
      const origin = token
        ? vscode.l10n.t('It is the certificate that the token names.')
        : vscode.l10n.t('Compare it with what the server says of itself: incus info, "certificate_fingerprint".');
      const answer = await vscode.window.showWarningMessage(
        vscode.l10n.t('Trust the server at {0} as {1}?', url, name),
        {
          modal: true,
          detail: [vscode.l10n.t('Fingerprint of its certificate:'), spaced(fingerprint), origin].join('\n\n'),
        },
        yes,
      );
      return answer === yes;
    },
    token: async () =>
      vscode.window.showInputBox({
        title: vscode.l10n.t('Add Remote'),
        prompt: vscode.l10n.t('{0} wants a token. Make one there: incus config trust add NAME', name),
        password: true,
        ignoreFocusOut: true,
        validateInput: (text) => {
          const given = readServerInput(text, new Date());
          return given.kind === 'token' ? undefined : vscode.l10n.t('That is no token that could be used.');
        },
      }),
  };
}

/** In groups that can be compared by eye. */
function spaced(fingerprint: string): string {
  return fingerprint.replaceAll(/(.{8})(?=.)/g, '$1 ');
}

function serverComplaint(text: string): string | undefined {
  const input = readServerInput(text, new Date());
  if (input.kind !== 'invalid') return undefined;
  switch (input.problem) {
    case 'empty':
      return vscode.l10n.t('An address or a token is needed.');
    case 'noAddress':
      return vscode.l10n.t('That is neither an address (host, host:port) nor a token.');
    case 'expired':
      return vscode.l10n.t('The token has expired. Make another one: incus config trust add NAME');
  }
}

function nameComplaint(name: string, taken: readonly string[]): string | undefined {
  switch (checkNewRemoteName(name, taken)) {
    case 'empty':
      return vscode.l10n.t('A name is needed.');
    case 'badCharacter':
      return vscode.l10n.t('Only letters, digits, dots, hyphens and underscores, and first a letter or digit.');
    case 'taken':
      return vscode.l10n.t('The name is taken.');
    case undefined:
      return undefined;
  }
}
