/**
 * The guard: what `incus` may ever be run with. The runner asks before every call, so that whatever its callers
 * build, nothing that could delete an instance passes, unless it bears a name that is reserved for temporary copies.
 *
 * **Aliases.** The user's own configuration can give any of these words another meaning: `incus alias add "snapshot
 * delete" "delete --force"` makes the CLI expand `snapshot delete R:c1 s1` (several words match too, the longest
 * first, and before the built-in verbs: `findAlias` in `cmd/incus/main_aliases.go`). No argv is safe from that. The
 * environment is: with `INCUS_ALIASES=1` the CLI expands none, its built-in `shell` included, and on an error writes
 * one line more to stderr, before its own: `Error while executing alias expansion: ...`. **Every process must be
 * started with it, a terminal's too.**
 */
import { countRefusal, cut, isFilled, isMode, isName } from './arguments.ts';
import { BACKUP_VERBS, isReleaseOfTemporary, VOLUME_BACKUP_VERBS } from './allowedBackups.ts';
import { isProtectionSetting, mayBeNamed, mirrorCopyRefusal, wholeCopyRefusal } from './allowedMirrors.ts';
import * as servers from './allowedServers.ts';
import { isCopySetting, isInstanceSetting, isScheduleSetting } from './allowedSettings.ts';
import { VOLUME_VERBS } from './allowedVolumes.ts';
import { isIncomingName } from '../mirror/mirrorNames.ts';
import { isDrillProgram } from '../mirror/drill.ts';
import { checkNewInstanceName, checkNewSnapshotName, checkSnapshotUse } from '../names.ts';
import { INSTANCE_NAME, refusalOfRequest } from './requests.ts';
import { isTemporaryName } from '../temporary.ts';

export type RefusalReason =
  /** Not among the verbs that may be run. */
  | 'verb'
  /** A flag that may not be given to this verb, or its value may not. */
  | 'flag'
  /** No `--` before the names. */
  | 'noDashes'
  /** No `--project`: the CLI would take the one that the remote, or `INCUS_PROJECT`, happens to have. */
  | 'noProject'
  /** More or fewer names than the verb must have. */
  | 'count'
  /** A remote that the CLI would misread, or none. */
  | 'remote'
  /** Not the name of an instance. */
  | 'instance'
  /** Not the name of a pool, or of a volume, that can be handed over. */
  | 'pool'
  | 'volume'
  /** Not the name of a profile. */
  | 'profile'
  /** Not the name of a snapshot that the verb may be given, or may give. */
  | 'snapshot'
  /** A configuration key or value that may not be set. */
  | 'config'
  /** A request to the API that is not on the list. */
  | 'request'
  /** Anything else that is no proper argument: a NUL byte, half a character, a path. */
  | 'argument';

export interface Refusal {
  readonly reason: RefusalReason;
  /** What it is about. */
  readonly argument?: string;
}

/**
 * Why `incus` must not be run with these arguments (the program's name not among them); `undefined`: it may.
 * This is a list of what is allowed; all else is refused.
 */
export function refusalOf(argv: readonly string[]): Refusal | undefined {
  const broken = argv.find((arg) => arg.includes('\0') || !arg.isWellFormed());
  if (broken !== undefined) return { reason: 'argument', argument: broken };
  if (BARE.has(JSON.stringify(argv))) return undefined;
  for (const [words, verb] of VERBS) {
    const own = words.split(' ');
    if (own.every((word, i) => argv[i] === word)) return verbRefusal(verb, argv.slice(own.length));
  }
  return { reason: 'verb', ...(argv[0] !== undefined && { argument: argv[0] }) };
}

/**
 * Why a terminal must not be opened with these arguments; `undefined`: it may. A root shell in one instance is all
 * there is: `exec --project P R:I -- su -l`, which is what Incus' own alias `shell` stands for.
 */
