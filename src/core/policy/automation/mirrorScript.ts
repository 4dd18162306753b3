/** The part of a script that does what a mirror run does: the same refusals, the same keys, and nothing called mirrored that was not read back. */
import { incomingName } from '../mirror/mirrorNames.ts';
import type { MirrorJob } from '../mirror/mirrorJobs.ts';
import type { Script } from './script.ts';

/** What a script has to do for one instance. */
export interface AutomatedMirror {
  readonly job: MirrorJob;
  /** SHA-256 of the source server's certificate: a remote can come to mean another server. */
  readonly fingerprint: string;
}

/** @param mayDelete whether a run may delete on a mirror what was deleted on its original; else such a run is refused */
export function mirrorScript(
  mirrors: readonly AutomatedMirror[],
  mayDelete: boolean,
): Pick<Script, 'about' | 'variables' | 'functions' | 'does' | 'words' | 'done'> {
  return {
    about: [
      'Mirrors Incus instances to a snapshot server, as the VS Code extension "Incus Snapshots" does.',
      'Written by "Automate Mirroring", which finds it again by the next line, changes it and removes it.',
    ],
    variables: [`may_delete=${mayDelete ? 'yes' : 'no'}`],
    functions: [READING_MIRRORS, MIRROR],
    does: 'mirror',
    words: mirrors.map(({ job: { source, target, mode, pool = '' }, fingerprint }) => [
      ...[source.remote, source.project, source.instance, fingerprint],
      ...[target.remote, target.project, incomingName(target.instance), mode, pool],
    ]),
    done: 'mirrored',
  };
}

const READING_MIRRORS = String.raw`# The value of a key on the first level: FILE KEY
member() {
  awk -v key="$tab\"$2\": " 'index($0, key) == 1 { v = substr($0, length(key) + 1); sub(/,$/, "", v); gsub(/^"|"$/, "", v); print v; exit }' "$1"
}

# The keys of ours in an instance's own configuration: FILE
own_keys() {
  awk -v key="$tab$tab\"$own" '
    index($0, "\t\"config\": {") == 1 { inside = 1; next }
    inside && /^\t}/ { exit }
    inside && index($0, key) == 1 { v = substr($0, 4); sub(/": ".*/, "", v); print v }' "$1"
}

# Each snapshot as "SECOND NAME", the name as JSON writes it; sorted: FILE
snapshots() {
  awk '
    index($0, "\t\"snapshots\": [") == 1 { inside = 1; next }
    inside && /^\t]/ { exit }
    inside && /^\t\t\t"created_at": "/ { at = substr($0, 19, 19) }
    inside && /^\t\t\t"name": "/ { n = substr($0, 13); sub(/",?$/, "", n); print at, n }' "$1" | sort
}
`;

