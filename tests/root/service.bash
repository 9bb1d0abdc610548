# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# service.bash: what the tests here share. Each test has a private folder $D
# under /var/tmp with a service of its own in it, and leaves nothing behind: no
# process, mount or file, whatever came of it. Nothing sleeps for a time: things
# are waited for, up to a limit.

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
build=${DOORWARD_BUILD:-$top/build}
tools=$build/tests/root
limit=180 # seconds: no service of ours outlives this

private_folder() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -x "$build/loader/doorward-loader" ] || skip "$build is not built"
	[ -x "$tools/opens" ] || skip "the tests' programs are not built: make check TESTS="
	D=$(mktemp -d /var/tmp/doorward-test.XXXXXX)
	chmod 755 "$D"
	mkdir "$D/guarded"
	file=$D/guarded/file
	conf=$D/doorward.conf
	log=$D/state/log
	sock=$D/run/control.sock
	guard=
	loader=
	others=()
}

# configure [SETTING...] <WATCHES: writes the policy; mode enforce unless a
# setting says something else.
configure() {
	{
		case " $* " in
		*' mode '*) ;;
		*) echo 'set mode enforce' ;;
		esac
		printf '%s\n' "$@"
		printf 'set %s "%s"\n' state-dir "$D/state" run-dir "$D/run"
		cat
	} >"$conf"
	chmod 600 "$conf"
}

# The policy most tests use: only tee may write below guarded.
configure_tee() {
	configure "$@" <<-CONF
		watch test {
		    path "$D/guarded/**"
		    allow write by exe "/usr/bin/tee"
		    deny change message "only tee may write here"
		}
	CONF
	echo one >"$file"
}

ctl() { timeout 30 "$build/store/doorwardctl" --socket "$sock" --log "$log" "$@"; }

pause() { read -rt 0.02 <> <(:) || true; }

# until_true SECONDS COMMAND...: again and again until it succeeds.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@" 2>"$D/until"; do
		[ $SECONDS -lt $end ] || {
			echo "not within the limit: $*" >&2
			cat "$D/until" >&2
			return 1
		}
		pause
	done
}

# holds EXPRESSION [ARGUMENT...]: true of the JSON value on standard input. (jq
# 1.6 calls no value at all a success.)
holds() {
	local expression=$1 got
	shift
	got=$(jq -r "$@" "if ($expression) then \"yes\" else . end" 2>&1) || true
	[ "$got" = yes ] || {
		echo "not so: $expression" >&2
		echo "of: $got" >&2
		return 1
	}
}

is_guarding() { ctl status --json 2>/dev/null | holds .guarding 2>/dev/null; }

# launch COMMAND...: a service started through COMMAND, not waited for.
launch() {
	rm -f "$D/pid"
	timeout -k 5 $limit "$@" sh -c 'echo $$ >"$1.new"; mv "$1.new" "$1"
		shift; exec "$@"' sh "$D/pid" \
		"$build/loader/doorward-loader" -f -c "$conf" \
		>"$D/service.out" 2>>"$D/service.log" </dev/null 3>&- &
	guard=$!
}

up_or_over() { is_guarding || over; }

# start_service [COMMAND...]: a service (through COMMAND) that guards.
start_service() {
	: >>"$D/service.log"
	launch env "$@"
	until_true 30 up_or_over
	is_guarding || {
		echo "the service did not start:" >&2
		return 1
	}
	loader=$(cat "$D/pid")
}

# The service ends by itself, or at a signal already sent. Sets $rc.
ended() {
	until_true "${1:-15}" over || return 1
	rc=0
	wait "$guard" || rc=$?
	guard=
}

over() { ! kill -0 "$guard" 2>/dev/null; }

stop_service() {
	kill -TERM "$loader"
	ended
	[ "$rc" = 0 ]
}

