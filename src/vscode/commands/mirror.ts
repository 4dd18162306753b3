import pLimit from 'p-limit';
import * as vscode from 'vscode';
import { MirrorBlocked, type MirrorOutcome, type MirrorWish } from '../../core/actions/mirror.ts';
import { unchangedJobs } from '../../core/actions/mirrorFleet.ts';
import { MirrorPlaces } from '../../core/actions/mirrorPlaces.ts';
import { type IncusError, toIncusError } from '../../core/incus/errors.ts';
import type { Instance, SnapshotServerPair } from '../../core/model.ts';
import type { MirrorPlan } from '../../core/policy/mirror/mirror.ts';
import { jobFor, jobKey, type MirrorJob } from '../../core/policy/mirror/mirrorJobs.ts';
import { replacedName } from '../../core/policy/mirror/mirrorNames.ts';
import { describeError } from '../messages.ts';
import { mirrorsSnapshotFirst } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { relativeTime } from '../tree/wording.ts';
import { chooseInstances, placeOf } from './choose.ts';
import { describeBlocks, describePlan, describeReplaced, stepWords, writePlan } from './mirrorWords.ts';
import { cancellable, done, inView, type Progress } from './report.ts';
import type { Handler, Selection, Services } from './services.ts';

/** Plans and runs side by side; the runs themselves are held to four between two servers. */
const AT_ONCE = 8;

interface Planned {
  readonly job: MirrorJob;
  readonly plan?: MirrorPlan;
  readonly error?: IncusError;
}

/** How one run ended. */
interface Ended {
  readonly job: MirrorJob;
  readonly outcome?: MirrorOutcome;
  readonly error?: IncusError;
}

/** Mirrors the chosen instances, their live state included. */
export const mirrorInstance: Handler = async (services, selection) => {
  await services.loaded();
  const { pairs } = services.board;
  if (pairs.length === 0) return offerSetUp();
  const instances = await chooseInstances(services, originals(services, selection), {
    title: vscode.l10n.t('Mirror to Snapshot Server'),
    many: true,
    fits: ({ instance: { ref } }) => pairs.some(({ from }) => from === ref.remote),
  });
  if (!instances) return;
  const jobs = await jobsFor(services, instances);
  if (jobs) await mirror(services, jobs);
};

/** A selected mirror stands for its original. */
function originals(services: Services, selection: Selection): Selection {
  const instances = selection.instances.map((ref) => {
    const origin = services.board.originOf(ref);
    if (origin?.remote === undefined) return ref;
    return { remote: origin.remote, project: origin.project, instance: origin.instance };
  });
  return { ...selection, instances };
}

/** To which snapshot server each goes; asked where there are several. `undefined`: the user left, or was told why not. */
async function jobsFor(services: Services, instances: readonly Instance[]): Promise<MirrorJob[] | undefined> {
  const jobs: MirrorJob[] = [];
  for (const remote of new Set(instances.map(({ ref }) => ref.remote))) {
    const pairs = services.board.pairs.filter(({ from }) => from === remote);
    if (pairs.length === 0) {
      await offerSetUp(remote);
      return undefined;
    }
    const pair = await choosePair(pairs, vscode.l10n.t('To which snapshot server?'));
    if (!pair) return undefined;
    jobs.push(...instances.filter(({ ref }) => ref.remote === remote).map(({ ref }) => jobFor(pair, ref)));
  }
  return jobs;
}

async function choosePair(
  pairs: readonly SnapshotServerPair[],
  placeHolder: string,
): Promise<SnapshotServerPair | undefined> {
  if (pairs.length === 1) return pairs[0];
  const choices = pairs.map((pair) => ({ label: oneLine(pair.to), description: oneLine(pair.from), pair }));
  return (await vscode.window.showQuickPick(choices, { title: vscode.l10n.t('Mirror'), placeHolder }))?.pair;
}

async function offerSetUp(remote?: string): Promise<void> {
  const text =
    remote === undefined
      ? vscode.l10n.t('No snapshot server is set up yet.')
      : vscode.l10n.t('No snapshot server is set up for {0}.', oneLine(remote));
  const settings = vscode.l10n.t('Open Settings');
  if ((await vscode.window.showInformationMessage(text, settings)) !== settings) return;
  await vscode.commands.executeCommand('workbench.action.openSettings', 'incusSnapshots.snapshotServers');
}

