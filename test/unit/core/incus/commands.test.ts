import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as commands from '../../../../src/core/incus/commands.ts';
import { refusalOf, terminalRefusalOf } from '../../../../src/core/policy/guard/allowed.ts';

const ref = { remote: 'local', project: 'default', instance: 'ubuntu-test' };
const snapshot = { ...ref, snapshot: 'ubuntu-test-1' };

describe('the command lines of daily work', () => {
  const lines: [string, commands.IncusCommand, string][] = [
    ['remotes', commands.listRemotes(), 'remote list -f json'],
    [
      'a snapshot',
      commands.createSnapshot(ref, { name: 's1' }),
      'snapshot create --project default -- local:ubuntu-test s1',
    ],
    [
      'a snapshot that the server names',
      commands.createSnapshot(ref, {}),
      'snapshot create --project default -- local:ubuntu-test',
    ],
    [
      'a stateful snapshot',
      commands.createSnapshot(ref, { name: 's1', stateful: true }),
      'snapshot create --project default --stateful -- local:ubuntu-test s1',
    ],
    [
      'a restore',
      commands.restoreSnapshot(snapshot, {}),
      'snapshot restore --project default -- local:ubuntu-test ubuntu-test-1',
    ],
    [
      'a restore of the disk alone',
      commands.restoreSnapshot(snapshot, { diskOnly: true }),
      'query --raw --wait -X PUT -d {"restore":"ubuntu-test-1","disk_only":true} -- local:/1.0/instances/ubuntu-test?project=default',
    ],
    [
      'a deletion',
      commands.deleteSnapshot(snapshot),
      'snapshot delete --project default -- local:ubuntu-test ubuntu-test-1',
    ],
    [
      'an export',
      commands.exportInstance(ref, '/x/.incus-snapshots-aB3xYz/backup', {
        ...{ compression: 'zstd', withSnapshots: true, optimized: false },
      }),
      'export --project default --compression zstd -- local:ubuntu-test /x/.incus-snapshots-aB3xYz/backup',
    ],
    [
      'an export without snapshots, in the format of the pool',
      commands.exportInstance(ref, '/x/.incus-snapshots-aB3xYz/backup', {
        ...{ compression: 'none', withSnapshots: false, optimized: true },
      }),
      'export --project default --compression none --instance-only --optimized-storage -- local:ubuntu-test /x/.incus-snapshots-aB3xYz/backup',
    ],
    [
      'an import',
      commands.importInstance({ ...ref, instance: 'incus-snapshots-tmp-0f3a' }, '/x/web.tar', 'p'),
      'import --project default --storage p -- local: /x/web.tar incus-snapshots-tmp-0f3a',
    ],
    [
      'what an export left',
      commands.deleteBackup(ref, 'backup3'),
      'query --raw --wait -X DELETE -- local:/1.0/instances/ubuntu-test/backups/backup3?project=default',
    ],
    ['a stop', commands.stopInstance(ref, { timeout: 30 }), 'stop --project default --timeout 30 -- local:ubuntu-test'],
    [
      'a forced stop',
      commands.stopInstance(ref, { force: true }),
      'stop --project default --force -- local:ubuntu-test',
    ],
    [
      'settings put back',
      commands.setConfig(ref, { 'snapshots.schedule': '@daily', 'snapshots.expiry': '' }),
      'config set --project default -- local:ubuntu-test snapshots.schedule=@daily snapshots.expiry=',
    ],
    [
      'settings of a profile',
      commands.setProfileConfig({ ...ref, profile: 'a b' }, { 'snapshots.expiry': '1w' }),
      'profile set --project default -- local:a b snapshots.expiry=1w',
    ],
    [
      'an instance out of a snapshot',
      commands.copySnapshot(snapshot, { ...ref, instance: 'c2' }),
      'copy --project default -q -- local:ubuntu-test/ubuntu-test-1 local:c2',
    ],
    [
      'a snapshot for another server',
      commands.copySnapshot(
        snapshot,
        { remote: 'incus-snapshot', project: 'backups', instance: 'c2' },
        { config: { 'boot.autostart': 'false' }, without: ['eth0'], mode: 'relay', pool: 'big' },
      ),
      'copy --project default -q --target-project backups --mode relay --storage big -c boot.autostart=false ' +
        '-d eth0,type=none -- local:ubuntu-test/ubuntu-test-1 incus-snapshot:c2',
    ],
    [
      'a command in a temporary copy',
      commands.execInTemporary({ ...ref, instance: 'incus-snapshots-tmp-0f3a' }, 'id'),
      'exec --project default -n -T -- local:incus-snapshots-tmp-0f3a ' +
        'sh -c sh -c "$1"; echo "incus-snapshots-answer $?" drill id',
    ],
    [
      'the end of a temporary copy',
      commands.deleteTemporary({ ...ref, instance: 'incus-snapshots-tmp-0f3a' }),
      'delete --project default -- local:incus-snapshots-tmp-0f3a',
    ],
  ];
  it('makes a mirror, with all that is to hold on it', () => {
    const config = {
      'boot.autostart': 'false',
      'snapshots.schedule': '',
      'security.protection.delete': 'true',
      'user.incus-snapshots.source': `${'a'.repeat(64)}/default/ubuntu-test`,
    };
    const target = { remote: 'snap', project: 'copies', instance: 'ubuntu-test' };
    const { argv } = commands.mirrorInstance(ref, target, config, { mode: 'pull', pool: 'big' });
    expect(argv.join(' ')).toBe(
      'copy --project default --target-project copies --storage big --mode pull --refresh -q ' +
        '-c boot.autostart=false -c snapshots.schedule= -c security.protection.delete=true ' +
        `-c user.incus-snapshots.source=${'a'.repeat(64)}/default/ubuntu-test -- local:ubuntu-test snap:ubuntu-test`,
    );
    expect(refusalOf(argv)).toBeUndefined();
    expect(refusalOf(commands.renameInstance({ ...target, instance: 'c1-incoming' }, 'c1').argv)).toBeUndefined();
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    expect(refusalOf(commands.cancelOperation('local', id).argv)).toBeUndefined();
  });

  it.each(lines)('%s', (_, { argv }, line) => {
    expect(argv.join(' ')).toBe(line);
    expect(refusalOf(argv)).toBeUndefined();
  });

  it('sends an expiry through the API, since the 6.0 client has no flag for it', () => {
    const { argv } = commands.createSnapshot(ref, { name: 's1', expiresAt: new Date('2030-01-01T00:00:00.123Z') });
    expect(argv).toContain('{"name":"s1","expires_at":"2030-01-01T00:00:00Z"}');
    expect(argv.at(-1)).toBe('local:/1.0/instances/ubuntu-test/snapshots?project=default');
    expect(refusalOf(argv)).toBeUndefined();
  });

  it('writes "never" as the time that Incus takes for it', () => {
    expect(commands.setSnapshotExpiry(snapshot, 'never').argv).toContain('{"expires_at":"0001-01-01T00:00:00Z"}');
  });

  it('deletes a snapshot with a percent sign by a path that means it and no other', () => {
    const { argv } = commands.deleteSnapshot({ ...snapshot, snapshot: 'a%62' });
    expect(argv.at(-1)).toBe('local:/1.0/instances/ubuntu-test/snapshots/a%252562?project=default');
    expect(refusalOf(argv)).toBeUndefined();
  });
});

