/** The user of the tests: answers what the extension asks, in the order that a test has laid down. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { waitFor } from '../../lab/process.ts';
import { Box } from './box.ts';

/** What was asked or told, with all that stood there. */
export interface Question {
  kind: 'input' | 'pick' | 'warning' | 'error' | 'info' | 'file';
  /** The title of an input box or a pick, the text of a message. */
  text: string;
  modal: boolean;
  /** The body of a modal dialog. */
  detail: string;
  /** The labels of a pick, the buttons of a message. */
  options: string[];
  /** What stands below each option of a pick. */
  optionDetails: string[];
  many: boolean;
  prompt: string;
  /** What an input box already holds. */
  value: string;
  /** What it said to each text that it refused. */
  complaints: string[];
}

interface Asking {
  question: Question;
  /** For an input box: what it says to a text; `undefined` accepts it. */
  check: (text: string) => Promise<string | undefined>;
  /** What the extension gets for an option. */
  give: (option: string) => unknown;
}

/** One answer; resolves with what the extension gets. */
export type Answer = (asking: Asking) => Promise<unknown>;

/** Something that happens while the question stands there. */
type Meanwhile = () => unknown;

/** Types into the input box and confirms; `refused` are texts that it has to refuse first. */
export function types(text: string, refused: readonly string[] = []): Answer {
  return async ({ question, check }) => {
    assert.equal(question.kind, 'input', `typing "${text}" needs an input box: ${shown(question)}`);
    for (const bad of refused) {
      const complaint = await check(bad);
      assert.ok(complaint !== undefined, `the input box "${question.text}" takes ${JSON.stringify(bad)}`);
      question.complaints.push(complaint);
    }
    assert.equal(await check(text), undefined, `the input box "${question.text}" refuses ${JSON.stringify(text)}`);
    return text;
  };
}

/** Confirms what the input box proposes. */
export const confirms: Answer = async (asking) => types(asking.question.value)(asking);

/** Picks by label: one, or several where several may be picked. */
export function picks(...labels: string[]): Answer {
  return ({ question, give }) => {
    assert.equal(question.kind, 'pick', `picking ${labels.join(', ')} needs a pick`);
    for (const label of labels) assert.ok(question.options.includes(label), `${label} is not in: ${shown(question)}`);
    const given = labels.map(give);
    return Promise.resolve(question.many ? given : given[0]);
  };
}

/** Presses a button of a message or a dialog. */
export function presses(button: string, meanwhile?: Meanwhile): Answer {
  return async ({ question, give }) => {
    assert.ok(question.options.includes(button), `no button ${button} in: ${shown(question)}`);
    await meanwhile?.();
    return give(button);
  };
}

/** Chooses a file in the dialog for files; one that is there is replaced, as the dialog asks. */
export function choosesFile(path: string): Answer {
  return ({ question, give }) => {
    assert.equal(question.kind, 'file', `choosing ${path} needs a dialog for files`);
    return Promise.resolve(give(path));
  };
}

/** Leaves by Escape. */
export const leaves: Answer = () => Promise.resolve(undefined);

function shown(question: Question): string {
  return `${question.kind} "${question.text}" [${question.options.join(' | ')}] ${question.detail}`;
}

const FUNCTIONS = [
  'showInputBox',
  'showQuickPick',
  'showWarningMessage',
  'showErrorMessage',
  'showInformationMessage',
  'createQuickPick',
  'showSaveDialog',
  'showOpenDialog',
] as const;

/** Stands in for the questions of `vscode.window` from `install` to `remove`. */
export class Dialogs {
  /** All that was asked so far. */
  readonly asked: Question[] = [];
  /** Lists that were opened and can be typed into, the last one last. */
  readonly boxes: Box[] = [];
  /** What went wrong with the questions themselves; a handler may have swallowed it. */
  readonly #wrong: unknown[] = [];
  readonly #answers: Answer[] = [];
  readonly #originals = FUNCTIONS.map((name) => [name, vscode.window[name]] as const);

