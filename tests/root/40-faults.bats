#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Each process stopped and killed while 50 openers wait: every opener gets an
# answer, none gets a wrong one, the service recovers, the log tells the story.

# shellcheck source=tests/root/service.bash
source "$BATS_TEST_DIRNAME/service.bash"

setup() { private_folder; }

# Files nobody may write; what nobody decides in time is allowed in one folder
# and denied in the other. Reading is allowed by a rule in both.
configure_faults() {
	mkdir "$D/guarded/open" "$D/guarded/shut"
	configure 'set deadline 200ms' <<-CONF
		watch open {
		    path "$D/guarded/open/**"
		    on-timeout allow
		    allow read
		    deny change
		}
		watch shut {
		    path "$D/guarded/shut/**"
		    on-timeout deny
		    allow read
		    deny change
		}
	CONF
	echo one >"$D/guarded/open/f"
	echo one >"$D/guarded/shut/f"
	chmod 666 "$D"/guarded/*/f
}

# begin_opens NAME PATH r|w allow|deny|either: 25 openers, every open asked anew.
begin_opens() {
	mkfifo "$D/$1.in"
	timeout 90 "$tools/openers" "$2" 25 "$3" fresh "$4" \
		<"$D/$1.in" >"$D/$1.out" 2>"$D/$1.err" 3>&- &
	eval "$1=$!"
	others+=($!)
}

# end_opens NAME: they end, all of them answered and as they had to be.
end_opens() {
	local pid=${!1} status=0
	wait "$pid" || status=$?
	echo "$1: $(tail -n 1 "$D/$1.out") $(cat "$D/$1.err")"
	is "$1 $status" "$1 0"
	like "$(tail -n 1 "$D/$1.out")" 'unanswered 0'
}

both_up() { grep -q up "$D/first.out" && grep -q up "$D/second.out"; }
answers_more_than() { status_says ".answers.events > $1"; }

# fault SIGNAL PROCESS WHAT: does it to 50 openers of two kinds. WHAT: the ADMIN
# record that must follow.
fault() {
	local victim before reading=allow
	configure_faults
	start_service
	# A write into "shut" is denied by rule and by default: never let through.
	# A read of "open" is allowed by rule and by default: never refused. But
	# without a monitor nobody looks at what is opened, and the strictest
	# default of the device counts.
	[ "$2" != monitor ] || reading=either
	begin_opens first "$D/guarded/shut/f" w deny
	begin_opens second "$D/guarded/open/f" r $reading
	exec 7>"$D/first.in" 8>"$D/second.in"
	until_true 20 both_up
	victim=$(child "$2")
	echo "victim: $2 $victim"
	kill "-$1" "$victim"
	wait_record admin ".what == \"$3\" and .process == \"$2\""
	wait_record admin ".what == \"child-started\" and .process == \"$2\""
	# They go on with the successor.
	before=$(in_status .answers.events)
	until_true 15 answers_more_than "$before"
	exec 7>&- 8>&-
	end_opens first
	end_opens second
	until_true 10 gone "$victim"
	# By rule again, not by default.
	until_true 10 denied_by_rule
	is "$(opens "$D/guarded/open/f" O_RDONLY)" ok
	is "$(opens "$D/guarded/shut/f" O_RDONLY)" ok
	is_guarding
	keep_key
	stop_service
	verify_intact
}

# In "open" only a rule refuses.
denied_by_rule() { [ "$(opens "$D/guarded/open/f" O_WRONLY)" = EPERM ]; }

@test "the monitor is killed" { fault KILL monitor child-died; }
@test "the monitor is stopped" { fault STOP monitor child-stuck; }
@test "the decider is killed" { fault KILL decider child-died; }
@test "the decider is stopped" { fault STOP decider child-stuck; }
@test "the store is killed" { fault KILL store child-died; }
@test "the store is stopped" { fault STOP store child-stuck; }
@test "the sealer is killed" { fault KILL sealer child-died; }
@test "the query process is killed" { fault KILL query child-died; }
@test "the inspector is killed" { fault KILL inspector child-died; }

@test "with decider and loader stopped the defaults hold, and are recorded as timeouts" {
	local victim
	configure_faults
	start_service
	victim=$(child decider)
	# A loader that could would replace the decider at once.
	kill -STOP "$loader"
	kill -STOP "$victim"
	is "$(opens "$D/guarded/open/f" O_WRONLY)" ok
	is "$(opens "$D/guarded/shut/f" O_RDONLY)" EPERM
	wait_record event '.reason == "timeout" and .watch == "open" and .verdict == "allow"'
	wait_record event '.reason == "timeout" and .watch == "shut" and .verdict == "deny"'
	[ "$(in_status '[.defaulted[]] | add')" -ge 2 ]
	kill -CONT "$loader"
	wait_record admin '.what == "child-stuck" and .process == "decider"'
	until_true 15 denied_by_rule
}

@test "the store killed before it had written anything: the log begins all the same" {
	configure_faults
	launch env
	until_true 20 test -e "$log/seg-00000000.db"
	loader=$(cat "$D/pid")
	kill -KILL "$(child store)"
	until_true 20 is_guarding
	is "$(opens "$D/guarded/open/f" O_WRONLY)" EPERM
	wait_record event '.verdict == "deny"'
	keep_key
	stop_service
	verify_intact
}

@test "a cached verdict needs no decider" {
	configure_faults
	start_service
	is "$(opens "$D/guarded/open/f" O_WRONLY)" EPERM
	is "$(opens "$D/guarded/open/f" O_WRONLY)" EPERM
	[ "$(in_status .answers.from_cache)" -ge 1 ]
}

@test "the decider killed again and again: every open is answered, the rule comes back" {
	local i victim
	configure_faults
	start_service
	begin_opens first "$D/guarded/shut/f" w deny
	begin_opens second "$D/guarded/open/f" r allow
	exec 7>"$D/first.in" 8>"$D/second.in"
	until_true 20 both_up
	for i in 1 2 3; do
		victim=$(child decider)
		kill -KILL "$victim"
		until_true 10 gone "$victim"
		until_true 20 denied_by_rule
	done
	exec 7>&- 8>&-
	end_opens first
	end_opens second
	wait_record admin '.what == "child-died" and .process == "decider"' 3
}

@test "records survive a store that is killed: none is missing afterwards" {
	local i
	configure_faults
	start_service
	for i in 1 2 3 4 5; do
		is "$(opens "$D/guarded/open/f" O_WRONLY)" EPERM
		[ $i != 3 ] || kill -KILL "$(child store)"
	done
	wait_record event '.verdict == "deny"' 5
	is "$(query --kind event --verdict deny | wc -l)" 5
	is "$(in_status .log.lost)" 0
}

@test "the loader killed: openers are let go, the others end, the next start says so" {
	local pids pid
	configure_faults
	start_service
	is "$(opens "$D/guarded/open/f" O_WRONLY)" EPERM
	wait_record event '.verdict == "deny"'
	pids=$(pgrep -P "$loader")
	kill -KILL "$loader"
	ended
	for pid in $pids; do until_true 10 gone "$pid"; done
	is "$(opens "$D/guarded/open/f" O_WRONLY)" ok
	start_service
	is "$(opens "$D/guarded/open/f" O_WRONLY)" EPERM
	wait_record open '.clean == false' 1
	keep_key
	stop_service
	verify_intact
}