/** Mirrors all instances of a pair that have a mirror, and others that are added to them. */
export const mirrorAll: Handler = async (services, selection) => {
  await services.loaded();
  const all = services.board.pairs;
  if (all.length === 0) return offerSetUp();
  const [chosen] = selection.pairs;
  const pair = chosen ?? (await choosePair(all, vscode.l10n.t('Which pair?')));
  if (!pair) return;
  const jobs = await chooseJobs(services, pair);
  if (!jobs || jobs.length === 0) return;
  const live = await askLive();
  if (live === undefined) return;
  const unchanged = live
    ? new Set<string>()
    : await inView(() => unchangedJobs(services.client, services.inventory, jobs));
  const [skipped, left] = [true, false].map((is) => jobs.filter((job) => unchanged.has(jobKey(job)) === is));
  for (const job of skipped ?? []) await services.mirrors.history.note(job, 'done');
  services.board.touch();
  await mirror(services, left ?? [], skipped?.length ?? 0);
};

async function chooseJobs(services: Services, pair: SnapshotServerPair): Promise<MirrorJob[] | undefined> {
  const now = new Date();
  const choices = services.board.linesOf(pair).map(({ job, standing, verified }) => ({
    label: job.source.instance,
    description: verified ? vscode.l10n.t('mirrored {0}', relativeTime(verified, now)) : vscode.l10n.t('not mirrored'),
    picked: standing.kind !== 'none' && standing.kind !== 'foreign',
    job,
  }));
  if (choices.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no instance that this could be done to.'));
    return undefined;
  }
  const title = vscode.l10n.t('Mirror {0} to {1}', oneLine(pair.from), oneLine(pair.to));
  const picked = await vscode.window.showQuickPick(choices, {
    ...{ title, canPickMany: true, placeHolder: vscode.l10n.t('Which instances?') },
  });
  return picked?.map(({ job }) => job);
}

async function askLive(): Promise<boolean | undefined> {
  const quick = {
    label: vscode.l10n.t('Snapshots only'),
    detail: vscode.l10n.t('Quick: an instance whose snapshots are all there is passed over.'),
  };
  const live = {
    label: vscode.l10n.t('Snapshots and the state of now'),
    detail: vscode.l10n.t('Every instance is sent, with what changed since its last snapshot.'),
  };
  const answer = await vscode.window.showQuickPick([quick, live], { title: vscode.l10n.t('What is to be mirrored?') });
  return answer && answer === live;
}

/** Plans, asks where something would be lost, runs, and tells how it went. */
async function mirror(services: Services, jobs: readonly MirrorJob[], skipped = 0): Promise<void> {
  const places = new MirrorPlaces(services.client);
  const limit = pLimit(AT_ONCE);
  const planned = await inView(() =>
    limit.map([...jobs], async (job): Promise<Planned> => {
      const plan = services.mirrors.plan(job, false, places);
      return plan.then(
        (made) => ({ job, plan: made }),
        (error: unknown) => ({ job, error: toIncusError(error) }),
      );
    }),
  );
  const wishes = await agree(services, planned, places);
  if (!wishes) return;
  const refused = planned.filter(({ job }) => !wishes.some((wish) => jobKey(wish.job) === jobKey(job)));
  const ended = wishes.length === 0 ? [] : await runAll(services, wishes, places);
  const failed = refused.map(({ job, plan, error }): Ended => ({
    job,
    error: error ?? new MirrorBlocked(plan?.blocks ?? []),
  }));
  await tell(services, [...ended, ...failed], skipped);
}

