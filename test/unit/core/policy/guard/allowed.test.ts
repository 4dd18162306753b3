import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOf, terminalRefusalOf } from '../../../../../src/core/policy/guard/allowed.ts';

const IN_PROJECT = ['--project', 'default'];
const UUID = 'd523637f-2416-43b5-8a4d-30061a89cada';

/** What every refresh says. */
const MIRROR = [
  '--refresh',
  ...['-c', `user.incus-snapshots.source=${'a'.repeat(64)}/default/c1`],
  ...['-c', 'boot.autostart=false', '-c', 'security.protection.delete=true', '-c', 'snapshots.schedule='],
];

/** What a temporary copy of a whole instance is made with. */
const WHOLE = ['-c', 'user.incus-snapshots.temporary=a/b/failback', '-c', 'boot.autostart=false'];

/** What a first mirror says that is sent from such a copy. */
const OF_TEMPORARY = [
  ...MIRROR.map((word) => word.replace('protection.delete=true', 'protection.delete=false')),
  ...['-c', 'user.incus-snapshots.temporary='],
];

const ALLOWED: readonly (readonly string[])[] = [
  ['--version'],
  ['version'],
  ['remote', 'list', '-f', 'json'],
  ['query', '--raw', '--', 'local:/1.0/instances?recursion=1&all-projects=true'],
  [
    'query',
    '--raw',
    '--wait',
    '-X',
    'POST',
    '-d',
    '{"name":"s1"}',
    '--',
    'local:/1.0/instances/c1/snapshots?project=p',
  ],
  ['query', '-X', 'PATCH', '-d', '{"expires_at":"0001-01-01T00:00:00Z"}', '--', 'r:/1.0/instances/c1/snapshots/s1'],
  ['query', '--wait', '-X', 'DELETE', '--', 'r:/1.0/instances/c1/snapshots/a%2525b?project=default'],
  ['query', '-X', 'DELETE', '--', `my remote:/1.0/operations/${UUID}`],
  ['snapshot', 'create', ...IN_PROJECT, '--', 'local:c1'],
  ['snapshot', 'create', ...IN_PROJECT, '--stateful', '--no-expiry', '--', 'local:c1', 's1'],
  ['snapshot', 'restore', ...IN_PROJECT, '--', 'local:c1', '-x'],
  ['snapshot', 'restore', ...IN_PROJECT, '--stateful', '--', 'local:c1', 'a%62'],
  ['snapshot', 'rename', ...IN_PROJECT, '--', 'local:c1', '$(x)', 's2'],
  ['snapshot', 'delete', ...IN_PROJECT, '--', 'local:c1', 'a\nb'],
  ['snapshot', 'delete', '--project', '-odd', '--', 'local:c1', '--'],
  ['start', ...IN_PROJECT, '--', 'local:c1'],
  ['pause', ...IN_PROJECT, '--', 'local:c1'],
  ['config', 'set', ...IN_PROJECT, '--', 'local:c1', 'user.snapshot-group.shop=true', 'user.snapshot-group.web='],
  ['stop', ...IN_PROJECT, '--force', '--', 'local:c1'],
  ['stop', '--timeout', '30', ...IN_PROJECT, '--', 'local:c1'],
  ['restart', ...IN_PROJECT, '--', 'local:c1'],
  ['info', ...IN_PROJECT, '--', 'local:c1'],
  ['config', 'set', ...IN_PROJECT, '--', 'local:c1', 'snapshots.schedule=@daily, @startup', 'snapshots.expiry='],
  ['config', 'set', ...IN_PROJECT, '--', 'snap:c1', 'boot.autostart=false'],
  ['profile', 'set', ...IN_PROJECT, '--', 'local:<b>x', 'snapshots.schedule=0 6 * * *', 'snapshots.expiry='],
  ['copy', ...IN_PROJECT, '-q', '-c', 'snapshots.schedule=', '-c', 'user.x=1', '--', 'local:c1/s1', 'local:c2'],
  ['copy', ...IN_PROJECT, '--stateless', '--', 'local:c1/-x', 'snap:c2'],
  ['copy', ...IN_PROJECT, '--mode', 'push', '--target-project', 'p', '--storage', 's', '--', 'local:c1/s1', 'snap:c2'],
  ['copy', ...IN_PROJECT, '-d', 'eth0,type=none', '-d', 'a b,type=none', '--', 'local:c1/s1', 'local:c2'],
  ['delete', ...IN_PROJECT, '--', 'local:incus-snapshots-tmp-0f3a9c1e'],
  ['config', 'set', ...IN_PROJECT, '--', 'snap:c1', 'boot.autostart=true', 'user.incus-snapshots.source='],
  ['rename', ...IN_PROJECT, '--', 'local:c1', 'c1-before-failback'],
  ['rename', ...IN_PROJECT, '--', 'local:c1-before-failback', 'c1'],
  ['copy', ...IN_PROJECT, ...MIRROR, '--', 'local:c1', 'snap:c1'],
  ['copy', ...IN_PROJECT, '--target-project', 'p', '--storage', 's', '--mode', 'push', ...MIRROR, '--', 'a:c1', 'a:c1'],
  ['rename', ...IN_PROJECT, '--', 'snap:c1-incoming', 'c1'],
  ['copy', ...IN_PROJECT, ...MIRROR.toSpliced(6, 1, 'security.protection.delete=false'), '--', 'a:c1', 'b:c1-incoming'],
  ['delete', ...IN_PROJECT, '--', 'snap:c1-incoming'],
  ['rename', ...IN_PROJECT, '--', 'snap:c1', 'c1-kept-mirror'],
  ['copy', ...IN_PROJECT, '-q', '-c', 'user.incus-snapshots.sending=', '--', 'local:c1-incoming', 'local:c1'],
  ['copy', ...IN_PROJECT, '-q', '--', 'snap:c1-kept-mirror-2', 'snap:c1'],
  ['copy', ...IN_PROJECT, '-q', ...WHOLE, '--', 'snap:c1', 'snap:incus-snapshots-tmp-0f0f'],
  ['copy', ...IN_PROJECT, ...OF_TEMPORARY, '--', 'snap:incus-snapshots-tmp-0f0f', 'local:c1-incoming'],
  ['config', 'set', ...IN_PROJECT, '--', 'snap:c1', 'security.protection.delete=true'],
  ['config', 'set', ...IN_PROJECT, '--', 'snap:c1', 'user.incus-snapshots.sending='],
  ['export', ...IN_PROJECT, '--compression', 'gzip', '--', 'local:c1', '/home/me/.incus-snapshots-aB3xYz/backup'],
  [
    ...['export', ...IN_PROJECT, '--compression', 'none', '--instance-only', '--optimized-storage'],
    ...['--', 'my remote:c1', 'C:\\me\\.incus-snapshots-aB3xYz\\backup'],
  ],
  ['import', ...IN_PROJECT, '--storage', 'p', '--', 'local:', '/home/me/web.tar.gz', 'incus-snapshots-tmp-0f3a9c1e'],
  ['rename', ...IN_PROJECT, '--', 'local:incus-snapshots-tmp-0f3a9c1e', 'c2'],
  ['config', 'set', ...IN_PROJECT, '--', 'a:incus-snapshots-tmp-0f3a9c1e', 'security.protection.delete=false'],
  ['query', '--wait', '-X', 'DELETE', '--', 'r:/1.0/instances/c1/backups/backup0?project=default'],
  ...[
    ['export', '--compression', 'gzip', '--volume-only', '--', 'local:p', 'v 1', '/x/.incus-snapshots-aB3xYz/backup'],
    ['import', '--target', 'n1', '--', 'local:p', '/home/me/v.tar.gz', 'incus-snapshots-tmp-0f3a9c1e'],
    ['rename', '--', 'local:p', 'incus-snapshots-tmp-0f3a9c1e', 'v2'],
    ['delete', '--', 'local:p', 'incus-snapshots-tmp-0f3a9c1e'],
  ].map(([verb = '', ...rest]) => ['storage', 'volume', verb, ...IN_PROJECT, ...rest]),
  ['query', '--wait', '-X', 'DELETE', '--', 'r:/1.0/storage-pools/p/volumes/custom/v/backups/backup0?project=default'],
  ['remote', 'proxy', '--', 'local:', '/run/user/1000/x/1.sock'],
  ['monitor', '--format', 'json', '--type', 'lifecycle', '--type', 'operation', '--all-projects', '--', 'local:'],
];