  install(): void {
    Object.assign(vscode.window, {
      showInputBox: (options: vscode.InputBoxOptions = {}) => this.#onInput(options),
      showQuickPick: async (
        items: readonly vscode.QuickPickItem[] | Promise<never>,
        options?: vscode.QuickPickOptions,
      ) => this.#onPick(await items, options ?? {}),
      createQuickPick: () => {
        const box = new Box();
        this.boxes.push(box);
        return box;
      },
      showSaveDialog: (options: vscode.SaveDialogOptions = {}) => this.#onFile(options, (uri) => uri),
      showOpenDialog: (options: vscode.OpenDialogOptions = {}) => this.#onFile(options, (uri) => [uri]),
      showWarningMessage: (text: string, ...rest: unknown[]) => this.#onMessage('warning', text, rest),
      showErrorMessage: (text: string, ...rest: unknown[]) => this.#onMessage('error', text, rest),
      showInformationMessage: (text: string, ...rest: unknown[]) => this.#onMessage('info', text, rest),
    });
  }

  remove(): void {
    Object.assign(vscode.window, Object.fromEntries(this.#originals));
  }

  /** Lays down the answers to the questions to come. */
  script(...answers: Answer[]): void {
    this.#answers.push(...answers);
  }

  /** Throws where a question came that nobody had an answer for, or an answer did not fit or was not asked for. */
  check(): void {
    const [first] = this.#wrong.splice(0);
    const unused = this.#answers.splice(0).length;
    if (first !== undefined) throw first as Error;
    assert.equal(unused, 0, `${unused} answers were not asked for; asked: ${this.asked.map(shown).join(' // ')}`);
  }

  /** The list that is open and can be typed into, once it is there. */
  box(): Promise<Box> {
    return waitFor('a list to be open', () => this.boxes.find(({ isOpen }) => isOpen));
  }

  /** The last thing that was asked or told. */
  get last(): Question {
    const last = this.asked.at(-1);
    assert.ok(last, 'nothing was asked or told');
    return last;
  }

  async #answer(asking: Asking): Promise<unknown> {
    this.asked.push(asking.question);
    const answer = this.#answers.shift();
    try {
      assert.ok(answer, `nobody expected: ${shown(asking.question)}`);
      return await answer(asking);
    } catch (error) {
      this.#wrong.push(error);
      return undefined;
    }
  }

  #onInput(options: vscode.InputBoxOptions): Promise<unknown> {
    const { title = '', prompt = '', value = '' } = options;
    return this.#answer({
      question: { ...blank('input', title), prompt, value },
      check: async (text) => {
        const said = await options.validateInput?.(text);
        if (typeof said === 'string') return said === '' ? undefined : said;
        return said?.severity === vscode.InputBoxValidationSeverity.Error ? said.message : undefined;
      },
      give: (text) => text,
    });
  }

  #onPick(items: readonly (vscode.QuickPickItem | string)[], options: vscode.QuickPickOptions): Promise<unknown> {
    const label = (item: vscode.QuickPickItem | string) => (typeof item === 'string' ? item : item.label);
    const detail = (item: vscode.QuickPickItem | string) =>
      typeof item === 'string' ? '' : [item.description, item.detail].filter(Boolean).join(' | ');
    return this.#answer({
      question: {
        ...blank('pick', options.title ?? ''),
        prompt: options.placeHolder ?? '',
        options: items.map(label),
        optionDetails: items.map(detail),
        many: options.canPickMany ?? false,
      },
      check: () => Promise.resolve(undefined),
      give: (option) => items.find((item) => label(item) === option),
    });
  }

  #onFile(
    { title = '', defaultUri }: vscode.SaveDialogOptions & vscode.OpenDialogOptions,
    given: (uri: vscode.Uri) => unknown,
  ): Promise<unknown> {
    return this.#answer({
      question: { ...blank('file', title), value: defaultUri?.fsPath ?? '' },
      check: () => Promise.resolve(undefined),
      give: (path) => given(vscode.Uri.file(path)),
    });
  }

  #onMessage(kind: Question['kind'], text: string, rest: readonly unknown[]): Promise<unknown> {
    const [first] = rest;
    const options = typeof first === 'object' && first !== null && !('title' in first) ? first : {};
    const items = (options === first ? rest.slice(1) : rest) as (string | vscode.MessageItem)[];
    const title = (item: string | vscode.MessageItem) => (typeof item === 'string' ? item : item.title);
    const { modal = false, detail = '' } = options as vscode.MessageOptions;
    return this.#answer({
      question: { ...blank(kind, text), modal, detail, options: items.map(title) },
      check: () => Promise.resolve(undefined),
      give: (option) => items.find((item) => title(item) === option),
    });
  }
}

function blank(kind: Question['kind'], text: string): Question {
  const nothing = { detail: '', prompt: '', value: '' };
  return { kind, text, modal: false, many: false, options: [], optionDetails: [], complaints: [], ...nothing };
}
