import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Arrangeable,
  complete,
  completionsOf,
  type Filter,
  formatFilter,
  parseFilter,
  shows,
  type Term,
} from '../../../../../src/core/policy/arrangement/filter.ts';

function thing(instance: string, more: { status?: string; config?: Record<string, string>; snapshots?: number } = {}) {
  const { status = 'Running', config = {}, snapshots } = more;
  return {
    instance: { ref: { remote: 'local', project: 'default', instance }, status, expandedConfig: config },
    ...(snapshots !== undefined && { snapshots }),
  } satisfies Arrangeable;
}

const FLEET = [
  thing('web-1', { snapshots: 2, config: { 'user.team': 'ops' } }),
  thing('web-2', { status: 'Stopped', snapshots: 0, config: { 'user.team': 'Two Words' } }),
  thing('db', { status: 'Ready', snapshots: 0 }),
  thing('running-1', { status: 'Error', snapshots: 1, config: { 'user.team': '' } }),
  thing('new'),
];

const shown = (text: string) =>
  FLEET.filter((one) => shows(parseFilter(text).filter, one)).map(({ instance }) => instance.ref.instance);

describe('a filter', () => {
  it.each([
    ['', ['web-1', 'web-2', 'db', 'running-1', 'new']],
    ['web', ['web-1', 'web-2']],
    ['WEB', ['web-1', 'web-2']],
    ['web running', ['web-1']],
    ['web*', ['web-1', 'web-2']],
    ['*1', ['web-1', 'running-1']],
    ['d?', ['db']],
    ['eb*', []],
    ['running', ['web-1', 'db', 'new']],
    ['stopped', ['web-2']],
    ['error', ['running-1']],
    ['state:ready', ['db']],
    ['name:running', ['running-1']],
    ['!running', ['web-2', 'running-1']],
    ['!web', ['db', 'running-1', 'new']],
    ['no-snapshots', ['web-2', 'db']],
    ['!no-snapshots', ['web-1', 'running-1']],
    ['user.team', ['web-1', 'web-2']],
    ['user.team=ops', ['web-1']],
    ['user.team="two words"', ['web-2']],
    ['user.team="two words', ['web-2']],
    ['user.team=*o*', ['web-1', 'web-2']],
    ['user.team=', ['db', 'running-1', 'new']],
    ['!user.team', ['db', 'running-1', 'new']],
    ['user.other', []],
  ])('%j shows %j', (text, names) => {
    expect(parseFilter(text).problems).toEqual([]);
    expect(shown(text)).toEqual(names);
  });

  it.each([
    ['owner:me', 'unknownPrefix'],
    ['state:', 'incomplete'],
    ['name:""', 'incomplete'],
    ['user.', 'incomplete'],
    ['user.=x', 'incomplete'],
    ['!', 'incomplete'],
  ])('says of %j that it is %s, and leaves it out', (text, kind) => {
    expect(parseFilter(`web ${text} running`)).toEqual({
      filter: parseFilter('web running').filter,
      problems: [{ kind, word: text }],
    });
  });

  it('does not take what is not known for none, nor for some', () => {
    const unknown = thing('new');
    expect(shows(parseFilter('no-snapshots').filter, unknown)).toBeUndefined();
    expect(shows(parseFilter('!no-snapshots').filter, unknown)).toBeUndefined();
    expect(shows(parseFilter('no-snapshots web').filter, unknown)).toBe(false);
  });

  it('is not fooled by keys that every object has', () => {
    expect(shows(parseFilter('user.x').filter, thing('a', { config: Object.create({ 'user.x': '1' }) as never }))).toBe(
      false,
    );
  });
});