const REFUSED: readonly (readonly [why: string, argv: readonly string[]])[] = [
  ['makes containers roots', ['profile', 'set', ...IN_PROJECT, '--', 'local:p', 'security.privileged=true']],
  ['starts it with its server', ['config', 'set', ...IN_PROJECT, '--', 'local:c1', 'boot.autostart=true']],
  ['reads stdin', ['profile', 'set', ...IN_PROJECT, '--', 'local:p', 'snapshots.schedule=-']],
  ['no profile', ['profile', 'set', ...IN_PROJECT, '--', 'local:', 'snapshots.expiry=1d']],
  ['no remote', ['profile', 'set', ...IN_PROJECT, '--', 'p', 'snapshots.expiry=1d']],
  ['sets nothing', ['profile', 'set', ...IN_PROJECT, '--', 'local:p']],
  ['is of no project', ['profile', 'set', '--', 'local:p', 'snapshots.expiry=1d']],
  ['deletes a profile', ['profile', 'delete', ...IN_PROJECT, '--', 'local:p']],
  ['nothing', []],
  ['deletes the instance', ['delete', ...IN_PROJECT, '--', 'local:c1']],
  ['deletes the instance', ['delete', '--force', 'local:c1']],
  ['deletes the instance', ['rm', ...IN_PROJECT, '--', 'local:c1']],
  ['deletes the instance here', ['move', ...IN_PROJECT, '--', 'local:c1', 'snap:c1']],
  ['runs', ['delete', ...IN_PROJECT, '--force', '--', 'local:incus-snapshots-tmp-0f3a9c1e']],
  ['is another one too', ['delete', ...IN_PROJECT, '--', 'local:incus-snapshots-tmp-0f3a9c1e', 'local:c1']],
  ['only begins so', ['delete', ...IN_PROJECT, '--', 'local:incus-snapshots-tmp-']],
  ['only begins so', ['delete', ...IN_PROJECT, '--', 'local:incus-snapshots-tmp-My-Web']],
  ['is a snapshot', ['delete', ...IN_PROJECT, '--', 'local:incus-snapshots-tmp-0f3a9c1e/s1']],
  ['is of no project', ['delete', '--', 'local:incus-snapshots-tmp-0f3a9c1e']],
  ['is of no remote', ['delete', ...IN_PROJECT, '--', 'incus-snapshots-tmp-0f3a9c1e']],
  ['has it elsewhere', ['delete', ...IN_PROJECT, '--', 'incus-snapshots-tmp-0f3a:c1']],
  ['empties the instance', ['rebuild', ...IN_PROJECT, '--', 'img', 'local:c1']],
  ['has no snapshot', ['snapshot', 'delete', ...IN_PROJECT, '--', 'local:c1']],
  ['has no snapshot', ['snapshot', 'delete', ...IN_PROJECT, '--', 'local:c1', '']],
  ['is the instance, to Incus 7.0.2', ['snapshot', 'delete', ...IN_PROJECT, '--', 'local:c1', '..']],
  ['renames the instance, on Incus 7.0.2', ['snapshot', 'rename', ...IN_PROJECT, '--', 'local:c1', '..', 's1']],
  ['erases the folder', ['snapshot', 'delete', ...IN_PROJECT, '--', 'local:c1', '.']],
  ['deletes another one', ['snapshot', 'delete', ...IN_PROJECT, '--', 'local:c1', 'a%62']],
  ['deletes another one', ['snapshot', 'rename', ...IN_PROJECT, '--', 'local:c1', 'a+b', 's2']],
  ['copies another one', ['copy', ...IN_PROJECT, '--', 'local:c1/a%62', 'local:c2']],
  ['would make a snapshot that cannot be deleted', ['snapshot', 'rename', ...IN_PROJECT, '--', 'local:c1', 's1', '..']],
  ['would make a snapshot that cannot be deleted', ['snapshot', 'create', ...IN_PROJECT, '--', 'local:c1', 'a%b']],
  ['two snapshots', ['snapshot', 'delete', ...IN_PROJECT, '--', 'local:c1', 's1', 's2']],
  ['the short form', ['snapshot', 'rm', ...IN_PROJECT, '--', 'local:c1', 's1']],
  ['deletes the old one first', ['snapshot', 'create', ...IN_PROJECT, '--reuse', '--', 'local:c1', 's1']],
  ['restores from another instance', ['snapshot', 'restore', ...IN_PROJECT, '--', 'local:c1', 'c2/s1']],
  ['a snapshot where an instance is meant', ['snapshot', 'delete', ...IN_PROJECT, '--', 'local:c1/s1', 's1']],
  ['a snapshot where an instance is meant', ['start', ...IN_PROJECT, '--', 'local:c1/s1']],
  ['no remote', ['start', ...IN_PROJECT, '--', 'c1']],
  ['no remote', ['start', ...IN_PROJECT, '--', ':c1']],
  ['no instance', ['start', ...IN_PROJECT, '--', 'local:']],
  ['a remote that is read as a key', ['config', 'set', ...IN_PROJECT, '--', 'a=b:c1', 'snapshots.expiry=1d']],
  ['a remote that is read as a flag', ['start', ...IN_PROJECT, '--', '-r:c1']],
  ['a remote that is read as a path', ['start', ...IN_PROJECT, '--', 'a/b:c1']],
  ['two instances', ['stop', ...IN_PROJECT, '--', 'local:c1', 'local:c2']],
  ['all instances', ['stop', ...IN_PROJECT, '--all', '--', 'local:c1']],
  ['no project', ['stop', '--', 'local:c1']],
  ['an empty project, which is none', ['stop', '--project', '', '--', 'local:c1']],
  ['a project that is no value', ['stop', '--project', '--', 'local:c1']],
  ['two projects', ['stop', ...IN_PROJECT, ...IN_PROJECT, '--', 'local:c1']],
  ['no dashes', ['stop', ...IN_PROJECT, 'local:c1']],
  ['a name before the dashes', ['stop', ...IN_PROJECT, 'local:c1', '--', 'local:c2']],
  ['dashes twice', ['stop', ...IN_PROJECT, '--', '--', 'local:c1']],
  ['a flag in one piece', ['stop', '--project=default', '--', 'local:c1']],
  ['no number', ['stop', ...IN_PROJECT, '--timeout', '-1', '--', 'local:c1']],
  ['an inherited key for a flag', ['stop', ...IN_PROJECT, 'constructor', '--', 'local:c1']],
  ['a flag before the verb', ['--project', 'default', 'stop', '--', 'local:c1']],
  ['a key of another kind', ['config', 'set', ...IN_PROJECT, '--', 'local:c1', 'security.privileged=true']],
  ['a key of another kind', ['config', 'set', ...IN_PROJECT, '--', 'local:c1', 'snapshots.expiry=', 'volatile.x=1']],
  ['a value from stdin', ['config', 'set', ...IN_PROJECT, '--', 'local:c1', 'snapshots.pattern=-']],
  ['nothing to set', ['config', 'set', ...IN_PROJECT, '--', 'local:c1']],
  ["the server's configuration", ['config', 'set', ...IN_PROJECT, '--', 'snapshots.expiry=1d']],
  ['an exact mirror', ['copy', ...IN_PROJECT, '--refresh', '--', 'local:c1/s1', 'local:c2']],
  ['a mirror of nobody', ['copy', ...IN_PROJECT, '--refresh', '-q', '--', 'local:c1', 'snap:c1']],
  ['a mirror of another one', ['copy', ...IN_PROJECT, ...MIRROR, '--', 'local:c2', 'snap:c2']],
  ['a mirror of another project', ['copy', '--project', 'other', ...MIRROR, '--', 'local:c1', 'snap:c1']],
  ['a mirror that says it twice', ['copy', ...IN_PROJECT, ...MIRROR, ...MIRROR.slice(1), '--', 'local:c1', 'snap:c1']],
  ['a mirror that starts', ['copy', ...IN_PROJECT, ...MIRROR.toSpliced(3, 2), '--', 'local:c1', 'snap:c1']],
  ['a mirror that is not protected', ['copy', ...IN_PROJECT, ...MIRROR.toSpliced(5, 2), '--', 'local:c1', 'snap:c1']],
  ['a mirror with a schedule', ['copy', ...IN_PROJECT, ...MIRROR.toSpliced(7, 2), '--', 'local:c1', 'snap:c1']],
  ['a mirror of itself', ['copy', ...IN_PROJECT, ...MIRROR, '--', 'local:c1', 'local:c1']],
  ['a mirror of a snapshot', ['copy', ...IN_PROJECT, ...MIRROR, '--', 'local:c1/s1', 'snap:c1']],
  ['a mirror by another way', ['copy', ...IN_PROJECT, '--mode', 'x', ...MIRROR, '--', 'local:c1', 'snap:c1']],
  ['a copy of any instance', ['copy', ...IN_PROJECT, '-q', '--', 'local:c1', 'local:c2']],
  ['a copy under another name', ['copy', ...IN_PROJECT, '-q', '--', 'local:c1-incoming', 'local:c2']],
  ['a copy to elsewhere', ['copy', ...IN_PROJECT, '-q', '--', 'local:c1-incoming', 'snap:c1']],
  ['a copy in the way of a first mirror', ['copy', ...IN_PROJECT, '-q', '--', 'a:c1-kept-mirror', 'a:c1-incoming']],
  ['a temporary copy without its mark', ['copy', ...IN_PROJECT, '-q', '--', 'a:c1', 'a:incus-snapshots-tmp-0f0f']],
  [
    'a temporary copy that starts by itself',
    ['copy', ...IN_PROJECT, '-q', ...WHOLE.slice(0, 2), '--', 'a:c1', 'a:incus-snapshots-tmp-0f0f'],
  ],
  [
    'a temporary copy as a mirror of somebody else',
    ['copy', ...IN_PROJECT, ...OF_TEMPORARY, '--', 'a:incus-snapshots-tmp-0f0f', 'b:c2-incoming'],
  ],
  [
    'a temporary copy onto a mirror',
    ['copy', ...IN_PROJECT, ...OF_TEMPORARY, '--', 'a:incus-snapshots-tmp-0f0f', 'b:c1'],
  ],
  ['another name for what is whole', ['rename', ...IN_PROJECT, '--', 'snap:c1', 'c2']],
  ['another name for what is not', ['rename', ...IN_PROJECT, '--', 'snap:c1-incoming', 'c2-incoming']],
  ['a name that Incus does not take', ['rename', ...IN_PROJECT, '--', 'snap:c1-incoming', 'c.1']],
  ['protection taken away', ['config', 'set', ...IN_PROJECT, '--', 'local:c1', 'security.protection.delete=false']],
  [
    'a mirror that could be deleted',
    ['copy', ...IN_PROJECT, ...MIRROR.toSpliced(6, 1, 'security.protection.delete=false'), '--', 'a:c1', 'b:c1'],
  ],
  ['a half mirror by force', ['delete', ...IN_PROJECT, '--force', '--', 'snap:c1-incoming']],
  ['a key of the user', ['config', 'set', ...IN_PROJECT, '--', 'local:c1', 'user.other=x']],
  ['the whole instance', ['copy', ...IN_PROJECT, '--', 'local:c1', 'local:c2']],
  ['no name for the copy', ['copy', ...IN_PROJECT, '--', 'local:c1/s1', 'snap:']],
  ['a snapshot for a target', ['copy', ...IN_PROJECT, '--', 'local:c1/s1', 'local:c2/s2']],
  ['another device', ['copy', ...IN_PROJECT, '-d', 'eth0,type=nic', '--', 'local:c1/s1', 'local:c2']],
  ['another device', ['copy', ...IN_PROJECT, '-d', 'eth0,type=none,x=1', '--', 'local:c1/s1', 'local:c2']],
  ['no mode of transfer', ['copy', ...IN_PROJECT, '--mode', 'magic', '--', 'local:c1/s1', 'local:c2']],
  ['a setting of another kind', ['copy', ...IN_PROJECT, '-c', 'raw.lxc=x', '--', 'local:c1/s1', 'local:c2']],
  ['deletes the instance', ['query', '-X', 'DELETE', '--', 'local:/1.0/instances/c1']],
  ['is the instance, to Incus 7.0.2', ['query', '-X', 'DELETE', '--', 'local:/1.0/instances/c1/snapshots/..']],
  ['restores all', ['query', '-X', 'PUT', '-d', '{"restore":"s1"}', '--', 'local:/1.0/instances/c1']],
  ['a method twice', ['query', '-X', 'GET', '-X', 'DELETE', '--', 'local:/1.0/instances/c1']],
  ['a method in one piece', ['query', '-XDELETE', '--', 'local:/1.0/instances/c1']],
  ['a project that query refuses', ['query', ...IN_PROJECT, '--', 'local:/1.0']],
  ['no remote', ['query', '--', '/1.0']],
  ['deletes a file', ['remote', 'proxy', '--', 'local:', '/home/me/thesis.odt']],
  ['deletes a file', ['remote', 'proxy', '--', 'local:', 'x.sock']],
  ['another verb of remote', ['remote', 'remove', '--', 'local']],
  ['a longer list', ['remote', 'list', '-f', 'json', '--debug']],
  ['a shell', ['exec', ...IN_PROJECT, 'local:c1', '--', 'su', '-l']],
  ['a NUL byte', ['start', ...IN_PROJECT, '--', 'local:c1\0']],
  ['half a character', ['snapshot', 'delete', ...IN_PROJECT, '--', 'local:c1', 'a\ud800']],
  ['an import', ['import', 'local:', 'file']],
  ['a name of its own', ['import', ...IN_PROJECT, '--', 'local:', '/home/me/web.tar.gz', 'c1']],
  ['the name that the file says', ['import', ...IN_PROJECT, '--', 'local:', '/home/me/web.tar.gz']],
  ['stdin', ['import', ...IN_PROJECT, '--', 'local:', '-', 'incus-snapshots-tmp-0f3a9c1e']],
  ['writes over a file', ['export', ...IN_PROJECT, '--', 'local:c1', '/home/me/thesis.tar.gz']],
  ['writes over a file', ['export', ...IN_PROJECT, '--', 'local:c1', '.incus-snapshots-aB3xYz/backup']],
  ['writes over a file', ['export', ...IN_PROJECT, '--', 'local:c1']],
  [
    'runs a program',
    ['export', ...IN_PROJECT, '--compression', 'x;y', '--', 'a:c1', '/x/.incus-snapshots-aB3xYz/backup'],
  ],
  ['a backup of the user', ['query', '-X', 'DELETE', '--', 'r:/1.0/instances/c1/backups/monthly']],
  ['all backups', ['query', '-X', 'DELETE', '--', 'r:/1.0/instances/c1/backups']],
  ['deletes a volume', ['storage', 'volume', 'delete', ...IN_PROJECT, '--', 'local:p', 'v1']],
  ['deletes two', ['storage', 'volume', 'delete', ...IN_PROJECT, '--', 'a:p', 'incus-snapshots-tmp-0f3a9c1e', 'v1']],
  ['renames a volume', ['storage', 'volume', 'rename', ...IN_PROJECT, '--', 'local:p', 'v1', 'v2']],
  ['a name of its own', ['storage', 'volume', 'import', ...IN_PROJECT, '--', 'local:p', '/home/me/v.tar', 'v1']],
  [
    'another type',
    ['storage', 'volume', 'import', ...IN_PROJECT, '--type', 'iso', '--', 'a:p', '/x', 'incus-snapshots-tmp-0f3a'],
  ],
  ['writes over a file', ['storage', 'volume', 'export', ...IN_PROJECT, '--', 'local:p', 'v1', '/home/me/thesis.tar']],
  ['a backup of the user', ['query', '-X', 'DELETE', '--', 'r:/1.0/storage-pools/p/volumes/custom/v/backups/monthly']],
  ['hides what is whole', ['rename', ...IN_PROJECT, '--', 'local:c1', 'incus-snapshots-tmp-0f3a9c1e']],
  ['an alias of the user', ['nuke', 'local:c1']],
];

