import type { ScheduleFieldState } from '../../protocol/schedule.ts';
import { button, element } from '../element.ts';

export interface FieldTexts {
  readonly label: string;
  readonly help: string;
  /** What precedes the usual values, for screen readers. */
  readonly usual: string;
}

/** A value that is often wanted, and what it is called. */
export interface Usual {
  readonly value: string;
  readonly label: string;
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
  #own = '';

  constructor(id: string, texts: FieldTexts, usual: readonly Usual[], onInput: () => void) {
    this.input = element('input', {
      ...{ id, type: 'text', autocomplete: 'off', spellcheck: 'false', maxlength: '4096' },
      'aria-describedby': `${id}-error ${id}-source ${id}-help`,
    });
    this.#source.id = `${id}-source`;
    this.#error.id = `${id}-error`;
    this.input.addEventListener('input', onInput);
    const pick = (value: string) => {
      this.input.value = value;
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

  /** @param afresh what was typed belongs to something else */
  show(state: ScheduleFieldState, afresh: boolean): void {
    if (afresh || this.input.value === this.#own) this.input.value = state.own;
    this.#own = state.own;
    this.input.placeholder = state.inherited;
    this.#source.textContent = state.source;
  }

  complain(error: string): void {
    this.#error.textContent = error;
    this.input.setAttribute('aria-invalid', String(error !== ''));
  }
}
