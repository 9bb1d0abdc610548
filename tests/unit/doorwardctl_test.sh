#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What doorwardctl does without a service: usage, hints, exit codes. Runs in the
# build tree.
set -u

ctl=store/doorwardctl
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
bad=0
unset DOORWARD_SOCKET DOORWARD_LOG

# expect CODE TEXT ARGUMENTS...: exit code, and a text somewhere in what it says
expect() {
	code=$1 text=$2
	shift 2
	"$ctl" "$@" > "$room/said" 2>&1 < /dev/null
	got=$?
	if [ "$got" -ne "$code" ]; then
		echo "doorwardctl $*: exit $got, expected $code:"
		sed 's/^/    /' "$room/said"
		bad=1
	elif ! grep -qF -e "$text" "$room/said"; then
		echo "doorwardctl $*: does not say \"$text\":"
		sed 's/^/    /' "$room/said"
		bad=1
	fi
}

expect 0 'usage: doorwardctl' --help
expect 0 'usage: doorwardctl' help
expect 0 'doorwardctl ' --version
expect 2 'usage: doorwardctl'
expect 2 'did you mean status?' statsu
expect 2 'log what?' log
expect 2 'did you mean log verify?' log veriffy

# Every command that --help names explains itself.
"$ctl" --help | sed -nE 's/^  ([a-z]+( [a-z]+)?) .*/\1/p' > "$room/commands"
[ "$(wc -l < "$room/commands")" -ge 10 ] || {
	echo "--help names too few commands"
	bad=1
}
while read -r command; do
	# shellcheck disable=SC2086 # a command may be two words
	expect 0 "usage: doorwardctl $command" $command --help
done < "$room/commands"

expect 2 'did you mean --limit?' query --limti 3
expect 2 'needs a value: --path' query --path
expect 2 'takes no value: --reverse' query --reverse=yes
expect 2 'unexpected argument: x' status x
expect 2 'unknown option -x' status -x
expect 2 'missing argument: INDEX' why
expect 2 'not an index' why 12a
expect 2 'not an index' why -- -1

# Bad filters are refused before anybody is asked.
for filter in '--since soon' '--op wipe' '--verdict maybe' '--uid root' \
	'--uid -1' '--limit x' '--kind all' '--since 2026-02-30'; do
	# shellcheck disable=SC2086 # an option and its value
	expect 2 'try: doorwardctl query --help' query $filter
done
expect 2 'unknown option --since' tail --since 2h
expect 2 'not UTF-8' query --path "$(printf '/\377')"

# Nobody there, wherever the option stands.
none=$room/none.sock
expect 3 "$none" --socket "$none" status
expect 3 "$none" status --socket "$none"
expect 3 "$none" status --json --socket="$none"
expect 3 'cannot be reached' --socket "$none" query --since 2h --op change
expect 3 'cannot be reached' --socket "$none" tail
expect 3 'cannot be reached' --socket "$none" reload
expect 3 'cannot be reached' --socket "$room" metrics
expect 3 'too long' --socket "/$(printf '%0200d' 0)" status
DOORWARD_SOCKET=$none
export DOORWARD_SOCKET
expect 3 "$none" status
unset DOORWARD_SOCKET

# log verify has its own exit codes.
expect 5 'did you mean --key?' log verify --kye x
expect 5 "$room/no.key" log verify --key "$room/no.key" "$room"
expect 5 'not a time' log verify --collected-at soon "$room"
expect 5 "$room" log verify "$room"
expect 1 'no log' log key --log "$room"
expect 1 'no log' --log "$room" log checkpoint

# check and test are the compiler's.
echo 'watch w { path "/etc/**" deny write }' > "$room/good.conf"
echo 'watch w { path "etc" }' > "$room/bad.conf"
expect 0 'ok' policy check "$room/good.conf"
expect 2 'bad.conf:1:' policy check "$room/bad.conf"
expect 0 'deny' policy test --path /etc/x --op write --exe /bin/tee --uid 0 \
	-c "$room/good.conf"
exit $bad