/** @returns what may be run; `undefined` where the user left */
async function agree(
  services: Services,
  planned: readonly Planned[],
  places: MirrorPlaces,
): Promise<MirrorWish[] | undefined> {
  const wishes: MirrorWish[] = [];
  const costly: { job: MirrorJob; plan: MirrorPlan; takesOver: boolean }[] = [];
  for (const { job, plan } of planned) {
    if (!plan) continue;
    const open = await unblocked(services, job, plan, planned.length, places);
    if (open === 'left') return undefined;
    if (!open) continue;
    if (open.plan.deleted.length > 0 || open.takesOver || open.plan.replaces) costly.push({ job, ...open });
    else wishes.push(wishOf(job, open.plan, false, false));
  }
  if (costly.length === 0) return wishes;
  const answer = await confirm(services, costly);
  if (answer === undefined) return undefined;
  return [...wishes, ...costly.map(({ job, plan, takesOver }) => wishOf(job, plan, takesOver, answer === 'keep'))];
}

function wishOf(job: MirrorJob, plan: MirrorPlan, takesOver: boolean, keeps: boolean): MirrorWish {
  return {
    job,
    agreed: plan.deleted,
    replaces: plan.replaces,
    takesOver,
    keeps,
    snapshotFirst: mirrorsSnapshotFirst(),
  };
}

/** A plan that can be run; where the one thing against it is that the target is no mirror, its name is asked for. */
async function unblocked(
  services: Services,
  job: MirrorJob,
  plan: MirrorPlan,
  count: number,
  places: MirrorPlaces,
): Promise<{ plan: MirrorPlan; takesOver: boolean } | 'left' | undefined> {
  if (plan.blocks.length === 0) return { plan, takesOver: false };
  const isForeign = plan.blocks.length === 1 && plan.blocks[0]?.reason === 'notItsMirror';
  if (!isForeign || count > 1) return undefined;
  const { instance } = job.target;
  const typed = await vscode.window.showInputBox({
    title: vscode.l10n.t('Overwrite {0} on {1}?', instance, placeOf(job.target)),
    prompt: `${describeBlocks(plan.blocks, job)} ${vscode.l10n.t('Type its name to have it overwritten.')}`,
    ignoreFocusOut: true,
    validateInput: (text) =>
      text === instance ? undefined : vscode.l10n.t('Type {0}, or leave with Escape.', instance),
  });
  if (typed !== instance) return 'left';
  return { plan: await services.mirrors.plan(job, true, places), takesOver: true };
}

/** @returns whether what would be deleted is kept; `undefined` where the user left */
async function confirm(
  services: Services,
  costly: readonly { job: MirrorJob; plan: MirrorPlan }[],
): Promise<'keep' | 'delete' | undefined> {
  const [first] = costly;
  if (!first) return undefined;
  const keep = vscode.l10n.t('Keep Them, Then Mirror');
  const mirrorNow = vscode.l10n.t('Mirror and Delete');
  const overwrite = costly.some(({ plan }) => !plan.replaces)
    ? vscode.l10n.t('Overwrite')
    : vscode.l10n.t('Mirror Anew');
  const show = vscode.l10n.t('Show Plan');
  const deleted = costly.reduce((sum, { plan }) => sum + plan.deleted.length, 0);
  const to = placeOf(first.job.target);
  const question =
    costly.length === 1
      ? vscode.l10n.t('Mirror {0} to {1}?', `${placeOf(first.job.source)}: ${first.job.source.instance}`, to)
      : vscode.l10n.t('Mirror {0} instances, and delete {1} snapshots on {2}?', costly.length, deleted, to);
  const parts = costly.map(({ job, plan }) =>
    [
      ...(costly.length === 1 ? [] : [job.source.instance]),
      ...(plan.replaces ? [describeReplaced(plan, job, keptAs(services, job))] : []),
      describePlan(plan, job),
    ].join('\n'),
  );
  const kept = deleted > 0 ? [vscode.l10n.t('Kept ones become stopped instances on the snapshot server.')] : [];
  const buttons = deleted > 0 ? [keep, mirrorNow, show] : [overwrite, show];
  const answer = await vscode.window.showWarningMessage(
    question,
    { modal: true, detail: [...parts, ...kept].join('\n\n') },
    ...buttons,
  );
  if (answer === show) {
    await services.info.show([vscode.l10n.t('Mirror Plan'), first.job.target.remote], writePlan(costly));
    return undefined;
  }
  if (answer === keep) return 'keep';
  return answer === undefined ? undefined : 'delete';
}

