#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bad input and kernels that lack something: each has a message that says what
# to do, and a decided behaviour.

# shellcheck source=tests/root/service.bash
source "$BATS_TEST_DIRNAME/service.bash"

setup() { private_folder; }

@test "a policy with errors: every one with file, line, column and a caret; exit 2" {
	configure <<-CONF
		watch test {
		    path "$D/guarded/**"
		    alow write
		    deny change
		}
		watch other {
		    path "relative/path"
		    deny frobnicate
		}
	CONF
	refused
	is "$rc" 2
	said 'doorward\.conf:[0-9]+:[0-9]+: '
	said '^ *(\| )?[~ ]*\^'
	[ "$(grep -cE 'doorward\.conf:[0-9]+:[0-9]+: ' "$D/service.log")" -ge 2 ]
	run ctl policy check "$conf"
	is "$status" 2
	like "$output" 'doorward\.conf:[0-9]+:[0-9]+: .*alow'
}

@test "policy check: a sound policy is 0, and what cannot be blocked yet is said" {
	configure_tee
	run ctl policy check "$conf"
	is "$status" 0
	like "$output" 'cannot be blocked'
	run ctl policy check "$D/no-such-file"
	is "$status" 2
}

@test "no policy at all: says which file" {
	conf=$D/no-such.conf
	refused
	said 'no-such.conf'
}

@test "a path that does not exist is guarded when it appears" {
	configure <<-CONF
		watch test {
		    path "$D/guarded/here"
		    path "$D/guarded/later/deeper/file"
		    path "$D/guarded/tree/**"
		    allow write by exe "/usr/bin/tee"
		    deny change
		}
	CONF
	echo one >"$D/guarded/here"
	start_service
	status_says '.marks.missing_paths >= 1'
	is "$(opens "$D/guarded/here" O_WRONLY)" EPERM
	mkdir -p "$D/guarded/later/deeper" "$D/guarded/tree/a/b"
	echo one | tee "$D/guarded/later/deeper/file" "$D/guarded/tree/a/b/f" >/dev/null
	denied() { [ "$(opens "$1" O_WRONLY)" = EPERM ]; }
	until_true 10 denied "$D/guarded/later/deeper/file"
	until_true 10 denied "$D/guarded/tree/a/b/f"
	status_says '.marks.missing_paths == 0'
}

@test "nothing exists yet: the service runs, says that it guards nothing, and guards later" {
	configure <<-CONF
		watch test {
		    path "$D/guarded/later"
		    deny change
		}
	CONF
	launch env
	until_true 30 status_says .ok
	run ctl status
	is "$status" 1
	loader=$(cat "$D/pid")
	status_says '.guarding == false'
	status_says '.not_guarding | length >= 1'
	echo one >"$D/guarded/later"
	until_true 10 is_guarding
	is "$(opens "$D/guarded/later" O_WRONLY)" EPERM
}

@test "a missing account: which, and how to make it" {
	configure_tee
	grep -v '^doorward-store:' /etc/passwd >"$D/passwd"
	# shellcheck disable=SC2016
	refused unshare -m sh -c 'mount --bind "$0" /etc/passwd && exec "$@"' "$D/passwd"
	said 'doorward-store'
	said 'useradd|sysusers'
}

@test "a configuration that others may write is refused" {
	configure_tee
	chmod 622 "$conf"
	refused
	said 'writable by others'
	chmod 600 "$conf"
	chown 65534 "$conf"
	refused
	said 'not owned by root'
	chown 0 "$conf"
	mv "$conf" "$D/elsewhere"
	ln -s "$D/elsewhere" "$conf"
	refused
	said 'symbolic link'
}

@test "a folder that others may write is refused" {
	configure_tee
	chmod 777 "$D"
	refused
	said 'writable by others'
	chmod 755 "$D"
	mkdir "$conf.d"
	chmod 777 "$conf.d"
	refused
	said 'doorward.conf.d'
}

@test "a state folder that belongs to somebody else is refused" {
	configure_tee
	mkdir "$D/state"
	chown 65534 "$D/state"
	refused
	said "$D/state"
}

@test "a second instance on the same state is refused; the first goes on" {
	configure_tee
	start_service
	run timeout 20 "$build/loader/doorward-loader" -f -c "$conf"
	[ "$status" != 0 ]
	[ "$status" != 124 ]
	like "$output" 'another doorward-loader'
	is "$(opens "$file" O_WRONLY)" EPERM
	is_guarding
}

@test "two instances in folders of their own run side by side" {
	configure_tee
	start_service
	local first=$loader first_guard=$guard first_sock=$sock first_file=$file first_D=$D
	others+=("$first_guard")
	D=$first_D/second
	mkdir -p "$D/guarded"
	file=$D/guarded/file conf=$D/doorward.conf log=$D/state/log sock=$D/run/control.sock
	configure_tee
	start_service
	is "$(opens "$file" O_WRONLY)" EPERM
	is "$(opens "$first_file" O_WRONLY)" EPERM
	stop_service
	is "$(opens "$file" O_WRONLY)" ok
	is "$(opens "$first_file" O_WRONLY)" EPERM
	D=$first_D sock=$first_sock guard=$first_guard loader=$first
	is_guarding
}