describe('what may be run', () => {
  it.each(ALLOWED.map((argv) => [argv]))('%j', (argv) => {
    expect(refusalOf(argv)).toBeUndefined();
  });
});

describe('what may not be run', () => {
  it.each(REFUSED)('%s: %j', (_, argv) => {
    expect(refusalOf(argv)).toBeDefined();
  });

  it('says what it is about', () => {
    expect(refusalOf(['move', '--', 'local:c1'])).toEqual({ reason: 'verb', argument: 'move' });
    expect(refusalOf(['stop', '--', 'local:c1'])).toEqual({ reason: 'noProject' });
    expect(refusalOf(['stop', ...IN_PROJECT, '--all', '--', 'x:y'])).toEqual({ reason: 'flag', argument: '--all' });
    expect(refusalOf(['stop', ...IN_PROJECT, 'x:y'])).toEqual({ reason: 'noDashes' });
    expect(refusalOf(['stop', ...IN_PROJECT, '--', 'c1'])).toEqual({ reason: 'remote', argument: 'c1' });
    expect(refusalOf(['snapshot', 'delete', ...IN_PROJECT, '--', 'x:y', '..'])).toEqual({
      reason: 'snapshot',
      argument: '..',
    });
  });
});

describe('whatever is passed', () => {
  const word = fc.constantFrom(
    ...[
      'delete',
      'rm',
      'snapshot',
      'restore',
      'rename',
      'create',
      'stop',
      'start',
      'config',
      'set',
      'copy',
      'query',
      'move',
    ],
    ...['--project', 'default', '--', '--force', '--all', '-X', 'DELETE', 'POST', '-d', '{}', '--refresh', '-c', ''],
    ...['local:c1', 'local:c2', 'local:c1/s1', 'c1', 's1', '..', '.', 'a%2e', 'snapshots.x=1', 'local:', 'a=b:c1'],
    ...['local:incus-snapshots-tmp-0f3a', 'incus-snapshots-tmp-0f3a', 'eth0,type=none', '-d', '--mode', 'pull'],
    ...['export', 'import', '/x/.incus-snapshots-aB3xYz/backup', '/home/me/web.tar', '--compression', 'gzip'],
    ...['local:/1.0/instances/c1/backups/backup0', 'local:/1.0/instances/c1/backups/mine'],
    ...['local:/1.0/instances/c1', 'local:/1.0/instances/c1/snapshots/s1', 'local:/1.0/instances/c1/snapshots/..'],
  );

  /** Flags behind which the CLI takes anything for their value. */
  const VALUED = new Set(['--project', '--target-project', '--storage', '-c', '-d']);

  /** What the CLI would take for a request to delete or overwrite more than one named snapshot; told by itself. */
  function isHarmful(argv: readonly string[]): boolean {
    const names = argv.slice(argv.indexOf('--') + 1);
    const [verb, sub] = argv;
    const flags = argv.slice(0, argv.indexOf('--')).filter((_, i) => !VALUED.has(argv[i - 1] ?? ''));
    if (
      verb === 'delete' &&
      names.length === 1 &&
      /^[^:/=]+:(incus-snapshots-tmp-[a-z0-9]{4,}|[a-z0-9-]+-incoming)$/.test(names[0] ?? '')
    ) {
      return flags.includes('--force');
    }
    if (['delete', 'rm', 'move', 'rebuild'].includes(verb ?? '')) return true;
    if (verb === 'import') return !/^incus-snapshots-tmp-[a-z0-9]{4,}$/.test(names[2] ?? '') || names.length !== 3;
    if (verb === 'export')
      return !/[/\\]\.incus-snapshots-\w{6}[/\\]backup$/.test(names[1] ?? '') || names.length !== 2;
    if (flags.includes('--all') || flags.includes('--reuse')) return true;
    if (flags.includes('--refresh')) {
      const said = argv.filter((_, i) => argv[i - 1] === '-c');
      const isOfC1 = said.includes(`user.incus-snapshots.source=${'a'.repeat(64)}/default/c1`);
      const [from = '', to = ''] = names;
      // A copy of c1 that was made to be sent makes a first mirror, and no more.
      const isCopy = /^[a-z]+:incus-snapshots-tmp-[a-z0-9]{4,}$/.test(from) && /^[a-z]+:c1-incoming$/.test(to);
      return !isOfC1 || !(/^[a-z]+:c1$/.test(from) || isCopy);
    }
    if (verb === 'snapshot' && sub === 'delete') {
      return names.length !== 2 || ['', '.', '..'].includes(names[1] ?? '') || !/^[^:/=]+:[^:/]+$/.test(names[0] ?? '');
    }
    if (verb === 'storage') {
      if (argv[2] === 'export') return !/[/\\]\.incus-snapshots-\w{6}[/\\]backup$/.test(names[2] ?? '');
      const temporary = argv[2] === 'import' ? names[2] : names[1];
      const count = argv[2] === 'delete' ? 2 : 3;
      return !/^incus-snapshots-tmp-[a-z0-9]{4,}$/.test(temporary ?? '') || names.length !== count;
    }
    if (verb === 'query' && argv.includes('DELETE')) {
      return !/:\/1\.0\/(instances\/[^/.]+\/(snapshots\/[^/.]+|backups\/backup\d+(\?project=default)?)|storage-pools\/p\/volumes\/custom\/v\/backups\/backup0(\?project=default)?|operations\/[0-9a-f-]{36})$/.test(
        names[0] ?? '',
      );
    }
    return false;
  }

  it('nothing that is allowed can delete an instance', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 9 }), (argv) => {
        if (refusalOf(argv) === undefined) expect(isHarmful(argv)).toBe(false);
      }),
      { numRuns: 20_000 },
    );
  });

  it('nor does a small change make of what is allowed something that can', () => {
    const change = fc.tuple(
      fc.constantFrom(...ALLOWED),
      fc.nat({ max: 12 }),
      fc.constantFrom('set', 'insert', 'drop'),
      word,
    );
    fc.assert(
      fc.property(change, ([argv, at, how, value]) => {
        const changed = [...argv];
        if (how === 'set') changed[at % argv.length] = value;
        else changed.splice(at % argv.length, how === 'drop' ? 1 : 0, ...(how === 'insert' ? [value] : []));
        if (refusalOf(changed) === undefined) expect(isHarmful(changed)).toBe(false);
      }),
      { numRuns: 20_000 },
    );
  });

  it('it answers, and throws nothing', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' })), (argv) => void refusalOf(argv)));
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' })), (argv) => void terminalRefusalOf(argv)));
  });
});

describe('a terminal', () => {
  const shell = ['exec', ...IN_PROJECT, 'local:c1', '--', 'su', '-l'];

  it('may be a root shell in an instance', () => {
    expect(terminalRefusalOf(shell)).toBeUndefined();
  });

  it.each([
    [[]],
    [['delete', 'local:c1']],
    [['shell', ...IN_PROJECT, 'local:c1']],
    [['exec', 'local:c1', '--', 'su', '-l']],
    [['exec', '--project', '', 'local:c1', '--', 'su', '-l']],
    [['exec', ...IN_PROJECT, '-r:c1', '--', 'su', '-l']],
    [['exec', ...IN_PROJECT, 'c1', '--', 'su', '-l']],
    [['exec', ...IN_PROJECT, 'local:c1', '--', 'rm', '-rf']],
    [['exec', ...IN_PROJECT, 'local:c1', '--', 'su -l']],
    [['exec', ...IN_PROJECT, 'local:c1', 'su', '-l']],
    [['exec', ...IN_PROJECT, 'local:c1\0', '--', 'su', '-l']],
  ])('may not be %j', (argv) => {
    expect(terminalRefusalOf(argv)).toBeDefined();
  });
});
