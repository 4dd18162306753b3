import * as vscode from 'vscode';
import type { SnapshotServerPair } from '../../core/model.ts';
import { IncusError } from '../../core/incus/errors.ts';
import type { MirrorAutomation } from '../../core/policy/automation/automation.ts';
import { mirrorSourceOf } from '../../core/policy/mirror/mirrorKeys.ts';
import { snapshotServers } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { automate, type AutomationWords, chooseStart } from './automate.ts';
import type { Handler, Services } from './services.ts';

/** Has mirroring run without VS Code: writes it, shows it before it is installed, finds it again, changes and removes it. */
export const automateMirroring: Handler = (services) =>
  automate(services, 'mirror', words(), (before) => ask(services, before));

function words(): AutomationWords<MirrorAutomation> {
  return {
    title: vscode.l10n.t('Automate Mirroring'),
    subject: ({ pair }) => pairWords(pair),
    another: vscode.l10n.t('Automate another pair'),
    removeQuestion: ({ pair }) => vscode.l10n.t('Mirror {0} no longer by itself?', pairWords(pair)),
    removeDetail: vscode.l10n.t('Its script and what starts it are removed. The mirrors and the log stay.'),
    removed: ({ pair }) => vscode.l10n.t('{0} is no longer mirrored by itself.', pairWords(pair)),
    installed: ({ pair }, script) =>
      vscode.l10n.t('{0} is mirrored by itself from now on: {1}', oneLine(pair.from), script),
  };
}

/** @returns `undefined` where the user left, or was told why not */
async function ask(services: Services, before: MirrorAutomation | undefined): Promise<MirrorAutomation | undefined> {
  const title = before
    ? vscode.l10n.t('Automate Mirroring: {0}', pairWords(before.pair))
    : vscode.l10n.t('Automate Mirroring');
  const pair = before?.pair ?? (await choosePair(title));
  if (!pair) return undefined;
  const fingerprint = services.inventory.server(pair.from)?.fingerprint;
  if (fingerprint === undefined) throw new IncusError('noSuchRemote', { text: pair.from });
  const instances = await chooseInstances(services, pair, before, title);
  if (!instances || instances.length === 0) return undefined;
  const start = await chooseStart('7', title);
  if (!start) return undefined;
  const mayDelete = await chooseDeletions(title);
  return mayDelete === undefined ? undefined : { does: 'mirror', ...start, pair, fingerprint, instances, mayDelete };
}

async function choosePair(title: string): Promise<SnapshotServerPair | undefined> {
  const pairs = snapshotServers();
  const [only] = pairs;
  if (!only) {
    void vscode.window.showInformationMessage(vscode.l10n.t('No snapshot server is set up yet.'));
    return undefined;
  }
  if (pairs.length === 1) return only;
  const items = pairs.map((pair) => ({ label: pairWords(pair), pair }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: vscode.l10n.t('Which pair?') }))?.pair;
}

/** Those that have a mirror, or are in it already, are chosen beforehand. */
async function chooseInstances(
  { inventory }: Services,
  pair: SnapshotServerPair,
  before: MirrorAutomation | undefined,
  title: string,
): Promise<MirrorAutomation['instances'] | undefined> {
  const keyOf = (one: { project: string; instance: string }) => `${one.project}/${one.instance}`;
  const fingerprint = inventory.server(pair.from)?.fingerprint;
  const mirrored = inventory
    .instances(pair.to)
    .flatMap(({ instance }) => mirrorSourceOf(instance) ?? [])
    .filter((source) => source.fingerprint === fingerprint);
  const chosen = new Set((before?.instances ?? mirrored).map(keyOf));
  const items = inventory.instances(pair.from).map(({ instance: { ref } }) => ({
    label: ref.instance,
    description: ref.project,
    picked: chosen.has(keyOf(ref)),
    one: { project: ref.project, instance: ref.instance },
  }));
  const picked = await vscode.window.showQuickPick(items, {
    ...{ title, canPickMany: true, placeHolder: vscode.l10n.t('Which instances?') },
  });
  return picked?.map(({ one }) => one);
}

async function chooseDeletions(title: string): Promise<boolean | undefined> {
  const refuse = {
    label: vscode.l10n.t('Stop, and say so'),
    detail: vscode.l10n.t('What only the mirror still has is kept, until you mirror in VS Code and decide.'),
  };
  const remove = {
    label: vscode.l10n.t('Delete it on the mirror as well'),
    detail: vscode.l10n.t('The mirror is always exactly what the original is.'),
  };
  const placeHolder = vscode.l10n.t('Where a snapshot was deleted on the original:');
  const answer = await vscode.window.showQuickPick([refuse, remove], { title, placeHolder });
  return answer && answer === remove;
}

function pairWords({ from, to }: SnapshotServerPair): string {
  return vscode.l10n.t('{0} to {1}', oneLine(from), oneLine(to));
}
