import type { ScheduleFieldState } from '../../protocol/schedule.ts';
import { button, element } from '../element.ts';

export interface FieldTexts {
  readonly label: string;
  readonly help: string;
  /** What precedes the usual values, for screen readers. */
  readonly usual: string;
  readonly clear: string;
}

/** A value that is often wanted, and what it is called. */
export interface Usual {
  readonly value: string;
  readonly label: string;
}

/** Of values that differ: says that all of them are to be taken away. It is pressed, and let go again. */
export class Clearing {
  readonly element: HTMLButtonElement;

  /** @param label of the field, which the button belongs to */
  constructor(label: string, text: string, onChange: (isOn: boolean) => void) {
    const element = button(
      text,
      () => {
        this.set(!this.isOn);
        onChange(this.isOn);
      },
      { class: 'usual', 'aria-label': `${label}: ${text}` },
    );
    this.element = element;
    this.set(false);
    element.hidden = true;
  }

  get isOn(): boolean {
    return this.element.getAttribute('aria-pressed') === 'true';
  }

  set(isOn: boolean): void {
    this.element.setAttribute('aria-pressed', String(isOn));
  }

  /** Is there only where values differ. */
  offer(differs: boolean): void {
    this.element.hidden = !differs;
    if (!differs) this.set(false);
  }
}

/**
 * One value of the form: a label, the field, where its value comes from, and what is wrong with it. It keeps what the
 * user has typed when the server's value changes beneath it.
 */
export class Field {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  readonly #source = element('p', { class: 'source' });
  readonly #error = element('p', { class: 'error' });
  readonly #clearing: Clearing;
  #own = '';

  constructor(id: string, texts: FieldTexts, usual: readonly Usual[], onInput: () => void) {
    this.input = element('input', {
      ...{ id, type: 'text', autocomplete: 'off', spellcheck: 'false', maxlength: '4096' },
      'aria-describedby': `${id}-error ${id}-source ${id}-help`,
    });
    this.#source.id = `${id}-source`;
    this.#error.id = `${id}-error`;
    this.input.addEventListener('input', () => {
      this.#clearing.set(false);
      onInput();
    });
    this.#clearing = new Clearing(texts.label, texts.clear, (isOn) => {
      if (isOn) this.input.value = '';
      onInput();
    });
    const pick = (value: string) => {
      this.input.value = value;
      this.#clearing.set(false);
      this.input.focus();
      onInput();
    };
    this.element = element(
      'div',
      { class: 'field' },
      element('label', { for: id }, texts.label),
      element('p', { id: `${id}-help`, class: 'help' }, texts.help),
      this.input,
      ...(usual.length === 0 ? [] : [this.#usual(texts, usual, pick)]),
      this.#clearing.element,
      this.#error,
      this.#source,
    );
  }

  #usual(texts: FieldTexts, usual: readonly Usual[], pick: (value: string) => void): HTMLElement {
    const buttons = usual.map(({ value, label }) =>
      button(
        label,
        () => {
          pick(value);
        },
        { class: 'usual' },
      ),
    );
    return element(
      'div',
      { class: 'usuals', role: 'group', 'aria-label': `${texts.label}: ${texts.usual}` },
      ...buttons,
    );
  }

  /** Several differing values are to be taken away. */
  get isCleared(): boolean {
    return this.#clearing.isOn;
  }

  /** Goes on with what was there before the page was hidden. */
  takeUp(text: string, isCleared: boolean): void {
    this.input.value = text;
    this.#clearing.set(isCleared && !this.#clearing.element.hidden);
  }

  /** @param afresh what was typed belongs to something else */
  show(state: ScheduleFieldState, afresh: boolean): void {
    if (afresh || this.input.value === this.#own) this.input.value = state.own;
    this.#own = state.own;
    this.input.placeholder = state.differs ? '' : state.inherited;
    this.#clearing.offer(state.differs);
    this.#source.textContent = state.source;
  }

  complain(error: string): void {
    this.#error.textContent = error;
    this.input.setAttribute('aria-invalid', String(error !== ''));
  }
}
