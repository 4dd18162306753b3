import * as vscode from 'vscode';
import { IncusError } from '../../core/incus/errors.ts';
import type { Instance, InstanceRef } from '../../core/model.ts';
import type { PruneAutomation } from '../../core/policy/automation/automation.ts';
import { mirrorSourceOf } from '../../core/policy/mirror/mirrorKeys.ts';
import { retentionOf } from '../../core/policy/retention/pins.ts';
import { retentionText } from '../../core/policy/retention/retention.ts';
import { isTemporary } from '../../core/policy/temporary.ts';
import { timeZoneOf } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { automate, type AutomationWords, chooseStart, install } from './automate.ts';
import type { Handler, Services } from './services.ts';

/** Has pruning run without VS Code: writes it, shows it before it is installed, finds it again, changes and removes it. */
export const automatePruning: Handler = (services, selection) =>
  automate(services, 'prune', words(), (before) => ask(services, before, selection.instances));

/** The same for instances that have only just got their rules; it takes the place of what is there for their servers. */
export async function automatePruningOf(services: Services, instances: readonly InstanceRef[]): Promise<void> {
  const found = await services.automations.find();
  for (const remote of new Set(instances.map((ref) => ref.remote))) {
    const before = found.find((one) => one.does === 'prune' && one.remote === remote);
    const known = before?.does === 'prune' ? before : undefined;
    const automation = await askFor(
      services,
      remote,
      known,
      instances.filter((ref) => ref.remote === remote),
    );
    if (automation) await install(services, automation, words());
  }
}

function words(): AutomationWords<PruneAutomation> {
  return {
    title: vscode.l10n.t('Automate Pruning'),
    subject: ({ remote }) => oneLine(remote),
    another: vscode.l10n.t('Automate another remote'),
    removeQuestion: ({ remote }) => vscode.l10n.t('Prune {0} no longer by itself?', oneLine(remote)),
    removeDetail: vscode.l10n.t(
      'Its script and what starts it are removed. The rules on the instances and the log stay.',
    ),
    removed: ({ remote }) => vscode.l10n.t('{0} is no longer pruned by itself.', oneLine(remote)),
    installed: ({ remote }, script) =>
      vscode.l10n.t('{0} is pruned by itself from now on: {1}', oneLine(remote), script),
  };
}

/** @returns `undefined` where the user left, or was told why not */
async function ask(
  services: Services,
  before: PruneAutomation | undefined,
  selected: readonly InstanceRef[],
): Promise<PruneAutomation | undefined> {
  const remote = before?.remote ?? selected[0]?.remote ?? (await chooseRemote(services));
  if (remote === undefined) return undefined;
  return askFor(
    services,
    remote,
    before,
    selected.filter((ref) => ref.remote === remote),
  );
}

async function askFor(
  services: Services,
  remote: string,
  before: PruneAutomation | undefined,
  selected: readonly InstanceRef[],
): Promise<PruneAutomation | undefined> {
  const title = vscode.l10n.t('Automate Pruning: {0}', oneLine(remote));
  const fingerprint = services.inventory.server(remote)?.fingerprint;
  if (fingerprint === undefined) throw new IncusError('noSuchRemote', { text: remote });
  const ruled = prunable(services, remote);
  if (ruled.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('No instance of {0} has rules. "Set Snapshot Tiers" gives it some.', oneLine(remote)),
    );
    return undefined;
  }
  const instances = await chooseInstances(ruled, before, selected, title);
  if (!instances || instances.length === 0) return undefined;
  const start = await chooseStart('37', title);
  return start && { does: 'prune', ...start, remote, zone: timeZoneOf(remote), fingerprint, instances };
}

/** Those that have rules; a mirror loses its snapshots with its original. */
function prunable({ inventory }: Services, remote: string): Instance[] {
  return inventory
    .instances(remote)
    .map(({ instance }) => instance)
    .filter((one) => retentionOf(one) !== undefined && !mirrorSourceOf(one) && !isTemporary(one));
}

async function chooseRemote(services: Services): Promise<string | undefined> {
  const names = services.inventory.remotes.map(({ remote }) => remote.name);
  const ruled = names.filter((name) => prunable(services, name).length > 0);
  const [only] = ruled;
  if (only === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('No instance has rules to prune by. "Set Snapshot Tiers" gives it some.'),
    );
    return undefined;
  }
  if (ruled.length === 1) return only;
  const items = ruled.map((name) => ({ label: oneLine(name), name }));
  const title = vscode.l10n.t('Automate Pruning');
  return (await vscode.window.showQuickPick(items, { title, placeHolder: vscode.l10n.t('Which remote?') }))?.name;
}

/** Those that are in it already or selected are chosen beforehand; all, where there are none. */
async function chooseInstances(
  ruled: readonly Instance[],
  before: PruneAutomation | undefined,
  selected: readonly InstanceRef[],
  title: string,
): Promise<PruneAutomation['instances'] | undefined> {
  const keyOf = (one: { project: string; instance: string }) => `${one.project}/${one.instance}`;
  const chosen = new Set([...(before?.instances ?? []), ...selected].map(keyOf));
  const items = ruled.map((instance) => {
    const { project, instance: name } = instance.ref;
    const rules = retentionOf(instance);
    return {
      label: name,
      description: project,
      detail: rules && retentionText(rules),
      picked: chosen.size === 0 || chosen.has(keyOf(instance.ref)),
      one: { project, instance: name },
    };
  });
  const picked = await vscode.window.showQuickPick(
    items.map(({ detail, ...item }) => ({ ...item, ...(detail !== undefined && { detail }) })),
    { title, canPickMany: true, placeHolder: vscode.l10n.t('Which instances?') },
  );
  return picked?.map(({ one }) => one);
}