const MIRROR = String.raw`# Adds -c KEY=VALUE for all that has to be said of the mirror; one a line in $work/said: a refresh writes the source's
# whole configuration to the mirror, so that nothing holds there which is not said on every run.
say_overrides() {
  : >"$work/said"
  schedule=
  for file in "$work/source" "$work/target"; do
    [ -s "$file" ] || continue
    if [ -z "$(value "$file" config snapshots.schedule)" ] && [ -n "$(value "$file" expanded_config snapshots.schedule)" ]; then schedule=@never; fi
  done
  if [ -s "$work/target" ] && [ "$(value "$work/target" config snapshots.schedule)" = @never ]; then schedule=@never; fi
  overridden='boot.autostart snapshots.schedule security.protection.delete'
  if grep -q '"instance_protection_start"' "$work/to"; then overridden="$overridden security.protection.start"; fi
  for key in $(own_keys "$work/source"); do
    case $key in
      "$own"source | "$own"verified | "$own"sending) ;;
      *) echo "$key=" >>"$work/said" ;;
    esac
  done
  for key in $overridden; do
    case $key in
      boot.autostart) echo "$key=false" ;;
      snapshots.schedule) echo "$key=$schedule" ;;
      *) echo "$key=true" ;;
    esac >>"$work/said"
    original=$(value "$work/source" config "$key")
    case $original in
      *\\*) fail "$key holds what this script cannot carry over" || return 1 ;;
      '') ;;
      *)
        grep -Fv "$own""origin.$key=" "$work/said" >"$work/rest"
        mv "$work/rest" "$work/said"
        echo "$own""origin.$key=$original" >>"$work/said"
        ;;
    esac
  done
  echo "$own""source=$identity" >>"$work/said"
  verified=
  [ ! -s "$work/target" ] || verified=$(value "$work/target" config "$own"verified)
  echo "$own""verified=$verified" >>"$work/said"
}

# Deletes what a run that broke off left in doubt: Incus shows a snapshot from the moment in which its sending begins.
clear_doubtful() {
  doubtful=$(value "$work/target" config "$own"sending | tr -d '[]"\134' | tr ',' '\n')
  [ -n "$doubtful" ] || return 0
  for doubt in $doubtful; do
    case $doubt in
      . | .. | *[!A-Za-z0-9._-]*) fail "the snapshot $doubt is in doubt; mirror once in VS Code" || return 1 ;;
    esac
    grep -q "^[^ ]* $doubt\$" "$work/there" || continue
    again snapshot delete --project "$to_project" -- "$to:$base" "$doubt" || fail "the snapshot $doubt could not be deleted: $why" || return 1
    grep -v "^[^ ]* $doubt\$" "$work/there" >"$work/rest"
    mv "$work/rest" "$work/there"
  done
}

# FROM PROJECT INSTANCE FINGERPRINT TO TO_PROJECT INCOMING MODE POOL
mirror() {
  from=$1 project=$2 instance=$3 identity=$4/$2/$3
  to=$5 to_project=$6 incoming=$7 mode=$8 pool=$9
  label="$from:$instance ($project) to $to"
  rm -f "$work/source" "$work/target" "$work/from" "$work/to"
  read_server "$from" "$work/from" || fail "the original's server: $why" || return 1
  read_server "$to" "$work/to" || fail "the snapshot server: $why" || return 1
  [ "$(fingerprint "$work/from")" = "$4" ] || fail "$from is another server than the one this was set up for" || return 1
  read_instance "$from" "$project" "$instance" "$work/source" || fail "the original: $why" || return 1
  if [ "$(value "$work/source" config "$own"source)" = "$(fingerprint "$work/to")/$to_project/$instance" ]; then
    fail "it is itself the mirror of what it would be written onto" || return 1
  fi
  base=$instance
  read_instance "$to" "$to_project" "$base" "$work/target"
  case $? in
    0) ;;
    1)
      # A first mirror bears its name only when it is whole.
      base=$incoming
      read_instance "$to" "$to_project" "$base" "$work/target"
      case $? in
        0) ;;
        1) : >"$work/target" ;;
        *) fail "the mirror: $why" || return 1 ;;
      esac
      ;;
    *) fail "the mirror: $why" || return 1 ;;
  esac
  snapshots "$work/source" >"$work/here"
  snapshots "$work/target" >"$work/there"
  if [ -s "$work/target" ]; then
    [ "$(value "$work/target" config "$own"source)" = "$identity" ] || fail "$base there is not its mirror" || return 1
    [ "$(member "$work/target" status)" = Stopped ] || fail "$base there runs" || return 1
    [ -z "$(value "$work/target" config "$own"parted)" ] || fail "nothing can be built on $base there: mirror once in VS Code, which keeps it and makes another one" || return 1
    clear_doubtful || return 1
  fi
  gone=$(comm -13 "$work/here" "$work/there" | cut -d ' ' -f 2- | tr '\n' ' ')
  if [ -n "$gone" ] && [ "$may_delete" = no ]; then
    fail "the mirror has snapshots that the original has not: $gone- mirror in VS Code, which can keep them" || return 1
  fi
  say_overrides || return 1
  sending=[$(comm -23 "$work/here" "$work/there" | cut -d ' ' -f 2- | sed 's/.*/"&"/' | tr '\n' ',' | sed 's/,$//')]
  if [ -s "$work/target" ]; then
    again config set --project "$to_project" -- "$to:$base" "$own""sending=$sending" || fail "the mirror could not be marked: $why" || return 1
  fi
  set -- --project "$project" --target-project "$to_project"
  [ -z "$pool" ] || set -- "$@" --storage "$pool"
  set -- "$@" --mode "$mode" --refresh -q
  while IFS= read -r pair; do set -- "$@" -c "$pair"; done <"$work/said"
  # Of a first mirror all was sent then, and written when it was made; on btrfs another attempt could spoil it.
  [ -s "$work/target" ] || enough="ETag doesn't match"
  again copy "$@" -c "$own""sending=$sending" -- "$from:$instance" "$to:$base"
  sent=$?
  enough=
  [ "$sent" -eq 0 ] || fail "it could not be sent: $why" || return 1
  verify || return 1
  again config set --project "$to_project" -- "$to:$base" "$own""sending=" "$own""verified=$(date -u +%Y-%m-%dT%H:%M:%SZ)" || fail "the mirror could not be marked whole: $why" || return 1
  if [ "$base" != "$instance" ]; then
    again rename --project "$to_project" -- "$to:$base" "$instance" || fail "the mirror could not be named: $why" || return 1
  fi
  log "$label: mirrored, $(wc -l <"$work/there" | tr -d ' ') snapshots"
}

# Exit code 0 of a copy proves nothing. The original lives on meanwhile: what it made or lost may be there or not.
verify() {
  read_instance "$to" "$to_project" "$base" "$work/target" || fail "the mirror could not be read back: $why" || return 1
  read_instance "$from" "$project" "$instance" "$work/source" || fail "the original could not be read back: $why" || return 1
  snapshots "$work/target" >"$work/there"
  snapshots "$work/source" >"$work/after"
  missing=$(comm -12 "$work/here" "$work/after" | comm -23 - "$work/there" | cut -d ' ' -f 2- | tr '\n' ' ')
  foreign=$(sort -u "$work/here" "$work/after" | comm -13 - "$work/there" | cut -d ' ' -f 2- | tr '\n' ' ')
  [ -z "$missing$foreign" ] || fail "not verified; missing: $missing; not of the original: $foreign" || return 1
  [ "$(member "$work/target" status)" = Stopped ] || fail "not verified: the mirror runs" || return 1
  while IFS= read -r pair; do
    [ "$(value "$work/target" config "${'${pair%%=*}'}")" = "${'${pair#*=}'}" ] || fail "not verified: ${'${pair%%=*}'} is not as it was set" || return 1
  done <"$work/said"
}
`;
