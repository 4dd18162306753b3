import * as vscode from 'vscode';
import { type Node, remoteNode } from './nodes.ts';

/** Rows of this tree, as they travel within it. */
const MIME = 'application/vnd.code.tree.incussnapshots.instances';

/** Drops a snapshot onto a remote to copy it there, and an instance to mirror it. Each asks before it does anything. */
export class DragAndDrop implements vscode.TreeDragAndDropController<Node> {
  readonly dragMimeTypes = [MIME];
  readonly dropMimeTypes = [MIME];

  handleDrag(rows: readonly Node[], data: vscode.DataTransfer): void {
    const moved = rows.filter(({ kind }) => kind === 'snapshot' || kind === 'instance');
    if (moved.length > 0) data.set(MIME, new vscode.DataTransferItem(moved));
  }

  async handleDrop(target: Node | undefined, data: vscode.DataTransfer): Promise<void> {
    const moved = rowsIn(data.get(MIME)?.value);
    const remote = target && remoteOf(target);
    const [first] = moved;
    if (remote === undefined || !first) return;
    if (moved.some((node) => remoteOf(node) === remote)) return;
    if (first.kind === 'snapshot') {
      await vscode.commands.executeCommand('incusSnapshots.copySnapshotToServer', first, [first, remoteNode(remote)]);
      return;
    }
    const instances = moved.filter(({ kind }) => kind === 'instance');
    await vscode.commands.executeCommand('incusSnapshots.mirrorInstance', first, instances);
  }
}

function rowsIn(value: unknown): readonly Node[] {
  return Array.isArray(value) ? (value as Node[]) : [];
}

/** The remote that a row is, or is on. */
function remoteOf(node: Node): string | undefined {
  if (node.kind === 'remote') return node.remote;
  return 'ref' in node ? node.ref.remote : undefined;
}
