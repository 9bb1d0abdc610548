#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Stopping leaves nothing behind, starting again goes on where it ended.

# shellcheck source=tests/root/service.bash
source "$BATS_TEST_DIRNAME/service.bash"

setup() { private_folder; }

pins() { find /sys/fs/bpf/doorward 2>/dev/null | wc -l; }
# How many of these processes hold a fanotify group: without a holder a group,
# and with it every mark, is gone.
holders() {
	local pid n=0
	for pid in "$@"; do
		! grep -qs fanotify "/proc/$pid/fdinfo/"* || n=$((n + 1))
	done
	echo $n
}

@test "SIGTERM: exit 0, and no process, mark, pin, socket or mount is left" {
	configure_tee
	local mounts before pids pid
	mounts=$(sort /proc/self/mountinfo | sha256sum)
	before=$(pins)
	start_service
	is "$(opens "$file" O_WRONLY)" EPERM
	pids="$loader $(pgrep -P "$loader" | tr '\n' ' ')"
	# shellcheck disable=SC2086 # pids
	is "$(holders $pids)" 2
	stop_service
	is "$rc" 0
	for pid in $pids; do gone "$pid"; done
	is "$(pins)" "$before"
	is "$(sort /proc/self/mountinfo | sha256sum)" "$mounts"
	[ ! -e "$sock" ]
	[ ! -e "$D/run/events.sock" ]
	is "$(opens "$file" O_WRONLY)" ok
}

@test "a restart goes on with the same log" {
	configure_tee
	start_service
	is "$(opens "$file" O_WRONLY)" EPERM
	wait_record event '.verdict == "deny"'
	keep_key
	stop_service
	start_service
	is "$(ctl log key)" "$(cat "$D/log.pub")"
	is "$(opens "$file" O_WRONLY)" EPERM
	wait_record event '.verdict == "deny"' 2
	wait_record open '.clean == true'
	wait_record close '.signal == 15'
	stop_service
	verify_intact
}

@test "stopping under load: every opener is answered" {
	configure_tee
	chmod 666 "$file"
	mkfifo "$D/in"
	start_service
	timeout 60 "$tools/openers" "$file" 20 w fresh either <"$D/in" >"$D/out" 2>&1 3>&- &
	local pid=$!
	others+=("$pid")
	exec 7>"$D/in"
	until_true 20 grep -q up "$D/out"
	keep_key
	stop_service
	exec 7>&-
	wait "$pid"
	like "$(tail -n 1 "$D/out")" 'unanswered 0'
	verify_intact
}

@test "ten starts and stops: nothing accumulates" {
	configure_tee
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		start_service
		is "$(opens "$file" O_WRONLY)" EPERM
		stop_service
	done
	keep_key
	verify_intact
	is "$(find "$D/run" -type s | wc -l)" 0
}

@test "READY=1 and STOPPING=1 reach a service manager" {
	configure_tee
	mkdir "$D/notify"
	timeout 60 socat -u "UNIX-RECV:$D/notify/sock" "CREATE:$D/notify/said" 3>&- &
	others+=($!)
	until_true 10 test -S "$D/notify/sock"
	start_service NOTIFY_SOCKET="$D/notify/sock"
	until_true 10 grep -q 'READY=1' "$D/notify/said"
	stop_service
	until_true 10 grep -q 'STOPPING=1' "$D/notify/said"
}

@test "without -f it goes to the background when it is ready" {
	configure_tee
	timeout 60 "$build/loader/doorward-loader" -c "$conf" >"$D/service.out" 2>"$D/service.log" </dev/null 3>&-
	# Known to teardown before anything can fail.
	loader=$(pgrep -of "^$build/loader/doorward-loader -c $conf\$")
	others+=("$loader")
	is_guarding
	is "$(opens "$file" O_WRONLY)" EPERM
	kill -TERM "$loader"
	until_true 15 gone "$loader"
	[ ! -e "$sock" ]
}
