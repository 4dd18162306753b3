import type { TimelineRow, TimelineSnapshot, TimelineText } from '../../protocol/timeline.ts';
import { oneLine } from '../../protocol/oneLine.ts';
import { fill, type Setup } from '../connection.ts';
import type { Item } from './items.ts';

/** What things are called and when they were, in the user's language and time. */
export class Words {
  readonly texts: Setup<TimelineText>['texts'];
  readonly #time: Intl.DateTimeFormat;
  readonly #minute: Intl.DateTimeFormat;

  constructor({ locale, texts }: Setup<TimelineText>) {
    this.texts = texts;
    this.#time = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
    this.#minute = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  }

  time(at: number): string {
    return this.#time.format(at);
  }

  /** A moment, or the time that it lies in. */
  whenOf(item: Item): string {
    if (item.kind !== 'span') return this.time(item.at);
    return fill(this.texts.spanTime, this.#minute.format(item.from), this.#minute.format(item.to));
  }

  /** By hand, by schedule, stateful, ... */
  kindOf({ origin, stateful, pending, pinned }: TimelineSnapshot): string {
    const { texts } = this;
    const kind = pending ? texts.pending : texts[origin];
    return [kind, stateful ? texts.stateful : '', pinned ? texts.pinned : ''].filter(Boolean).join(', ');
  }

  /** How a snapshot stands with its mirror; empty where nothing is known. */
  mirrorOf({ mirrored }: TimelineSnapshot, { mirror }: TimelineRow): string {
    if (!mirrored || mirror === undefined) return '';
    return fill(this.texts.mirrorState, this.texts[mirrored], mirror);
  }

  /** All there is to say of something in a row, line by line. */
  detailsOf(row: TimelineRow, item: Item): string[] {
    const { texts } = this;
    if (item.kind === 'run') return [texts.run, this.time(item.at), row.schedule ?? ''].filter(Boolean);
    if (item.kind === 'span') return [texts.span, this.whenOf(item), row.schedule ?? ''].filter(Boolean);
    if (item.kind === 'overdue') {
      return [fill(texts.overdueSince, this.time(item.at)), row.schedule ?? ''].filter(Boolean);
    }
    const { snapshot } = item;
    return [
      oneLine(snapshot.name),
      fill(texts.taken, this.time(snapshot.at)),
      snapshot.expires === undefined ? '' : fill(texts.expires, this.time(snapshot.expires)),
      this.kindOf(snapshot),
      this.mirrorOf(snapshot, row),
    ].filter(Boolean);
  }

  /** What a row says where it has no snapshots to draw. */
  noteOf({ known, snapshots }: TimelineRow): string | undefined {
    if (known === 'failed') return this.texts.failed;
    if (known === 'nothing') return this.texts.loading;
    return snapshots.length === 0 ? this.texts.noSnapshots : undefined;
  }
}
