import * as vscode from 'vscode';
import type { StopMode } from '../../core/incus/commands.ts';
import { MirrorBlocked } from '../../core/actions/mirror.ts';
import type { OnFailoverStep } from '../../core/actions/failover.ts';
import { toIncusError } from '../../core/incus/errors.ts';
import { type Instance, type InstanceRef, isRunning } from '../../core/model.ts';
import { modeBack, newestWhole, standsFor } from '../../core/policy/mirror/failover.ts';
import { asideName } from '../../core/policy/mirror/mirrorNames.ts';
import { jobFor, type MirrorJob } from '../../core/policy/mirror/mirrorJobs.ts';
import { isUnfinished, type MirrorSource, mirrorSourceOf, verifiedAt } from '../../core/policy/mirror/mirrorKeys.ts';
import { stopTimeout } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { relativeTime } from '../tree/wording.ts';
import { chooseInstance, placeOf } from './choose.ts';
import { failoverStepWords } from './failoverWords.ts';
import { describeBlocks, describePlan } from './mirrorWords.ts';
import { confirmForce } from './instances.ts';
import { done, type Progress } from './report.ts';
import type { Handler, Services } from './services.ts';

/** Starts a mirror in its original's place. */
export const failOver: Handler = async (services, selection) => {
  await services.loaded();
  const mirror = await chooseInstance(services, selection, {
    title: vscode.l10n.t('Fail Over'),
    fits: ({ instance }) => mirrorSourceOf(instance) !== undefined,
  });
  const source = mirror && mirrorSourceOf(mirror);
  if (!mirror || !source) return;
  const now = await services.inventory.refreshInstance(mirror.ref);
  const original = await reachable(services, source);
  const agreed = original
    ? await confirmFailOver(now, original)
    : await confirmBlind(now, originName(services, source));
  if (!agreed) return;
  const { instance } = mirror.ref;
  await withForce(services, original ? [original] : [], (stop) =>
    progressing(vscode.l10n.t('Failing over {0}', instance), (onStep) =>
      services.failovers.failOver(mirror.ref, original?.ref, stop, onStep),
    ),
  );
  done(vscode.l10n.t('{0} runs on {1} in place of its original.', instance, placeOf(mirror.ref)));
};

/** The original, if its server answers and has it; `undefined`: nothing is known of it. */
async function reachable({ inventory }: Services, source: MirrorSource): Promise<Instance | undefined> {
  const remote = remoteOf(inventory, source);
  if (remote === undefined) return undefined;
  const ref = { remote, project: source.project, instance: source.instance };
  return inventory.refreshInstance(ref).catch(() => undefined);
}

function remoteOf(inventory: Services['inventory'], { fingerprint }: MirrorSource): string | undefined {
  const entry = inventory.remotes.find(({ remote }) => inventory.server(remote.name)?.fingerprint === fingerprint);
  return entry?.remote.name;
}

function originName({ board }: Services, { project, instance }: MirrorSource): string {
  const [pair] = board.pairs;
  return pair ? `${placeOf({ remote: pair.from, project })}: ${instance}` : instance;
}

function stateOf(mirror: Instance): string[] {
  const verified = verifiedAt(mirror);
  const newest = newestWhole(mirror);
  return [
    verified
      ? vscode.l10n.t('Last found whole {0}.', relativeTime(verified, new Date()))
      : vscode.l10n.t('It was never found whole.'),
    newest
      ? vscode.l10n.t('The last run left it without its disk: its snapshot {0} is restored first.', newest.ref.snapshot)
      : '',
    isUnfinished(mirror) && !newest
      ? vscode.l10n.t(
          'The last run broke off: its files may be half of one time and half of another. Restoring a whole snapshot of it is safer.',
        )
      : '',
  ];
}

