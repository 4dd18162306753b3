/**
 * The part of a script that thins out snapshots by the rules that stand on their instances, as **Prune Snapshots** does:
 * what is chosen is what `retention.ts` chooses, and a test holds the two against each other.
 */
import type { InstanceRef } from '../../model.ts';
import { type OffsetChange, offsetChanges } from '../schedule/zone.ts';
import type { Script } from './script.ts';

/** Snapshots are dated from the first LXD on; a script is written anew with each change of its settings. */
const KNOWN = { from: new Date('2014-01-01T00:00:00Z'), to: new Date('2056-01-01T00:00:00Z') } as const;

/** The names that a script deletes. All others stay, whatever the rules say: what JSON or a path writes otherwise. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9._-]+$/.test(name) && name !== '.' && name !== '..';
}

/** What the clock of a server shows: awk knows no time zones. */
export function clockText(zone: string): string {
  const line = ({ at, offset }: OffsetChange) => `${at.getTime() / 1000} ${offset}`;
  return `# Seconds since 1970 from which on the clock is so many minutes ahead of UTC: ${zone}\nclock='${offsetChanges(zone, KNOWN.from, KNOWN.to).map(line).join('\n')}'`;
}

/** Chooses: shell functions that read an instance as `incus query` prints it. They stand on `clock` and `own`. */
export const CHOICE = String.raw`# Each snapshot as "NUMBER MILLISECONDS NAME", in the order of the list; nothing where a date cannot be read: FILE
dated() {
  awk '
    function days(y, m, d,  era, of, doy) {
      if (m <= 2) y--
      era = int(y / 400)
      of = y - era * 400
      doy = int((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 1
      return era * 146097 + of * 365 + int(of / 4) - int(of / 100) + doy - 719468
    }
    # Some awks take a leading zero for octal.
    function number(text) {
      sub(/^0+/, "", text)
      return text + 0
    }
    function field(at, place, count) {
      return number(substr(at, place, count))
    }
    function milliseconds(at,  part, day) {
      if (at !~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9](\.[0-9]+)?Z$/) { bad = 1; return 0 }
      part = substr(at, 20, 1) == "." ? substr(substr(at, 21, length(at) - 21) "000", 1, 3) : "000"
      day = days(field(at, 1, 4), field(at, 6, 2), field(at, 9, 2))
      return sprintf("%.0f", (((day * 24 + field(at, 12, 2)) * 60 + field(at, 15, 2)) * 60 + field(at, 18, 2)) * 1000 + number(part))
    }
    index($0, "\t\"snapshots\": [") == 1 { inside = 1; next }
    inside && /^\t]/ { exit }
    inside && /^\t\t\t"created_at": "/ { at = substr($0, 19); sub(/",?$/, "", at) }
    inside && /^\t\t\t"name": "/ { n = substr($0, 13); sub(/",?$/, "", n); line[++count] = count " " milliseconds(at) " " n }
    END { if (bad) exit 1; for (i = 1; i <= count; i++) print line[i] }' "$1"
}

# The times of pinned snapshots, in milliseconds: FILE
pinned() {
  awk -v key="$tab$tab\"$own""pin." '
    index($0, "\t\"config\": {") == 1 { inside = 1; next }
    inside && /^\t}/ { exit }
    inside && index($0, key) == 1 { v = substr($0, length(key) + 1); if (v !~ /^[0-9]+": "",?$/) { sub(/".*/, "", v); print v } }' "$1"
}

# Whether these are rules, each once, like "hourly=24 daily=30": RULES
are_rules() {
  printf '%s\n' "$1" | awk '
    { if (NF == 0) bad = 1
      for (i = 1; i <= NF; i++) {
        if ($i !~ /^(last|hourly|daily|weekly|monthly|yearly)=[1-9][0-9]?[0-9]?[0-9]?$/ || seen[substr($i, 1, 2)]++) bad = 1
      } }
    END { exit bad || NR != 1 }'
}

# What is to go, as "MILLISECONDS NAME", the oldest first: FILE RULES
to_go() {
  dated "$1" >"$work/dated" || return 1
  {
    printf '%s\n' "$clock" | sed 's/^/c /'
    pinned "$1" | sed 's/^/p /'
    printf '%s\n' "$2" | tr ' ' '\n' | sed -n 's/^\([a-z]*\)=\([0-9]*\)$/r \1 \2/p'
    sort -k 2,2nr -k 1,1nr "$work/dated" | sed 's/^/s /'
  } | awk '
    # The day, the hour and the offset of a moment, by the clock of the server, and what week, month and year it is in.
    function read_clock(i,  at, c, local, z, era, doe, yoe, doy, mp, y, m, wd) {
      at = int(ms[i] / 1000)
      for (c = clocks; c > 1 && from[c] > at; c--);
      local = at + ahead[c] * 60
      z = int(local / 86400)
      wd = (z + 4) % 7
      hour[i] = z "/" int((local - z * 86400) / 3600) "/" ahead[c]
      day[i] = z
      # A week belongs to its Thursday.
      week[i] = z + 4 - (wd == 0 ? 7 : wd)
      z += 719468
      era = int(z / 146097)
      doe = z - era * 146097
      yoe = int((doe - int(doe / 1460) + int(doe / 36524) - int(doe / 146096)) / 365)
      doy = doe - (365 * yoe + int(yoe / 4) - int(yoe / 100))
      mp = int((5 * doy + 2) / 153)
      m = mp < 10 ? mp + 3 : mp - 9
      y = yoe + era * 400 + (m <= 2 ? 1 : 0)
      month[i] = y "/" m
      year[i] = y
    }
    function period(rule, i) {
      if (rule == "last") return i
      if (rule == "hourly") return hour[i]
      if (rule == "daily") return day[i]
      if (rule == "weekly") return week[i]
      if (rule == "monthly") return month[i]
      return year[i]
    }
    function apply(rule, most,  i, own, size, covered, kept) {
      for (i = 1; i <= count; i++) if (!above[i] && state[i] == "kept") covered[period(rule, i)] = 1
      for (i = 1; i <= count; i++) {
        if (above[i] || state[i] != "") continue
        own = period(rule, i)
        if (own in covered) continue
        if (own in kept) state[i] = "goes"
        else if (size >= most) return
        else { kept[own] = 1; size++; state[i] = "kept" }
      }
    }
    $1 == "c" { from[++clocks] = $2; ahead[clocks] = $3 }
    $1 == "p" { pins[$2] = 1 }
    $1 == "r" { most[$2] = $3; asked = 1 }
    $1 == "s" {
      ms[++count] = $3
      name[count] = substr($0, length($2) + length($3) + 5)
      # Names that are written otherwise in JSON or in a path are left to VS Code.
      above[count] = (ms[count] in pins) || name[count] !~ /^[A-Za-z0-9._-]+$/ || name[count] == "." || name[count] == ".."
      read_clock(count)
    }
    END {
      if (!asked) exit
      split("last hourly daily weekly monthly yearly", rules, " ")
      for (r = 1; r <= 6; r++) if (most[rules[r]] > 0) apply(rules[r], most[rules[r]] + 0)
      # Whatever the rules come to, the newest stays.
      for (i = count; i > 1; i--) if (!above[i] && state[i] != "kept") print ms[i], name[i]
    }'
}

# Whether somebody is at work on an instance, or a schedule may be: FILE INSTANCE
is_busy() {
  awk -v own="/1.0/instances/$2" '
    /^\t"(running|pending)": \[/ { inside = 1; next }
    /^\t]/ { inside = 0 }
    !inside { next }
    /^\t\t[{]/ { makes = 0; names = 0 }
    /^\t\t\t"description": "Snapshotting instance"/ { makes = 1 }
    {
      path = $0
      gsub(/[\t ",]/, "", path)
      sub(/\?.*/, "", path)
      if (index(path, "/1.0/instances/") == 1) names = 1
      if (path == own || index(path, own "/") == 1) busy = 1
    }
    # A schedule does not say of which instance.
    /^\t\t[}]/ && makes && !names { busy = 1 }
    END { exit !busy }' "$1"
}
`;

