/** What is asked of the extension host, and what it answers. */

export interface Answers {
  /** Opens the extension's view, which activates it. */
  open: object;
  /** The heap after a collection of what nobody needs, and whose it is. */
  heap: { readonly bytes: number; readonly pid: number };
  end: object;
}

export type Question = keyof Answers;
