import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instance, Snapshot, Volume } from '../../../../../src/core/model.ts';
import { type Member, memberName } from '../../../../../src/core/policy/groups/member.ts';
import { planFreeze, planGroupRestore } from '../../../../../src/core/policy/groups/plans.ts';
import { isTakenByAny, setNamed, setsOf, unsure } from '../../../../../src/core/policy/groups/sets.ts';

const NOON = Date.UTC(2026, 0, 1, 12);

interface Made {
  name: string;
  /** Seconds after noon. */
  at?: number;
  pending?: true;
}

function snapshot(instance: string, { name, at = 0, pending }: Made): Snapshot {
  return {
    ref: { remote: 'local', project: 'default', instance, snapshot: name },
    createdAt: new Date(NOON + at * 1000),
    ...{ stateful: false, ephemeral: false, config: {}, devices: {}, description: '' },
    ...(pending && { pending }),
  };
}

function member(name: string, snapshots: readonly Made[] | undefined, more: Partial<Instance> = {}): Instance {
  return {
    ref: { remote: 'local', project: 'default', instance: name },
    ...{ type: 'container', status: 'Running', ephemeral: false, createdAt: new Date(0), architecture: 'x86_64' },
    ...{ expandedDevices: {}, devices: {}, profiles: [], description: '', config: {}, expandedConfig: {} },
    ...(snapshots && { snapshots: snapshots.map((one) => snapshot(name, one)) }),
    ...more,
  };
}

function volume(name: string, snapshots: readonly Made[]): Volume {
  const ref = { remote: 'local', project: 'default', pool: 'fast', volume: name };
  return {
    ref,
    ...{ contentType: 'filesystem', description: '', createdAt: new Date(0), usedBy: [], config: {} },
    snapshots: snapshots.map(({ name: made, at = 0 }) => ({
      ref: { ...ref, snapshot: made },
      ...{ createdAt: new Date(NOON + at * 1000), description: '', config: {} },
    })),
  };
}

const told = (members: readonly Member[]) =>
  setsOf(members).map(({ name, state, missing }) => [name, state, missing.map(memberName)]);

describe('sets of snapshots', () => {
  it('are whole where every member has its part', () => {
    const all = [member('a', [{ name: 's1' }]), member('b', [{ name: 's1', at: 2 }])];
    expect(told(all)).toEqual([['s1', 'complete', []]]);
    expect(setNamed('s1', all)?.span).toBe(2000);
  });

  it('say who is missing', () => {
    const all = [member('a', [{ name: 's1' }]), member('b', [{ name: 's1' }]), member('c', [])];
    expect(told(all)).toEqual([['s1', 'incomplete', ['c']]]);
  });

  it('have parts of volumes too, which are missing like others', () => {
    const made = [{ name: 's1' }, { name: 's2', at: 60 }];
    const all = [member('a', made), volume('a', made), volume('b', [{ name: 's2', at: 61 }])];
    expect(told(all)).toEqual([
      ['s2', 'complete', []],
      ['s1', 'incomplete', ['fast/b']],
    ]);
    expect(told([member('a', [{ name: 's1' }]), volume('a', [{ name: 's1', at: -86_400 }])])).toEqual([
      ['s1', 'apart', []],
    ]);
    expect(isTakenByAny('s1', [member('a', []), volume('b', [{ name: 's1' }])])).toBe(true);
  });

  it('do not pass for whole where it is not known which volumes belong to them', () => {
    const states = (all: readonly Member[]) => setsOf(all).map((set) => unsure(set).state);
    expect(states([member('a', [{ name: 's1' }])])).toEqual(['unknown']);
    const torn = [member('a', [{ name: 's1' }]), volume('b', [{ name: 's1' }]), member('c', [])];
    expect(states(torn)).toEqual(['incomplete']);
  });

  it('are not whole where an old snapshot happens to have the name', () => {
    const all = [member('a', [{ name: 's1' }]), member('b', [{ name: 's1', at: -86_400 }])];
    expect(told(all)).toEqual([['s1', 'apart', []]]);
  });

  it('are not whole while a part is being made, or of a member nothing is known', () => {
    const parts = [member('a', [{ name: 's1' }]), member('b', [{ name: 's1' }])];
    expect(told([...parts, member('c', [{ name: 's1', pending: true }])])).toEqual([['s1', 'pending', []]]);
    expect(told([...parts, member('c', undefined)])).toEqual([['s1', 'unknown', []]]);
  });

  it('are none of what only one of several has, and all that an only member has', () => {
    expect(told([member('a', [{ name: 's1' }]), member('b', [{ name: 's2' }])])).toEqual([]);
    expect(told([member('a', [{ name: 's1' }])])).toEqual([['s1', 'complete', []]]);
    expect(told([])).toEqual([]);
  });

  it('come newest first', () => {
    const made = [{ name: 'old' }, { name: 'new', at: 60 }];
    expect(told([member('a', made), member('b', made)]).map(([name]) => name)).toEqual(['new', 'old']);
  });

  it('are never called complete unless every member has a part that is there, made within an hour', () => {
    const made = fc.record({ name: fc.constantFrom('s1', 's2'), at: fc.integer({ min: 0, max: 7200 }) });
    const some = fc.uniqueArray(made, { selector: ({ name }) => name });
    fc.assert(
      fc.property(fc.array(fc.option(some, { nil: undefined }), { minLength: 1, maxLength: 6 }), (lists) => {
        const members = lists.map((list, at) => member(`c${at}`, list));
        for (const { name, state } of setsOf(members)) {
          const times = lists.map((list) => list?.find((one) => one.name === name)?.at ?? Number.NaN);
          const isWhole = Math.max(...times) - Math.min(...times) <= 3600;
          expect(state === 'complete').toBe(isWhole);
        }
      }),
    );
  });

  it('have names that no member has', () => {
    const all = [member('a', []), member('b', [{ name: 's1' }]), member('c', undefined)];
    expect([isTakenByAny('s1', all), isTakenByAny('s2', all)]).toEqual([true, false]);
  });
});

describe('in which order members are worked on', () => {
  const at = (name: string, status: string, priority?: string) =>
    member(name, [], {
      status,
      expandedConfig: priority === undefined ? {} : { 'boot.autostart.priority': priority },
    });
  const names = (members: readonly Instance[]) => members.map(({ ref }) => ref.instance);

  it('pauses those that run, and nobody whom somebody else has paused', () => {
    const all = [at('a', 'Running'), at('b', 'Frozen'), at('c', 'Stopped'), at('d', 'Ready'), at('e', 'Error')];
    const { pause, still } = planFreeze(all);
    expect(names(pause).sort()).toEqual(['a', 'd']);
    expect(names(still).sort()).toEqual(['b', 'c', 'e']);
  });

  it('pauses first what starts last', () => {
    expect(names(planFreeze([at('web', 'Running'), at('db', 'Running', '10')]).pause)).toEqual(['web', 'db']);
  });

  it('starts by priority, then by name, and stops the other way round; what did not run stays as it is', () => {
    const all = [at('b', 'Running'), at('db', 'Frozen', '10'), at('a', 'Running', 'odd'), at('off', 'Stopped', '99')];
    const { start, stop } = planGroupRestore([...all, at('last', 'Running', '-1')]);
    expect(names(start)).toEqual(['db', 'a', 'b', 'last']);
    expect(names(stop)).toEqual(['last', 'b', 'a', 'db']);
  });
});
