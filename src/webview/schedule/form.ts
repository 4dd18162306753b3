import type {
  FromSchedule,
  ScheduleFormState,
  SchedulePreview,
  ScheduleText,
  ScheduleValues,
  ToSchedule,
} from '../../protocol/schedule.ts';
import { type Connection, fill, type Setup } from '../connection.ts';
import { button, element } from '../element.ts';
import { Clearing, Field } from './field.ts';

/** Milliseconds of quiet after which what was typed is looked at. */
const QUIET = 150;

type TextField = 'schedule' | 'pattern' | 'expiry' | 'manualExpiry';

const TEXT_FIELDS: readonly TextField[] = ['schedule', 'pattern', 'expiry', 'manualExpiry'];

/** The form for schedules. All text comes from the extension and is shown as text. */
export class ScheduleForm {
  readonly #texts: Setup<ScheduleText>['texts'];
  readonly #connection: Connection<FromSchedule>;
  readonly #heading = element('h1');
  readonly #targets = element('select', { id: 'target' });
  readonly #followers = element('p', { class: 'followers' });
  readonly #fields: Readonly<Record<TextField, Field>>;
  readonly #stopped = element('select', { id: 'stopped', 'aria-describedby': 'stopped-source' });
  readonly #stoppedSource = element('p', { id: 'stopped-source', class: 'source' });
  readonly #zone = element('span', { class: 'zone' });
  readonly #preview = element('div', { class: 'told' });
  /** What a screen reader says of each preview: short, since it is said again and again. */
  readonly #spoken = element('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  readonly #status = element('p', { class: 'status', role: 'status' });
  readonly #save: HTMLButtonElement;
  readonly #clearStopped: Clearing;
  #stoppedOwn = '';
  #target: string | undefined;
  #draft = 0;
  #waiting: number | undefined;
  #canSave = false;