describe('no way to lose an instance', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '.', '..', '-x', '--force', '-f', 'delete', 'c1', 'c1/s1', 'a=b', '-r', 'default', '--', '*'),
  );
  const date = fc.date({ min: new Date('2026-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
  const config = fc.dictionary(text, text);
  const mode = fc.record({ force: fc.boolean(), timeout: fc.integer() }, { requiredKeys: [] });
  const refs = fc.record({ remote: text, project: text, instance: text, snapshot: text });
  /** Every function of the module that builds a command, with anything at all for its arguments. */
  const builders: Record<string, fc.Arbitrary<commands.IncusCommand>> = {
    listRemotes: fc.constant(commands.listRemotes()),
    get: fc.tuple(text, text).map(([remote, path]) => commands.get(remote, path)),
    monitor: text.map((remote) => commands.monitor(remote)),
    proxy: fc.tuple(text, text, fc.integer()).map(([remote, socket, idle]) => commands.proxy(remote, socket, idle)),
    createSnapshot: fc
      .tuple(
        refs,
        fc.record(
          { name: text, expiresAt: fc.oneof(date, fc.constant('never' as const)), stateful: fc.boolean() },
          { requiredKeys: [] },
        ),
      )
      .map(([r, s]) => commands.createSnapshot(r, s)),
    restoreSnapshot: fc
      .tuple(refs, fc.record({ stateful: fc.boolean(), diskOnly: fc.boolean() }, { requiredKeys: [] }))
      .map(([r, m]) => commands.restoreSnapshot(r, m)),
    renameSnapshot: fc.tuple(refs, text).map(([r, name]) => commands.renameSnapshot(r, name)),
    deleteSnapshot: refs.map((r) => commands.deleteSnapshot(r)),
    setSnapshotExpiry: fc
      .tuple(refs, fc.oneof(date, fc.constant('never' as const)))
      .map(([r, at]) => commands.setSnapshotExpiry(r, at)),
    copySnapshot: fc
      .tuple(
        refs,
        refs,
        fc.record(
          {
            config,
            without: fc.array(text),
            mode: fc.constantFrom('pull' as const, 'push' as const, 'relay' as const),
            pool: text,
          },
          { requiredKeys: [] },
        ),
      )
      .map(([from, to, options]) => commands.copySnapshot(from, to, options)),
    copyInstance: fc.tuple(refs, text, config).map(([from, name, c]) => commands.copyInstance(from, name, c)),
    deleteTemporary: fc
      .tuple(refs, fc.constantFrom('', 'incus-snapshots-tmp-', 'incus-snapshots-tmp-0f'), text)
      .map(([r, begin, end]) => commands.deleteTemporary({ ...r, instance: `${begin}${end}` })),
    mirrorInstance: fc
      .tuple(refs, refs, config, fc.record({ mode: fc.constantFrom('pull', 'push', 'relay'), pool: text }))
      .map(([from, to, c, way]) => commands.mirrorInstance(from, to, c, way)),
    renameInstance: fc.tuple(refs, text).map(([r, name]) => commands.renameInstance(r, name)),
    exportInstance: fc
      .tuple(refs, text, fc.record({ compression: text, withSnapshots: fc.boolean(), optimized: fc.boolean() }))
      .map(([r, path, options]) => commands.exportInstance(r, path, options as commands.ExportOptions)),
    importInstance: fc.tuple(refs, text, text).map(([r, path, pool]) => commands.importInstance(r, path, pool)),
    deleteBackup: fc.tuple(refs, text).map(([r, name]) => commands.deleteBackup(r, name)),
    cancelOperation: fc.tuple(text, text).map(([remote, id]) => commands.cancelOperation(remote, id)),
    execInTemporary: fc.tuple(refs, text).map(([r, command]) => commands.execInTemporary(r, command)),
    startInstance: refs.map((r) => commands.startInstance(r)),
    pauseInstance: refs.map((r) => commands.pauseInstance(r)),
    stopInstance: fc.tuple(refs, mode).map(([r, m]) => commands.stopInstance(r, m)),
    restartInstance: fc.tuple(refs, mode).map(([r, m]) => commands.restartInstance(r, m)),
    setConfig: fc.tuple(refs, config).map(([r, c]) => commands.setConfig(r, c)),
    setProfileConfig: fc
      .tuple(refs, text, config)
      .map(([r, profile, c]) => commands.setProfileConfig({ ...r, profile }, c)),
    showInfo: refs.map((r) => commands.showInfo(r)),
    openShell: refs.map((r) => commands.openShell(r)),
  };

  it('covers every builder of the module', () => {
    const other = ['apiPath', 'instancePath', 'snapshotPath', 'reads', 'changes', 'inProject', 'send', 'wireTime'];
    const built = Object.keys(commands).filter((name) => !other.includes(name));
    expect(Object.keys(builders).sort()).toEqual(built.sort());
  });

  it.each(Object.entries(builders))('%s: what passes the guard deletes no instance', (_, builder) => {
    fc.assert(
      fc.property(builder, ({ argv }) => {
        if (refusalOf(argv) !== undefined && terminalRefusalOf(argv) !== undefined) return;
        expect(deletesInstance(argv)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  /** Written from Incus' own command reference, not from the guard that it judges. */
  function deletesInstance(argv: readonly string[]): boolean {
    const [verb, second] = argv;
    if (verb === 'query') {
      const method = argv[argv.indexOf('-X') + 1];
      const path = argv.at(-1)?.replace(/^[^:]*:/, '') ?? '';
      if (!argv.includes('-X')) return false;
      const snapshot = /^\/1\.0\/instances\/[^/?]+\/snapshots\/(?!\.{1,2}(\?|$))[^/?]+(\?|$)/.test(path);
      const backup = /^\/1\.0\/instances\/[^/?]+\/backups\/backup\d+(\?|$)/.test(path);
      if (method === 'DELETE') return !snapshot && !backup;
      if (method === 'PUT')
        return !/^\/1\.0\/instances\/[^/?]+(\?|$)/.test(path) || !/-d \{"restore":".+"/.test(argv.join(' '));
      return method === 'POST' && !/\/snapshots(\?|$)/.test(path);
    }
    if (verb === 'snapshot') return second === 'delete' && positional(argv).length !== 2;
    if (verb === 'copy') return argv.includes('--refresh');
    // Incus refuses to import where the name is taken; it writes a file of this machine, where a guard of its own looks.
    if (verb === 'import' || verb === 'export') return false;
    // A reserved name alone: no other instance has one.
    if (verb === 'delete') {
      const [name = '', ...rest] = positional(argv);
      return rest.length > 0 || !/^[^:]+:incus-snapshots-tmp-[a-z0-9]+$/.test(name) || argv.indexOf('--') !== 3;
    }
    const harmless = ['remote', 'monitor', 'start', 'pause', 'stop', 'restart', 'info', 'exec', 'config'];
    return !harmless.includes(verb ?? '');
  }

  function positional(argv: readonly string[]): readonly string[] {
    return argv.slice(argv.indexOf('--') + 1);
  }
});
