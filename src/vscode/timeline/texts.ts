import { l10n } from 'vscode';
import type { Texts } from '../../protocol/contract.ts';
import type { TimelineText } from '../../protocol/timeline.ts';

export function timelineTexts(title: string): Texts<TimelineText> {
  return {
    title,
    help: l10n.t('Arrow keys move, + and - zoom, Enter selects in the tree'),
    zoomIn: l10n.t('Zoom In'),
    zoomOut: l10n.t('Zoom Out'),
    fit: l10n.t('Show All'),
    now: l10n.t('Today'),
    nothing: l10n.t('There are no instances to show.'),
    loading: l10n.t('Loading…'),
    failed: l10n.t('The snapshots are not known: the server did not tell them'),
    noSnapshots: l10n.t('no snapshots'),
    hand: l10n.t('by hand'),
    schedule: l10n.t('by schedule'),
    stateful: l10n.t('stateful'),
    pending: l10n.t('being made…'),
    pinned: l10n.t('pinned'),
    taken: l10n.t('Taken {0}'),
    expires: l10n.t('Expires {0}'),
  };
}
