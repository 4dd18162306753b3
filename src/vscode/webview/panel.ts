import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { type Contract, fromWebview, type FromHost, type Texts, whyUnfit } from '../../protocol/contract.ts';
import type { Log } from '../log.ts';
import { thisExtension } from '../thisExtension.ts';
import { pageOf } from './page.ts';

export interface PanelOptions<Text extends string, ToWebview, ToHost> {
  /** Names the kind of panel: the view type, the script `dist/webview/NAME.js` and the style `media/NAME.css`. */
  readonly name: string;
  readonly title: string;
  readonly icon: string;
  readonly contract: Contract<Text, ToWebview, ToHost>;
  readonly texts: Texts<Text>;
  /** What the panel is about, as JSON: by it it is opened anew when its window is. Absent: it is not. */
  readonly subject?: unknown;
  /** The tab that VS Code has kept from before the window was opened. */
  readonly tab?: vscode.WebviewPanel;
  /** The webview listens, and knows nothing: it is new, or was hidden and has become visible again. */
  readonly onReady: () => void;
  readonly onMessage: (message: ToHost) => void;
  readonly onClose: () => void;
}

/** What VS Code calls a kind of panel. */
export function viewType(name: string): string {
  return `incusSnapshots.${name}`;
}

/**
 * A webview in an editor tab. VS Code takes its page away while it is hidden and loads it anew afterwards; what was
 * sent in between is dropped, since `onReady` sends all of it again.
 */
export class Panel<Text extends string, ToWebview, ToHost> implements vscode.Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #options: PanelOptions<Text, ToWebview, ToHost>;
  readonly #log: Log;
  #isListening = false;

  constructor(log: Log, options: PanelOptions<Text, ToWebview, ToHost>) {
    this.#log = log;
    this.#options = options;
    const root = thisExtension().extensionUri;
    const folders = {
      scripts: vscode.Uri.joinPath(root, 'dist', 'webview'),
      media: vscode.Uri.joinPath(root, 'media'),
    };
    const tab = { enableScripts: true, localResourceRoots: [folders.scripts, folders.media] };
    this.#panel =
      options.tab ??
      vscode.window.createWebviewPanel(viewType(options.name), options.title, vscode.ViewColumn.Active, tab);
    this.#panel.title = options.title;
    this.#panel.webview.options = tab;
    this.#panel.iconPath = new vscode.ThemeIcon(options.icon);
    const { webview } = this.#panel;
    const address = (folder: vscode.Uri, file: string) =>
      webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
    const { name } = options;
    const schema = fromWebview(options.contract);
    webview.onDidReceiveMessage((value: unknown) => {
      const parsed = schema.safeParse(value);
      if (!parsed.success) log.badMessage(name, whyUnfit(parsed.error));
      else if (parsed.data.kind === 'dropped') log.badMessage(name, parsed.data.why);
      else if (parsed.data.kind === 'ready') this.#onReady();
      else options.onMessage(parsed.data.message);
    });
    this.#panel.onDidChangeViewState(() => {
      if (!this.#panel.visible) this.#isListening = false;
    });
    this.#panel.onDidDispose(() => {
      this.#isListening = false;
      options.onClose();
    });
    webview.html = pageOf({
      title: options.title,
      language: vscode.env.language,
      cspSource: webview.cspSource,
      script: address(folders.scripts, `${name}.js`),
      styles: [address(folders.media, 'webview.css'), address(folders.media, `${name}.css`)],
      nonce: randomBytes(16).toString('base64url'),
    });
  }

  /** Sends a message, if the webview listens. */
  send(message: ToWebview): void {
    if (this.#isListening) this.#post({ kind: 'message', message });
  }

  /** Brings the panel to the front. */
  reveal(): void {
    this.#panel.reveal();
  }

  dispose(): void {
    this.#panel.dispose();
  }

  #onReady(): void {
    this.#isListening = true;
    const { texts, subject } = this.#options;
    this.#post({ kind: 'setup', locale: vscode.env.language, texts, ...(subject !== undefined && { subject }) });
    this.#options.onReady();
  }

  #post(frame: FromHost<Text, ToWebview>): void {
    this.#panel.webview.postMessage(frame).then(undefined, (error: unknown) => {
      this.#log.error(error);
    });
  }
}
