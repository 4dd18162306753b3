import * as vscode from 'vscode';
import { done } from '../commands/report.ts';
import type { Log } from '../log.ts';

/** Asks where to, and writes a picture there. */
export async function saveSvg(log: Log, title: string, svg: string): Promise<void> {
  const name = `${title.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}.svg`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const target = await vscode.window.showSaveDialog({
    ...(folder && { defaultUri: vscode.Uri.joinPath(folder, name) }),
    filters: { SVG: ['svg'] },
    title: vscode.l10n.t('Export as SVG'),
  });
  if (!target) return;
  try {
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(svg));
    done(vscode.l10n.t('Saved: {0}', target.fsPath));
  } catch (error) {
    log.error(error);
    void vscode.window.showErrorMessage(vscode.l10n.t('The picture could not be saved to {0}.', target.fsPath));
  }
}
