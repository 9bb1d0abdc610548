#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# story.sh RUNG: the whole service in a guest that has busybox, jq and what we
# built: the story of the quickstart, the processes, and each of them stopped and
# killed. Prints TAP; cases/story.sh puts it into the guest. Runs on an ext4 of
# its own on a loop device.

rung=$1
D=/mnt/story
file=$D/guarded/file
log=$D/state/log
n=0
failed=0

ctl() { timeout 60 /doorward/store/doorwardctl --socket "$D/run/control.sock" --log "$log" "$@"; }
now() { cut -d. -f1 /proc/uptime; }

# until_true SECONDS COMMAND...
until_true() {
	end=$(($(now) + $1))
	shift
	until "$@"; do
		[ "$(now)" -lt "$end" ] || {
			echo "not within the limit: $*"
			return 1
		}
		usleep 20000
	done
}

# t DESCRIPTION COMMAND...: one test.
t() {
	what=$1
	shift
	n=$((n + 1))
	if "$@" >/tmp/said 2>&1; then
		echo "ok $n - $what"
	else
		failed=$((failed + 1))
		echo "not ok $n - $what"
		tail -n 30 /tmp/said | sed 's/^/#   /'
		tail -n 20 "$D/service.log" | sed 's/^/#   service: /'
	fi
}

is() {
	[ "$1" = "$2" ] || {
		echo "is: $1, wanted: $2"
		return 1
	}
}

opened() { opens "$@" || true; }
# holds EXPRESSION: true of the JSON value on standard input. (jq 1.6 calls no
# value at all a success.)
holds() { [ "$(jq "$@" 2>&1)" = true ]; }
status_says() { ctl status --json 2>/dev/null | holds "$1"; }
is_guarding() { status_says .guarding; }
has_record() {
	ctl query --json --kind "$1" 2>/dev/null |
		holds -s "map(select($2)) | length >= ${3:-1}"
}
wait_record() {
	until_true 60 has_record "$@" || {
		ctl query --json | jq -c 'select(.kind != "seal")' | tail -n 15
		return 1
	}
}

# Debian's busybox has no pgrep. children PID; and all that are called doorward-*.
children() {
	for stat in /proc/[0-9]*/stat; do
		{ read -r pid _ _ parent _ <"$stat"; } 2>/dev/null || continue
		[ "$parent" != "$1" ] || echo "$pid"
	done
}
ours() { cat /proc/[0-9]*/comm 2>/dev/null | grep '^doorward' || true; }

# child NAME: the one at work, which has more descriptors than a standby.
child() {
	best='' most=0
	for pid in $(children "$loader"); do
		case $(readlink "/proc/$pid/exe") in
		*/doorward-"$1") ;;
		*) continue ;;
		esac
		# shellcheck disable=SC2012 # numbers
		count=$(ls "/proc/$pid/fd" | wc -l)
		[ "$count" -le "$most" ] || { most=$count best=$pid; }
	done
	echo "$best"
}

start() {
	/doorward/loader/doorward-loader -f -c "$D/doorward.conf" 2>>"$D/service.log" </dev/null &
	loader=$!
	until_true 90 is_guarding
}
over() { ! kill -0 "$1" 2>/dev/null; }
stop() {
	kill -TERM "$loader"
	until_true 60 over "$loader" && wait "$loader"
}

