import * as vscode from 'vscode';
import { keptState } from '../../protocol/contract.ts';
import type { ScheduleForms } from '../schedule/forms.ts';
import type { Timelines } from '../timeline/timelines.ts';
import type { Node } from '../tree/nodes.ts';
import { viewType } from './panel.ts';

export interface Restorable {
  readonly timelines: Timelines;
  readonly schedules: ScheduleForms;
  readonly reveal: (node: Node) => Promise<void>;
  /** Reads the remotes where that has not been done yet. */
  readonly loaded: () => Promise<void>;
}

/**
 * Has timelines and forms come back when their window is opened again, all of it read anew. VS Code closes other panels:
 * what was about to be pruned is to be looked at afresh.
 */
export function restorePanels({ timelines, schedules, reveal, loaded }: Restorable): vscode.Disposable {
  const restored = (name: string, restore: (tab: vscode.WebviewPanel, subject: unknown) => unknown) =>
    vscode.window.registerWebviewPanelSerializer(viewType(name), {
      deserializeWebviewPanel: async (tab, state: unknown) => {
        await loaded();
        const kept = keptState.safeParse(state ?? {});
        await restore(tab, kept.success ? kept.data.subject : undefined);
      },
    });
  return vscode.Disposable.from(
    restored('timeline', (tab, subject) => {
      timelines.restore(tab, subject, reveal);
    }),
    restored('schedule', (tab, subject) => schedules.restore(tab, subject)),
  );
}
