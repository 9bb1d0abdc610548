#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The sockets: any client in any language, who may ask what, clients that behave
# badly, and a collector from the distribution at the other end.

# shellcheck source=tests/root/service.bash
source "$BATS_TEST_DIRNAME/service.bash"

setup() { private_folder; }

raw() { timeout 60 "$top/tests/root/rawclient.py" "$sock" "$@"; }
as_other() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
as_member() {
	setpriv --reuid 65534 --regid 65534 --groups "$(getent group doorward | cut -d: -f3)" "$@"
}
still_answering() {
	is "$(opens "$file" O_WRONLY)" EPERM
	is "$(opens "$file" O_RDONLY)" ok
	ctl status >/dev/null
}

@test "a client that is not doorwardctl: status, query, why, and an unknown request" {
	configure_tee
	start_service
	is "$(opens "$file" O_WRONLY)" EPERM
	wait_record event '.verdict == "deny"'
	raw ask '{"do":"status"}' | holds '.ok == true and .guarding == true'
	raw ask '{"do":"query","verdict":"deny"}' >"$D/out"
	holds 'last.end == true and (map(select(.kind == "event")) | length) == 1' -s <"$D/out"
	local index
	index=$(jq -s 'map(select(.kind == "event"))[0].index' "$D/out")
	raw ask "{\"do\":\"why\",\"index\":$index}" | holds '.ok == true'
	raw ask '{"do":"frobnicate"}' | holds '.ok == false and (.error | length) > 0'
	raw ask '{"do":"query","frob":1}' | holds '.ok == false'
	raw ask '[1,2]' | holds '.ok == false'
	raw ask '{"do":"query","kind":"event","limit":1}' | holds 'map(select(.kind)) | length == 1' -s
}

@test "socat and a shell will do" {
	configure_tee
	start_service
	echo '{"do":"status"}' | timeout 20 socat -t 5 - "UNIX-CONNECT:$sock" |
		head -n 1 | holds '.ok and .guarding'
}

@test "root and the group may read, only root may change, others not even connect" {
	configure_tee
	start_service
	wait_record admin '.what == "started"'
	as_member "$build/store/doorwardctl" --socket "$sock" status >/dev/null
	as_member "$build/store/doorwardctl" --socket "$sock" query >/dev/null
	run as_member "$build/store/doorwardctl" --socket "$sock" reload
	is "$status" 1
	run as_other "$build/store/doorwardctl" --socket "$sock" status
	is "$status" 3
	run ctl reload
	is "$status" 0
	wait_record access '.uid == 65534'
}

@test "a socket with open permissions still asks who is there" {
	configure_tee
	start_service
	chmod 666 "$sock"
	run as_other "$top/tests/root/rawclient.py" "$sock" ask '{"do":"status"}'
	echo "$output"
	is "$(grep -c '"ok": true' <<<"$output")" 0
}

@test "a request over 64 KiB, half a request, and bytes: refused; nobody else notices" {
	configure_tee
	start_service
	raw huge | holds '.ok == false or .closed'
	still_answering
	raw half | holds '.ok == false or .closed'
	still_answering
	raw binary | holds '.ok == false or .closed'
	still_answering
}

@test "more clients than 64: the others are refused, and come in when there is room" {
	configure_tee
	start_service
	local n
	n=$(raw many 100)
	[ "$n" -ge 60 ]
	[ "$n" -le 64 ]
	still_answering
	until_true 10 status_says '.clients.refused > 0'
}

@test "clients that ask for everything and do not read cost nobody anything" {
	configure_tee
	chmod 666 "$file"
	mkfifo "$D/in" "$D/deaf"
	start_service
	timeout 60 "$tools/openers" "$file" 4 w fresh deny <"$D/in" >"$D/out" 2>&1 3>&- &
	others+=($!)
	local pid=$!
	exec 7>"$D/in"
	until_true 20 grep -q up "$D/out"
	for i in 1 2 3; do
		timeout 60 "$top/tests/root/rawclient.py" "$sock" deaf 50 <"$D/deaf" >"$D/deaf.$i" 2>&1 3>&- &
		others+=($!)
	done
	exec 8>"$D/deaf"
	deaf_up() { grep -q up "$D/deaf.1" && grep -q up "$D/deaf.2" && grep -q up "$D/deaf.3"; }
	until_true 20 deaf_up
	still_answering
	wait_record event '.verdict == "deny"' 200
	exec 7>&- 8>&-
	wait "$pid"
	still_answering
	# The sanitizers' shadow is not the client's doing.
	grep -q '^#define WITH_SANITIZERS 1' "$build/config.h" ||
		[ "$(awk '/VmRSS/ { print $2 }' "/proc/$(child query)/status")" -lt 65536 ]
}

