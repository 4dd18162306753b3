import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  addGroup,
  groups,
  onDidChangeSnapshotServers,
  setSnapshotServers,
  snapshotServers,
} from '../../../src/vscode/settings.ts';

interface Change {
  affectsConfiguration: (key: string) => boolean;
}

const { kept, hearers } = vi.hoisted(() => ({
  kept: new Map<string, unknown>(),
  hearers: [] as ((change: Change) => void)[],
}));

vi.mock('vscode', () => ({
  ConfigurationTarget: { Global: 1, Workspace: 2 },
  workspace: {
    onDidChangeConfiguration: (hearer: (change: Change) => void) => hearers.push(hearer),
    getConfiguration: () => ({
      get: (key: string) => kept.get(key),
      inspect: (key: string) => ({ workspaceValue: kept.get(`workspace ${key}`) }),
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

describe('groups', () => {
  const shop = { name: 'shop', remote: 'local', matchLabels: { 'user.app': 'shop' } };

  it('are read with what is not said of them, and one that is bad costs no other', () => {
    kept.set('groups', [
      null,
      { name: 'bad' },
      shop,
      { ...shop, remote: 'there' },
      { ...shop, name: 'x', matchLabels: {} },
    ]);
    const { groups: found, unread } = groups();
    expect(found).toEqual([
      { ...shop, projects: ['default'], attachedVolumes: false, frozen: true, onFailure: 'keep' },
    ]);
    expect(unread).toBe(4);
  });

  it('are none where the setting is no list', () => {
    kept.set('groups', 'shop');
    expect(groups()).toEqual({ groups: [], unread: 0 });
  });

  it('that are added leave the others as they are, also those that cannot be read', async () => {
    kept.set('groups', [{ odd: true }]);
    await addGroup({ ...shop, projects: ['default'], attachedVolumes: true, frozen: false, onFailure: 'takeBack' });
    expect(kept.get('groups')).toHaveLength(2);
    expect(groups().groups).toMatchObject([
      { name: 'shop', attachedVolumes: true, frozen: false, onFailure: 'takeBack' },
    ]);
  });
});
