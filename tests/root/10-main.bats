#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What doorward is for: the write by the wrong program is refused, and the
# signed log says who wanted it and why it was refused.

# shellcheck source=tests/root/service.bash
source "$BATS_TEST_DIRNAME/service.bash"

setup() { private_folder; }

@test "reading is allowed, the wrong program's write is refused with EPERM" {
	configure_tee
	start_service
	is "$(opens "$file" O_RDONLY)" ok
	is "$(opens "$file" O_WRONLY)" EPERM
	is "$(opens "$file" O_RDWR)" EPERM
	is "$(opens "$file" O_WRONLY,O_APPEND)" EPERM
	is "$(opens "$file" O_WRONLY,O_TRUNC)" EPERM
	is "$(cat "$file")" one
	echo two | tee "$file" >/dev/null
	is "$(cat "$file")" two
}

@test "the record of a denial says what was done, by whom, and which rule refused it" {
	configure_tee
	chmod 666 "$file"
	start_service
	setpriv --reuid 65534 --regid 65534 --clear-groups "$tools/opens" \
		"$file" O_WRONLY,O_TRUNC >"$D/out" || true
	is "$(cat "$D/out")" EPERM
	wait_record event '.verdict == "deny"'
	run last_record event '.verdict == "deny"'
	echo "$output"
	local line
	line=$(grep -n 'deny change' "$conf" | cut -d: -f1)
	holds '
		.kind == "event" and .verdict == "deny" and .mode == "enforce" and
		.reason == "rule" and .watch == "test" and .rule == $rule and
		.path == $path and .ino == $ino and .dev == $dev and
		(.op == "write" or .op == "truncate") and
		(.policy | startswith("b2:")) and
		(.tier | IN("decider", "cache")) and
		(.latency_us | type) == "number" and (.index | type) == "number" and
		(.time | test("^20[0-9-]+T[0-9:]+\\.[0-9]{9}Z$")) and
		(.flags | contains(["O_WRONLY", "O_TRUNC"])) and
		.process.exe == $exe and .process.exe_ino == $exe_ino and
		.process.uid == 65534 and .process.euid == 65534 and
		.process.gid == 65534 and .process.comm == "opens" and
		(.process.pid > 0) and (.process.tid > 0) and (.process.ppid > 0) and
		(.seal | type) == "number"' \
		--arg path "$file" --arg exe "$(realpath "$tools/opens")" \
		--argjson ino "$(stat -c %i "$file")" \
		--argjson exe_ino "$(stat -Lc %i "$tools/opens")" \
		--arg dev "$(stat -c '%Hd:%Ld' "$file")" \
		--arg rule "doorward.conf:$line" <<<"$output"
}

@test "an allowed write is recorded with the rule that allowed it; reading is not a change" {
	configure_tee
	start_service
	cat "$file" >"$D/out"
	echo two | tee -a "$file" >/dev/null
	wait_record event '.verdict == "allow"'
	run last_record event '.verdict == "allow"'
	local line
	line=$(grep -n 'allow write' "$conf" | cut -d: -f1)
	holds '.op == "write" and .rule == $rule and .process.comm == "tee" and
		(.flags | contains(["O_WRONLY", "O_APPEND"]))' \
		--arg rule "doorward.conf:$line" <<<"$output"
	# What came before it in time is before it in the log.
	is "$(query --kind event --op read | wc -l)" 0
}

@test "a quiet rule decides without a record" {
	configure <<-CONF
		watch test {
		    path "$D/guarded/**"
		    allow read quiet
		    allow write by exe "/usr/bin/tee" quiet
		    deny change
		}
	CONF
	echo one >"$file"
	start_service
	is "$(opens "$file" O_RDONLY)" ok
	echo two | tee -a "$file" >/dev/null
	is "$(opens "$file" O_WRONLY)" EPERM
	wait_record event '.verdict == "deny"'
	is "$(query --kind event | wc -l)" 1
}

@test "audit mode records what it would have denied, and lets it through" {
	configure_tee 'set mode audit'
	start_service
	is "$(opens "$file" O_WRONLY)" ok
	wait_record event '.verdict == "deny" and .mode == "audit"'
	is "$(in_status .answers.denied)" 0
}

