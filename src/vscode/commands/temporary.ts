import * as vscode from 'vscode';
import type { Leftover } from '../../core/actions/temporary.ts';
import { keyOf } from '../../core/model.ts';
import { relativeTime } from '../tree/wording.ts';
import { placeOf, requireClient } from './choose.ts';
import { each, inView, reportResults } from './report.ts';
import type { Handler } from './services.ts';

/** Offers temporary copies for removal that nobody here is using. */
export const removeTemporaryCopies: Handler = async (services, selection) => {
  await services.loaded();
  requireClient(services);
  const wanted = new Set(selection.instances.map(keyOf));
  const found = services.temporaries.leftovers().filter(({ ref }) => wanted.size === 0 || wanted.has(keyOf(ref)));
  if (found.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no temporary copy that is left over.'));
    return;
  }
  const chosen = wanted.size > 0 ? found : await choose(found);
  if (!chosen || chosen.length === 0 || !(await confirm(chosen))) return;
  const results = await inView(() =>
    each(
      chosen,
      ({ ref }) => ref.instance,
      ({ ref }) => services.temporaries.remove(ref),
    ),
  );
  await reportResults(services.log, results, {
    all:
      chosen.length === 1
        ? vscode.l10n.t('1 temporary copy removed.')
        : vscode.l10n.t('{0} temporary copies removed.', chosen.length),
    some: (good, all) => vscode.l10n.t('{0} of {1} temporary copies removed.', good, all),
  });
};

/** What others may be using is not chosen unasked. */
async function choose(found: readonly Leftover[]): Promise<Leftover[] | undefined> {
  const now = new Date();
  const items = found.map((leftover) => ({
    label: leftover.ref.instance,
    description: placeOf(leftover.ref),
    detail: [relativeTime(leftover.createdAt, now), ownerWords(leftover)].filter(Boolean).join(' · '),
    picked: leftover.owner === 'window',
    leftover,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Remove Temporary Copies'),
    placeHolder: vscode.l10n.t('Which of them?'),
    canPickMany: true,
  });
  return picked?.map(({ leftover }) => leftover);
}

function ownerWords({ owner }: Leftover): string {
  switch (owner) {
    case 'window':
      return '';
    case 'client':
      return vscode.l10n.t('made by another window or an earlier one: it may be in use there');
    case 'other':
      return vscode.l10n.t('made by another client: it may be in use there');
  }
}

async function confirm(chosen: readonly Leftover[]): Promise<boolean> {
  const remove = vscode.l10n.t('Remove');
  const [first] = chosen;
  const question =
    chosen.length === 1 && first
      ? vscode.l10n.t('Remove the temporary copy {0}?', first.ref.instance)
      : vscode.l10n.t('Remove {0} temporary copies?', chosen.length);
  const lines = chosen.map((one) =>
    [`${placeOf(one.ref)}: ${one.ref.instance}`, ownerWords(one)].filter(Boolean).join(', '),
  );
  const detail = [
    ...lines,
    '',
    vscode.l10n.t('They are copies that this extension made for a short time. What they were made of stays.'),
  ].join('\n');
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) === remove;
}
