import * as vscode from 'vscode';
import type { MirrorStep } from '../../core/actions/mirror.ts';
import type { Snapshot } from '../../core/model.ts';
import type { MirrorPlan } from '../../core/policy/mirror/mirror.ts';
import type { MirrorBlock } from '../../core/policy/mirror/mirrorBlocks.ts';
import type { MirrorJob } from '../../core/policy/mirror/mirrorJobs.ts';
import { oneLine } from '../tree/items.ts';
import { exactTime } from '../tree/wording.ts';

/** Names that a dialog lists before it only counts the rest. */
const LISTED = 10;

/** Why a run is not begun, and what can be done, as sentences. */
export function describeBlocks(blocks: readonly MirrorBlock[], job: MirrorJob): string {
  return blocks.map((block) => describeIdentity(block, job) ?? describePlace(block, job) ?? '').join(' ');
}

function describeIdentity(block: MirrorBlock, { source, target }: MirrorJob): string | undefined {
  const to = oneLine(target.remote);
  switch (block.reason) {
    case 'notItsMirror':
      return block.of
        ? vscode.l10n.t('{0} on {1} is the mirror of another instance ({2}).', target.instance, to, block.of.instance)
        : vscode.l10n.t('{0} on {1} is an instance of its own, not a mirror.', target.instance, to);
    case 'ontoItsOrigin':
      return vscode.l10n.t(
        '{0} is itself the mirror of the instance on {1}. Going back is done by a failback, which looks first what would be lost.',
        source.instance,
        to,
      );
    case 'ontoItself':
      return vscode.l10n.t('Both remotes are one server, and {0} would be written onto itself.', source.instance);
    case 'targetRunning':
      return vscode.l10n.t(
        'The mirror of {0} on {1} runs. Stop it first, if it may be overwritten.',
        source.instance,
        to,
      );
    case 'incomingTaken':
      return vscode.l10n.t(
        'A first mirror is called {0} until it is whole, and another instance on {1} has that name. Rename it there.',
        block.name,
        to,
      );
    case 'identityUnknown':
      return vscode.l10n.t('One of the servers does not tell its certificate, so that no mirror could be known again.');
    case 'snapshotsUnknown':
      return block.side === 'source'
        ? vscode.l10n.t('The snapshots of {0} are not known: the server did not tell them.', source.instance)
        : vscode.l10n.t('The snapshots of the mirror are not known: {0} did not tell them.', to);
    default:
      return undefined;
  }
}

function describePlace(block: MirrorBlock, { source, target }: MirrorJob): string | undefined {
  const to = oneLine(target.remote);
  switch (block.reason) {
    case 'projectMissing':
      return vscode.l10n.t('{0} has no project {1}. Create it there, then try again.', to, oneLine(block.project));
    case 'profilesMissing':
      return vscode.l10n.t('{0} lacks profiles: {1}. Create them there, then try again.', to, names(block.profiles));
    case 'poolsMissing':
      return vscode.l10n.t('{0} lacks storage pools: {1}. Create them there, then try again.', to, names(block.pools));
    case 'unsafeNames':
      return vscode.l10n.t(
        'A run that broke off left snapshots on {0} whose names Incus would misread: {1}. Delete them there.',
        to,
        names(block.snapshots),
      );
    case 'unknownKeys': {
      const keys = block.keys.join(', ');
      const parts = [vscode.l10n.t('{0} is of an older Incus and does not know: {1}.', to, keys)];
      if (block.onInstance) {
        parts.push(vscode.l10n.t('Unset it on {0} (incus config unset), or update the server.', source.instance));
      }
      if (block.snapshots.length > 0) {
        parts.push(
          vscode.l10n.t('These snapshots hold it for good, and can only be deleted: {0}.', names(block.snapshots)),
        );
      }
      return parts.join(' ');
    }
    default:
      return undefined;
  }
}

