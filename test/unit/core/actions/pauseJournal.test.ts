import { describe, expect, it } from 'vitest';
import { PauseJournal } from '../../../../src/core/actions/pauseJournal.ts';

const REF = { remote: 'local', project: 'default', instance: 'c1' };
const NOTHING = { paused: [], unwanted: [] };

/** What several windows of one user share. */
function shared() {
  const kept = new Map<string, unknown>();
  const alive = new Set(['one', 'two']);
  const storage = {
    keys: () => [...kept.keys()],
    get: (key: string) => kept.get(key),
    update: (key: string, value: unknown) => {
      if (value === undefined) kept.delete(key);
      else kept.set(key, value);
      return Promise.resolve();
    },
  };
  return { kept, alive, journal: (self: string) => new PauseJournal(storage, self, (by) => alive.has(by)) };
}

describe('the notes of who is paused', () => {
  it('are nobody else’s while their writer lives, and anybody’s once it is gone', async () => {
    const { alive, journal } = shared();
    await journal('one').begin([REF]);
    expect(journal('one').orphans()).toEqual([]);
    expect(journal('two').orphans()).toEqual([]);
    alive.delete('one');
    expect(journal('two').orphans()).toMatchObject([{ paused: [REF], unwanted: [] }]);
  });

  it('go when nothing is owed, and are left to whoever comes first when something is', async () => {
    const { kept, journal } = shared();
    const paid = await journal('one').begin([REF]);
    await journal('one').end(paid, NOTHING);
    expect(kept.size).toBe(0);
    const owed = await journal('one').begin([REF]);
    await journal('one').end(owed, { ...NOTHING, paused: [REF] });
    expect(journal('one').orphans()).toHaveLength(1);
    expect(journal('two').orphans()).toHaveLength(1);
  });

  it('name snapshots of instances and of volumes that must not stay, as they were noted', async () => {
    const { journal } = shared();
    const volume = { remote: 'local', project: 'default', pool: 'fast', volume: 'v1', snapshot: 'half' };
    const refs = [{ ...REF, snapshot: 'half' }, volume, { ...volume, location: 'm1' }];
    const unwanted = refs.map((ref) => ({ ref, from: 1, to: 2 }));
    await journal('one').end(await journal('one').begin([]), { ...NOTHING, unwanted });
    expect(journal('two').orphans()).toMatchObject([{ unwanted }]);
  });

  it('of two runs do not write over each other', async () => {
    const { alive, journal } = shared();
    await Promise.all([journal('one').begin([REF]), journal('two').begin([])]);
    alive.clear();
    expect(journal('three').orphans()).toHaveLength(2);
  });

  it('that are not what this extension writes are left alone', () => {
    const { kept, journal } = shared();
    kept.set('groupRun x', { by: 7 });
    kept.set('mirrors y', { by: '', paused: [REF], unwanted: [] });
    expect(journal('one').orphans()).toEqual([]);
    expect(kept.size).toBe(2);
  });
});
