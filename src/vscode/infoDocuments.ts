import * as vscode from 'vscode';

const SCHEME = 'incus-info';

/** Read-only documents with what Incus tells of an instance. Opening one again shows what is true by then. */
export class InfoDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registrations: vscode.Disposable[];

  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#registrations = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === SCHEME) this.#texts.delete(uri.toString());
      }),
    ];
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }

  /** @param path says what the document is about; its last segment is the editor's title */
  async show(path: readonly string[], text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${path.map(encodeURIComponent).join('/')}` });
    this.#texts.set(uri.toString(), text);
    this.#changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true });
  }

  dispose(): void {
    vscode.Disposable.from(...this.#registrations, this.#changed).dispose();
  }
}