function names(all: readonly string[]): string {
  const shown = all.slice(0, LISTED).map(oneLine);
  const rest = all.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} ${vscode.l10n.t('and {0} more', rest)}` : shown.join(', ');
}

const nameOf = ({ ref }: Snapshot) => ref.snapshot;

/** What a run will do, for the dialog in which it is agreed to. */
export function describePlan(plan: MirrorPlan, job: MirrorJob): string {
  const differing = new Set(plan.differing.map(({ target }) => target));
  const alone = plan.deleted.filter((one) => !differing.has(one));
  const to = oneLine(job.target.remote);
  const lines = [
    ...(plan.isKnown || plan.replaces
      ? []
      : [vscode.l10n.t('It is not known as the mirror of {0}. Its disk will be overwritten.', job.source.instance)]),
    ...(alone.length > 0 ? [vscode.l10n.t('Only on {0}, and deleted there: {1}', to, names(alone.map(nameOf)))] : []),
    ...(differing.size > 0
      ? [
          vscode.l10n.t(
            'Made again under the same name, and replaced on {0}: {1}',
            to,
            names([...differing].map(nameOf)),
          ),
        ]
      : []),
    ...(plan.sent.length > 0 ? [vscode.l10n.t('Sent: {0}', names(plan.sent.map(nameOf)))] : []),
    ...(plan.doubtful.length > 0
      ? [vscode.l10n.t('Left by a run that broke off, and sent again: {0}', names(plan.doubtful.map(nameOf)))]
      : []),
    ...(plan.present.length > 0 ? [vscode.l10n.t('Snapshots there already: {0}', plan.present.length)] : []),
  ];
  return lines.join('\n');
}

/** What becomes of that whose place another mirror takes. */
export function describeReplaced(plan: MirrorPlan, { target }: MirrorJob, name: string): string {
  return vscode.l10n.t(
    'Incus cannot build on what is on {0}. It is kept there as {1}, and the instance is sent whole, with {2} snapshots.',
    oneLine(target.remote),
    name,
    plan.sent.length + plan.present.length,
  );
}

/** The whole plan, as a document. */
export function writePlan(plans: readonly { job: MirrorJob; plan: MirrorPlan }[]): string {
  return plans
    .map(({ job, plan }) => {
      const place = ({ remote, project, instance }: MirrorJob['source']) => `${remote}:${instance} (${project})`;
      const list = (title: string, all: readonly Snapshot[]) =>
        all.length === 0
          ? []
          : ['', title, ...all.map((one) => `  ${oneLine(nameOf(one))}  ${exactTime(one.createdAt)}`)];
      return [
        `${place(job.source)} → ${place(job.target)}`,
        plan.blocks.length > 0 ? describeBlocks(plan.blocks, job) : '',
        plan.replaces ? vscode.l10n.t('What is there is kept under another name, and another mirror is made.') : '',
        ...list(vscode.l10n.t('Deleted on the target:'), plan.deleted),
        ...list(vscode.l10n.t('Sent:'), plan.sent),
        ...list(vscode.l10n.t('Left by a run that broke off, and sent again:'), plan.doubtful),
        ...list(vscode.l10n.t('There already:'), plan.present),
        '',
        vscode.l10n.t('Set on the mirror:'),
        ...Object.entries(plan.overrides).map(([key, value]) => `  ${key}=${value}`),
      ].join('\n');
    })
    .join('\n\n');
}

export function stepWords(step: MirrorStep): string {
  switch (step) {
    case 'check':
      return vscode.l10n.t('looking at both sides');
    case 'snapshot':
      return vscode.l10n.t('making a snapshot first');
    case 'keep':
      return vscode.l10n.t('keeping what would be deleted');
    case 'clear':
      return vscode.l10n.t('clearing what a broken run left');
    case 'send':
      return vscode.l10n.t('sending');
    case 'verify':
      return vscode.l10n.t('reading back');
  }
}
