import * as vscode from 'vscode';
import type { SnapshotServerPair } from '../../core/model.ts';
import { IncusError } from '../../core/incus/errors.ts';
import {
  type Automation,
  automationFiles,
  type AutomationKind,
  automationName,
  cronLine,
  isWhen,
} from '../../core/policy/mirror/automation.ts';
import { mirrorSourceOf } from '../../core/policy/mirror/mirrorKeys.ts';
import { snapshotServers } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { done } from './report.ts';
import type { Handler, Services } from './services.ts';

/** Has mirroring run without VS Code: writes it, shows it before it is installed, finds it again, changes and removes it. */
export const automateMirroring: Handler = async (services) => {
  await services.loaded();
  const found = await services.automations.find();
  const choice = found.length === 0 ? 'new' : await chooseFound(found);
  if (choice === undefined) return;
  if (choice !== 'new' && choice.does === 'remove') {
    await remove(services, choice.automation);
    return;
  }
  const before = choice === 'new' ? undefined : choice.automation;
  const automation = await ask(services, before);
  if (!automation) return;
  const places = services.automations.placesOf(automation.kind);
  const files = automationFiles(automation, places).map(({ path, text }) => `# ${path}\n\n${text}`);
  const line = automation.kind === 'cron' ? [`# crontab\n\n${cronLine(automation, places)}\n`] : [];
  await services.info.show([automationName(automation.pair)], [...files, ...line].join('\n\n'));
  const install = vscode.l10n.t('Install');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('The editor shows what would be written. Nothing is installed yet.'),
    install,
  );
  if (answer !== install) return;
  await services.automations.install(automation);
  const [script] = automationFiles(automation, places);
  done(vscode.l10n.t('{0} is mirrored by itself from now on: {1}', oneLine(automation.pair.from), script?.path ?? ''));
};

async function chooseFound(
  found: readonly Automation[],
): Promise<'new' | { does: 'change' | 'remove'; automation: Automation } | undefined> {
  const title = vscode.l10n.t('Automate Mirroring');
  const items = [
    ...found.flatMap((automation) => {
      const words = pairWords(automation.pair);
      const description = `${kindWords(automation.kind)}, ${automation.when}`;
      return [
        { label: vscode.l10n.t('Change {0}', words), description, value: { does: 'change' as const, automation } },
        { label: vscode.l10n.t('Remove {0}', words), description, value: { does: 'remove' as const, automation } },
      ];
    }),
    { label: vscode.l10n.t('Automate another pair'), value: 'new' as const },
  ];
  return (await vscode.window.showQuickPick(items, { title }))?.value;
}

async function remove(services: Services, automation: Automation): Promise<void> {
  const words = pairWords(automation.pair);
  const verb = vscode.l10n.t('Remove');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Mirror {0} no longer by itself?', words),
    { modal: true, detail: vscode.l10n.t('Its script and what starts it are removed. The mirrors and the log stay.') },
    verb,
  );
  if (answer !== verb) return;
  await services.automations.remove(automation);
  done(vscode.l10n.t('{0} is no longer mirrored by itself.', words));
}

/** @returns `undefined` where the user left, or was told why not */
async function ask(services: Services, before: Automation | undefined): Promise<Automation | undefined> {
  const title = before
    ? vscode.l10n.t('Automate Mirroring: {0}', pairWords(before.pair))
    : vscode.l10n.t('Automate Mirroring');
  const pair = before?.pair ?? (await choosePair(title));
  if (!pair) return undefined;
  const fingerprint = services.inventory.server(pair.from)?.fingerprint;
  if (fingerprint === undefined) throw new IncusError('noSuchRemote', { text: pair.from });
  const instances = await chooseInstances(services, pair, before, title);
  if (!instances || instances.length === 0) return undefined;
  const kind = await chooseKind(title);
  const when = kind && (await chooseWhen(kind, title));
  if (!kind || !when) return undefined;
  const mayDelete = await chooseDeletions(title);
  return mayDelete === undefined ? undefined : { kind, pair, fingerprint, instances, when, mayDelete };
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
  before: Automation | undefined,
  title: string,
): Promise<Automation['instances'] | undefined> {
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

async function chooseKind(title: string): Promise<AutomationKind | undefined> {
  const kinds: AutomationKind[] = ['user', ...(process.getuid?.() === 0 ? (['system'] as const) : []), 'cron'];
  const items = kinds.map((kind) => ({ label: kindWords(kind), detail: kindDetail(kind), value: kind }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: vscode.l10n.t('What is to start it?') }))
    ?.value;
}

function kindWords(kind: AutomationKind): string {
  switch (kind) {
    case 'user':
      return vscode.l10n.t('systemd, for this user');
    case 'system':
      return vscode.l10n.t('systemd, for the whole system');
    case 'cron':
      return vscode.l10n.t('cron');
  }
}

function kindDetail(kind: AutomationKind): string {
  switch (kind) {
    case 'user':
      return vscode.l10n.t('Runs while the user is logged in; always, after: loginctl enable-linger');
    case 'system':
      return vscode.l10n.t('Runs from the start of the machine, as this user.');
    case 'cron':
      return vscode.l10n.t("A line in this user's crontab.");
  }
}

async function chooseWhen(kind: AutomationKind, title: string): Promise<string | undefined> {
  const isCron = kind === 'cron';
  const own = vscode.l10n.t('At other times…');
  const items = [
    { label: vscode.l10n.t('Every hour'), description: isCron ? '7 * * * *' : '*-*-* *:07:00' },
    { label: vscode.l10n.t('Every six hours'), description: isCron ? '7 */6 * * *' : '*-*-* 00/6:07:00' },
    { label: vscode.l10n.t('Every night'), description: isCron ? '7 2 * * *' : '*-*-* 02:07:00' },
    { label: own, description: '' },
  ];
  const picked = await vscode.window.showQuickPick(items, { title, placeHolder: vscode.l10n.t('When?') });
  if (picked?.label !== own) return picked?.description;
  return vscode.window.showInputBox({
    title,
    prompt: isCron
      ? vscode.l10n.t('Five fields of cron: minute, hour, day, month, weekday')
      : vscode.l10n.t('As OnCalendar of systemd has it; `systemd-analyze calendar` explains one'),
    ignoreFocusOut: true,
    validateInput: (text) => (isWhen(kind, text) ? undefined : vscode.l10n.t('That is no such time.')),
  });
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