async function confirmFailOver(mirror: Instance, original: Instance): Promise<boolean> {
  const verb = vscode.l10n.t('Fail Over');
  const detail = [
    ...stateOf(mirror),
    isRunning(original)
      ? vscode.l10n.t('The original on {0} runs: it is stopped first, and stays stopped.', placeOf(original.ref))
      : vscode.l10n.t('The original on {0} is stopped, and stays so.', placeOf(original.ref)),
    vscode.l10n.t(
      'What changed on the original since then is not on the mirror: to take it along, choose Migrate instead.',
    ),
  ];
  const question = vscode.l10n.t(
    'Start {0} on {1} in place of its original?',
    mirror.ref.instance,
    placeOf(mirror.ref),
  );
  return (await vscode.window.showWarningMessage(question, { modal: true, detail: sentences(detail) }, verb)) === verb;
}

/** Where the original cannot be asked, both may come to run: its name is to be typed. */
async function confirmBlind(mirror: Instance, original: string): Promise<boolean> {
  const { instance } = mirror.ref;
  const typed = await vscode.window.showInputBox({
    title: vscode.l10n.t('Start {0} on {1} in place of its original?', instance, placeOf(mirror.ref)),
    prompt: [
      vscode.l10n.t('The original ({0}) cannot be reached: it may still run, and then both do.', original),
      ...stateOf(mirror),
      vscode.l10n.t('Type {0} to start it all the same.', instance),
    ]
      .filter(Boolean)
      .join(' '),
    ignoreFocusOut: true,
    validateInput: (text) =>
      text === instance ? undefined : vscode.l10n.t('Type {0}, or leave with Escape.', instance),
  });
  return typed === instance;
}

/** Goes back from what stands in to its original. */
export const failBack: Handler = async (services, selection) => {
  await services.loaded();
  const standIn = await chooseInstance(services, selection, {
    title: vscode.l10n.t('Fail Back'),
    fits: ({ instance }) => standsFor(instance) !== undefined,
  });
  const source = standIn && standsFor(standIn);
  if (!standIn || !source) return;
  const remote = remoteOf(services.inventory, source);
  if (remote === undefined) {
    void vscode.window.showErrorMessage(
      vscode.l10n.t("The original's server cannot be reached. {0} goes on here; try again later.", source.instance),
    );
    return;
  }
  const job = jobBack(services, standIn.ref, { remote, project: source.project, instance: source.instance });
  const plan = await services.failovers.planBack(job);
  // What runs is stopped when the user has agreed, and nothing is written over.
  const blocks = plan.blocks.filter(({ reason }) => reason !== 'targetRunning' && reason !== 'unsafeNames');
  if (blocks.length > 0) {
    await vscode.window.showErrorMessage(describeBlocks(blocks, job));
    return;
  }
  if (!(await confirmFailBack(services, job, standIn))) return;
  const sides = [standIn, services.inventory.instance(job.target)?.instance].flatMap((one) => one ?? []);
  const aside = await withForce(services, sides, (stop) =>
    progressing(vscode.l10n.t('Going back to {0}', oneLine(remote)), (onStep) =>
      services.failovers.failBack({ job, stop }, onStep),
    ),
  );
  const kept = aside === undefined ? '' : vscode.l10n.t('What was there is {0}.', aside);
  done([vscode.l10n.t('{0} runs on {1} again.', source.instance, oneLine(remote)), kept].join(' ').trim());
  services.board.touch();
};

/** By the pair that mirrors the original to here, the other way round. */
function jobBack({ board }: Services, source: InstanceRef, target: InstanceRef): MirrorJob {
  const pair = board.pairs.find(({ from, to }) => from === target.remote && to === source.remote);
  return { source, target, mode: modeBack(pair?.mode ?? 'pull') };
}

async function confirmFailBack(services: Services, job: MirrorJob, standIn: Instance): Promise<boolean> {
  const { source, target } = job;
  const original = services.inventory.instance(target)?.instance;
  const taken = services.inventory.instances(target.remote, target.project).map((one) => one.instance.ref.instance);
  const back = vscode.l10n.t('Go Back');
  const question = vscode.l10n.t(
    'Go back from {0} to {1} with {2}?',
    placeOf(source),
    placeOf(target),
    target.instance,
  );
  const detail = [
    vscode.l10n.t(
      'The state of {0} on {1} goes back, with its {2} snapshots. It is stopped, and a snapshot of it is made first.',
      source.instance,
      placeOf(source),
      standIn.snapshots?.length ?? 0,
    ),
    original
      ? vscode.l10n.t(
          'What {0} on {1} holds is overwritten by nothing: a snapshot of it is made, and it stays beside as {2}, stopped.',
          target.instance,
          placeOf(target),
          asideName(target.instance, taken),
        )
      : '',
    original && isRunning(original) ? vscode.l10n.t('It runs there too: it is stopped first.') : '',
    vscode.l10n.t('Then the original is started, and what stood in becomes its mirror again.'),
  ];
  return (await vscode.window.showWarningMessage(question, { modal: true, detail: sentences(detail) }, back)) === back;
}

