import * as vscode from 'vscode';
import { keyOf } from '../../core/model.ts';
import type { Scope } from '../timeline/timelines.ts';
import { oneLine } from '../tree/items.ts';
import { requireClient } from './choose.ts';
import type { Handler, Selection } from './services.ts';

/** Shows the snapshots of what is selected on an axis of time; of everything where nothing is. */
export const showTimeline: Handler = async (services, selection) => {
  await services.loaded();
  requireClient(services);
  services.timelines.show(scopeOf(selection), services.reveal);
};

function scopeOf({ remotes, projects, instances, snapshots }: Selection): Scope {
  const single = [...instances, ...snapshots].map(({ remote, project, instance }) => ({ remote, project, instance }));
  const parts = [...remotes.map((remote) => ({ remote })), ...projects, ...single];
  if (parts.length === 0) return { key: '', title: vscode.l10n.t('Timeline'), has: () => true };
  const keys = new Set(parts.map((part) => keyOf(part)));
  const name = single[0]?.instance ?? projects[0]?.project ?? remotes[0] ?? '';
  return {
    key: [...keys].sort().join('\n'),
    title:
      keys.size === 1
        ? vscode.l10n.t('Timeline of {0}', oneLine(name))
        : vscode.l10n.t('Timeline of {0} selected', keys.size),
    has: ({ remote, project, instance }) =>
      [{ remote }, { remote, project }, { remote, project, instance }].some((ref) => keys.has(keyOf(ref))),
  };
}
