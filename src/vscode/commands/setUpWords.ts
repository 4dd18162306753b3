import * as vscode from 'vscode';
import { classify, IncusError } from '../../core/incus/errors.ts';
import { quoteForShell } from '../../core/policy/quote.ts';
import type { Check, MissingNetwork } from '../../core/policy/mirror/preflight.ts';
import { describeError } from '../messages.ts';
import { oneLine } from '../tree/items.ts';

const ICONS = { good: '$(pass)', warning: '$(warning)', bad: '$(error)' } as const;

/** A check as a line: what was found, and below it what choosing the line does. */
export function checkLine(check: Check): { label: string; detail?: string } {
  const { found, fix } = words(check);
  return { label: `${ICONS[check.state]} ${oneLine(found)}`, ...(fix !== undefined && { detail: oneLine(fix) }) };
}

function words(check: Check): { found: string; fix?: string } {
  switch (check.kind) {
    case 'answers':
      return answerWords(check);
    case 'project':
      return check.missing.length === 0
        ? { found: vscode.l10n.t('The projects are there') }
        : {
            found: vscode.l10n.t('Missing projects: {0}', check.missing.map(({ project }) => project).join(', ')),
            fix: vscode.l10n.t('Create them, with the features that they have on the source'),
          };
    case 'profiles':
      return check.missing.length === 0
        ? { found: vscode.l10n.t('The profiles are there') }
        : {
            found: vscode.l10n.t('Missing profiles: {0}', check.missing.map(({ profile }) => profile).join(', ')),
            fix: vscode.l10n.t('Copy them, with pools and networks adapted'),
          };
    case 'pools':
      return check.missing.length === 0
        ? { found: vscode.l10n.t('The storage pools are there') }
        : {
            found: vscode.l10n.t('Missing storage pools: {0}', check.missing.join(', ')),
            fix: vscode.l10n.t('Choose a pool for the root disks of the mirrors'),
          };
    case 'networks':
      return check.missing.length === 0
        ? { found: vscode.l10n.t('The networks are there') }
        : {
            found: vscode.l10n.t(
              'Missing networks: {0}. Mirrors can be made, but not started',
              [...new Set(check.missing.map(({ network }) => network))].join(', '),
            ),
            fix: vscode.l10n.t('Copy the commands that create them'),
          };
    case 'addresses': {
      const shown = check.clashes.map(({ address, instance, other }) => `${address} (${instance}, ${other})`);
      return check.clashes.length === 0
        ? { found: vscode.l10n.t('No static address is taken') }
        : { found: vscode.l10n.t('Static addresses that are taken there: {0}', shown.join(', ')) };
    }
    case 'keys':
      return check.unknown.length === 0
        ? { found: vscode.l10n.t('All settings of the instances are known there') }
        : { found: vscode.l10n.t('Settings that are not known there: {0}', check.unknown.join(', ')) };
    case 'transfer':
      return transferWords(check);
    case 'space':
      return { found: spaceWords(check) };
  }
}

function spaceWords({ free, needed, unknown }: Check & { kind: 'space' }): string {
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  return [
    vscode.l10n.t('{0} GiB are free', gib(free)),
    needed > 0 ? vscode.l10n.t('instances without a mirror use {0} GiB, beside their snapshots', gib(needed)) : '',
    unknown > 0 ? vscode.l10n.t('how much {0} instances use is not known', unknown) : '',
  ]
    .filter(Boolean)
    .join('; ');
}

function answerWords({ remote, version, problem }: Check & { kind: 'answers' }): { found: string; fix?: string } {
  if (problem === undefined) return { found: vscode.l10n.t('{0} answers: Incus {1}', remote, version ?? '') };
  const error = new IncusError(classify(problem), { text: problem });
  return { found: `${remote}: ${describeError(error)}`, fix: vscode.l10n.t('Copy what can be done there') };
}

function transferWords({ works, failure }: Check & { kind: 'transfer' }): { found: string; fix?: string } {
  if (works.length > 0) return { found: vscode.l10n.t('A trial copy works by {0}', works.join(', ')) };
  if (failure === undefined) return { found: vscode.l10n.t('No copy could be tried yet: something above is missing') };
  return {
    found: vscode.l10n.t('No trial copy works: {0}', failure),
    fix: vscode.l10n.t('Copy what can be done there'),
  };
}

/** The command that makes a network which is missing. */
export function createNetwork(remote: string, { project, network }: MissingNetwork): string {
  return quoteForShell(['incus', 'network', 'create', '--project', project, `${remote}:${network}`], 'posix');
}

/** What its user can do on a server that does not answer, to be looked at and adapted before it is run. */
export function networkHints(address: string): string {
  const [, host = 'ADDRESS', port = '8443'] = /^https:\/\/(\[[^\]]*\]|[^:/]*):?(\d*)/.exec(address) ?? [];
  return [
    vscode.l10n.t('# On that server: it has to listen, and its firewall has to let this machine in'),
    `incus config get core.https_address`,
    `incus config set core.https_address=:${port}`,
    `sudo ufw allow ${port}/tcp`,
    `sudo firewall-cmd --permanent --add-port=${port}/tcp && sudo firewall-cmd --reload`,
    vscode.l10n.t('# On this machine, where its name is not known: a line in /etc/hosts'),
    `192.0.2.10 ${host}`,
  ].join('\n');
}

/** Commands by which a snapshot server gets the primary as a remote of its own, for the day on which things go back. */
export function wayBack(primary: string): string {
  return [
    vscode.l10n.t('# On the primary'),
    'incus config set core.https_address=:8443',
    'incus config trust add incus-snapshot',
    vscode.l10n.t('# On the snapshot server, with the token that was printed'),
    `incus remote add ${/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(primary) && primary !== 'local' ? primary : 'primary'} TOKEN`,
  ].join('\n');
}
