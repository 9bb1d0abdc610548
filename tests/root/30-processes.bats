#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What each process has, read from /proc: nothing more than ARCHITECTURE says.

# shellcheck source=tests/root/service.bash
source "$BATS_TEST_DIRNAME/service.bash"

setup() { private_folder; }

field() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }

@test "each process has its own uid, no capability, no way back, and a filter" {
	local p pid uid
	configure_tee
	start_service
	for p in monitor decider store sealer query inspector; do
		pid=$(child $p)
		[ -n "$pid" ] || { echo "no $p"; return 1; }
		uid=$(id -u doorward-$p)
		echo "$p is $pid"
		is "$(field "$pid" Uid | tr '\t' ' ')" "$uid $uid $uid $uid"
		is "$(field "$pid" Groups | tr -d ' ')" ""
		for set in CapInh CapPrm CapEff CapAmb; do
			is "$p $set $(field "$pid" $set)" "$p $set 0000000000000000"
		done
		is "$p $(field "$pid" CapBnd)" "$p 0000000000000000"
		is "$p $(field "$pid" NoNewPrivs)" "$p 1"
		is "$p $(field "$pid" Seccomp)" "$p 2"
	done
}

@test "the standbys are confined before they have anything" {
	local pid exe n=0
	configure_tee
	start_service
	for pid in $(pgrep -P "$loader"); do
		exe=$(basename "$(readlink "/proc/$pid/exe")")
		case $exe in doorward-monitor | doorward-decider) ;; *) continue ;; esac
		n=$((n + 1))
		is "$exe $(field "$pid" CapEff)" "$exe 0000000000000000"
		is "$exe $(field "$pid" NoNewPrivs)" "$exe 1"
		[ "$(field "$pid" Uid | cut -f1)" != 0 ]
	done
	is $n 4
}

@test "the loader keeps the documented capabilities and no more" {
	configure_tee
	start_service
	local eff allowed=0 bit
	is "$(field "$loader" NoNewPrivs)" 1
	is "$(field "$loader" Seccomp)" 2
	eff=$(field "$loader" CapEff)
	echo "loader: $eff $(capsh --decode="$eff" 2>/dev/null)"
	# dac_read_search, kill, setgid, setuid, setpcap, sys_chroot, sys_ptrace,
	# sys_resource, bpf: what for, loader/caps.c says of each.
	for bit in 2 5 6 7 8 18 19 24 39; do
		allowed=$((allowed | 1 << bit))
	done
	# A container or a virtual machine may hold less to begin with.
	allowed=$((allowed & 0x$(field self CapBnd)))
	is "$(printf %016x $((0x$eff)))" "$(printf %016x $allowed)"
	is "$(field "$loader" CapPrm)" "$eff"
	is "$(field "$loader" CapBnd)" "$eff"
	is "$(field "$loader" CapInh)" 0000000000000000
	is "$(field "$loader" CapAmb)" 0000000000000000
}

@test "no process holds a descriptor it has no use for" {
	local p pid fd to
	configure_tee
	start_service
	for p in monitor decider store sealer query inspector; do
		pid=$(child $p)
		for fd in /proc/"$pid"/fd/*; do
			to=$(readlink "$fd") || continue
			echo "$p ${fd##*/} $to"
			case $to in
			socket:* | pipe:* | 'anon_inode:[event'* | 'anon_inode:[timerfd]' | \
				'anon_inode:[signalfd]' | /memfd:* | /dev/null) ;;
			'anon_inode:[fanotify]' | anon_inode:bpf-map) is $p monitor ;;
			# By this it asks what an event's file is called.
			/proc/*/fd) is $p monitor ;;
			"$log"*) [ $p = store ] || [ $p = query ] ;;
			"$D/state/keys"*) is $p sealer ;;
			/*' (deleted)') [ -d "/proc/$pid/fd/${fd##*/}" ] ;; # the empty root
			*) echo "unexpected"; return 1 ;;
			esac
		done
	done
}

@test "a child sees an empty root, or its own folder and nothing else" {
	local p
	configure_tee
	start_service
	for p in monitor decider inspector; do
		is "$p: $(ls -A "/proc/$(child $p)/root/")" "$p: "
	done
	is "$(stat -Lc %d:%i "/proc/$(child store)/root")" "$(stat -Lc %d:%i "$log")"
	is "$(stat -Lc %d:%i "/proc/$(child query)/root")" "$(stat -Lc %d:%i "$log")"
	is "$(stat -Lc %d:%i "/proc/$(child sealer)/root")" "$(stat -Lc %d:%i "$D/state/keys")"
}

@test "keys and log belong to those who need them, and to nobody else" {
	configure_tee
	start_service
	is "$(stat -c '%U %a' "$D/state/keys")" "doorward-sealer 700"
	is "$(stat -c %U "$log")" doorward-store
	is "$(find "$D/state/keys" -perm /077 | wc -l)" 0
	is "$(find "$D/state" -perm /002 ! -type l | wc -l)" 0
	is "$(stat -c '%U:%G %a' "$sock")" "root:doorward 660"
	is "$(stat -c '%U:%G %a' "$D/run/events.sock")" "root:doorward 660"
	run setpriv --reuid 65534 --regid 65534 --clear-groups cat "$log"/*
	[ "$status" != 0 ]
}
