import type { TimelineRow } from '../../protocol/timeline.ts';
import { oneLine } from '../../protocol/oneLine.ts';
import { fill } from '../connection.ts';
import { button, element } from '../element.ts';
import { type Item, itemsOf } from './items.ts';
import type { Words } from './words.ts';

/** Instances that are written out before one asks for more. */
const AT_FIRST = 100;

/** Runs to come that are written out of each instance. */
const RUNS = 5;

/** The same data as the picture, as a table: for screen readers, and for whoever likes to read. */
export class Table {
  readonly element = element('div', { class: 'table' });
  readonly #words: Words;
  #rows: readonly TimelineRow[] = [];
  #shown = AT_FIRST;

  constructor(words: Words) {
    this.#words = words;
  }

  show(rows: readonly TimelineRow[]): void {
    this.#rows = rows;
    const { texts } = this.#words;
    const columns = [texts.instance, texts.place, texts.snapshot, texts.time, texts.expiry, texts.kind, texts.mirror];
    const rest = rows.length - this.#shown;
    this.element.replaceChildren(
      element(
        'table',
        { 'aria-label': texts.title },
        element('thead', {}, element('tr', {}, ...columns.map((name) => element('th', { scope: 'col' }, name)))),
        element('tbody', {}, ...rows.slice(0, this.#shown).flatMap((row) => this.#linesOf(row))),
      ),
      ...(rest > 0
        ? [
            button(fill(texts.more, String(rest)), () => {
              this.#shown = Infinity;
              this.show(this.#rows);
            }),
          ]
        : []),
    );
  }

  #linesOf(row: TimelineRow): HTMLElement[] {
    const items = itemsOf(row);
    const later = new Set(items.filter(({ kind }) => kind === 'run' || kind === 'span').slice(RUNS));
    const note = this.#words.noteOf(row);
    return [
      ...(note === undefined ? [] : [this.#line(row, note, '', '', '', '')]),
      ...items.filter((item) => !later.has(item)).map((item) => this.#lineOf(row, item)),
    ];
  }

  #lineOf(row: TimelineRow, item: Item): HTMLElement {
    const { texts } = this.#words;
    const time = this.#words.whenOf(item);
    if (item.kind !== 'snapshot') return this.#line(row, '', time, '', texts[item.kind], '');
    const { snapshot } = item;
    const expires = snapshot.expires === undefined ? '' : this.#words.time(snapshot.expires);
    return this.#line(
      row,
      oneLine(snapshot.name),
      time,
      expires,
      this.#words.kindOf(snapshot),
      this.#words.mirrorOf(snapshot, row),
    );
  }

  #line({ instance, place }: TimelineRow, ...cells: readonly string[]): HTMLElement {
    const data = [place, ...cells].map((text) => element('td', {}, text));
    return element('tr', {}, element('th', { scope: 'row' }, instance), ...data);
  }
}