/** The name that what another mirror takes the place of would get. */
function keptAs({ inventory }: Services, { target }: MirrorJob): string {
  const there = inventory.instances(target.remote, target.project);
  return replacedName(
    target.instance,
    there.map(({ instance }) => instance.ref.instance),
  );
}

function runAll(services: Services, wishes: readonly MirrorWish[], places: MirrorPlaces): Thenable<Ended[]> {
  const [only] = wishes;
  const title =
    wishes.length === 1 && only
      ? vscode.l10n.t('Mirroring {0} to {1}', only.job.source.instance, oneLine(only.job.target.remote))
      : vscode.l10n.t('Mirroring {0} instances', wishes.length);
  return cancellable(title, (signal, progress) => {
    const limit = pLimit(AT_ONCE);
    return limit.map([...wishes], async (wish) => {
      const ended = await runOne(services, wish, wishes.length > 1, places, signal, progress);
      services.board.touch();
      progress.report({ increment: 100 / wishes.length });
      return ended;
    });
  });
}

async function runOne(
  services: Services,
  wish: MirrorWish,
  isOneOfMany: boolean,
  places: MirrorPlaces,
  signal: AbortSignal,
  progress: Progress,
): Promise<Ended> {
  const { job } = wish;
  const onStep = (step: Parameters<typeof stepWords>[0], sent?: string) => {
    const words = [stepWords(step), sent].filter((part) => part !== undefined).join(' ');
    progress.report({ message: isOneOfMany ? `${job.source.instance}: ${words}` : words });
    services.board.touch();
  };
  try {
    return { job, outcome: await services.mirrors.run(wish, signal, onStep, places) };
  } catch (error) {
    return { job, error: toIncusError(error) };
  }
}

async function tell(services: Services, ended: readonly Ended[], skipped: number): Promise<void> {
  const failed = ended.flatMap(({ job, error }) => (error && error.kind !== 'cancelled' ? [{ job, error }] : []));
  const good = ended.flatMap(({ outcome }) => outcome ?? []);
  const summary = summaryOf(ended, good, skipped);
  if (failed.length === 0) {
    done(summary);
    return;
  }
  const showLog = vscode.l10n.t('Show Log');
  const details = failed.map(({ job, error }) => `${job.source.instance}: ${describeRun(error, job)}`);
  const text = [...(ended.length + skipped > 1 ? [summary] : []), ...details].join(' ');
  if ((await vscode.window.showErrorMessage(text, showLog)) === showLog) services.log.show();
}

function describeRun(error: IncusError, job: MirrorJob): string {
  return error instanceof MirrorBlocked ? describeBlocks(error.blocks, job) : describeError(error);
}

function summaryOf(ended: readonly Ended[], good: readonly MirrorOutcome[], skipped: number): string {
  const [only] = ended;
  const count = (of: (outcome: MirrorOutcome) => number) => good.reduce((sum, outcome) => sum + of(outcome), 0);
  const kept = count((outcome) => outcome.kept.length);
  const replaced = good.flatMap((outcome) => outcome.replaced ?? []);
  const made = good.length === 1 ? good[0]?.made : undefined;
  const parts = [
    ended.length === 1 && only?.outcome && skipped === 0
      ? vscode.l10n.t('{0} mirrored to {1}.', only.job.source.instance, oneLine(only.job.target.remote))
      : vscode.l10n.t('{0} of {1} instances mirrored.', good.length + skipped, ended.length + skipped),
    skipped > 0 ? vscode.l10n.t('Nothing to send: {0}.', skipped) : '',
    made === undefined ? '' : vscode.l10n.t('The snapshot {0} was made for it.', made),
    vscode.l10n.t(
      'Snapshots sent: {0}, deleted: {1}.',
      count(({ plan }) => plan.sent.length),
      count(({ plan }) => plan.deleted.length),
    ),
    kept > 0 ? vscode.l10n.t('Kept as instances: {0}.', kept) : '',
    replaced.length > 0 ? vscode.l10n.t('What was there is {0}.', replaced.join(', ')) : '',
  ];
  return parts.filter(Boolean).join(' ');
}