@test "policy show and policy test say what happens" {
	configure_tee
	start_service
	is "$(ctl policy test --path "$file" --op write --exe /usr/bin/tee --uid 0 -c "$conf" --json |
		jq -r .verdict)" allow
	run ctl policy test --path "$file" --op write --exe "$tools/opens" --uid 0 -c "$conf" --json
	is "$(jq -r .verdict <<<"$output")" deny
	is "$(jq -r .watch <<<"$output")" test
	local rule
	rule=$(jq -r .rule <<<"$output")
	is "$(opens "$file" O_WRONLY)" EPERM
	wait_record event ".verdict == \"deny\" and .rule == \"$rule\""
	run ctl policy show --json
	holds '.watches[0].name == "test" and .watches[0].mode == "enforce" and
		(.watches[0].tier | type) == "string" and .generation >= 1 and
		(.hash | startswith("b2:"))' <<<"$output"
	is "$(jq -r .hash <<<"$output")" "$(last_record event true | jq -r .policy)"
}

@test "why explains one record" {
	configure_tee
	start_service
	is "$(opens "$file" O_WRONLY)" EPERM
	wait_record event '.verdict == "deny"'
	run ctl why "$(last_record event '.verdict == "deny"' | jq .index)"
	is "$status" 0
	like "$output" 'deny change'
	run ctl why 999999
	is "$status" 1
}

@test "status says that it is guarding, on which rung, and counts answers" {
	configure_tee
	start_service
	is "$(opens "$file" O_WRONLY)" EPERM
	run ctl status --json
	holds '.guarding == true and .mode == "enforce" and
		(.context | tostring | test("lsm|fentry|raw_tp|none")) and
		.answers.denied >= 1 and .marks.set >= 1 and
		.latency_us.count >= 1' <<<"$output"
	run ctl status
	is "$status" 0
	like "$output" '[Gg]uarding'
}

@test "status names the places in the kernel where it sits, and what they missed" {
	configure_tee
	start_service
	ctl status --json | holds '
		(.hooks | map(.name) | .[:2]) == ["fanotify open", "fanotify names"] and
		.hooks[0].state == "guarded" and .hooks[1].state == "observed" and
		(.hooks[2].name | startswith("context ")) and
		(.hooks | all(.lost == 0 or .name != "fanotify names"))'
}

@test "the log of the service verifies" {
	configure_tee
	start_service
	is "$(opens "$file" O_WRONLY)" EPERM
	wait_record event '.verdict == "deny"'
	keep_key
	stop_service
	verify_intact
	run ctl log verify "$log"
	is "$status" 4
}

@test "query: filters choose, unknown ones are refused" {
	configure_tee
	start_service
	is "$(opens "$file" O_WRONLY)" EPERM
	echo two | tee "$file" >/dev/null
	wait_record event '.verdict == "deny"'
	wait_record event '.verdict == "allow"'
	is "$(query --verdict deny | wc -l)" 1
	is "$(query --verdict deny --exe '*/opens' | wc -l)" 1
	is "$(query --verdict deny --exe '*/tee' | wc -l)" 0
	is "$(query --path "$D/guarded/*" --kind event | wc -l)" 2
	is "$(query --path "/nowhere/*" --kind event | wc -l)" 0
	is "$(query --watch test --kind event --limit 1 | wc -l)" 1
	is "$(query --kind event --reverse | jq -s '.[0].index > .[1].index')" true
	is "$(query --kind event --since 1h | wc -l)" 2
	is "$(query --kind event --until 1h | wc -l)" 0
	is "$(query --kind event --uid 12345 | wc -l)" 0
	run ctl query --no-such
	is "$status" 2
	run ctl query --since not-a-time
	[ "$status" = 2 ] || [ "$status" = 1 ]
	run ctl --no-such
	is "$status" 2
}

@test "tail shows records as they are sealed" {
	configure_tee
	start_service
	timeout 60 "$build/store/doorwardctl" --socket "$sock" tail --json \
		>"$D/tail" 2>&1 3>&- &
	others+=($!)
	until_true 10 status_says '.clients.control >= 2'
	is "$(opens "$file" O_WRONLY)" EPERM
	until_true 15 grep -q '"verdict": *"deny"' "$D/tail"
}

@test "a service that is not there is exit code 3" {
	run ctl status
	is "$status" 3
}

@test "a query in the first moment of a log finds nothing, and is no error" {
	configure_tee
	launch env
	# As soon as somebody listens, again and again until there is a record.
	until_true 20 test -S "$sock"
	loader=$(cat "$D/pid")
	local n=0
	until [ -s "$D/found" ]; do
		n=$((n + 1))
		[ $n -lt 500 ]
		run ctl query
		echo "$output"
		# 1: nothing was found.
		if [ "$status" != 0 ]; then is "$status:$output" '1:'; fi
		printf %s "$output" >"$D/found"
	done
}
