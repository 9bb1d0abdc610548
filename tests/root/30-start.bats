#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What doorward-loader does with a configuration, a machine or a user it cannot
# work with, and what it leaves behind after a life in a private folder.

setup() {
	build=${DOORWARD_BUILD:-$BATS_TEST_DIRNAME/../../build}
	loader=$build/loader/doorward-loader
	[ "$(id -u)" = 0 ] || skip "only root can start the service"
	[ -x "$loader" ] || skip "doorward-loader is not built"
	getent passwd doorward-policy >/dev/null ||
		skip "the accounts do not exist (quickstart --prepare)"
	dir=$(mktemp -d /tmp/doorward-start.XXXXXX)
	chmod 755 "$dir"
	mkdir "$dir/w"
	echo one >"$dir/w/file"
	conf=$dir/dw.conf
	cat >"$conf" <<-END
		set mode enforce
		set state-dir "$dir/state"
		set control "$dir/run/control.sock"
		watch w {
		    path "$dir/w/**"
		    path "$dir/later/f.conf"
		    on-timeout deny
		    allow read
		    deny write
		}
	END
	pid=
}

teardown() {
	[ -z "$pid" ] || stop_service
	[ -z "$dir" ] || rm -rf "$dir"
}

# Must end by itself: with the status and words given.
refused() {
	local status_wanted=$1 words=$2
	shift 2
	run timeout 20 "$@"
	echo "$output"
	[ "$status" -eq "$status_wanted" ]
	[[ "$output" == *"$words"* ]]
}

start_service() {
	timeout 60 "$loader" -f -c "$conf" >"$dir/out" 2>&1 3>&- &
	pid=$!
	wait_for "guarding:"
	main=$(pgrep -P "$pid")
}

wait_for() {
	timeout 20 sh -c \
		"until grep -q '$1' '$dir/out'; do kill -0 $pid || exit 1; done" ||
		{ cat "$dir/out"; return 1; }
}

stop_service() {
	kill -TERM "$(pgrep -P "$pid")" || true
	wait "$pid" || true
	pid=
}

child() {
	local c
	for c in $(pgrep -P "$main"); do
		# The first of a kind is the one at work.
		grep -q "^Name:.doorward-$1" "/proc/$c/status" && echo "$c" && return
	done
}

@test "an unknown option is refused" {
	refused 2 "unrecognized option" "$loader" --nonsense
	refused 2 "unexpected argument" "$loader" something
}

@test "an unprivileged start says what is missing" {
	refused 1 "needs root" setpriv --reuid 65534 --clear-groups \
		"$loader" -f -c "$conf"
}

@test "without the right to fanotify it says so" {
	command -v capsh >/dev/null || skip "no capsh"
	refused 1 "needs CAP_SYS_ADMIN" capsh --drop=cap_sys_admin -- -c \
		"exec '$loader' -f -c '$conf'"
}

@test "a policy with errors starts nothing and is shown" {
	echo 'watch {' >>"$conf"
	refused 2 "dw.conf:12" "$loader" -f -c "$conf"
	[ ! -e "$dir/state" ]
}

@test "a missing configuration is named" {
	refused 2 "$dir/none.conf: No such file" "$loader" -f -c "$dir/none.conf"
}

@test "a configuration others can change is refused" {
	chmod 664 "$conf"
	refused 2 "$conf: is writable by others" "$loader" -f -c "$conf"
	chmod 644 "$conf"
	chown 65534 "$conf"
	refused 2 "$conf: is not owned by root" "$loader" -f -c "$conf"
	chown 0 "$conf"
	chmod 777 "$dir"
	refused 2 "$dir: is writable by others" "$loader" -f -c "$conf"
	chmod 755 "$dir"
	mkdir "$conf.d"
	chmod 1777 "$conf.d"
	refused 2 "$conf.d: is writable by others" "$loader" -f -c "$conf"
}

