import * as vscode from 'vscode';
import { type Instance, type InstanceRef } from '../../core/model.ts';
import { type HealthProblem, isSerious } from '../../core/policy/schedule/health.ts';
import { SCHEDULE_KEYS } from '../../core/policy/schedule/scheduleSources.ts';
import { instanceNode } from '../tree/nodes.ts';
import { healthSentence, healthWord } from '../schedule/healthWords.ts';
import { placeOf, requireClient } from './choose.ts';
import { startInstance } from './instances.ts';
import { done, inView } from './report.ts';
import { type Handler, type Selection, selectionOf, type Services } from './services.ts';
import { createSnapshot } from './snapshots.ts';

interface ProblemItem extends vscode.QuickPickItem {
  readonly found?: { readonly ref: InstanceRef; readonly problem: HealthProblem };
}

interface Fix extends vscode.QuickPickItem {
  readonly run: () => Promise<void>;
}

/** Lists what is wrong with schedules, the serious things first, and mends what the user picks. */
export const checkSchedules: Handler = async (services) => {
  await services.loaded();
  requireClient(services);
  const found = services.health.all().flatMap(({ ref, problems }) => problems.map((problem) => ({ ref, problem })));
  if (found.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('Nothing is wrong with any schedule.'));
    return;
  }
  const title = vscode.l10n.t('Check Schedules');
  const groups = [
    {
      label: vscode.l10n.t('Snapshots are missing, or will be'),
      found: found.filter(({ problem }) => isSerious(problem)),
    },
    { label: vscode.l10n.t('Worth a look'), found: found.filter(({ problem }) => isOfInterest(problem)) },
    { label: vscode.l10n.t('Without a schedule'), found: found.filter(({ problem }) => problem.kind === 'noSchedule') },
  ];
  const items = groups.flatMap((group): ProblemItem[] =>
    group.found.length === 0
      ? []
      : [{ label: group.label, kind: vscode.QuickPickItemKind.Separator }, ...group.found.map(problemItem)],
  );
  const pick = { title, matchOnDescription: true, matchOnDetail: true };
  const placeHolder = vscode.l10n.t('What is to be mended?');
  const chosen = await vscode.window.showQuickPick(items, { ...pick, placeHolder });
  if (chosen?.found) await mend(services, chosen.found.ref, chosen.found.problem);
};

function isOfInterest(problem: HealthProblem): boolean {
  return !isSerious(problem) && problem.kind !== 'noSchedule';
}

function problemItem(found: { ref: InstanceRef; problem: HealthProblem }): ProblemItem {
  const { ref, problem } = found;
  return {
    label: `${ref.instance}: ${healthWord(problem)}`,
    description: placeOf(ref),
    detail: healthSentence(problem),
    iconPath: new vscode.ThemeIcon(isSerious(problem) ? 'warning' : 'info'),
    found,
  };
}

async function mend(services: Services, ref: InstanceRef, problem: HealthProblem): Promise<void> {
  const instance = services.inventory.instance(ref)?.instance;
  if (!instance) return;
  const fixes = fixesFor(services, instance, problem);
  const [only, ...others] = fixes;
  const title = `${ref.instance}: ${healthWord(problem)}`;
  const chosen =
    others.length === 0
      ? only
      : await vscode.window.showQuickPick(fixes, { title, placeHolder: healthSentence(problem) });
  await chosen?.run();
}

function fixesFor(services: Services, instance: Instance, problem: HealthProblem): Fix[] {
  const { ref } = instance;
  const rows: Selection = selectionOf([instanceNode(ref)]);
  const edit: Fix = {
    label: vscode.l10n.t('Edit Schedule'),
    run: () => services.schedules.show({ kind: 'instances', refs: [ref] }),
  };
  switch (problem.kind) {
    case 'overdue':
    case 'neverRan':
      return [{ label: vscode.l10n.t('Create a Snapshot Now'), run: () => createSnapshot(services, rows) }, edit];
    case 'notWhileStopped':
      return [
        {
          label: vscode.l10n.t('Make Snapshots While It Is Stopped, Too'),
          run: () => set(services, instance, SCHEDULE_KEYS.stopped, 'true'),
        },
        { label: vscode.l10n.t('Start the Instance'), run: () => startInstance(services, rows) },
        edit,
      ];
    case 'mirrorSchedule':
      return [
        {
          label: vscode.l10n.t("Take the Mirror's Schedule Away"),
          // Without a value of its own, that of a profile would come into force.
          run: () => set(services, instance, SCHEDULE_KEYS.schedule, inherits(instance) ? '@never' : ''),
        },
        edit,
      ];
    case 'mirrorAutostart':
      return [
        {
          label: vscode.l10n.t('Do Not Start the Mirror by Itself'),
          run: () => set(services, instance, 'boot.autostart', 'false'),
        },
        { label: vscode.l10n.t('Leave It'), run: () => Promise.resolve() },
      ];
    default:
      return [edit];
  }
}

/** Whether a profile may have one: then "none at all" has to be said. */
function inherits(instance: Instance): boolean {
  return instance.profiles.length > 0;
}

/** Sets one key of the instance, as it was seen. */
async function set(services: Services, { ref, config }: Instance, key: string, value: string): Promise<void> {
  const change = { key, seen: config[key] ?? '', value };
  await inView(() => services.edits.write({ kind: 'instance', ref }, [change]));
  done(vscode.l10n.t('{0} of {1} is set.', key, ref.instance));
}
