/**
 * What passes between the extension and its webviews. Each webview has one contract; both sides hold every message
 * against it, drop what does not fit, and have that logged. This room is all that a webview knows of the extension.
 */
import * as z from 'zod/mini';

/** One webview's words and messages. `Text` are the keys of the texts that it shows. */
export interface Contract<Text extends string, ToWebview, ToHost> {
  readonly texts: readonly Text[];
  readonly toWebview: z.ZodMiniType<ToWebview>;
  readonly toHost: z.ZodMiniType<ToHost>;
}

/** A webview's texts in the user's language; `{0}`, `{1}` stand for what is filled in. */
export type Texts<Text extends string> = Readonly<Record<Text, string>>;

/**
 * What the extension sends: how things are worded, first and once, then what there is. `subject` is what the page is about:
 * VS Code keeps it with the page's own state, and hands it to the extension when a window is opened again.
 */
export type FromHost<Text extends string, ToWebview> =
  | { readonly kind: 'setup'; readonly locale: string; readonly texts: Texts<Text>; readonly subject?: unknown }
  | { readonly kind: 'message'; readonly message: ToWebview };

/** What a webview sends: that it listens, that it dropped something, or a message of its contract. */
export type FromWebview<ToHost> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'dropped'; readonly why: string }
  | { readonly kind: 'message'; readonly message: ToHost };

export function fromHost<Text extends string, ToWebview, ToHost>(
  contract: Contract<Text, ToWebview, ToHost>,
): z.ZodMiniType<FromHost<Text, ToWebview>> {
  return z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('setup'),
      locale: z.string(),
      texts: z.record(z.enum(contract.texts), z.string()),
      subject: z.optional(z.unknown()),
    }),
    z.object({ kind: z.literal('message'), message: contract.toWebview }),
  ]);
}

export function fromWebview<Text extends string, ToWebview, ToHost>(
  contract: Contract<Text, ToWebview, ToHost>,
): z.ZodMiniType<FromWebview<ToHost>> {
  return z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('ready') }),
    z.object({ kind: z.literal('dropped'), why: z.string() }),
    z.object({ kind: z.literal('message'), message: contract.toHost }),
  ]);
}

/** What VS Code keeps of a webview: what it is about, and what its page has put there. */
export const keptState = z.object({ subject: z.optional(z.unknown()), page: z.optional(z.unknown()) });

/** Why a message does not fit, in one line: where, and what was wanted. It holds nothing of what the message said. */
export function whyUnfit(error: z.core.$ZodError): string {
  return error.issues.map(({ path, code }) => `${path.map(String).join('.')}: ${code}`).join('; ');
}
