/** What all automations have in common: found ones are changed and removed, each is shown before it is installed. */
import * as vscode from 'vscode';
import {
  type Automation,
  automationFiles,
  type AutomationKind,
  automationName,
  cronLine,
  isWhen,
} from '../../core/policy/automation/automation.ts';
import { done } from './report.ts';
import type { Services } from './services.ts';

/** A kind of automation, in words. */
export interface AutomationWords<A extends Automation> {
  readonly title: string;
  /** What one is for, as `local to server`. */
  readonly subject: (automation: A) => string;
  readonly another: string;
  readonly removeQuestion: (automation: A) => string;
  readonly removeDetail: string;
  readonly removed: (automation: A) => string;
  readonly installed: (automation: A, script: string) => string;
}

/**
 * Goes through what is there of a kind, asks for what is to be, shows it, and installs it.
 * @param ask `undefined` where the user left, or was told why not
 */
export async function automate<A extends Automation>(
  services: Services,
  does: A['does'],
  words: AutomationWords<A>,
  ask: (before: A | undefined) => Promise<A | undefined>,
): Promise<void> {
  await services.loaded();
  const found = (await services.automations.find()).filter((one): one is A => one.does === does);
  const choice = found.length === 0 ? 'new' : await chooseFound(found, words);
  if (choice === undefined) return;
  if (choice !== 'new' && choice.does === 'remove') {
    await remove(services, choice.automation, words);
    return;
  }
  const automation = await ask(choice === 'new' ? undefined : choice.automation);
  if (automation) await install(services, automation, words);
}

/** Shows what would be written, and writes it where the user says so. */
export async function install<A extends Automation>(
  services: Services,
  automation: A,
  words: AutomationWords<A>,
): Promise<void> {
  const places = services.automations.placesOf(automation.kind);
  const files = automationFiles(automation, places).map(({ path, text }) => `# ${path}\n\n${text}`);
  const line = automation.kind === 'cron' ? [`# crontab\n\n${cronLine(automation, places)}\n`] : [];
  await services.info.show([automationName(automation)], [...files, ...line].join('\n\n'));
  const verb = vscode.l10n.t('Install');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('The editor shows what would be written. Nothing is installed yet.'),
    verb,
  );
  if (answer !== verb) return;
  await services.automations.install(automation);
  const [script] = automationFiles(automation, places);
  done(words.installed(automation, script?.path ?? ''));
}

async function chooseFound<A extends Automation>(
  found: readonly A[],
  { title, subject, another }: AutomationWords<A>,
): Promise<'new' | { does: 'change' | 'remove'; automation: A } | undefined> {
  const items = [
    ...found.flatMap((automation) => {
      const name = subject(automation);
      const description = `${kindWords(automation.kind)}, ${automation.when}`;
      return [
        { label: vscode.l10n.t('Change {0}', name), description, value: { does: 'change' as const, automation } },
        { label: vscode.l10n.t('Remove {0}', name), description, value: { does: 'remove' as const, automation } },
      ];
    }),
    { label: another, value: 'new' as const },
  ];
  return (await vscode.window.showQuickPick(items, { title }))?.value;
}

async function remove<A extends Automation>(
  services: Services,
  automation: A,
  words: AutomationWords<A>,
): Promise<void> {
  const verb = vscode.l10n.t('Remove');
  const question = words.removeQuestion(automation);
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail: words.removeDetail }, verb);
  if (answer !== verb) return;
  await services.automations.remove(automation);
  done(words.removed(automation));
}

/**
 * Asks what starts it, and when.
 * @param minute of the hour, so that what runs each hour does not run at the same moment as others
 */
export async function chooseStart(
  minute: string,
  title: string,
): Promise<{ kind: AutomationKind; when: string } | undefined> {
  const kind = await chooseKind(title);
  const when = kind && (await chooseWhen(kind, minute, title));
  return kind && when ? { kind, when } : undefined;
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

async function chooseWhen(kind: AutomationKind, minute: string, title: string): Promise<string | undefined> {
  const isCron = kind === 'cron';
  const padded = minute.padStart(2, '0');
  const own = vscode.l10n.t('At other times…');
  const items = [
    { label: vscode.l10n.t('Every hour'), description: isCron ? `${minute} * * * *` : `*-*-* *:${padded}:00` },
    {
      label: vscode.l10n.t('Every six hours'),
      description: isCron ? `${minute} */6 * * *` : `*-*-* 00/6:${padded}:00`,
    },
    { label: vscode.l10n.t('Every night'), description: isCron ? `${minute} 2 * * *` : `*-*-* 02:${padded}:00` },
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
