/** Which instances a timeline shows. */
import { l10n } from 'vscode';
import * as z from 'zod/mini';
import { type InstanceRef, keyOf } from '../../core/model.ts';
import { oneLine } from '../tree/items.ts';

const project = z.object({ remote: z.string(), project: z.string() });

/** What was selected; everything where nothing was. VS Code keeps it from one window to the next. */
export const scopeParts = z.object({
  remotes: z.array(z.string()),
  projects: z.array(project),
  instances: z.array(z.object({ ...project.shape, instance: z.string() })),
});

export type ScopeParts = z.infer<typeof scopeParts>;

export interface Scope {
  readonly parts: ScopeParts;
  /** Names the scope: a second call with it brings the same panel to the front. */
  readonly key: string;
  readonly title: string;
  readonly has: (ref: InstanceRef) => boolean;
}

export function scopeOf(parts: ScopeParts): Scope {
  const { remotes, projects, instances } = parts;
  const all = [...remotes.map((remote) => ({ remote })), ...projects, ...instances];
  if (all.length === 0) return { parts, key: '', title: l10n.t('Timeline'), has: () => true };
  const keys = new Set(all.map((part) => keyOf(part)));
  const name = instances[0]?.instance ?? projects[0]?.project ?? remotes[0] ?? '';
  return {
    parts,
    key: [...keys].sort().join('\n'),
    title: keys.size === 1 ? l10n.t('Timeline of {0}', oneLine(name)) : l10n.t('Timeline of {0} selected', keys.size),
    has: ({ remote, project, instance }) =>
      [{ remote }, { remote, project }, { remote, project, instance }].some((ref) => keys.has(keyOf(ref))),
  };
}
