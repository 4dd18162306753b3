import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { snapshotPathSegment } from '../../../../../src/core/policy/names.ts';
import { refusalOfRequest } from '../../../../../src/core/policy/guard/requests.ts';

const SNAPSHOTS = '/1.0/instances/c1/snapshots';
const UUID = 'd523637f-2416-43b5-8a4d-30061a89cada';
const EXPIRY = '{"expires_at":"2031-01-02T03:04:05Z"}';

/** Where a server from 7.0.1 on looks, which cleans the path before anything else (Go's `ServeMux`). */
function cleaned(path: string): string {
  return new URL(path, 'http://x').pathname.replaceAll(/\/{2,}/g, '/');
}

describe('reading', () => {
  it.each([
    '/1.0',
    '/1.0?project=a%20b',
    '/1.0/instances?recursion=1&all-projects=true',
    '/1.0/storage-pools/p/volumes/custom/v%2Fs/files?path=/',
    `${SNAPSHOTS}/a%2525b?project=default`,
    '/1.0/events?type=lifecycle',
  ])('%s may be read', (path) => {
    expect(refusalOfRequest('GET', path, undefined)).toBeUndefined();
  });

  it.each([
    '',
    '/',
    '1.0',
    '/1.0x',
    '/internal/shutdown',
    '/1.0/../internal/sql',
    '/1.0/%2e%2e/internal',
    '/1.0/%252E./x',
    '/1.0/a%2f..%2fb',
    '/1.0/a b',
    '/1.0/a\nb',
    '/1.0/a#b',
    '/1.0/a\\b',
    '/1.0/ä',
    '/1.0/%zz',
  ])('%j may not', (path) => {
    expect(refusalOfRequest('GET', path, undefined)).toBe('path');
  });

  it('sends nothing along', () => {
    expect(refusalOfRequest('GET', '/1.0', '{}')).toBe('body');
  });
});

describe('making a snapshot', () => {
  it.each([
    '{}',
    '{"name":"s1"}',
    '{"name":"s1","expires_at":"2031-01-02T03:04:05Z","stateful":true}',
    '{"expires_at":"0001-01-01T00:00:00Z"}',
    '{"expires_at":"2031-01-02T03:04:05.123+02:00"}',
  ])('%s is fine', (body) => {
    expect(refusalOfRequest('POST', SNAPSHOTS, body)).toBeUndefined();
    expect(refusalOfRequest('POST', `${SNAPSHOTS}?project=my%20project`, body)).toBeUndefined();
  });

  it.each([
    undefined,
    '',
    'null',
    '[]',
    '"s1"',
    '{"name":".."}',
    '{"name":""}',
    '{"name":1}',
    '{"Name":"s1"}',
    '{"migration":true}',
    '{"expires_at":null}',
    '{"expires_at":"soon"}',
    '{"stateful":"yes"}',
    '{"restore":"s0"}',
    '{"__proto__":{}}',
  ])('%j is not', (body) => {
    expect(refusalOfRequest('POST', SNAPSHOTS, body)).toBe('body');
  });

  it.each([
    '/1.0/instances',
    '/1.0/instances/c1',
    '/1.0/instances/c1/rebuild',
    '/1.0/instances/c1/snapshots/',
    '/1.0/instances/c1/snapshots/s1',
    '/1.0/instances/c1/snapshots/..',
    '/1.0/instances//snapshots',
    '/1.0/instances/c_1/snapshots',
    '/1.0/containers/c1/snapshots',
    '/1.0/projects',
    `${SNAPSHOTS}?target=n2`,
    `${SNAPSHOTS}?project=a&force=1`,
    `${SNAPSHOTS}?project=`,
  ])('nothing can be sent to %s', (path) => {
    expect(refusalOfRequest('POST', path, '{}')).toBe('path');
  });
});

