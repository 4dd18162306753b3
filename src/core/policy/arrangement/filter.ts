/**
 * Which instances a filter shows. A filter is words with blanks between them, all of which have to fit:
 *
 * - `web`: the name has that in it; `web*` and `web?`: the whole name is like that
 * - `running`, `stopped`, `frozen`, `error`: the state; `state:aborting` any other one
 * - `no-snapshots`: it has none
 * - `user.team`: the key is set, by a profile or on the instance; `user.team=ops`, `user.team="a b"`, `user.team=op*`:
 *   it has that value
 * - `!` before any of these: the opposite
 * - `name:running`: a name that would be a word of another meaning
 *
 * Upper and lower case are the same, except in keys.
 */
import type { Instance } from '../../model.ts';

/** An instance, as far as it can be filtered and sorted by. */
export interface Arrangeable {
  readonly instance: Pick<Instance, 'ref' | 'status' | 'expandedConfig'>;
  /** How many snapshots it has; absent: not known. */
  readonly snapshots?: number;
  /** When its newest snapshot was made; absent: it has none, or that is not known. */
  readonly newest?: Date;
}

export type Term = { readonly negated: boolean } & (
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'state'; readonly state: string }
  | { readonly kind: 'noSnapshots' }
  | { readonly kind: 'key'; readonly key: string; readonly value?: string }
);

/** All terms have to fit; none: everything does. */
export type Filter = readonly Term[];

/** A word that says nothing: what stands before its colon is not known, or something is missing behind it. */
export interface FilterProblem {
  readonly kind: 'unknownPrefix' | 'incomplete';
  readonly word: string;
}

/** States that are words of their own. */
const STATE_WORDS = ['running', 'stopped', 'frozen', 'error'] as const;

const NO_SNAPSHOTS = 'no-snapshots';

/** What a client may keep of its own on instances (`doc/config-options.md` of Incus). */
const USER_KEY = /^user\.[^\s="]+$/;

/** Reads a filter. Words that say nothing are left out, and told. */
export function parseFilter(text: string): { readonly filter: Filter; readonly problems: readonly FilterProblem[] } {
  const filter: Term[] = [];
  const problems: FilterProblem[] = [];
  for (const word of wordsOf(text)) {
    const read = readWord(word);
    if ('problem' in read) problems.push({ kind: read.problem, word });
    else filter.push(read);
  }
  return { filter, problems };
}

/** A filter as a text that is read as that filter. */
export function formatFilter(filter: Filter): string {
  return filter.map(formatTerm).join(' ');
}

/** Whether a filter shows an instance; `undefined` where too little is known of it to say. */
export function shows(filter: Filter, thing: Arrangeable): boolean | undefined {
  let answer: boolean | undefined = true;
  for (const term of filter) {
    const fits = fitsTerm(term, thing);
    if (fits === term.negated) return false;
    if (fits === undefined) answer = undefined;
  }
  return answer;
}

/** Words that a text could go on with: `word` is whole, and would stand for the last, unfinished word of the text. */
export interface Completion {
  readonly word: string;
  readonly kind: 'state' | 'noSnapshots' | 'keySet' | 'keyValue';
}

/** Values of one key that are offered; more would hide the other words. */
const VALUES_OFFERED = 5;

/** What a text could go on with, by what is there; the last word narrows it down. */
export function completionsOf(text: string, things: Iterable<Arrangeable>): Completion[] {
  const words = wordsOf(text);
  const begun = /\s$/.test(text) ? '' : (words.at(-1) ?? '');
  const [not, fragment] = splitNot(begun);
  const offered: Completion[] = [
    ...STATE_WORDS.map((word) => ({ word, kind: 'state' as const })),
    { word: NO_SNAPSHOTS, kind: 'noSnapshots' },
    ...keyCompletions(things, fragment),
  ];
  return offered
    .filter(({ word }) => word.startsWith(fragment) && !words.includes(`${not}${word}`))
    .map((one) => ({ ...one, word: `${not}${one.word}` }));
}

/** The text with its last, unfinished word completed, ready for another one. */
export function complete(text: string, { word }: Completion): string {
  const before = /\s$/.test(text) ? text : text.slice(0, text.length - (wordsOf(text).at(-1) ?? '').length);
  return `${before}${word} `;
}

/** Keys first; the values of a key once it is being written. */
function keyCompletions(things: Iterable<Arrangeable>, fragment: string): Completion[] {
  const keys = new Map<string, Set<string>>();
  for (const { instance } of things) {
    for (const [key, value] of Object.entries(instance.expandedConfig)) {
      if (!USER_KEY.test(key) || value === '') continue;
      keys.set(key, (keys.get(key) ?? new Set()).add(value));
    }
  }
  return [...keys]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, values]): Completion[] => {
      const asked = fragment.startsWith(key);
      const fitting = [...values].map((value) => `${key}=${quoted(value)}`).filter((word) => word.startsWith(fragment));
      const valueWords = asked ? fitting.sort().slice(0, VALUES_OFFERED) : [];
      return [{ word: key, kind: 'keySet' }, ...valueWords.map((word) => ({ word, kind: 'keyValue' as const }))];
    });
}