/** Moves an instance to a snapshot server, with all it has. */
export const migrateInstance: Handler = async (services, selection) => {
  await services.loaded();
  const { pairs } = services.board;
  const instance = await chooseInstance(services, selection, {
    title: vscode.l10n.t('Migrate Instance'),
    fits: ({ instance }) => pairs.some(({ from }) => from === instance.ref.remote) && !mirrorSourceOf(instance),
  });
  if (!instance) return;
  const choices = pairs
    .filter(({ from }) => from === instance.ref.remote)
    .map((pair) => ({ label: oneLine(pair.to), pair }));
  const [only, ...others] = choices;
  const title = vscode.l10n.t('Migrate {0}', instance.ref.instance);
  const chosen = others.length === 0 ? only : await vscode.window.showQuickPick(choices, { title });
  if (!chosen) {
    if (!only) {
      const text = vscode.l10n.t('No snapshot server is set up for {0}.', oneLine(instance.ref.remote));
      void vscode.window.showInformationMessage(text);
    }
    return;
  }
  const job = jobFor(chosen.pair, instance.ref);
  const plan = await services.mirrors.plan(job);
  if (plan.blocks.length > 0) throw new MirrorBlocked(plan.blocks);
  const verb = vscode.l10n.t('Migrate');
  const to = placeOf(job.target);
  const detail = [
    describePlan(plan, job),
    vscode.l10n.t('It is mirrored while it runs, then stopped, mirrored once more, and started on {0}.', to),
    vscode.l10n.t('The original stays, stopped, until you remove it.'),
  ];
  const question = vscode.l10n.t('Migrate {0} from {1} to {2}?', instance.ref.instance, placeOf(instance.ref), to);
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail: sentences(detail) }, verb);
  if (answer !== verb) return;
  const kept = await withForce(services, [instance], (stop) =>
    progressing(title, (onStep) => services.failovers.migrate(job, plan, stop, onStep)),
  );
  const beside = kept === undefined ? '' : vscode.l10n.t('What was sent is kept beside it as {0}.', kept);
  const moved = vscode.l10n.t('{0} runs on {1}. The original is stopped.', instance.ref.instance, to);
  done([moved, beside].join(' ').trim());
  services.board.touch();
};

/** Does it with a clean stop, and again with a forced one where that took too long and the user agrees. */
async function withForce<T>(
  services: Services,
  sides: readonly Instance[],
  work: (stop: StopMode) => Thenable<T>,
): Promise<T> {
  const timeout = stopTimeout();
  try {
    return await work({ timeout });
  } catch (error) {
    const failure = toIncusError(error);
    if (failure.kind !== 'stopTimedOut') throw error;
    const stubborn = sides.filter(({ ref }) => {
      const now = services.inventory.instance(ref)?.instance;
      return now && isRunning(now);
    });
    if (stubborn.length === 0 || !(await confirmForce(stubborn, timeout))) throw error;
    return work({ force: true });
  }
}

function progressing<T>(title: string, work: (onStep: OnFailoverStep) => Promise<T>): Thenable<T> {
  // Half of this is worse than all of it: there is no button to break it off with.
  const location = vscode.ProgressLocation.Notification;
  return vscode.window.withProgress({ location, title }, (progress: Progress) =>
    work((step, sent) => {
      progress.report({ message: [failoverStepWords(step), sent].filter(Boolean).join(' ') });
    }),
  );
}

function sentences(lines: readonly string[]): string {
  return lines.filter(Boolean).join('\n\n');
}