export function terminalRefusalOf(argv: readonly string[]): Refusal | undefined {
  const [verb, flag, project, instance, ...command] = argv;
  if (verb !== 'exec') return { reason: 'verb', ...(verb !== undefined && { argument: verb }) };
  const broken = argv.find((arg) => arg.includes('\0') || !arg.isWellFormed());
  if (broken !== undefined) return { reason: 'argument', argument: broken };
  if (flag !== '--project' || !project) return { reason: 'noProject' };
  if (command.join(' ') !== '-- su -l' || command.length !== 3) return { reason: 'argument' };
  return instanceRefusal(instance);
}

/** What a flag's value must be like; `true`: it has none. */
type FlagRule = true | ((value: string) => boolean);

/** The flags that were given, each with its values in order. */
export type Flags = ReadonlyMap<string, readonly string[]>;

/** What one verb of the CLI may be given. */
export interface Verb {
  /** Beside `--project`. */
  readonly flags: Readonly<Record<string, FlagRule>>;
  /** It concerns things in a project, and must name it. */
  readonly inProject: boolean;
  /** What is wrong with what stands behind `--`. */
  check(names: readonly string[], flags: Flags): Refusal | undefined;
}

const seconds = (value: string): boolean => /^\d{1,6}$/.test(value);
const stopping = { '--force': true, '--timeout': seconds } as const;

/** Without anything variable in them. */
const BARE: ReadonlySet<string> = new Set(
  [['--version'], ['version'], ['remote', 'list', '-f', 'json']].map((argv) => JSON.stringify(argv)),
);

