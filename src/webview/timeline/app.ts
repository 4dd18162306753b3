import type { FromTimeline, TimelineRow, TimelineText, ToTimeline } from '../../protocol/timeline.ts';
import type { Connection, Setup } from '../connection.ts';
import { button, element } from '../element.ts';
import { Legend } from './legend.ts';
import type { Focus } from './moves.ts';
import { Picture } from './picture.ts';
import { Table } from './table.ts';
import { Words } from './words.ts';

/** Pixels between the pointer and what is told of what it points at; and how wide that may be. */
const TIP = { away: 14, width: 280 } as const;

/** The page of the timeline: tools, the picture or its table, and words for what is pointed at or focused. */
export class TimelineApp {
  readonly #words: Words;
  readonly #connection: Connection<FromTimeline>;
  readonly #picture: Picture;
  readonly #table: Table;
  readonly #legend: Legend;
  readonly #tip = element('div', { class: 'tip', 'aria-hidden': 'true' });
  readonly #spoken = element('div', { class: 'visually-hidden', 'aria-live': 'polite' });
  readonly #empty: HTMLElement;
  readonly #switch: HTMLButtonElement;
  #rows: readonly TimelineRow[] = [];
  #isTable = false;
  /** The rows whose details were asked for last. */
  #asked = '';

