import * as vscode from 'vscode';

/** As `publisher` and `name` of package.json make it. */
const ID = 'incus-snapshots.incus-snapshots';

/** This extension as VS Code knows it: where it lies, and what its manifest says. */
export function thisExtension(): vscode.Extension<unknown> {
  const extension = vscode.extensions.getExtension(ID);
  if (!extension) throw new Error(`the extension ${ID} does not find itself`);
  return extension;
}