  constructor({ texts }: Setup<ScheduleText>, connection: Connection<FromSchedule>) {
    this.#texts = texts;
    this.#connection = connection;
    const onInput = () => {
      this.#later();
    };
    const field = (id: TextField, usual: readonly [string, ScheduleText][]) =>
      new Field(
        id,
        { label: texts[id], help: texts[`${id}Help`], usual: texts.usual, clear: texts.clear },
        usual.map(([value, text]) => ({ value, label: texts[text] })),
        onInput,
      );
    this.#fields = {
      schedule: field('schedule', [
        ['@hourly', 'hourly'],
        ['@daily', 'daily'],
        ['@weekly', 'weekly'],
        ['@never', 'never'],
      ]),
      pattern: field('pattern', []),
      expiry: field('expiry', [
        ['1d', 'aDay'],
        ['1w', 'aWeek'],
        ['4w', 'fourWeeks'],
      ]),
      manualExpiry: field('manualExpiry', []),
    };
    this.#save = element('button', { type: 'submit', class: 'primary' }, texts.save);
    this.#targets.addEventListener('change', () => {
      connection.send({ kind: 'target', target: this.#targets.value });
    });
    this.#stopped.addEventListener('change', () => {
      this.#clearStopped.set(false);
      onInput();
    });
    this.#clearStopped = new Clearing(texts.stopped, texts.clear, (isOn) => {
      if (isOn) this.#stopped.value = '';
      onInput();
    });
    document.body.append(this.#page(), this.#spoken);
  }

  hear(message: ToSchedule): void {
    if (message.kind === 'form') this.#showForm(message);
    else if (message.kind === 'preview') this.#showPreview(message);
    else {
      this.#status.textContent = message.text;
      this.#status.dataset['tone'] = message.tone;
    }
  }

  #page(): HTMLElement {
    const texts = this.#texts;
    const form = element(
      'form',
      { class: 'values' },
      element(
        'div',
        { class: 'field' },
        element('label', { for: 'target' }, texts.target),
        this.#targets,
        this.#followers,
      ),
      ...TEXT_FIELDS.slice(0, 3).map((id) => this.#fields[id].element),
      element(
        'div',
        { class: 'field' },
        element('label', { for: 'stopped' }, texts.stopped),
        this.#stopped,
        this.#clearStopped.element,
        this.#stoppedSource,
      ),
      this.#fields.manualExpiry.element,
      element('div', { class: 'ending' }, this.#save, this.#status),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#onSave();
    });
    const zone = button(texts.setZone, () => {
      this.#connection.send({ kind: 'zone' });
    });
    return element(
      'main',
      {},
      this.#heading,
      element(
        'div',
        { class: 'columns' },
        form,
        element(
          'section',
          { class: 'preview', 'aria-labelledby': 'preview-title' },
          element('h2', { id: 'preview-title' }, texts.preview),
          this.#preview,
          element('p', { class: 'zones' }, this.#zone, ' ', zone),
        ),
      ),
    );
  }

  #onSave(): void {
    if (!this.#canSave) {
      // The reason stands beside the first field that is wrong.
      const wrong = TEXT_FIELDS.map((id) => this.#fields[id].input).find(
        (input) => input.getAttribute('aria-invalid') === 'true',
      );
      wrong?.focus();
      return;
    }
    this.#connection.send({ kind: 'save', values: this.#values() });
  }

  #values(): ScheduleValues {
    const { schedule, pattern, expiry, manualExpiry } = this.#fields;
    const stopped = this.#stopped.value;
    return {
      schedule: schedule.input.value,
      pattern: pattern.input.value,
      expiry: expiry.input.value,
      manualExpiry: manualExpiry.input.value,
      stopped: stopped === 'true' || stopped === 'false' ? stopped : '',
      cleared: [
        ...TEXT_FIELDS.filter((id) => this.#fields[id].isCleared),
        ...(this.#clearStopped.isOn ? (['stopped'] as const) : []),
      ],
    };
  }

  #later(): void {
    this.#canSave = false;
    this.#save.setAttribute('aria-disabled', 'true');
    window.clearTimeout(this.#waiting);
    this.#waiting = window.setTimeout(() => {
      this.#ask();
    }, QUIET);
  }

  #ask(): void {
    const values = this.#values();
    this.#connection.keep({ target: this.#target, values });
    this.#connection.send({ kind: 'draft', draft: ++this.#draft, values });
  }

  #showForm(form: ScheduleFormState): void {
    const isAfresh = this.#target !== undefined && this.#target !== form.target;
    const isFirst = this.#target === undefined;
    this.#target = form.target;
    this.#heading.textContent = form.heading;
    this.#targets.replaceChildren(...form.targets.map(({ id, label }) => element('option', { value: id }, label)));
    this.#targets.value = form.target;
    this.#followers.textContent =
      form.followers.length === 0 ? '' : fill(this.#texts.followers, form.followers.join(', '));
    for (const id of TEXT_FIELDS) this.#fields[id].show(form.fields[id], isAfresh || isFirst);
    this.#fields.manualExpiry.element.hidden = !form.hasManualExpiry;
    this.#showStopped(form, isAfresh || isFirst);
    this.#zone.textContent = fill(this.#texts.zone, form.zone);
    if (isFirst) {
      this.#takeUp();
      this.#fields.schedule.input.focus();
    }
    this.#ask();
  }

  #showStopped({ fields: { stopped } }: ScheduleFormState, afresh: boolean): void {
    const { stoppedInherit, stoppedYes, stoppedNo } = this.#texts;
    const before = this.#stopped.value;
    this.#stopped.replaceChildren(
      element('option', { value: '' }, fill(stoppedInherit, stopped.inherited)),
      element('option', { value: 'true' }, stoppedYes),
      element('option', { value: 'false' }, stoppedNo),
    );
    this.#stopped.value = afresh || before === this.#stoppedOwn ? stopped.own : before;
    this.#stoppedOwn = stopped.own;
    this.#clearStopped.offer(stopped.differs);
    this.#stoppedSource.textContent = stopped.source;
  }

  /** Goes on with what was typed before the page was hidden. */
  #takeUp(): void {
    const { kept } = this.#connection;
    if (typeof kept !== 'object' || kept === null || !('target' in kept) || kept.target !== this.#target) return;
    if (!('values' in kept) || typeof kept.values !== 'object' || kept.values === null) return;
    const values = new Map<string, unknown>(Object.entries(kept.values));
    const cleared: unknown = values.get('cleared');
    const isCleared = (id: string) => Array.isArray(cleared) && cleared.includes(id);
    for (const id of TEXT_FIELDS) {
      const text = values.get(id);
      if (typeof text === 'string') this.#fields[id].takeUp(text, isCleared(id));
    }
    const stopped = values.get('stopped');
    if (typeof stopped === 'string') this.#stopped.value = stopped;
    this.#clearStopped.set(isCleared('stopped') && !this.#clearStopped.element.hidden);
  }

  #showPreview(preview: SchedulePreview): void {
    // An answer to something older than what stands there would flicker.
    if (preview.draft !== this.#draft) return;
    for (const id of TEXT_FIELDS) this.#fields[id].complain(preview.errors[id]);
    this.#canSave = preview.canSave;
    this.#save.setAttribute('aria-disabled', String(!preview.canSave));
    const { texts } = { texts: this.#texts };
    const list = (title: string, items: readonly string[], kind: string) =>
      items.length === 0
        ? []
        : [element('h3', {}, title), element('ul', { class: kind }, ...items.map((item) => element('li', {}, item)))];
    this.#preview.replaceChildren(
      element('p', { class: 'words' }, preview.words),
      ...list(texts.warnings, preview.warnings, 'warnings'),
      element('h3', {}, texts.runs),
      preview.runs.length === 0 ? element('p', {}, texts.noRuns) : this.#table(preview),
      ...[preview.note, preview.settled].filter((text) => text !== '').map((text) => element('p', {}, text)),
      ...list(texts.changes, preview.changes.length === 0 ? [texts.noChanges] : preview.changes, 'changes'),
    );
    const errors = Object.values(preview.errors).filter((text) => text !== '');
    const spoken = [...errors, preview.words, ...preview.warnings].join(' ');
    if (this.#spoken.textContent !== spoken) this.#spoken.textContent = spoken;
  }

  #table({ runs, hasOtherZone }: SchedulePreview): HTMLElement {
    const { serverTime, localTime, name, expires } = this.#texts;
    const columns = [serverTime, ...(hasOtherZone ? [localTime] : []), name, expires];
    const rows = runs.map((run) =>
      element(
        'tr',
        {},
        ...[run.server, ...(hasOtherZone ? [run.local] : []), run.name, run.expires].map((text) =>
          element('td', {}, text),
        ),
      ),
    );
    const head = element('tr', {}, ...columns.map((text) => element('th', { scope: 'col' }, text)));
    const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows));
    table.setAttribute('aria-label', this.#texts.runs);
    return table;
  }
}
