import type * as vscode from 'vscode';
import * as z from 'zod/mini';
import type { Route } from '../core/actions/preflight.ts';

const KEY = 'setUp';

const route = z.object({
  from: z.string(),
  to: z.string(),
  targetProject: z.optional(z.string()),
  targetPool: z.optional(z.string()),
});

/** How far setting up a snapshot server has come: it can be left and taken up again, in another window too. */
export class SetUpDraft {
  readonly #memento: Pick<vscode.Memento, 'get' | 'update'>;

  constructor(memento: Pick<vscode.Memento, 'get' | 'update'>) {
    this.#memento = memento;
  }

  get route(): Route | undefined {
    const parsed = route.safeParse(this.#memento.get(KEY));
    if (!parsed.success) return undefined;
    const { from, to, targetProject, targetPool } = parsed.data;
    return {
      ...{ from, to },
      ...(targetProject !== undefined && { targetProject }),
      ...(targetPool !== undefined && { targetPool }),
    };
  }

  async keep(reached: Route | undefined): Promise<void> {
    await this.#memento.update(KEY, reached);
  }
}
