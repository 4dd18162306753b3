/**
 * What the scripts have in common that do without VS Code what the extension does. POSIX shell, awk and the `incus` client
 * are all that they need.
 *
 * Servers are read by `incus query`, which prints JSON with one member a line and one tab for each level: that is what
 * the awk programs in them stand on (`cmd/incus/query.go` of Incus, both lines).
 */
import { OWN_PREFIX } from '../mirror/mirrorKeys.ts';
import { quoteForShell } from '../quote.ts';

export interface Script {
  /** Names the automation, its lock and its log. */
  readonly name: string;
  /** Stands in the script as a comment, to be read again. */
  readonly settings: string;
  /** What it is, as comments. */
  readonly about: readonly string[];
  /** The `incus` program. */
  readonly program: string;
  /** Variables that the client needs. */
  readonly env: Readonly<Record<string, string>>;
  /** Further variables, each an assignment for the shell. */
  readonly variables: readonly string[];
  /** Shell functions, one of them `does`. */
  readonly functions: readonly string[];
  /** Does its work for one instance, whose words are given to it; it fails where that did. */
  readonly does: string;
  readonly words: readonly (readonly string[])[];
  /** How the last line of the log begins where nothing failed: `2 of 2 instances DONE`. */
  readonly done: string;
}

/** The script as text. It passes `shellcheck`. */
export function scriptText(script: Script): string {
  const quoted = (...words: string[]) => quoteForShell(words, 'posix');
  return [
    '#!/bin/sh',
    ...script.about.map((line) => `# ${line}`),
    `# ${script.settings}`,
    '',
    'set -u',
    "export LC_ALL=C.UTF-8 LANGUAGE='' INCUS_ALIASES=1",
    ...Object.entries(script.env).map(([key, value]) => `export ${key}=${quoted(value)}`),
    `name='${script.name}'`,
    `incus=${quoted(script.program)}`,
    `own=${quoted(OWN_PREFIX)}`,
    ...script.variables,
    '',
    GROUND,
    READING,
    ...script.functions,
    attempt(script.does),
    ...script.words.map((words) => `attempt ${quoted(...words)}`),
    '',
    `log "$((all - failed)) of $all instances ${script.done}"`,
    '[ "$failed" -eq 0 ]',
    '',
  ].join('\n');
}

function attempt(does: string): string {
  return `fail() {
  log "$label: $*"
  return 1
}

all=0
failed=0
attempt() {
  all=$((all + 1))
  ${does} "$@" || failed=$((failed + 1))
}
`;
}

/** Log, lock, and calls that are made again where that helps. */
const GROUND = String.raw`state=${'${XDG_STATE_HOME:-$HOME/.local/state}'}/incus-snapshots
mkdir -p "$state" || exit 1
log_file=$state/$name.log
lock=$state/$name.lock
tab=$(printf '\t')

log() {
  printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" | tee -a "$log_file"
}

# Nothing may wait for input: some verbs read YAML from stdin.
call() {
  "$incus" "$@" </dev/null
}

# Does a call again where its failure passes by itself: somebody else wrote the configuration at that moment, or an
# earlier copy of the same source has only just failed. What stands in $enough is no failure.
enough=
again() {
  tries=0
  while ! call "$@" 2>"$work/error"; do
    if [ -n "$enough" ] && grep -q "$enough" "$work/error"; then return 0; fi
    tries=$((tries + 1))
    if [ "$tries" -ge 4 ] || ! grep -Eq "ETag doesn't match|Failed to load configuration|Failed getting migration source" "$work/error"; then
      why=$(tail -n 1 "$work/error")
      return 1
    fi
    sleep 3
  done
}

# A lock is a folder with the number of the process that holds it. One whose process is gone, or that is from an earlier
# start of the machine, is set aside.
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown)
take_lock() {
  if mkdir "$lock" 2>/dev/null; then
    echo "$$ $boot" >"$lock/owner"
    return 0
  fi
  read -r holder since <"$lock/owner" 2>/dev/null || return 1
  if [ "$since" = "$boot" ] && kill -0 "$holder" 2>/dev/null; then return 1; fi
  mv "$lock" "$lock.$$" 2>/dev/null && rm -r "$lock.$$"
  mkdir "$lock" 2>/dev/null && echo "$$ $boot" >"$lock/owner"
}

if ! take_lock; then
  log "another run is at work, or has only just begun: nothing was done"
  exit 75
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work" "$lock"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ -f "$log_file" ] && [ "$(wc -c <"$log_file")" -gt 1000000 ]; then mv "$log_file" "$log_file.1"; fi
`;

const READING = String.raw`# The value of a key of a map on the first level, as JSON writes it: FILE MAP KEY
value() {
  awk -v map="$tab\"$2\": {" -v key="$tab$tab\"$3\": \"" '
    index($0, map) == 1 { inside = 1; next }
    inside && /^\t}/ { exit }
    inside && index($0, key) == 1 { v = substr($0, length(key) + 1); sub(/",?$/, "", v); print v; exit }' "$1"
}

# Reads an instance; 1: it is not there, 2: it could not be read: REMOTE PROJECT INSTANCE FILE
read_instance() {
  again query "$1:/1.0/instances/$3?recursion=1&project=$2" >"$4" && return 0
  case $why in
    *'not found'*) return 1 ;;
    *) return 2 ;;
  esac
}

# Reads what a server says of itself, once: REMOTE FILE
read_server() {
  [ -s "$2" ] || again query "$1:/1.0" >"$2"
}

fingerprint() {
  sed -n 's/^\t\t"certificate_fingerprint": "\([0-9a-f]*\)".*/\1/p' "$1"
}
`;
