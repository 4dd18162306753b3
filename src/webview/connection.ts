import { type Contract, fromHost, type FromWebview, keptState, type Texts, whyUnfit } from '../protocol/contract.ts';

/** What VS Code gives to a webview, once. */
declare function acquireVsCodeApi(): {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
};

export interface Setup<Text extends string> {
  readonly locale: string;
  readonly texts: Texts<Text>;
}

export interface Connection<ToHost> {
  readonly send: (message: ToHost) => void;
  /** What was kept when the page was last hidden. */
  readonly kept: unknown;
  /** Keeps something for the time when the page is hidden and loaded again. */
  readonly keep: (state: unknown) => void;
}

/**
 * Tells the extension that the page listens. What does not fit the contract is dropped, and the extension told.
 * @param onSetup called once, before any message; returns what hears the messages
 */
export function connect<Text extends string, ToWebview, ToHost>(
  contract: Contract<Text, ToWebview, ToHost>,
  onSetup: (setup: Setup<Text>, connection: Connection<ToHost>) => (message: ToWebview) => void,
): void {
  const api = acquireVsCodeApi();
  const post = (frame: FromWebview<ToHost>) => {
    api.postMessage(frame);
  };
  const schema = fromHost(contract);
  const before = keptState.safeParse(api.getState() ?? {});
  const kept = { subject: undefined as unknown, page: before.success ? before.data.page : undefined };
  const connection: Connection<ToHost> = {
    send: (message) => {
      post({ kind: 'message', message });
    },
    kept: kept.page,
    keep: (page) => {
      kept.page = page;
      api.setState(kept);
    },
  };
  let hear: ((message: ToWebview) => void) | undefined;
  window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const parsed = schema.safeParse(data);
    if (!parsed.success) post({ kind: 'dropped', why: whyUnfit(parsed.error) });
    else if (parsed.data.kind === 'setup') {
      kept.subject = parsed.data.subject;
      api.setState(kept);
      hear ??= onSetup(parsed.data, connection);
    } else hear?.(parsed.data.message);
  });
  post({ kind: 'ready' });
}

/** Puts values in the places of a text: `{0}`, `{1}`. */
export function fill(text: string, ...values: readonly string[]): string {
  return text.replaceAll(/\{(\d)\}/g, (place, index) => values[Number(index)] ?? place);
}
