import { beforeEach, describe, expect, it, vi } from 'vitest';
import { onDidChangeSnapshotServers, setSnapshotServers, snapshotServers } from '../../../src/vscode/settings.ts';

interface Change {
  affectsConfiguration: (key: string) => boolean;
}

const { kept, hearers } = vi.hoisted(() => ({
  kept: new Map<string, unknown>(),
  hearers: [] as ((change: Change) => void)[],
}));

vi.mock('vscode', () => ({
  ConfigurationTarget: { Global: 1 },
  workspace: {
    onDidChangeConfiguration: (hearer: (change: Change) => void) => hearers.push(hearer),
    getConfiguration: () => ({
      get: (key: string) => kept.get(key),
      update: (key: string, value: unknown) => Promise.resolve(kept.set(key, value)),
    }),
  },
}));

beforeEach(() => {
  kept.clear();
});

describe('which remote is mirrored to which', () => {
  const read = (value: unknown) => {
    kept.set('snapshotServers', value);
    return snapshotServers();
  };

  it('is read as it was kept, both directions among them', async () => {
    const pairs = [
      { from: 'local', to: 'incus-snapshot', mode: 'push', targetProject: 'mirrors', targetPool: 'big' },
      { from: 'incus-snapshot', to: 'local', mode: 'relay' },
    ] as const;
    await setSnapshotServers(pairs);
    expect(snapshotServers()).toEqual(pairs);
  });

  it('leaves no empty list behind', async () => {
    await setSnapshotServers([]);
    expect(kept.get('snapshotServers')).toBeUndefined();
    expect(snapshotServers()).toEqual([]);
  });

  it('takes pull where no mode is said', () => {
    expect(read([{ from: 'a', to: 'b' }])).toEqual([{ from: 'a', to: 'b', mode: 'pull' }]);
  });

  it.each([
    ['no list', 'local'],
    ['no entry', [null, 7, 'a']],
    ['an unknown mode', [{ from: 'a', to: 'b', mode: 'carrier pigeon' }]],
    ['a name that the CLI would misread', [{ from: '-a', to: 'b' }]],
    ['a remote with a colon', [{ from: 'a', to: 'b:c' }]],
    ['an empty project', [{ from: 'a', to: 'b', targetProject: '' }]],
    ['its own mirror', [{ from: 'a', to: 'a' }]],
  ])('does not take %s', (_, value) => {
    expect(read(value)).toEqual([]);
  });

  it('costs no other entry where one cannot be read, and takes a pair once', () => {
    const good = { from: 'a', to: 'b', mode: 'pull' };
    expect(read([{ from: 'a' }, good, { ...good, mode: 'push' }])).toEqual([good]);
  });

  it('tells when it changed, and of no other setting', () => {
    const heard = vi.fn();
    onDidChangeSnapshotServers(heard);
    const change = (changed: string) => {
      for (const hearer of hearers) hearer({ affectsConfiguration: (key) => key === `incusSnapshots.${changed}` });
    };
    change('cliPath');
    expect(heard).not.toHaveBeenCalled();
    change('snapshotServers');
    expect(heard).toHaveBeenCalledOnce();
  });
});