@test "a configuration that is no plain file is refused" {
	ln -s dw.conf "$dir/link.conf"
	refused 2 "is a symbolic link" "$loader" -f -c "$dir/link.conf"
	mkfifo "$dir/fifo.conf"
	refused 2 "is not a regular file" "$loader" -f -c "$dir/fifo.conf"
}

@test "a state directory of somebody else is refused" {
	mkdir "$dir/state"
	chown 65534 "$dir/state"
	refused 1 "belongs to 65534:0" "$loader" -f -c "$conf"
}

@test "programs that are not there are named" {
	sed -i "1i set libexec-dir \"$dir/nowhere\"" "$conf"
	refused 1 "$dir/nowhere/" "$loader" -f -c "$conf"
}

@test "a second instance on the same state says so and goes" {
	start_service
	refused 1 "another doorward-loader is running" "$loader" -f -c "$conf"
	run cat "$dir/w/file"
	[ "$status" -eq 0 ]
}

@test "new directories, late paths and replaced files are guarded" {
	start_service
	mkdir -p "$dir/w/a/b" "$dir/later"
	echo x >"$dir/later/f.conf"
	echo x >"$dir/other"
	# The marks follow the change; nothing says when.
	for f in "$dir/w/a/b/new" "$dir/later/f.conf"; do
		timeout 10 sh -c "while (echo x >>'$f') 2>/dev/null; do :; done"
	done
	mv "$dir/other" "$dir/later/f.conf"
	timeout 10 sh -c \
		"while (echo x >>'$dir/later/f.conf') 2>/dev/null; do :; done"
	run cat "$dir/later/f.conf"
	[ "$status" -eq 0 ]
}

@test "a killed monitor and decider are replaced and verdicts stay right" {
	start_service
	for victim in monito decide; do
		before=$(grep -c "replaced by" "$dir/out" || true)
		kill -KILL "$(child $victim)"
		run timeout 5 cat "$dir/w/file"
		[ "$status" -eq 0 ]
		run timeout 5 sh -c "echo x >>'$dir/w/file'"
		[ "$status" -ne 0 ]
		timeout 10 sh -c "until [ \$(grep -c 'replaced by' '$dir/out') \
			-gt $before ]; do :; done"
	done
}

@test "a reload with an error changes nothing" {
	start_service
	echo 'watch {' >>"$conf"
	kill -HUP "$main"
	wait_for "reload failed"
	run timeout 5 sh -c "echo x >>'$dir/w/file'"
	[ "$status" -ne 0 ]
}

@test "each process has its user, no capability and a filter" {
	start_service
	[ "$(pgrep -P "$main" | wc -l)" -eq 9 ]
	for c in $(pgrep -P "$main"); do
		grep -q "^NoNewPrivs:.1" "/proc/$c/status"
		grep -q "^Seccomp:.2" "/proc/$c/status"
		grep -q "^CapEff:.0000000000000000" "/proc/$c/status"
		grep -q "^CapBnd:" "/proc/$c/status"
		[ "$(awk '/^Uid:/ { print $2 }' "/proc/$c/status")" -ne 0 ]
	done
	grep -q "^NoNewPrivs:.1" "/proc/$main/status"
	grep -q "^Seccomp:.2" "/proc/$main/status"
	# DAC_READ_SEARCH KILL SETGID SETUID SETPCAP SYS_CHROOT SYS_PTRACE
	# SYS_RESOURCE BPF, as far as the machine has them.
	left=$(awk '/^CapEff:/ { print $2 }' "/proc/$main/status")
	[ $((0x$left & ~0x80010c01e4)) -eq 0 ]
}

@test "a stop leaves no process, socket or mark" {
	start_service
	kids=$(pgrep -P "$main")
	stop_service
	for c in $kids; do
		[ ! -e "/proc/$c" ] || [[ "$(cat "/proc/$c/comm")" != doorward* ]]
	done
	[ ! -e "$dir/run/control.sock" ]
	[ -e "$dir/state/clean-stop" ]
	echo x >>"$dir/w/file"
}