const VERBS: readonly (readonly [words: string, verb: Verb])[] = [
  ...VOLUME_VERBS,
  ...BACKUP_VERBS,
  ...VOLUME_BACKUP_VERBS,
  [
    'snapshot create',
    {
      flags: { '--stateful': true, '--no-expiry': true },
      inProject: true,
      check: ([instance, ...rest]) =>
        instanceRefusal(instance) ?? (rest.length === 0 ? undefined : (countRefusal(rest, 1) ?? newSnapshot(rest[0]))),
    },
  ],
  [
    'snapshot restore',
    {
      flags: { '--stateful': true },
      inProject: true,
      check: (names) => countRefusal(names, 2) ?? instanceRefusal(names[0]) ?? oldSnapshot(names[1], 'restore'),
    },
  ],
  [
    'snapshot rename',
    {
      flags: {},
      inProject: true,
      check: (names) =>
        countRefusal(names, 3) ?? instanceRefusal(names[0]) ?? oldSnapshot(names[1], 'rename') ?? newSnapshot(names[2]),
    },
  ],
  [
    'snapshot delete',
    {
      flags: {},
      inProject: true,
      check: (names) => countRefusal(names, 2) ?? instanceRefusal(names[0]) ?? oldSnapshot(names[1], 'delete'),
    },
  ],
  ['start', { flags: {}, inProject: true, check: onlyInstance }],
  ['pause', { flags: {}, inProject: true, check: onlyInstance }],
  ['stop', { flags: stopping, inProject: true, check: onlyInstance }],
  ['restart', { flags: stopping, inProject: true, check: onlyInstance }],
  ['info', { flags: {}, inProject: true, check: onlyInstance }],
  [
    'config set',
    {
      flags: {},
      inProject: true,
      check: ([instance, ...pairs]) =>
        instanceRefusal(instance) ??
        (pairs.length === 0 ? { reason: 'count' } : undefined) ??
        firstRefusal(pairs, (pair) =>
          isInstanceSetting(pair) || isProtectionSetting(pair, pairs) || isReleaseOfTemporary(instance, pair)
            ? undefined
            : 'config',
        ),
    },
  ],
  [
    'profile set',
    {
      flags: {},
      inProject: true,
      check: ([profile, ...pairs]) =>
        profileRefusal(profile) ??
        (pairs.length === 0 ? { reason: 'count' } : undefined) ??
        firstRefusal(pairs, (pair) => (isScheduleSetting(pair) ? undefined : 'config')),
    },
  ],
  [
    'copy',
    {
      flags: {
        ...{ '-q': true, '--stateless': true, '--refresh': true, '-c': isCopySetting },
        ...{ '--mode': isMode, '--target-project': isName, '--storage': isName },
        '-d': (value) => /^[^,=]+,type=none$/.test(value),
      },
      inProject: true,
      check: (names, flags) =>
        flags.has('--refresh')
          ? (countRefusal(names, 2) ?? firstOf(names, instanceRefusal) ?? mirrorCopyRefusal(names, flags))
          : toNewInstance(names, flags),
    },
  ],
  [
    'rename',
    {
      flags: {},
      inProject: true,
      // A mirror gets its name when it is whole; an original is set aside, and gets its name back where a way back fails.
      check: (names) =>
        countRefusal(names, 2) ??
        instanceRefusal(names[0]) ??
        (mayBeNamed(cut(names[0])?.rest ?? '', names[1] ?? '')
          ? undefined
          : { reason: 'instance', argument: names[0] ?? '' }) ??
        (checkNewInstanceName(names[1] ?? '', []) ? { reason: 'instance', argument: names[1] ?? '' } : undefined),
    },
  ],
  [
    'delete',
    {
      flags: {},
      inProject: true,
      // Half of a first mirror, of which a caller has read that it is one, is as temporary as what is called so.
      check: (names) => (isIncomingName(cut(names[0])?.rest ?? '') ? onlyInstance(names) : onlyTemporary(names)),
    },
  ],
  [
    'exec',
    {
      flags: { '-n': true, '-T': true },
      inProject: true,
      check: ([instance = '', ...program]) =>
        onlyTemporary([instance]) ?? (isDrillProgram(program) ? undefined : { reason: 'argument' }),
    },
  ],
  [
    'query',
    {
      flags: { '--raw': true, '--wait': true, '-X': () => true, '-d': () => true },
      inProject: false,
      check: requestRefusal,
    },
  ],
  ['project create', { flags: { '-c': servers.isFeature }, inProject: false, check: servers.createProjectRefusal }],
  ['profile create', { flags: {}, inProject: true, check: servers.createProfileRefusal }],
  [
    'init',
    {
      flags: { '--empty': true, '-q': true, '--no-profiles': true, '--storage': isName, '-c': servers.isTemporaryMark },
      inProject: true,
      check: servers.createTrialRefusal,
    },
  ],
  ['remote add', { flags: {}, inProject: false, check: servers.addRemoteRefusal }],
  ['remote remove', { flags: {}, inProject: false, check: servers.removeRemoteRefusal }],
  [
    'remote proxy',
    {
      flags: { '--timeout': seconds },
      inProject: false,
      // The CLI first deletes whatever file is at the socket's path.
      check: (names) =>
        countRefusal(names, 2) ??
        wholeRemote(names[0]) ??
        (/^\/.+\.sock$/s.test(names[1] ?? '') ? undefined : { reason: 'argument', argument: names[1] ?? '' }),
    },
  ],
  [
    'monitor',
    {
      flags: {
        '--format': (value) => value === 'json',
        '--type': (value) => ['lifecycle', 'operation'].includes(value),
        '--all-projects': true,
      },
      inProject: false,
      check: (names) => countRefusal(names, 1) ?? wholeRemote(names[0]),
    },
  ],
];

function verbRefusal(verb: Verb, rest: readonly string[]): Refusal | undefined {
  const dashes = rest.indexOf('--');
  if (dashes < 0) return { reason: 'noDashes' };
  const flags = new Map<string, string[]>();
  const given = rest.slice(0, dashes);
  for (let i = 0; i < given.length; i++) {
    const flag = given[i] ?? '';
    const rule = flag === '--project' && verb.inProject ? isFilled : ownRule(verb.flags, flag);
    if (!rule) return { reason: 'flag', argument: flag };
    const value = rule === true ? '' : given[++i];
    if (value === undefined || (rule !== true && !rule(value))) return { reason: 'flag', argument: flag };
    if (flags.has(flag) && !REPEATABLE.has(flag)) return { reason: 'flag', argument: flag };
    flags.set(flag, [...(flags.get(flag) ?? []), value]);
  }
  if (verb.inProject && !flags.has('--project')) return { reason: 'noProject' };
  return verb.check(rest.slice(dashes + 1), flags);
}

const REPEATABLE: ReadonlySet<string> = new Set(['-c', '-d', '--type']);