describe('restoring the disk alone', () => {
  it.each(['s1', '-x', 'a%b', '$(x)', 'größe'])('goes back to %j', (restore) => {
    const body = JSON.stringify({ restore, disk_only: true });
    expect(refusalOfRequest('PUT', '/1.0/instances/c1', body)).toBeUndefined();
    expect(refusalOfRequest('PUT', '/1.0/instances/c1?project=default', body)).toBeUndefined();
  });

  it.each([
    undefined,
    '',
    '{}',
    '{"restore":"s1"}',
    '{"disk_only":true}',
    '{"restore":"","disk_only":true}',
    '{"restore":"..","disk_only":true}',
    '{"restore":"c2/s1","disk_only":true}',
    '{"restore":1,"disk_only":true}',
    '{"restore":"s1","disk_only":"true"}',
    '{"restore":"s1","disk_only":true,"stateful":true}',
    '{"restore":"s1","disk_only":true,"config":{}}',
    '{"config":{}}',
  ])('is all that can be put to an instance: %j is not', (body) => {
    expect(refusalOfRequest('PUT', '/1.0/instances/c1', body)).toBe('body');
  });

  it.each([
    '/1.0/instances',
    '/1.0/instances/',
    '/1.0/instances/c_1',
    '/1.0/instances/c1/state',
    '/1.0/instances/c1/snapshots/s1',
    '/1.0/profiles/default',
    '/1.0/instances/c1?project=a&force=1',
  ])('nothing can be put to %s', (path) => {
    expect(refusalOfRequest('PUT', path, '{"restore":"s1","disk_only":true}')).toBe('path');
  });
});

describe('changing and deleting a snapshot', () => {
  it.each(['s1', '-x', 'a%b', 'a%62', 'a+b', '$(x)', 'a\nb', 'größe', '...', 'x'.repeat(255)])(
    'reaches %j by its own path',
    (name) => {
      const path = `${SNAPSHOTS}/${snapshotPathSegment(name)}?project=default`;
      expect(refusalOfRequest('PATCH', path, EXPIRY)).toBeUndefined();
      expect(refusalOfRequest('DELETE', path, undefined)).toBeUndefined();
    },
  );

  it.each([
    ['nothing', ''],
    ['the folder', '.'],
    ['the instance', '..'],
    ['the instance, escaped', '%2e%2e'],
    ['the instance, escaped twice', '%252e%252E'],
    ['the instance, in part', '.%2e'],
    ['another, since it is escaped once only', 'a%62'],
    ['nobody knows what', 'a%b'],
    ['a space, to a server', 'a+b'],
    ['something deeper', 's1/x'],
    ['something deeper, escaped', 's1%2Fx'],
    ['something deeper, escaped twice', 's1%252Fx'],
    ['half a character', '%25ED%25A0%2580'],
    ['a NUL byte', '%2500'],
  ])('is refused where the path reaches %s', (_, segment) => {
    expect(refusalOfRequest('DELETE', `${SNAPSHOTS}/${segment}`, undefined)).toBe('path');
    expect(refusalOfRequest('PATCH', `${SNAPSHOTS}/${segment}`, EXPIRY)).toBe('path');
  });

  it.each([undefined, '{}', '{"expires_at":null}', '{"expires_at":"2031-01-02T03:04:05Z","name":"x"}', '[]'])(
    'changes nothing but the expiry: %j',
    (body) => {
      expect(refusalOfRequest('PATCH', `${SNAPSHOTS}/s1`, body)).toBe('body');
    },
  );
});

describe('deleting anything else', () => {
  it('is cancelling an operation', () => {
    expect(refusalOfRequest('DELETE', `/1.0/operations/${UUID}`, undefined)).toBeUndefined();
    expect(refusalOfRequest('DELETE', `/1.0/operations/${UUID}`, '{}')).toBe('body');
  });

  it.each([
    '/1.0/instances/c1',
    '/1.0/instances/c1/',
    '/1.0//instances/c1',
    '/1.0/instances/c1?project=default',
    '/1.0/instances/c1/backups/b1',
    '/1.0/operations/',
    `/1.0/operations/${UUID}/..`,
    '/1.0/operations/x',
    '/1.0/storage-pools/p/volumes/custom/v',
    '/1.0/projects/default?force=1',
  ])('%s is refused', (path) => {
    expect(refusalOfRequest('DELETE', path, undefined)).toBe('path');
  });

  it('never reaches an instance, whatever the path is made of', () => {
    const piece = fc.constantFrom(
      '1.0',
      'instances',
      'c1',
      'snapshots',
      's1',
      '..',
      '.',
      '',
      '%2e%2e',
      '%252e',
      'operations',
      UUID,
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const path = `/${pieces.join('/')}`;
        if (refusalOfRequest('DELETE', path, undefined) !== undefined) return;
        expect(cleaned(path)).toBe(path);
        expect(path).toMatch(/^\/1\.0\/(instances\/[a-z0-9-]+\/snapshots\/[^/]+|operations\/[0-9a-f-]{36})$/);
      }),
      { numRuns: 5000 },
    );
  });

  it.each(['HEAD', 'OPTIONS', 'get', 'delete', ''])('by %s is no way either', (method) => {
    expect(refusalOfRequest(method, `${SNAPSHOTS}/s1`, undefined)).toBe('method');
  });
});
