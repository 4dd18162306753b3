import {
  type FromPrune,
  PRUNE_RULES,
  type PruneInstance,
  type PruneRules,
  type PruneSnapshot,
  type PruneText,
  type ToPrune,
} from '../../protocol/prune.ts';
import { oneLine } from '../../protocol/oneLine.ts';
import { type Connection, fill, type Setup } from '../connection.ts';
import { button, element } from '../element.ts';

/** Milliseconds after the last key until what was typed counts. */
const TYPING = 150;

/** Instances that are shown before one asks for more: a page of all would take long to draw. */
const AT_FIRST = 50;

/** The page: rules above, what they come to below, and the button that asks. */
export class PruneApp {
  readonly #texts: Setup<PruneText>['texts'];
  readonly #connection: Connection<FromPrune>;
  readonly #time: (at: number, zone: string) => string;
  readonly #fields = new Map<keyof PruneRules, HTMLInputElement>();
  readonly #sum = element('p', { class: 'sum', role: 'status' });
  readonly #delete: HTMLButtonElement;
  readonly #list = element('main');
  #plan: ToPrune | undefined;
  #shown = AT_FIRST;
  #typing: number | undefined;
  /** The rules that were sent last, until a plan rests on them. */
  #sent: PruneRules | undefined;

  constructor({ locale, texts }: Setup<PruneText>, connection: Connection<FromPrune>) {
    this.#texts = texts;
    this.#connection = connection;
    const formats = new Map<string, Intl.DateTimeFormat>();
    this.#time = (at, timeZone) => {
      const format =
        formats.get(timeZone) ?? new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone });
      formats.set(timeZone, format);
      return format.format(at);
    };
    document.title = texts.title;
    this.#delete = button(
      '',
      () => {
        if (this.#plan && !this.#plan.busy) connection.send({ kind: 'prune', revision: this.#plan.revision });
      },
      { class: 'primary' },
    );
    document.body.replaceChildren(
      element('h1', {}, texts.title),
      this.#form(),
      element('div', { class: 'answer' }, this.#sum, this.#delete),
      this.#list,
    );
  }

  show(plan: ToPrune): void {
    const isFirst = this.#plan === undefined;
    this.#plan = plan;
    if (this.#sent && PRUNE_RULES.every((rule) => this.#sent?.[rule] === plan.rules[rule])) this.#sent = undefined;
    // What is being typed, and what no plan rests on yet, is not taken out of one's hands.
    const isAhead = this.#typing !== undefined || this.#sent !== undefined;
    for (const [rule, field] of this.#fields) {
      if (isFirst || (!isAhead && document.activeElement !== field)) field.value = String(plan.rules[rule]);
    }
    const all = plan.instances.flatMap(({ snapshots }) => snapshots ?? []);
    const going = all.filter(({ keptBy }) => keptBy === undefined).length;
    const { sum, nothingGoes } = this.#texts;
    this.#sum.textContent = plan.busy
      ? this.#texts[plan.busy]
      : going === 0
        ? nothingGoes
        : fill(sum, String(all.length - going), String(going));
    this.#delete.textContent = going === 1 ? this.#texts.deleteOne : fill(this.#texts.delete, String(going));
    this.#delete.disabled = going === 0 && !plan.busy;
    // Disabling it while the question stands there would take the focus away from whoever says no.
    this.#delete.setAttribute('aria-disabled', String(plan.busy !== undefined));
    this.#draw();
  }

  #form(): HTMLElement {
    const fields = PRUNE_RULES.map((rule) => {
      const field = element('input', { type: 'number', min: '0', max: '9999', step: '1', id: rule });
      this.#fields.set(rule, field);
      field.addEventListener('input', () => {
        window.clearTimeout(this.#typing);
        this.#typing = window.setTimeout(() => {
          this.#sendRules();
        }, TYPING);
      });
      return element('label', { for: rule }, field, ` ${this.#texts[rule]}`);
    });
    const form = element(
      'form',
      { 'aria-describedby': 'hint' },
      element('fieldset', {}, element('legend', {}, this.#texts.keep), ...fields),
      element('p', { class: 'hint', id: 'hint' }, this.#texts.rulesHint),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
    });
    return form;
  }

  #sendRules(): void {
    const rules = Object.fromEntries(
      PRUNE_RULES.map((rule) => [rule, numberIn(this.#fields.get(rule)?.value ?? '')]),
    ) as PruneRules;
    this.#typing = undefined;
    this.#sent = rules;
    this.#connection.send({ kind: 'rules', rules });
  }

  #draw(): void {
    const { instances = [] } = this.#plan ?? {};
    const focused = document.activeElement?.getAttribute('data-key');
    const rest = instances.length - this.#shown;
    const more =
      rest > 0
        ? [
            button(fill(this.#texts.more, String(rest)), () => {
              this.#shown = Infinity;
              this.#draw();
            }),
          ]
        : [];
    this.#list.replaceChildren(...instances.slice(0, this.#shown).map((one) => this.#section(one)), ...more);
    if (focused === null || focused === undefined) return;
    for (const one of this.#list.querySelectorAll('button')) if (one.dataset['key'] === focused) one.focus();
  }

  #section(instance: PruneInstance): HTMLElement {
    const texts = this.#texts;
    const { snapshots } = instance;
    const head = element('h2', {}, instance.instance, element('small', {}, ` ${instance.place}`));
    const clock = element('p', { class: 'hint' }, fill(texts.clock, instance.zone));
    if (!snapshots) return element('section', {}, head, element('p', {}, texts.unknown));
    if (snapshots.length === 0) return element('section', {}, head, element('p', {}, texts.none));
    const columns = [texts.verdict, texts.snapshot, texts.taken, texts.expires, texts.action];
    const table = element(
      'table',
      { 'aria-label': `${instance.instance}, ${instance.place}` },
      element('thead', {}, element('tr', {}, ...columns.map((name) => element('th', { scope: 'col' }, name)))),
      element('tbody', {}, ...snapshots.map((one) => this.#row(instance, one))),
    );
    return element('section', {}, head, clock, table);
  }

  #row(instance: PruneInstance, snapshot: PruneSnapshot): HTMLElement {
    const { name, at, expires, keptBy } = snapshot;
    const isPinned = keptBy === 'pinned';
    const { pin, unpin, never } = this.#texts;
    const label = fill(isPinned ? unpin : pin, oneLine(name));
    const key = `${instance.id} ${at} ${name}`;
    const toggle = button(
      label,
      () => {
        this.#connection.send({ kind: 'pin', id: instance.id, name, at, pinned: !isPinned });
      },
      { class: 'quiet', 'data-key': key },
    );
    return element(
      'tr',
      { class: keptBy === undefined ? 'goes' : 'stays' },
      element('td', { class: 'verdict' }, this.#verdict(snapshot)),
      element('th', { scope: 'row' }, oneLine(name)),
      element('td', {}, this.#time(at, instance.zone)),
      element('td', {}, expires === undefined ? never : this.#time(expires, instance.zone)),
      element('td', {}, ...(keptBy === 'pending' ? [] : [toggle])),
    );
  }

  /** Why it stays, or that it goes: in words, since colour alone says nothing to many. */
  #verdict({ keptBy, count }: PruneSnapshot): string {
    const texts = this.#texts;
    if (keptBy === undefined) return `✕ ${texts.goes}`;
    const isRule = (PRUNE_RULES as readonly string[]).includes(keptBy);
    const why = isRule
      ? fill(
          texts.byRule,
          texts[keptBy],
          String(count ?? 0),
          String(this.#plan?.rules[keptBy as keyof PruneRules] ?? 0),
        )
      : texts[keptBy];
    return `✓ ${fill(texts.stays, why)}`;
  }
}

/** A whole number from 0 to 9999; what is not one counts as 0, which keeps rather than deletes. */
function numberIn(text: string): number {
  return /^\d{1,4}$/.test(text.trim()) ? Number(text) : 0;
}
