import type { FromTimeline, TimelineRow, TimelineSnapshot, TimelineText, ToTimeline } from '../../protocol/timeline.ts';
import { type Connection, fill, type Setup } from '../connection.ts';
import { Picture } from './picture.ts';

/** Pixels between the pointer and what is told of what it points at; and how wide that may be. */
const TIP = { away: 14, width: 280 } as const;

/** The page of the timeline: tools, the picture, and words for what is pointed at or focused. */
export class TimelineApp {
  readonly #texts: Setup<TimelineText>['texts'];
  readonly #connection: Connection<FromTimeline>;
  readonly #time: Intl.DateTimeFormat;
  readonly #picture: Picture;
  readonly #tip = document.createElement('div');
  readonly #spoken = document.createElement('div');
  readonly #empty = document.createElement('p');
  #rows: readonly TimelineRow[] = [];
  /** The rows whose details were asked for last. */
  #asked = '';

  constructor({ locale, texts }: Setup<TimelineText>, connection: Connection<FromTimeline>) {
    this.#texts = texts;
    this.#connection = connection;
    this.#time = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
    document.title = texts.title;
    this.#tip.className = 'tip';
    this.#tip.hidden = true;
    this.#spoken.className = 'visually-hidden';
    this.#spoken.setAttribute('aria-live', 'polite');
    this.#empty.className = 'empty';
    this.#empty.textContent = texts.nothing;
    this.#picture = new Picture({
      locale,
      noteOf: (row) => this.#noteOf(row),
      onPoint: (spot, x, y) => {
        this.#showTip(spot?.snapshot, x, y);
      },
      onFocus: ({ row, snapshot }, x, y) => {
        this.#showTip(snapshot, x, y);
        this.#speak(row, snapshot);
      },
      onChoose: ({ row, snapshot }) => {
        const id = this.#rows[row]?.id;
        if (id !== undefined) connection.send({ kind: 'select', id, ...(snapshot && { snapshot: snapshot.name }) });
      },
      onSight: (rows) => {
        this.#askFor(rows);
      },
    });
    const { canvas, element } = this.#picture;
    canvas.setAttribute('role', 'application');
    canvas.setAttribute('aria-label', `${texts.title}. ${texts.help}`);
    canvas.addEventListener('blur', () => {
      this.#tip.hidden = true;
    });
    document.body.replaceChildren(this.#toolbar(), element, this.#empty, this.#tip, this.#spoken);
  }

  hear(message: ToTimeline): void {
    if (message.kind === 'all') this.#rows = message.rows;
    else {
      const changed = new Map(message.rows.map((row) => [row.id, row]));
      this.#rows = this.#rows.map((row) => changed.get(row.id) ?? row);
    }
    this.#empty.hidden = this.#rows.length > 0;
    this.#picture.element.hidden = this.#rows.length === 0;
    this.#picture.show(this.#rows);
  }

  #toolbar(): HTMLElement {
    const { zoomIn, zoomOut, fit, now, help } = this.#texts;
    const bar = document.createElement('div');
    bar.className = 'bar';
    bar.setAttribute('role', 'toolbar');
    const button = (label: string, press: () => void) => {
      const element = document.createElement('button');
      element.textContent = label;
      element.addEventListener('click', press);
      bar.append(element);
    };
    button(zoomIn, () => {
      this.#picture.zoom(2);
    });
    button(zoomOut, () => {
      this.#picture.zoom(-2);
    });
    button(fit, () => {
      this.#picture.fit();
    });
    button(now, () => {
      this.#picture.toNow();
    });
    const hint = document.createElement('span');
    hint.className = 'help';
    hint.textContent = help;
    bar.append(hint);
    return bar;
  }

  /** What a row says where it has no snapshots to draw. */
  #noteOf({ known, snapshots }: TimelineRow): string | undefined {
    if (known === 'failed') return this.#texts.failed;
    if (known === 'nothing') return this.#texts.loading;
    return snapshots.length === 0 ? this.#texts.noSnapshots : undefined;
  }

  #wordsOf({ name, at, expires, origin, stateful, pending, pinned }: TimelineSnapshot): string[] {
    const texts = this.#texts;
    const kind = pending ? texts.pending : stateful ? texts.stateful : texts[origin];
    const end = expires === undefined ? [] : [fill(texts.expires, this.#time.format(expires))];
    return [name, fill(texts.taken, this.#time.format(at)), ...end, pinned ? `${kind}, ${texts.pinned}` : kind];
  }

  #showTip(snapshot: TimelineSnapshot | undefined, x: number, y: number): void {
    const tip = this.#tip;
    tip.hidden = snapshot === undefined;
    if (!snapshot) return;
    tip.textContent = this.#wordsOf(snapshot).join('\n');
    const { left, top, width } = this.#picture.canvas.getBoundingClientRect();
    const isFarRight = x > width - TIP.width;
    tip.style.left = isFarRight ? '' : `${left + x + TIP.away}px`;
    tip.style.right = isFarRight ? `${window.innerWidth - left - x + TIP.away}px` : '';
    tip.style.top = `${top + y + TIP.away}px`;
  }

  #speak(row: number, snapshot: TimelineSnapshot | undefined): void {
    const shown = this.#rows[row];
    if (!shown) return;
    const words = snapshot ? this.#wordsOf(snapshot) : [this.#noteOf(shown) ?? ''];
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
