import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { toIncusError } from '../../core/incus/errors.ts';
import { SECTION } from '../settings.ts';
import type { GroupRow } from '../groups/nodes.ts';
import type { MirrorRow } from '../mirrors/provider.ts';
import { thisExtension } from '../thisExtension.ts';
import type { Node } from '../tree/nodes.ts';
import type { VolumeNode } from '../volumes/nodes.ts';
import { showFailure } from './report.ts';
import { type Ground, type Selection, selectionOf } from './services.ts';
import type { COMMANDS } from './table.ts';
import type { Work } from './work.ts';

type CommandId = keyof typeof COMMANDS;

/** Commands that keys call with one of these work on what is selected in the view, or in that of volumes. */
const FROM_KEYBOARD = 'selection';
const FROM_KEYBOARD_VOLUMES = 'volumes';

/**
 * Registers all commands that the manifest names. What they do is read when one is called for the first time. Here, and
 * only here, failures become messages.
 */
export function registerCommands(
  ground: Ground,
  makeWork = async (): Promise<Work> => (await import('./table.ts')).workOn(ground),
): vscode.Disposable {
  let work: Promise<Work> | undefined;
  const registrations = named().map((id) =>
    vscode.commands.registerCommand(`${SECTION}.${id}`, async (first?: unknown, second?: unknown) => {
      const selection = selectionFrom(ground, first, second);
      try {
        const { COMMANDS } = await import('./table.ts');
        work ??= makeWork();
        await COMMANDS[id]({ ...ground, ...(await work) }, selection);
      } catch (error) {
        const failure = toIncusError(error);
        // A failed call stands in the log already.
        if (failure.kind === 'other' && failure.argv.length === 0) ground.log.error(error);
        await showFailure(ground.log, undefined, failure);
      }
    }),
  );
  return vscode.Disposable.from(...registrations);
}

/** The commands of the manifest, by their ids without the section. */
function named(): CommandId[] {
  const { contributes } = thisExtension().packageJSON as { contributes: { commands: { command: string }[] } };
  return contributes.commands.map(({ command }) => command.slice(SECTION.length + 1) as CommandId);
}

/** A menu hands over the row under the mouse and, where it is among them, all selected rows. */
function selectionFrom(ground: Ground, first: unknown, second: unknown): Selection {
  if (first === FROM_KEYBOARD) return selectionOf(ground.view.selection);
  if (first === FROM_KEYBOARD_VOLUMES) return selectionOf(ground.volumesView.selection);
  if (Array.isArray(second) && second.length > 0) return selectionOf(second.filter(isNode));
  if (isNode(first)) return selectionOf([first]);
  return looseSelection(first);
}

function isNode(value: unknown): value is Node | MirrorRow | GroupRow | VolumeNode {
  return typeof value === 'object' && value !== null && 'kind' in value && 'id' in value;
}

const reference = z.object({
  ref: z.object({ remote: z.string(), project: z.string(), instance: z.string(), snapshot: z.optional(z.string()) }),
});

/** What our own messages and the menus of webviews hand over, which is not a row: `{ ref }` of a snapshot or instance. */
function looseSelection(value: unknown): Selection {
  const none = selectionOf([]);
  const parsed = reference.safeParse(value);
  if (!parsed.success) return none;
  const { remote, project, instance, snapshot } = parsed.data.ref;
  const ref = { remote, project, instance };
  return snapshot === undefined ? { ...none, instances: [ref] } : { ...none, snapshots: [{ ...ref, snapshot }] };
}
