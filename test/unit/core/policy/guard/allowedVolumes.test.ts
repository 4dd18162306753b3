import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../../../src/core/policy/guard/allowed.ts';

const P = ['--project', 'default'];
const SNAPSHOT = ['storage', 'volume', 'snapshot'];
const COPY = ['storage', 'volume', 'copy'];

describe('what may not be run on volumes', () => {
  it.each<[string, readonly string[]]>([
    ['deletes the volume', ['storage', 'volume', 'delete', ...P, '--', 'local:default', 'data']],
    ['deletes the volume', ['storage', 'volume', 'rm', ...P, '--', 'local:default', 'data']],
    ['deletes the pool', ['storage', 'delete', '--', 'local:default']],
    ['takes it away here', ['storage', 'volume', 'move', ...P, '--', 'local:default/data', 'snap:default/data']],
    ['is the volume, to Incus 7.0.2', [...SNAPSHOT, 'delete', ...P, '--', 'local:default', 'data', '..']],
    ['is the volume, to Incus 7.0.2', [...SNAPSHOT, 'rename', ...P, '--', 'local:default', 'data', '..', 's2']],
    ['erases the folder', [...SNAPSHOT, 'delete', ...P, '--', 'local:default', 'data', '.']],
    ['deletes another one', [...SNAPSHOT, 'delete', ...P, '--', 'local:default', 'data', 'a%62']],
    ['is one of another volume', [...SNAPSHOT, 'delete', ...P, '--', 'local:default', 'da%74a', 's1']],
    ['is a root disk', [...SNAPSHOT, 'delete', ...P, '--', 'local:default', 'container/c1', 's1']],
    ['has no snapshot', [...SNAPSHOT, 'delete', ...P, '--', 'local:default', 'data']],
    ['deletes two', [...SNAPSHOT, 'delete', ...P, '--', 'local:default', 'data', 's1', 's2']],
    ['deletes the old one first', [...SNAPSHOT, 'create', ...P, '--reuse', '--', 'local:default', 'data', 's1']],
    ['could not be deleted', [...SNAPSHOT, 'create', ...P, '--', 'local:default', 'data', '..']],
    ['is of no project', [...SNAPSHOT, 'delete', '--', 'local:default', 'data', 's1']],
    ['is of no remote', [...SNAPSHOT, 'delete', ...P, '--', 'default', 'data', 's1']],
    ['is of a remote that is read as a path', [...SNAPSHOT, 'delete', ...P, '--', 'a/b:default', 'data', 's1']],
    ['is of no pool', [...SNAPSHOT, 'restore', ...P, '--', 'local:', 'data', 's1']],
    ['writes over a volume', [...COPY, ...P, '--refresh', '--', 'local:default/data/s1', 'snap:default/data']],
    ['takes what is there now', [...COPY, ...P, '--', 'local:default/data', 'local:default/data2']],
    ['copies another one', [...COPY, ...P, '--', 'local:default/data/a%62', 'local:default/data2']],
    ['has an odd name', [...COPY, ...P, '--', 'local:default/data/s1', 'local:default/..']],
    ['has two names', [...COPY, ...P, '--', 'local:default/data/s1', 'local:default/a/b']],
    ['makes it smaller', ['storage', 'volume', 'set', ...P, '--', 'local:default', 'data', 'size=1MiB']],
    ['reads stdin', ['storage', 'volume', 'set', ...P, '--', 'local:default', 'data', 'snapshots.schedule=-']],
    ['sets nothing', ['storage', 'volume', 'set', ...P, '--', 'local:default', 'data']],
    ['sets those of a root disk', ['storage', 'volume', 'set', ...P, '--', 'local:p', 'container/c', 'snapshots.x=1']],
    ['deletes the volume', ['query', '-X', 'DELETE', '--', 'local:/1.0/storage-pools/p/volumes/custom/data']],
    ['deletes it', ['query', '-X', 'DELETE', '--', 'local:/1.0/storage-pools/p/volumes/custom/data/snapshots/..']],
    ['is a root disk', ['query', '-X', 'DELETE', '--', 'local:/1.0/storage-pools/p/volumes/container/c/snapshots/s']],
    ['is another one', ['query', '-X', 'DELETE', '--', 'l:/1.0/storage-pools/p/volumes/custom/d%2561/snapshots/s']],
    [
      'has a memory',
      ['query', '-X', 'POST', '-d', '{"stateful":true}', '--', 'l:/1.0/storage-pools/p/volumes/custom/d/snapshots'],
    ],
    [
      'replaces it all',
      ['query', '-X', 'PUT', '-d', '{"restore":"s1"}', '--', 'l:/1.0/storage-pools/p/volumes/custom/d'],
    ],
  ])('%s: %j', (_, argv) => {
    expect(refusalOf(argv)).toBeDefined();
  });
});