# refused COMMAND...: a service that must not start (through COMMAND). Sets $rc.
refused() {
	: >"$D/service.log"
	launch env "$@"
	ended 30
	[ "$rc" != 0 ]
}

said() { grep -qE -- "$1" "$D/service.log"; }

# child NAME: the pid of the doorward-NAME at work. A standby has no channel
# but the loader's: it is not meant.
child() {
	local pid best='' most=0 n
	for pid in $(pgrep -P "$loader"); do
		[ "$(readlink "/proc/$pid/exe")" = "$(readlink -f "$(program "$1")")" ] || continue
		n=$(ls "/proc/$pid/fd" 2>/dev/null | wc -l)
		[ "$n" -le $most ] || most=$n best=$pid
	done
	echo "$best"
}

program() {
	case $1 in
	monitor | inspector) echo "$build/monitor/doorward-$1" ;;
	decider | policy) echo "$build/decider/doorward-$1" ;;
	store | sealer | query) echo "$build/store/doorward-$1" ;;
	loader) echo "$build/loader/doorward-loader" ;;
	esac
}

# opens PATH FLAGS: what came of one open: "ok" or an errno's name.
opens() { "$tools/opens" "$@" || true; }

# in_status EXPRESSION: a number of the status.
in_status() { ctl status --json | jq -r "$1"; }
status_says() { ctl status --json 2>/dev/null | holds "$1"; }

query() { ctl query --json "$@"; }

# has_record KIND CONDITION [COUNT]: at least COUNT sealed records are like that.
has_record() {
	query --kind "$1" 2>/dev/null |
		holds "map(select($2)) | length >= ${3:-1}" -s 2>/dev/null
}
wait_record() {
	until_true 15 has_record "$@" || {
		query | jq -c 'select(.kind != "seal")' | tail -n 40 >&2
		return 1
	}
}

# The last record of the kind that fulfils the condition.
last_record() {
	query --kind "$1" | jq -sc "map(select($2)) | last"
}

# is VALUE WANTED
is() {
	[ "$1" = "$2" ] || {
		echo "is: $1" >&2
		echo "wanted: $2" >&2
		return 1
	}
}

# like TEXT PATTERN (extended regular expression)
like() {
	grep -qE -- "$2" <<<"$1" || {
		echo "is: $1" >&2
		echo "wanted like: $2" >&2
		return 1
	}
}

# What an auditor keeps; the log's first seal takes a moment after the start.
keep_key() { until_true 15 eval 'ctl log key >"$D/log.pub"'; }

verify_intact() {
	local key=$D/log.pub out rc=0
	[ -s "$key" ] || keep_key
	out=$(ctl log verify "${1:-$log}" --key "$key") || rc=$?
	echo "$out" >&2
	[ $rc = 0 ] && like "$out" '^INTACT'
}

end_group() {
	local pid=$1
	kill -TERM "$pid" 2>/dev/null || true
	until_true 8 gone "$pid" 2>/dev/null || {
		# The group is the one timeout(1) made for it.
		kill -CONT -- "-$pid" 2>/dev/null || true
		kill -KILL -- "-$pid" 2>/dev/null || true
	}
	until_true 5 gone "$pid" || true
	wait "$pid" 2>/dev/null || true
}
gone() { ! kill -0 "$1" 2>/dev/null; }

teardown() {
	local where
	[ -n "${D:-}" ] || return 0
	[ -n "${BATS_TEST_COMPLETED:-}" ] || sed 's/^/service: /' "$D/service.log" | tail -n 60
	if [ -n "$guard" ]; then
		# A stopped child would not see the end come.
		kill -CONT -- "-$guard" 2>/dev/null || true
		end_group "$guard"
	fi
	for where in "${others[@]}"; do
		end_group "$where"
	done
	awk -v d="$D" 'index($5, d) == 1 { print $5 }' /proc/self/mountinfo |
		sort -r | while read -r where; do umount -l "$where"; done
	rm -rf "$D"
}
