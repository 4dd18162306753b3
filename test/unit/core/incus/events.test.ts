import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../../src/core/incus/events.ts';

const lifecycle = (action: string, source: string, more: object = {}, project = 'default') =>
  JSON.stringify({
    type: 'lifecycle',
    timestamp: '2026-11-20T07:11:31.782562436Z',
    project,
    metadata: { action, source, ...more },
  });

const operation = (status_code: number, resources: object | null, more: object = {}) =>
  JSON.stringify({
    type: 'operation',
    project: 'default',
    metadata: { id: '6ea70fdb', description: 'Snapshotting instance', status_code, resources, ...more },
  });

const c1 = { remote: 'r', project: 'default', instance: 'c1' };

describe('events of the server', () => {
  it('say what became of a snapshot', () => {
    const at = new Date('2026-11-20T07:11:31.782Z');
    const ref = { ...c1, snapshot: 's1' };
    const read = (action: string, more?: object) =>
      parseEvent(lifecycle(action, '/1.0/instances/c1/snapshots/s1', more), 'r');
    expect(read('instance-snapshot-created')).toEqual({ kind: 'snapshotBegun', ref, at });
    expect(read('instance-snapshot-deleted')).toEqual({ kind: 'snapshotDeleted', ref });
    expect(read('instance-snapshot-renamed', { context: { old_name: 'c1/s0' } })).toEqual({
      kind: 'snapshotRenamed',
      ref,
      from: 's0',
    });
    expect(read('instance-snapshot-updated')).toEqual({ kind: 'instanceChanged', ref });
  });

  it('say what became of an instance', () => {
    const read = (action: string, more?: object) => parseEvent(lifecycle(action, '/1.0/instances/c1', more), 'r');
    expect(read('instance-stopped')).toEqual({ kind: 'instanceStatus', ref: c1, status: 'Stopped' });
    expect(read('instance-paused')).toMatchObject({ status: 'Frozen' });
    expect(read('instance-deleted')).toEqual({ kind: 'instanceDeleted', ref: c1 });
    expect(read('instance-renamed', { context: { old_name: 'c0' } })).toMatchObject({ from: 'c0' });
    expect(read('instance-created')).toEqual({ kind: 'instanceChanged', ref: c1 });
    expect(read('instance-something-new')).toEqual({ kind: 'instanceChanged', ref: c1 });
  });

  it('know the project from the address before the envelope', () => {
    const read = (source: string, project: string) =>
      parseEvent(lifecycle('instance-started', source, {}, project), 'r');
    expect(read('/1.0/instances/c1?project=p%20p', 'default')).toMatchObject({ ref: { project: 'p p' } });
    expect(read('/1.0/instances/c1', 'p')).toMatchObject({ ref: { project: 'p' } });
  });

  it('tell the end of an operation, and what it was about', () => {
    const resources = {
      instances: ['/1.0/instances/c1'],
      instances_snapshots: ['/1.0/instances/c1/snapshots/a%25b'],
    };
    const read = (code: number, more?: object) => parseEvent(operation(code, resources, more), 'r');
    expect(read(103)).toMatchObject({ state: 'running' });
    expect(read(105)).toMatchObject({ state: 'running' });
    expect(read(200)).toMatchObject({ state: 'success', instances: [c1], snapshots: [{ ...c1, snapshot: 'a%b' }] });
    expect(read(400, { err: 'no space' })).toMatchObject({ state: 'failure', error: 'no space' });
    expect(read(401)).toMatchObject({ state: 'failure' });
    expect(parseEvent(operation(200, null), 'r')).toMatchObject({ instances: [], snapshots: [] });
  });

  it.each([
    '',
    'not json',
    'null',
    '[]',
    '{"type":"lifecycle"}',
    '{"type":"lifecycle","metadata":{"action":1}}',
    '{"type":"logging","metadata":{"message":"x"}}',
    lifecycle('project-created', '/1.0/projects/p'),
    lifecycle('instance-started', '/1.0/instances/'),
    lifecycle('instance-backup-created', '/1.0/instances/c1/backups/b/c'),
  ])('are passed over where they say nothing of instances: %s', (message) => {
    expect(parseEvent(message, 'r')).toBeUndefined();
  });

  it('tell which pool has changed volumes, whatever they call the volume', () => {
    const changed = { kind: 'volumesChanged', remote: 'r', pool: 'p' };
    for (const [action, source] of [
      ['storage-volume-created', '/1.0/storage-pools/p/volumes/custom/v'],
      ['storage-volume-snapshot-renamed', '/1.0/storage-pools/p/volumes/custom/web_v/snapshots/old?project=web'],
      ['storage-volume-snapshot-updated', '/1.0/storage-pools/p/volumes/custom/v/snapshots/s'],
      ['storage-volume-restored', '/1.0/storage-pools/p/volumes/custom/v'],
      ['storage-pool-created', '/1.0/storage-pools/p'],
    ] as const) {
      expect(parseEvent(lifecycle(action, source), 'r')).toEqual(changed);
    }
    const root = lifecycle('storage-volume-snapshot-created', '/1.0/storage-pools/p/volumes/container/c1/snapshots/s');
    expect(parseEvent(root, 'r')).toBeUndefined();
  });
});