const text = fc.string({ minLength: 1, maxLength: 8 }).map((value) => value.toLowerCase().replaceAll('"', ''));
const filled = text.filter((value) => value !== '');
const key = fc.stringMatching(/^user\.[a-z0-9._-]{1,8}$/);
const term: fc.Arbitrary<Term> = fc.record({ negated: fc.boolean() }).chain(({ negated }) =>
  fc.oneof(
    filled.map((value): Term => ({ negated, kind: 'name', text: value })),
    filled.map((state): Term => ({ negated, kind: 'state', state })),
    fc.constant<Term>({ negated, kind: 'noSnapshots' }),
    fc.tuple(key, fc.option(text, { nil: undefined })).map(([name, value]): Term => ({
      negated,
      kind: 'key',
      key: name,
      ...(value !== undefined && { value }),
    })),
  ),
);
const filter: fc.Arbitrary<Filter> = fc.array(term, { maxLength: 4 });
const anything: fc.Arbitrary<Arrangeable> = fc
  .record({
    name: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
    status: fc.constantFrom('Running', 'Stopped', 'Frozen', 'Error', 'Ready', 'Aborting'),
    config: fc.dictionary(key, fc.string()),
    snapshots: fc.option(fc.nat(3), { nil: undefined }),
  })
  .map(({ name, ...more }) => thing(name, { ...more, snapshots: more.snapshots } as Parameters<typeof thing>[1]));

describe('any filter', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(filter, (one) => {
        expect(parseFilter(formatFilter(one))).toEqual({ filter: one, problems: [] });
      }),
    );
  });

  it('can be read, whatever is typed, and what became of it is read the same again', () => {
    fc.assert(
      fc.property(fc.string(), (typed) => {
        const { filter: read } = parseFilter(typed);
        expect(parseFilter(formatFilter(read)).filter).toEqual(read);
      }),
    );
  });

  it('shows no more with another word', () => {
    fc.assert(
      fc.property(filter, term, anything, (some, more, one) => {
        if (shows([...some, more], one) === true) expect(shows(some, one)).toBe(true);
      }),
    );
  });

  it('shows by a word, or by its opposite, what is known', () => {
    fc.assert(
      fc.property(term, anything, (one, at) => {
        const opposite = { ...one, negated: !one.negated };
        const [answer, other] = [shows([one], at), shows([opposite], at)];
        expect(answer === undefined ? other : !other).toBe(answer);
      }),
    );
  });

  it('finds a name by itself', () => {
    fc.assert(
      fc.property(anything, (one) => {
        expect(shows([{ negated: false, kind: 'name', text: one.instance.ref.instance }], one)).toBe(true);
      }),
    );
  });

  it('with many stars is no slower', () => {
    const slow = `${'*a'.repeat(200)}b`;
    expect(shows(parseFilter(slow).filter, thing('a'.repeat(5_000)))).toBe(false);
  });
});

describe('what a text can go on with', () => {
  const words = (typed: string) => completionsOf(typed, FLEET).map(({ word }) => word);

  it.each([
    ['', ['running', 'stopped', 'frozen', 'error', 'no-snapshots', 'user.team']],
    ['web st', ['stopped']],
    ['!no', ['!no-snapshots']],
    ['user.team', ['user.team="Two Words"', 'user.team=ops']],
    ['user.team=o', ['user.team=ops']],
    ['running ', ['stopped', 'frozen', 'error', 'no-snapshots', 'user.team']],
    ['xyz', []],
  ])('%j: %j', (typed, expected) => {
    expect(words(typed)).toEqual(expected);
  });

  it('is put in the place of the word that was begun', () => {
    expect(complete('web st', { word: 'stopped', kind: 'state' })).toBe('web stopped ');
    expect(complete('web ', { word: 'stopped', kind: 'state' })).toBe('web stopped ');
    expect(complete('', { word: '!error', kind: 'state' })).toBe('!error ');
  });

  it('always is a word that says something', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(anything, { maxLength: 5 }), (typed, things) => {
        for (const one of completionsOf(typed, things)) expect(parseFilter(one.word).problems).toEqual([]);
      }),
    );
  });
});
