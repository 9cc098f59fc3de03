#!/bin/sh
# units.sh PREFIX BINDIR: the units that were installed name each other and the program; where systemd's own tool is at hand, it takes them.
set -eu
units=$1/lib/systemd/system
program=$1/$2/spaceca
complain() {
  echo "$1" >&2
  exit 1
}
# value UNIT KEY: of the one line that says it.
value() { sed -n "s/^$2=//p" "$units/$1"; }

[ "$(cd "$units" && echo spaceca-*)" = 'spaceca-sweep.service spaceca-sweep.timer' ] || complain "$units holds $(ls "$units")"
for unit in spaceca-sweep.service spaceca-sweep.timer; do
  # A section, a setting, a comment, or nothing.
  if grep -Evn '^(\[[A-Z][a-z]+\]|[A-Z][A-Za-z]+=.+|#.*|)$' "$units/$unit"; then complain "$unit: no line of a unit"; fi
done
[ "$(value spaceca-sweep.service Also)" = spaceca-sweep.timer ] || complain 'the service does not bring its timer'
[ -n "$(value spaceca-sweep.timer OnCalendar)" ] || complain 'the timer has no time'

# What is started is the program, with words that it understands: it misses the store, with 3, and not a meaning, with 2.
command=$(value spaceca-sweep.service ExecStart)
[ "${command%% *}" = spaceca ] || complain "the service starts ${command%% *}"
# shellcheck disable=SC2086  # a list of words
SPACECA_STORE=sqlite:/nonexistent/ca.db "$program" ${command#spaceca } >/dev/null 2>&1 || status=$?
[ "${status-0}" -eq 3 ] || complain "$command ends with ${status-0}"

command -v systemd-analyze >/dev/null || exit 0
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
sed "s,^ExecStart=spaceca ,ExecStart=$(realpath "$program") ," "$units/spaceca-sweep.service" >"$root/spaceca-sweep.service"
cp "$units/spaceca-sweep.timer" "$root"
# What it thinks of other units of this system is not about ours.
said=$(systemd-analyze verify "$root/spaceca-sweep.service" "$root/spaceca-sweep.timer" 2>&1 | grep spaceca-sweep || true)
[ -z "$said" ] || complain "$said"