/** Cut at blanks, but not between quotes; a quote that is not closed yet goes to the end. */
function wordsOf(text: string): string[] {
  return text.match(/(?:"[^"]*(?:"|$)|[^\s"])+/g) ?? [];
}

function splitNot(word: string): [not: '' | '!', rest: string] {
  return word.startsWith('!') ? ['!', word.slice(1)] : ['', word];
}

function readWord(word: string): Term | { problem: FilterProblem['kind'] } {
  const [not, rest] = splitNot(word);
  const negated = not === '!';
  const lower = rest.toLowerCase();
  if (rest === '') return { problem: 'incomplete' };
  if ((STATE_WORDS as readonly string[]).includes(lower)) return { negated, kind: 'state', state: lower };
  if (lower === NO_SNAPSHOTS) return { negated, kind: 'noSnapshots' };
  if (rest.startsWith('user.')) {
    const [, key = rest, value] = /^([^=]*)=(.*)$/s.exec(rest) ?? [];
    if (!USER_KEY.test(key)) return { problem: 'incomplete' };
    return { negated, kind: 'key', key, ...(value !== undefined && { value: unquoted(value) }) };
  }
  const [, prefix, text = ''] = /^([^:"]*):(.*)$/s.exec(rest) ?? [];
  if (prefix === undefined) return nameTerm(negated, unquoted(rest));
  const known = prefix.toLowerCase();
  if (known !== 'name' && known !== 'state') return { problem: 'unknownPrefix' };
  const plain = unquoted(text);
  if (known === 'name') return nameTerm(negated, plain);
  return plain === '' ? { problem: 'incomplete' } : { negated, kind: 'state', state: plain.toLowerCase() };
}

function nameTerm(negated: boolean, text: string): Term | { problem: FilterProblem['kind'] } {
  return text === '' ? { problem: 'incomplete' } : { negated, kind: 'name', text: text.toLowerCase() };
}

function formatTerm(term: Term): string {
  const not = term.negated ? '!' : '';
  switch (term.kind) {
    case 'noSnapshots':
      return `${not}${NO_SNAPSHOTS}`;
    case 'key':
      return `${not}${term.key}${term.value === undefined ? '' : `=${quoted(term.value)}`}`;
    case 'state': {
      const isWord = (STATE_WORDS as readonly string[]).includes(term.state);
      return `${not}${isWord ? term.state : `state:${quoted(term.state)}`}`;
    }
    case 'name': {
      const plain = `${not}${quoted(term.text)}`;
      const read = readWord(plain);
      const means =
        !('problem' in read) && read.kind === 'name' && read.text === term.text && wordsOf(plain).length === 1;
      return means && read.negated === term.negated ? plain : `${not}name:${quoted(term.text)}`;
    }
  }
}

/** No quote can stand in a quoted text: it stands for any one character there. */
function quoted(text: string): string {
  if (text === '') return '""';
  const plain = text.replaceAll('"', '?');
  return /\s/.test(plain) ? `"${plain}"` : plain;
}

function unquoted(text: string): string {
  return text.replaceAll('"', '');
}

function fitsTerm(term: Term, { instance, snapshots }: Arrangeable): boolean | undefined {
  switch (term.kind) {
    case 'name':
      return fitsName(term.text, instance.ref.instance.toLowerCase());
    case 'state':
      return fitsState(term.state, instance.status.toLowerCase());
    case 'noSnapshots':
      return snapshots === undefined ? undefined : snapshots === 0;
    case 'key': {
      const value = Object.hasOwn(instance.expandedConfig, term.key) ? (instance.expandedConfig[term.key] ?? '') : '';
      if (term.value === undefined) return value !== '';
      return isLike(term.value.toLowerCase(), value.toLowerCase());
    }
  }
}

function fitsName(text: string, name: string): boolean {
  return /[*?]/.test(text) ? isLike(text, name) : name.includes(text);
}

/** A guest that has said that it is ready is a running one. */
function fitsState(state: string, status: string): boolean {
  return status === state || (state === 'running' && status === 'ready');
}

/**
 * Whether a text is like a pattern, in which `*` is anything and `?` any one character. Walks both at once, so that no
 * pattern can make it slow.
 */
function isLike(pattern: string, text: string): boolean {
  let [p, t, star, from] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') [star, from] = [p++, t];
    else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) [p, t] = [p + 1, t + 1];
    else if (star >= 0) [p, t] = [star + 1, ++from];
    else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