@test "without BPF: it guards on the last rung and says what that means" {
	configure_tee
	start_service "$tools/without" bpf=1 --
	status_says '.context.rung == "none"'
	status_says '.blind | length >= 1'
	status_says '.context.refused | length >= 1'
	# Every open is a write by an unknown subject.
	is "$(opens "$file" O_WRONLY)" EPERM
	is "$(opens "$file" O_RDONLY)" EPERM
	wait_record event '.verdict == "deny"'
	said 'context: none'
}

@test "without fanotify: nothing can be guarded, and it says so" {
	configure_tee
	refused "$tools/without" fanotify_init=38 --
	said 'no fanotify'
}

@test "without permission events: nothing can be guarded, and it says so" {
	configure_tee
	refused "$tools/without" fanotify_mark@2/10000=22 --
	said 'permission events'
	[ ! -e "$sock" ]
}

@test "a kernel that lacks a flag: the rest of the flags, and it guards" {
	configure_tee
	# FAN_REPORT_FD_ERROR and FAN_ENABLE_AUDIT
	start_service "$tools/without" fanotify_init@0/2000=22 fanotify_init@0/40=22 --
	is "$(opens "$file" O_WRONLY)" EPERM
	is "$(opens "$file" O_RDONLY)" ok
}

@test "a kernel that lacks FAN_UNLIMITED_QUEUE: a full queue would allow, so it does not start" {
	configure_tee
	refused "$tools/without" fanotify_init@0/10=22 --
	said 'FAN_UNLIMITED_QUEUE'
}

@test "a kernel without directory notifications: it guards, and says what it will not notice" {
	configure_tee
	# FAN_REPORT_DIR_FID
	start_service "$tools/without" fanotify_init@0/400=22 --
	said 'no notification group'
	is "$(opens "$file" O_WRONLY)" EPERM
}

@test "started by a user who is not root" {
	configure_tee
	chmod 644 "$conf"
	refused setpriv --reuid 65534 --regid 65534 --clear-groups
	said 'needs root'
}

@test "unknown options are exit 2; --help is 0" {
	run "$build/loader/doorward-loader" --no-such-option
	is "$status" 2
	run "$build/loader/doorward-loader" stray
	is "$status" 2
	run "$build/loader/doorward-loader" --help
	is "$status" 0
	like "$output" 'SIGHUP'
	run "$build/store/doorwardctl" no-such-command
	is "$status" 2
	run "$build/store/doorwardctl" --help
	is "$status" 0
}

@test "a child program that is missing: says which" {
	mkdir "$D/programs"
	configure_tee "set libexec-dir \"$D/programs\""
	refused
	said "$D/programs"
}

@test "SIGHUP with a broken policy: the old one stays, and the log says so" {
	configure_tee
	start_service
	cp "$conf" "$D/good"
	sed -i 's/deny change/dny change\n    alow write\n    deny frobnicate/' "$conf"
	kill -HUP "$loader"
	wait_record admin '.what == "reload-failed" and .errors == 3'
	is "$(opens "$file" O_WRONLY)" EPERM
	status_says '.policy.state == "last reload failed" and .policy.errors == 3'
	said 'doorward\.conf:[0-9]+:[0-9]+: '
	cat "$D/good" >"$conf"
	kill -HUP "$loader"
	wait_record admin '.what == "reloaded"'
	status_says '.policy.state == "ok"'
	is "$(opens "$file" O_WRONLY)" EPERM
}

@test "doorwardctl reload with a broken policy says line and column and changes nothing" {
	configure_tee
	start_service
	sed -i 's/deny change/dny change/' "$conf"
	run ctl reload
	[ "$status" = 1 ] || [ "$status" = 2 ]
	like "$output" 'doorward\.conf:[0-9]+:[0-9]+: '
	is "$(opens "$file" O_WRONLY)" EPERM
	is "$(in_status .policy.generation)" 1
}

@test "doorwardctl reload with another policy: it is in force when the command returns" {
	configure_tee
	start_service
	is "$(opens "$file" O_WRONLY)" EPERM
	mkdir "$D/guarded/sub"
	configure <<-CONF
		watch test {
		    path "$D/guarded/**"
		    allow write by exe "$(realpath "$tools/opens")"
		    deny change
		}
	CONF
	ctl reload
	is "$(opens "$file" O_WRONLY)" ok
	run sh -c "echo x | tee $file"
	like "$output" 'not permitted'
	is "$(in_status .policy.generation)" 2
	# What is no longer watched is let go.
	configure <<-CONF
		watch test {
		    path "$D/guarded/other"
		    deny change
		}
	CONF
	echo one >"$D/guarded/other" || true
	ctl reload
	is "$(opens "$file" O_WRONLY)" ok
	wait_record policy '.generation == 3'
}