const PRUNE = String.raw`# Reads the instance at a moment in which nobody is at work on it: a snapshot in the making is no snapshot yet.
read_quiet() {
  waited=0
  while :; do
    read_instance "$remote" "$project" "$instance" "$work/instance" || fail "it could not be read: $why" || return 1
    again query "$remote:/1.0/operations?recursion=1&all-projects=true" >"$work/operations" || fail "it is not known who is at work on it: $why" || return 1
    is_busy "$work/operations" "$instance" || return 0
    waited=$((waited + 1))
    [ "$waited" -lt 40 ] || fail "somebody is at work on it: nothing is deleted meanwhile" || return 1
    sleep 3
  done
}

# REMOTE PROJECT INSTANCE FINGERPRINT
prune() {
  remote=$1 project=$2 instance=$3
  label="$remote:$instance ($project)"
  read_server "$remote" "$work/from" || fail "the server: $why" || return 1
  [ "$(fingerprint "$work/from")" = "$4" ] || fail "$remote is another server than the one this was set up for" || return 1
  gone=0
  before=
  # All is read again before each one: deleting some of what is to go leaves the rest to go.
  while :; do
    read_quiet || return 1
    if [ -n "$(value "$work/instance" config "$own"source)" ]; then
      log "$label: a mirror loses its snapshots with its original: left alone"
      return 0
    fi
    rules=$(value "$work/instance" expanded_config "$own"retention)
    if [ -z "$rules" ]; then
      log "$label: it has no rules: left alone"
      return 0
    fi
    are_rules "$rules" || fail "its rules cannot be read: $rules" || return 1
    to_go "$work/instance" "$rules" >"$work/going" || fail "the dates of its snapshots cannot be read" || return 1
    [ -s "$work/going" ] || break
    first=$(head -n 1 "$work/going")
    [ "$first" != "$before" ] || fail "the snapshot ${'${first#* }'} is still there after it was deleted" || return 1
    before=$first
    if again snapshot delete --project "$project" -- "$remote:$instance" "${'${first#* }'}"; then
      gone=$((gone + 1))
      log "$label: deleted ${'${first#* }'}"
    else
      case $why in
        *'not found'*) ;;
        *) fail "the snapshot ${'${first#* }'} could not be deleted: $why" || return 1 ;;
      esac
    fi
  done
  log "$label: $gone deleted, $(wc -l <"$work/dated" | tr -d ' ') stay"
}
`;

/**
 * @param fingerprint SHA-256 of the server's certificate: a remote can come to mean another server
 * @param zone the server's time zone: its days are what daily means
 */
export function pruneScript(
  instances: readonly InstanceRef[],
  fingerprint: string,
  zone: string,
): Pick<Script, 'about' | 'variables' | 'functions' | 'does' | 'words' | 'done'> {
  return {
    about: [
      'Deletes snapshots by the rules that stand on their instances, as the VS Code extension "Incus Snapshots" does.',
      'Written by "Automate Pruning", which finds it again by the next line, changes it and removes it.',
    ],
    variables: [clockText(zone)],
    functions: [CHOICE, PRUNE],
    does: 'prune',
    words: instances.map(({ remote, project, instance }) => [remote, project, instance, fingerprint]),
    done: 'pruned',
  };
}