  constructor(setup: Setup<TimelineText>, connection: Connection<FromTimeline>) {
    this.#connection = connection;
    this.#words = new Words(setup);
    this.#table = new Table(this.#words);
    this.#legend = new Legend(this.#words);
    const { texts, locale } = setup;
    document.title = texts.title;
    this.#empty = element('p', { class: 'empty' }, texts.nothing);
    this.#switch = button('', () => {
      this.#toggleTable();
    });
    this.#picture = new Picture({
      locale,
      noteOf: (row) => this.#words.noteOf(row),
      onPoint: (focus, x, y) => {
        this.#showTip(focus, x, y);
      },
      onFocus: (focus, x, y) => {
        this.#showTip(focus, x, y);
        this.#speak(focus);
      },
      onChoose: (focus) => {
        this.#choose(focus);
      },
      onMenu: (focus) => {
        this.#prepareMenu(focus);
      },
      onDrawn: (rows) => {
        this.#askFor(rows);
      },
    });
    const { canvas } = this.#picture;
    canvas.setAttribute('role', 'application');
    canvas.setAttribute('aria-label', `${texts.title}. ${texts.help}`);
    canvas.addEventListener('blur', () => {
      this.#tip.hidden = true;
    });
    this.#tip.hidden = true;
    this.#kept();
    this.#hearPage();
    const parts = [this.#picture.element, this.#table.element, this.#empty, this.#legend.element];
    document.body.replaceChildren(this.#toolbar(), ...parts, this.#tip, this.#spoken);
    this.#legend.draw();
    this.#arrange();
  }

  hear(message: ToTimeline): void {
    if (message.kind === 'all') this.#rows = message.rows;
    else {
      const changed = new Map(message.rows.map((row) => [row.id, row]));
      this.#rows = this.#rows.map((row) => changed.get(row.id) ?? row);
    }
    // What was asked for and did not come is asked for again.
    if (message.kind === 'all') this.#asked = '';
    this.#arrange();
    this.#picture.show(this.#rows);
    if (this.#isTable) this.#table.show(this.#rows);
  }

  #kept(): void {
    const { kept } = this.#connection;
    this.#isTable = kept === 'table';
  }

  #hearPage(): void {
    // VS Code writes the theme's colours there.
    new MutationObserver(() => {
      this.#picture.recolour();
      this.#legend.draw();
    }).observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'], subtree: false });
    document.addEventListener('keydown', ({ key, ctrlKey, altKey, metaKey, target }) => {
      if (ctrlKey || altKey || metaKey || target instanceof HTMLInputElement) return;
      if (key === 't' || key === 'T') this.#toggleTable();
      if (key === 'Escape') this.#tip.hidden = true;
    });
  }

  #toggleTable(): void {
    this.#isTable = !this.#isTable;
    this.#connection.keep(this.#isTable ? 'table' : 'picture');
    if (this.#isTable) this.#table.show(this.#rows);
    this.#arrange();
    if (!this.#isTable) this.#picture.canvas.focus();
  }

  #arrange(): void {
    const isEmpty = this.#rows.length === 0;
    const { texts } = this.#words;
    this.#switch.textContent = this.#isTable ? texts.picture : texts.table;
    this.#empty.hidden = !isEmpty;
    this.#picture.element.hidden = isEmpty || this.#isTable;
    this.#legend.element.hidden = isEmpty || this.#isTable;
    this.#table.element.hidden = isEmpty || !this.#isTable;
    if (this.#isTable) this.#tip.hidden = true;
  }

  #toolbar(): HTMLElement {
    const { texts } = this.#words;
    const tools: readonly (readonly [string, () => void])[] = [
      [
        texts.zoomIn,
        () => {
          this.#picture.zoom(2);
        },
      ],
      [
        texts.zoomOut,
        () => {
          this.#picture.zoom(-2);
        },
      ],
      [
        texts.fit,
        () => {
          this.#picture.fit();
        },
      ],
      [
        texts.now,
        () => {
          this.#picture.toNow();
        },
      ],
    ];
    const save = button(texts.export, () => {
      this.#connection.send({ kind: 'export', svg: this.#picture.svg(texts.title) });
    });
    return element(
      'div',
      { class: 'bar', role: 'toolbar', 'aria-label': texts.title },
      ...tools.map(([label, press]) => button(label, press)),
      this.#switch,
      save,
      element('span', { class: 'help' }, texts.help),
    );
  }

  #choose({ row, item }: Focus): void {
    const id = this.#rows[row]?.id;
    if (id === undefined) return;
    const snapshot = item?.kind === 'snapshot' ? { snapshot: item.snapshot.name } : {};
    this.#connection.send({ kind: 'select', id, ...snapshot });
  }

  /** VS Code asks the element under its menu what the menu is about; what stands there is given to the command. */
  #prepareMenu(focus: Focus | undefined): void {
    const row = focus && this.#rows[focus.row];
    this.#tip.hidden = true;
    const none = { preventDefaultContextMenuItems: true };
    const { remote, project, instance } = row ?? {};
    const snapshot = focus?.item?.kind === 'snapshot' ? focus.item.snapshot : undefined;
    const what = snapshot
      ? {
          webviewSection: 'snapshot',
          isPinned: snapshot.pinned,
          ref: { remote, project, instance, snapshot: snapshot.name },
        }
      : { webviewSection: 'instance', ref: { remote, project, instance } };
    const isPending = snapshot?.pending ?? false;
    this.#picture.canvas.dataset['vscodeContext'] = JSON.stringify(row && !isPending ? { ...none, ...what } : none);
  }

  #showTip(focus: Focus | undefined, x: number, y: number): void {
    const tip = this.#tip;
    const row = focus && this.#rows[focus.row];
    tip.hidden = !row || !focus.item;
    if (!row || !focus.item) return;
    tip.textContent = this.#words.detailsOf(row, focus.item).join('\n');
    const { left, top, width } = this.#picture.canvas.getBoundingClientRect();
    const isFarRight = x > width - TIP.width;
    tip.style.left = isFarRight ? '' : `${left + x + TIP.away}px`;
    tip.style.right = isFarRight ? `${window.innerWidth - left - x + TIP.away}px` : '';
    const height = tip.offsetHeight;
    const below = top + y + TIP.away;
    tip.style.top = `${below + height > window.innerHeight ? top + y - TIP.away - height : below}px`;
  }

  #speak({ row, item }: Focus): void {
    const shown = this.#rows[row];
    if (!shown) return;
    const words = item ? this.#words.detailsOf(shown, item) : [this.#words.noteOf(shown) ?? ''];
    this.#spoken.textContent = [shown.instance, shown.place, ...words].join(', ');
  }

  /** Asks for what is not known of rows in sight, once for the same rows. */
  #askFor(rows: readonly TimelineRow[]): void {
    const ids = rows.filter(({ known }) => known === 'nothing' || known === 'dates').map(({ id }) => id);
    const asked = ids.join('\n');
    if (ids.length === 0 || asked === this.#asked) return;
    this.#asked = asked;
    this.#connection.send({ kind: 'inSight', ids });
  }
}