make_place() {
	dd if=/dev/zero of=/tmp/disk bs=1M count=0 seek=400 2>/dev/null &&
		/sbin/mke2fs -q -F -t ext4 /tmp/disk && mkdir -p /mnt && mount -o loop /tmp/disk /mnt &&
		mkdir -p "$D/guarded" "$D/open" "$D/shut" && chmod 755 "$D"
	echo one >"$file"
	echo one >"$D/open/f"
	echo one >"$D/shut/f"
	chmod 666 "$D"/*/f "$file"
	cat >"$D/doorward.conf" <<-CONF
		set mode enforce
		set deadline 1s
		set state-dir "$D/state"
		set run-dir "$D/run"
		watch story {
		    path "$D/guarded/**"
		    allow write by exe "/bin/busybox"
		    deny change
		}
		watch open {
		    path "$D/open/**"
		    on-timeout allow
		    allow read quiet
		    deny change quiet
		}
		watch shut {
		    path "$D/shut/**"
		    on-timeout deny
		    allow read quiet
		    deny change quiet
		}
	CONF
	chmod 600 "$D/doorward.conf"
}

story() {
	is "$(opened "$file" O_RDONLY)" ok &&
		is "$(opened "$file" O_WRONLY)" EPERM &&
		is "$(opened "$file" O_WRONLY,O_TRUNC)" EPERM &&
		is "$(cat "$file")" one &&
		echo two >"$file" &&
		is "$(cat "$file")" two &&
		wait_record event '.watch == "story" and .verdict == "deny" and .process.comm == "opens"
			and .process.uid == 0 and (.flags | contains(["O_WRONLY", "O_TRUNC"]))
			and .path == "'"$file"'" and .reason == "rule"' &&
		wait_record event '.watch == "story" and .verdict == "allow" and .process.exe == "/bin/busybox"'
}

processes() {
	for p in monitor decider store sealer query inspector; do
		status=/proc/$(child $p)/status
		uid=$(id -u "doorward-$p")
		is "$p $(awk '/^Uid:/ { print $2, $3, $4, $5 }' "$status")" "$p $uid $uid $uid $uid" || return 1
		is "$p $(awk '/^Cap/ { print $2 }' "$status" | sort -u)" "$p 0000000000000000" || return 1
		is "$p $(awk '/^NoNewPrivs:/ { print $2 }' "$status")" "$p 1" || return 1
		is "$p $(awk '/^Seccomp:/ { print $2 }' "$status")" "$p 2" || return 1
	done
	status=/proc/$loader/status
	is "loader $(awk '/^Seccomp:/ { print $2 }' "$status")" "loader 2" &&
		is "loader $(awk '/^CapEff:/ { print $2 }' "$status")" "loader 00000080010c01e4"
}

answered() { status_says ".answers.events > $before"; }
both_up() { grep -q up /tmp/first.out && grep -q up /tmp/second.out; }
by_rule() { [ "$(opened "$D/open/f" O_WRONLY)" = EPERM ]; }
# fault SIGNAL PROCESS WHAT COUNT: done to 50 openers, all of which are answered,
# and none let through where rule and default deny. Where both allow none is
# refused; but without a monitor nobody looks at what is opened, and the strictest
# default of the device counts. COUNT: of "child-started" until now.
fault() {
	rm -f /tmp/first.in /tmp/second.in
	mkfifo /tmp/first.in /tmp/second.in
	openers "$D/shut/f" 25 w fresh deny </tmp/first.in >/tmp/first.out 2>&1 &
	first=$!
	reading=allow
	[ "$2" != monitor ] || reading=either
	openers "$D/open/f" 25 r fresh $reading </tmp/second.in >/tmp/second.out 2>&1 &
	second=$!
	exec 7>/tmp/first.in 8>/tmp/second.in
	until_true 60 both_up || return 1
	victim=$(child "$2")
	kill "-$1" "$victim"
	wait_record admin ".what == \"$3\" and .process == \"$2\"" || return 1
	wait_record admin ".what == \"child-started\" and .process == \"$2\"" "$4" || return 1
	before=$(ctl status --json | jq .answers.events)
	until_true 60 answered || return 1
	exec 7>&- 8>&-
	wait "$first"
	rc=$?
	wait "$second"
	rc=$rc$?
	cat /tmp/first.out /tmp/second.out
	is $rc 00 && until_true 60 by_rule && is "$(opened "$D/shut/f" O_RDONLY)" ok
}

verified() {
	ctl log key >/tmp/log.pub && stop || return 1
	ctl log verify "$log" --key /tmp/log.pub | tee /tmp/verify
	grep -q '^INTACT' /tmp/verify
}


nothing_left() {
	is "$(ours)" "" &&
		is "$(find /sys/fs/bpf -mindepth 1 | wc -l)" 0 &&
		is "$(opened "$file" O_WRONLY)" ok
}

t "a file system of its own" make_place
t "the service starts and guards" start
[ $failed = 0 ] || {
	echo "1..$n"
	exit 1
}
t "the context comes from $rung" status_says ".context.rung == \"$rung\""
t "a read allowed, a write refused, the right program passes, the records tell" story
t "each process: uid, capabilities, no_new_privs, seccomp" processes
t "the monitor killed under 50 openers" fault KILL monitor child-died 1
t "the monitor stopped under 50 openers" fault STOP monitor child-stuck 2
t "the decider killed under 50 openers" fault KILL decider child-died 1
t "the decider stopped under 50 openers" fault STOP decider child-stuck 2
t "the store killed under 50 openers" fault KILL store child-died 1
t "the store stopped under 50 openers" fault STOP store child-stuck 2
t "the log is INTACT" verified
t "nothing is left" nothing_left
t "the log of several starts is INTACT" eval 'start && verified'
echo "1..$n"
[ $failed = 0 ]