function ownRule(flags: Verb['flags'], flag: string): FlagRule | undefined {
  return Object.hasOwn(flags, flag) ? flags[flag] : undefined;
}

function firstOf(names: readonly string[], check: (name: string) => Refusal | undefined): Refusal | undefined {
  return names.map(check).find((refusal) => refusal !== undefined);
}

function firstRefusal(args: readonly string[], reasonFor: (arg: string) => RefusalReason | undefined) {
  for (const argument of args) {
    const reason = reasonFor(argument);
    if (reason) return { reason, argument };
  }
  return undefined;
}

function wholeRemote(argument: string | undefined): Refusal | undefined {
  return cut(argument)?.rest === '' ? undefined : { reason: 'remote', argument: argument ?? '' };
}

function instanceRefusal(argument: string | undefined): Refusal | undefined {
  if (argument === undefined) return { reason: 'count' };
  const named = cut(argument);
  if (!named) return { reason: 'remote', argument };
  return INSTANCE_NAME.test(named.rest) ? undefined : { reason: 'instance', argument };
}

/** Incus lets a profile have any name without a slash. */
function profileRefusal(argument: string | undefined): Refusal | undefined {
  if (argument === undefined) return { reason: 'count' };
  const named = cut(argument);
  if (!named) return { reason: 'remote', argument };
  return named.rest === '' || named.rest.includes('/') ? { reason: 'profile', argument } : undefined;
}

function onlyInstance(names: readonly string[]): Refusal | undefined {
  return countRefusal(names, 1) ?? instanceRefusal(names[0]);
}

function onlyTemporary(names: readonly string[]): Refusal | undefined {
  const wrong = onlyInstance(names);
  if (wrong) return wrong;
  return isTemporaryName(cut(names[0])?.rest ?? '') ? undefined : { reason: 'instance', argument: names[0] ?? '' };
}

function oldSnapshot(name = '', operation: 'restore' | 'rename' | 'delete' | 'copy'): Refusal | undefined {
  return checkSnapshotUse(name, operation) ? { reason: 'snapshot', argument: name } : undefined;
}

function newSnapshot(name = ''): Refusal | undefined {
  return checkNewSnapshotName(name, []) ? { reason: 'snapshot', argument: name } : undefined;
}

/** `R:instance/snapshot` and `R:new-instance`, or `R:instance` and another one there. */
function toNewInstance(names: readonly string[], flags: Flags): Refusal | undefined {
  const [source, target] = names.map(cut);
  if (names.length !== 2 || !source || !target || source.rest.includes('/')) return snapshotToNewInstance(names);
  const refused = firstOf(names, instanceRefusal) ?? wholeCopyRefusal(source.rest, target.rest, flags);
  if (refused) return refused;
  return source.remote === target.remote && checkNewInstanceName(target.rest, []) === undefined
    ? undefined
    : { reason: 'instance', argument: names[1] ?? '' };
}

/** `R:instance/snapshot` and `R:new-instance`. */
function snapshotToNewInstance(names: readonly string[]): Refusal | undefined {
  const [source = '', target = ''] = names;
  const slash = source.indexOf('/');
  const wrong = countRefusal(names, 2) ?? (slash < 0 ? { reason: 'snapshot' as const, argument: source } : undefined);
  if (wrong) return wrong;
  const to = cut(target);
  return (
    instanceRefusal(source.slice(0, slash)) ??
    oldSnapshot(source.slice(slash + 1), 'copy') ??
    (to ? undefined : { reason: 'remote', argument: target }) ??
    (checkNewInstanceName(to?.rest ?? '', []) ? { reason: 'instance', argument: target } : undefined)
  );
}

function requestRefusal(names: readonly string[], flags: Flags): Refusal | undefined {
  const named = cut(names[0]);
  const wrong = countRefusal(names, 1) ?? (named ? undefined : { reason: 'remote' as const, argument: names[0] ?? '' });
  if (wrong) return wrong;
  const refused = refusalOfRequest(flags.get('-X')?.[0] ?? 'GET', named?.rest ?? '', flags.get('-d')?.[0]);
  return refused && { reason: 'request', argument: refused };
}
