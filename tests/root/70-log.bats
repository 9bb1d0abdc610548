#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The log of a real service: attacked in five ways, each is found and named, by
# doorwardctl and by an independent verifier that shares no code with it.

# shellcheck source=tests/root/service.bash
source "$BATS_TEST_DIRNAME/service.bash"

setup() { private_folder; }

# A log with some denials and a checkpoint kept from the middle of it; the
# service is stopped. $D/copy is for the attacker.
make_log() {
	configure_tee
	start_service
	keep_key
	for _ in 1 2 3 4 5; do is "$(opens "$file" O_WRONLY)" EPERM; done
	wait_record event '.verdict == "deny"' 5
	ctl log checkpoint >"$D/early"
	for _ in 1 2 3 4 5; do is "$(opens "$file" O_WRONLY)" EPERM; done
	wait_record event '.verdict == "deny"' 10
	ctl log checkpoint >"$D/checkpoint"
	stop_service
	cp -r "$log" "$D/copy"
	segment=$(ls "$D"/copy/*.db | tail -n 1)
	denial=$(sql "SELECT idx FROM rec WHERE kind=1 AND verdict=1 ORDER BY idx LIMIT 1 OFFSET 4")
}

sql() {
	/usr/bin/python3 - "$segment" "$1" <<-'PY'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		for statement in sys.argv[2].split(";"):
		    for row in db.execute(statement):
		        print(*row)
		db.commit()
	PY
}

# found WORD EXIT [ARGUMENT...]: what verify says about the copy; sets $output.
found() {
	local word=$1 code=$2
	shift 2
	run ctl log verify "$D/copy" --key "$D/log.pub" "$@"
	echo "$output"
	like "$status" "^$code$"
	like "$output" "$word"
}

# names INDEX: $output names a place with this record in it, not all of the log.
names() {
	local first last
	# shellcheck disable=SC2013 # words without blanks
	for range in $(sed -nE 's/.*records? ([0-9]+)( to ([0-9]+))?:.*/\1-\3/p' <<<"$output"); do
		first=${range%-*} last=${range#*-}
		if [ "$1" -ge "$first" ] && [ "$1" -le "${last:-$first}" ] && [ "$first" -gt 4 ]; then
			return 0
		fi
	done
	echo "record $1 is not named"
	return 1
}

independent() {
	run /usr/bin/python3 "$top/tests/verify/doorward_verify.py" "$D/copy" "$D/log.pub"
	echo "independent: $output"
}

@test "untouched: INTACT, by both verifiers" {
	make_log
	found '^INTACT' 0
	found '^INTACT' 0 --have "$D/early"
	independent
	is "$status" 0
}

@test "one byte flipped: TAMPERED, and which record" {
	make_log
	"$top/tests/verify/flip_byte.py" "$D/copy" "$denial"
	found TAMPERED 3
	names "$denial"
	independent
	[ "$status" != 0 ]
}

@test "a record deleted: found, and which" {
	make_log
	sql "DELETE FROM rec WHERE idx=$denial"
	found 'TAMPERED|DATA-MISSING' '[23]'
	names "$denial"
	independent
	[ "$status" != 0 ]
}

@test "two records swapped: TAMPERED, and where" {
	make_log
	local other
	other=$(sql "SELECT idx FROM rec WHERE kind=1 AND verdict=1 AND idx>$denial ORDER BY idx LIMIT 1")
	sql "UPDATE rec SET idx=-1 WHERE idx=$denial; UPDATE rec SET idx=$denial WHERE idx=$other;
		UPDATE rec SET idx=$other WHERE idx=-1"
	found TAMPERED 3
	independent
	[ "$status" != 0 ]
}

@test "the tail cut off: STALE by the time it was collected, found by a kept checkpoint" {
	make_log
	local seal size
	seal=$(sql "SELECT n FROM seal WHERE size>$denial ORDER BY n LIMIT 1")
	size=$(sql "SELECT size FROM seal WHERE n=$seal")
	sql "DELETE FROM seal WHERE n>$seal; DELETE FROM rec WHERE idx>=$size;
		DELETE FROM note WHERE kind NOT IN (SELECT kind FROM note WHERE n IS NULL) AND n>$seal AND kind>2" || true
	found STALE 1 --collected-at "$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)"
	run ctl log verify "$D/copy" --key "$D/log.pub" --have "$D/checkpoint"
	echo "$output"
	[ "$status" -ge 2 ]
	like "$output" 'HOLE|MISSING|FORK|TAMPERED|DATA'
}

@test "cut off and gone on: the missing seals are numbered for ever" {
	make_log
	local seal size
	# Put the folder back to an early state, as root could, and let the service go on.
	segment=$(ls "$log"/*.db | tail -n 1)
	seal=$(sql "SELECT n FROM seal WHERE size>$denial ORDER BY n LIMIT 1")
	size=$(sql "SELECT size FROM seal WHERE n=$seal")
	sql "DELETE FROM seal WHERE n>$seal; DELETE FROM rec WHERE idx>=$size; DELETE FROM node WHERE (i+1)<<h>$size"
	start_service
	is "$(opens "$file" O_WRONLY)" EPERM
	wait_record event '.verdict == "deny"'
	stop_service
	rm -rf "$D/copy"
	cp -r "$log" "$D/copy"
	found HOLE 2
	like "$output" "$((seal + 1))"
}

@test "a forged record with a forged seal: TAMPERED" {
	make_log
	local last size
	last=$(sql "SELECT max(n) FROM seal")
	size=$(sql "SELECT max(idx)+1 FROM rec")
	sql "INSERT INTO rec SELECT $size, ts+1, kind, act, 0, rule, actor, uid, auid, pid, path, dev, ino, mode,
			size, hnew, hold, ext FROM rec WHERE idx=$denial;
		INSERT INTO rec SELECT $size+1, ts+2, kind, act, verdict, rule, actor, uid, auid, pid, path, dev, ino,
			mode, size, hnew, hold, ext FROM rec WHERE idx=$size-1;
		INSERT INTO seal VALUES ($last+1, $size+2, randomblob(64))"
	found TAMPERED 3
	independent
	[ "$status" != 0 ]
}

@test "another key: not this log" {
	make_log
	/usr/bin/python3 - "$D/log.pub" "$D/other.pub" <<-'PY'
		import base64, hashlib, os, sys
		name, _, key = open(sys.argv[1]).read().strip().split("+", 2)
		key = b"\x01" + os.urandom(32)
		h = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex()
		open(sys.argv[2], "w").write(f"{name}+{h}+{base64.b64encode(key).decode()}\n")
	PY
	run ctl log verify "$D/copy" --key "$D/other.pub"
	echo "$output"
	is "$status" 4
	like "$output" KEY-MISMATCH
}

@test "the store killed under load: the log is INTACT and nothing sealed is lost" {
	configure_tee
	mkfifo "$D/load.in"
	chmod 666 "$file"
	start_service
	timeout 90 "$tools/openers" "$file" 8 w fresh deny <"$D/load.in" >"$D/load.out" 2>&1 3>&- &
	local load=$!
	others+=("$load")
	exec 7>"$D/load.in"
	until_true 20 grep -q up "$D/load.out"
	for i in 1 2 3; do
		kill -KILL "$(child store)"
		wait_record admin '.what == "child-started" and .process == "store"' "$i"
	done
	exec 7>&-
	wait "$load"
	keep_key
	stop_service
	verify_intact
	start_service
	wait_record open 'true' 2
	stop_service
	verify_intact
}

@test "log key and log checkpoint say what an auditor keeps" {
	configure_tee
	start_service
	keep_key
	run ctl log key
	is "$status" 0
	like "$output" '^[^ ]+/doorward/[0-9a-f]{16}/genesis\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$'
	until_true 15 status_says '.log.sealed_size > 0'
	run ctl log checkpoint
	is "$status" 0
	like "${lines[0]}" '/doorward/[0-9a-f]{16}$'
	like "${lines[1]}" '^[0-9]+$'
	like "$output" '^— '
}
