/** What a schedule will come to, in the user's language. */
import { l10n } from 'vscode';
import type { Forecast, ForecastRun, Settled, Warning } from '../../core/policy/schedule/forecast.ts';
import type { PatternPreview, PatternProblem } from '../../core/policy/schedule/pattern.ts';
import type { Trigger } from '../../core/policy/schedule/runs.ts';
import { dateFormat } from '../formats.ts';
import { oneLine } from '../tree/items.ts';
import { scheduleWords } from '../tree/wording.ts';

/** A schedule as a sentence. */
export function scheduleSentence(schedule: string): string {
  const words = scheduleWords({ expandedConfig: { 'snapshots.schedule': schedule } });
  if (words === undefined) return l10n.t('No snapshots are made by schedule.');
  return l10n.t('Snapshots: {0}.', oneLine(words));
}

/** Milliseconds from now from which on a time tells its year. */
const FAR = 300 * 24 * 3_600_000;

/** A time on a clock, without its zone. */
export function clockTime(at: Date, timeZone: string): string {
  const year = Math.abs(at.getTime() - Date.now()) > FAR ? ({ year: 'numeric' } as const) : {};
  const date = { weekday: 'short', ...year, month: 'short', day: 'numeric' } as const;
  const format = { ...date, hour: 'numeric', minute: '2-digit', timeZone } as const;
  return dateFormat(format).format(at);
}

export function nameWords(name: PatternPreview): string {
  switch (name.kind) {
    case 'name':
      return oneLine(name.name);
    case 'unknown':
      return l10n.t('decided by Incus');
    case 'refused':
      return l10n.t('none: Incus refuses it');
  }
}

/** What the list of runs does not say by itself. */
export function runsNote({ runs, triggers }: Forecast, example: string | undefined): string {
  const sentences = [
    runs.length > 0 ? l10n.t('Incus makes each within the minute before.') : undefined,
    runs.some(isOpen) ? l10n.t('ss stands for the second, which only Incus knows.') : undefined,
    runs.length > 0 && example !== undefined ? l10n.t('Names as {0} would get them.', oneLine(example)) : undefined,
    triggers.some(isAlias) ? l10n.t('Runs at times that Incus picks are not listed.') : undefined,
  ];
  return sentences.filter((one) => one !== undefined).join(' ');
}

function isOpen({ name }: ForecastRun): boolean {
  return name.kind === 'name' && name.openSeconds === true;
}

function isAlias({ kind }: Trigger): boolean {
  return kind === 'alias' || kind === 'startup';
}

export function settledWords(settled: Settled): string {
  switch (settled.kind) {
    case 'none':
      return '';
    case 'growing':
      return l10n.t('There will be more and more of them.');
    case 'about':
      return l10n.t('Once the first ones expire, there will be about {0} at a time.', settled.count);
    case 'between':
      return settled.least === settled.most
        ? l10n.t('Once the first ones expire, there will be {0} at a time.', settled.most)
        : l10n.t('Once the first ones expire, there will be {0} to {1} at a time.', settled.least, settled.most);
  }
}

export function patternProblemWords(problem: PatternProblem): string {
  switch (problem) {
    case 'twoNumbers':
      return l10n.t('Incus takes %d only once.');
    case 'character':
      return l10n.t('The names would have a space or a slash in them, which Incus refuses.');
    case 'syntax':
      return l10n.t('The template is not closed: {{ needs }}, and {% needs %}.');
    case 'dots':
      return l10n.t('The name . or .. means a folder to Incus, and could destroy others.');
    case 'empty':
      return l10n.t('The names would be empty.');
  }
}

/** What is wrong with settings that Incus takes, and what to do. */
export function warningWords(warning: Warning): string {
  switch (warning.kind) {
    case 'noExpiry':
      return l10n.t('They never expire: one day the disk is full. Set when they expire.');
    case 'expiryTooShort':
      return l10n.t('They expire before the next one is made: at times there is none.');
    case 'expiresAtOnce':
      return l10n.t('They expire at once: Incus deletes them within a minute.');
    case 'expiryTooFar':
      return l10n.t('They would expire after the year 9999, which Incus cannot write: it makes none.');
    case 'repeats':
      return l10n.t('Several get the same name: Incus adds -0, -1 and so on. A finer time or %d keeps them apart.');
    case 'neverFires':
      return l10n.t('There is no such time: Incus never makes a snapshot by it.');
    case 'notWhileStopped':
      return l10n.t('No snapshots are made while an instance is stopped.');
    case 'mirror':
      return l10n.t('A mirror takes its snapshots from its original: the next run deletes those of its own schedule.');
    case 'patternRefused':
      return `${patternProblemWords(warning.reason)} ${stopsOthers()}`;
    case 'oddName':
      return l10n.t(
        'Names like {0} work only in part: Incus refuses them for snapshots by hand, and some actions are not offered.',
        oneLine(warning.name),
      );
    case 'deadPart':
      return l10n.t('In a list, Incus cuts at every comma: "{0}" never makes a snapshot.', oneLine(warning.text));
    case 'otherZone':
      return l10n.t(
        "The last snapshots fit the schedule only if the server's clock is at UTC{0}. Set the server's time zone.",
        offsetText(warning.offset),
      );
  }
}

/** One bad pattern keeps the server from making the snapshots of others that are due in the same minute. */
export function stopsOthers(): string {
  return l10n.t('Each time it would also stop snapshots of other instances that are due in the same minute.');
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const clock = [Math.floor(size / 60), size % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return `${minutes < 0 ? '-' : '+'}${clock}`;
}
