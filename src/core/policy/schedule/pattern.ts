/** `snapshots.pattern`: the names that Incus gives to snapshots that nobody named. */
import { formatGoTime } from './goTime.ts';
import { wallTime } from './zone.ts';

/** How Incus names snapshots where `snapshots.pattern` says nothing (`doc/config_options.txt` of Incus). */
export const DEFAULT_PATTERN = 'snap%d';

export type PatternPreview =
  /** `openSeconds`: `ss` in it stands for the second in which the server gets to it. */
  | { readonly kind: 'name'; readonly name: string; readonly openSeconds?: true }
  /** What the template comes to is for the server to say. */
  | { readonly kind: 'unknown' }
  /** Incus takes it when it is set, and fails each time that it makes a snapshot. */
  | { readonly kind: 'refused'; readonly reason: PatternProblem; readonly name?: string };

/**
 * - `twoNumbers`: more than one `%d`
 * - `character`: a space or a slash in the name
 * - `syntax`: a template that cannot be read
 * - `dots`: a name that means another path to the server
 * - `empty`: no name at all
 */
export type PatternProblem = 'twoNumbers' | 'character' | 'syntax' | 'dots' | 'empty';

const DATE = /\{\{\s*creation_date\s*\|\s*date\s*:\s*(?:"([^"\\\n]*)"|'([^'\\\n]*)')\s*\}\}/g;

export interface PatternTime {
  readonly at: Date;
  /** Of the server. */
  readonly zone: string;
  /** `at` is known to the minute only, as it is of a run to come. */
  readonly openSeconds?: boolean;
}

/**
 * The name of the next snapshot (`NextSnapshotName` in `internal/server/instance/instance_utils.go` of Incus).
 * @param taken the names of the instance's snapshots
 */
export function previewName(pattern: string, time: PatternTime, taken: readonly string[]): PatternPreview {
  const rendered = renderPattern(pattern, time);
  if (rendered.kind !== 'name') return rendered;
  const count = rendered.name.split('%d').length - 1;
  if (count > 1) return { kind: 'refused', reason: 'twoNumbers' };
  const template = count === 1 || !taken.includes(rendered.name) ? rendered.name : `${rendered.name}-%d`;
  // Incus reads the names back by a format, to which any other percent sign is a verb of its own.
  if (template.includes('%d') && template.split('%').length > 2) return { kind: 'unknown' };
  const name = template.replace('%d', String(nextNumber(template, taken)));
  const problem = nameProblem(name);
  return problem ? { kind: 'refused', reason: problem, name } : { ...rendered, name };
}

/** Whether the names of a pattern come again: no `%d` in it, and no time that is as fine as its snapshots are frequent. */
export function isRepeating(pattern: string, runs: readonly Date[], zone: string): boolean {
  const names = runs.flatMap((run) => {
    const rendered = renderPattern(pattern, { at: run, zone });
    return rendered.kind === 'name' && !rendered.name.includes('%d') ? [rendered.name] : [];
  });
  return new Set(names).size < names.length;
}

function renderPattern(pattern: string, { at, zone, openSeconds = false }: PatternTime): PatternPreview {
  let [isKnown, isOpen] = [true, false];
  const template = pattern === '' ? DEFAULT_PATTERN : pattern;
  const name = template.replace(DATE, (_, double?: string, single?: string) => {
    const layout = double ?? single ?? '';
    const text = formatGoTime(wallTime(at, zone), layout, openSeconds);
    if (text === undefined) isKnown = false;
    isOpen ||= openSeconds && text !== formatGoTime(wallTime(at, zone), layout);
    return text ?? '';
  });
  const rest = template.replace(DATE, '');
  if (isUnclosed(rest)) return { kind: 'refused', reason: 'syntax' };
  // A template within what a template has written is read once more.
  if (!isKnown || /\{[{%#]/.test(rest) || /\{[{%]/.test(name)) return { kind: 'unknown' };
  return { kind: 'name', name, ...(isOpen && { openSeconds: true }) };
}

function isUnclosed(text: string): boolean {
  return [
    ['{{', '}}'],
    ['{%', '%}'],
  ].some(([open = '', close = '']) => text.lastIndexOf(open) > text.lastIndexOf(close) && text.includes(open));
}

/** `GetNextInstanceSnapshotIndex`: one more than the highest number; what stands behind a name's end is not looked at. */
function nextNumber(template: string, taken: readonly string[]): number {
  const [before = '', after = ''] = template.split('%d');
  const numbers = taken.flatMap((name) => {
    if (!name.startsWith(before)) return [];
    const [digits] = /^[+-]?\d+/.exec(name.slice(before.length)) ?? [];
    return digits !== undefined && name.slice(before.length + digits.length).startsWith(after) ? [Number(digits)] : [];
  });
  return Math.max(0, ...numbers.map((number) => number + 1));
}

function nameProblem(name: string): PatternProblem | undefined {
  if (name === '') return 'empty';
  if (name === '.' || name === '..') return 'dots';
  return /[ /]/.test(name) ? 'character' : undefined;
}