@test "syslog-ng receives every sealed event as a line of JSON" {
	command -v syslog-ng >/dev/null || skip "syslog-ng is not installed"
	command -v socat >/dev/null || skip "socat is not installed"
	configure_tee 'set events "'"$D/run/events.sock"'" format json'
	start_service
	mkdir "$D/collector"
	cat >"$D/collector/syslog-ng.conf" <<-CONF
		@version: current
		options { stats-freq(0); };
		source doorward {
		    program("exec socat -u UNIX-CONNECT:$D/run/events.sock STDOUT" flags(no-parse));
		};
		destination file { file("$D/collector/out" template("\${MSG}\n")); };
		log { source(doorward); destination(file); };
	CONF
	timeout -k 5 90 syslog-ng -F --no-caps -f "$D/collector/syslog-ng.conf" \
		-R "$D/collector/persist" -c "$D/collector/ctl" -p "$D/collector/pid" \
		>"$D/collector/log" 2>&1 3>&- &
	others+=($!)
	until_true 20 status_says '.clients.events >= 1'
	for _ in $(seq 50); do is "$(opens "$file" O_WRONLY)" EPERM; done
	echo two | tee "$file" >/dev/null
	wait_record event 'true' 51
	collected() { [ "$(jq -c 'select(.kind == "event")' "$D/collector/out" 2>/dev/null | wc -l)" -ge 51 ]; }
	until_true 20 collected
	query --kind event | jq -cS . >"$D/want"
	jq -cS 'select(.kind == "event")' "$D/collector/out" >"$D/have"
	diff "$D/want" "$D/have"
}

@test "events in ECS: the fields a collector of that schema expects" {
	configure_tee 'set events "'"$D/run/events.sock"'" format ecs'
	start_service
	timeout 60 socat -u "UNIX-CONNECT:$D/run/events.sock" "CREATE:$D/ecs" 3>&- &
	others+=($!)
	until_true 20 status_says '.clients.events >= 1'
	is "$(opens "$file" O_WRONLY)" EPERM
	until_true 15 grep -q 'denied\|deny' "$D/ecs"
	holds 'map(select(.file.path != null))[0] | .["@timestamp"] != null and
		.event.kind != null and .process.pid > 0 and .file.path == "'"$file"'"' -s <"$D/ecs"
}

@test "a reader of events that stops reading costs nobody anything and is told what it lost" {
	configure_tee
	chmod 666 "$file"
	mkfifo "$D/in"
	start_service
	# Reads nothing until told, then everything.
	cat >"$D/lazy.py" <<-'PY'
		import json, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
		s.connect(sys.argv[1])
		print("up", flush=True)
		sys.stdin.readline()
		s.settimeout(5)
		lost = seen = 0
		data = b""
		while True:
		    try:
		        part = s.recv(1 << 20)
		    except socket.timeout:
		        break
		    if not part:
		        break
		    data += part
		    *lines, data = data.split(b"\n")
		    for line in lines:
		        r = json.loads(line)
		        lost += r.get("lost", 0)
		        seen += r.get("kind") is not None
		    if lost and seen:
		        s.settimeout(2)
		print("seen", seen, "lost", lost, flush=True)
	PY
	mkfifo "$D/go"
	timeout 90 /usr/bin/python3 "$D/lazy.py" "$D/run/events.sock" <"$D/go" >"$D/lazy" 2>&1 3>&- &
	local lazy=$!
	others+=("$lazy")
	exec 8>"$D/go"
	until_true 20 grep -q up "$D/lazy"
	timeout 60 "$tools/openers" "$file" 4 w fresh deny <"$D/in" >"$D/out" 2>&1 3>&- &
	local load=$!
	others+=("$load")
	exec 7>"$D/in"
	until_true 20 grep -q up "$D/out"
	until_true 45 status_says '.drops.reader_records > 0'
	still_answering
	exec 7>&-
	wait "$load"
	echo go >&8
	wait "$lazy"
	cat "$D/lazy"
	like "$(cat "$D/lazy")" 'seen [1-9][0-9]* lost [1-9]'
	# The log has them all.
	status_says '[.drops.records, .drops.store, .log.gaps] | add == 0'
}
