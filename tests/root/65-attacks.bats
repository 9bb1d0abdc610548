#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Ways to open a guarded file that try to pass for something else.

# shellcheck source=tests/root/service.bash
source "$BATS_TEST_DIRNAME/service.bash"

setup() { private_folder; }

hides() {
	local rc=0 said
	said=$(timeout 60 "$tools/hides" "$1" "$file") || rc=$?
	[ "$rc" != 77 ] || skip "not to be had on this machine"
	echo "$said"
	is "$said" EPERM
}

@test "the kernel's own bit for exec, given to open, is no exec" {
	configure_tee
	start_service
	hides bit
}

@test "a 32-bit program's open is not taken for the exec it came from" {
	configure_tee
	start_service
	hides compat
}

@test "the number of a thread that called exec says nothing about who has it next" {
	configure_tee
	start_service
	hides thread
}

@test "who may write below a guarded directory does not choose what else is guarded" {
	configure_tee
	mkdir -p "$D/guarded/open" "$D/elsewhere/etc/deep"
	chmod 777 "$D/guarded/open"
	echo one >"$D/elsewhere/etc/passwd"
	echo one >"$D/elsewhere/etc/deep/file"
	start_service
	timeout 60 setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$tools/swaps" "$D/guarded/open" "$D/elsewhere" etc 1000
	# What came last has been looked at: so has everything before it.
	mkdir "$D/guarded/last"
	echo one | tee "$D/guarded/last/file" >/dev/null
	denied() { [ "$(opens "$1" O_WRONLY)" = EPERM ]; }
	until_true 20 denied "$D/guarded/last/file"
	is "$(opens "$D/elsewhere/etc/passwd" O_WRONLY)" ok
	is "$(opens "$D/elsewhere/etc/deep/file" O_WRONLY)" ok
}

@test "what may be read and what may not does not depend on the system call" {
	configure <<-CONF
		watch test {
		    path "$D/guarded/**"
		    deny read
		}
	CONF
	echo one >"$file"
	start_service
	is "$(opens "$file" O_RDONLY)" EPERM
	hides openat2
}

@test "a folder put out of the way blinds nobody to what appears elsewhere" {
	mkdir -p "$D/user/app/conf"
	configure <<-CONF
		watch first {
		    path "$D/user/app/conf/**"
		    deny change
		}
		watch test {
		    path "$D/guarded/**"
		    allow write by exe "/usr/bin/tee"
		    deny change
		}
	CONF
	start_service
	mv "$D/user/app" "$D/user/gone"
	mkdir -p "$D/guarded/new/deep"
	denied() {
		echo one | tee "$D/guarded/new/deep/file" >/dev/null
		[ "$(opens "$D/guarded/new/deep/file" O_WRONLY)" = EPERM ]
	}
	until_true 10 denied
}

nice_of() { awk '{ print $19 }' "/proc/$1/stat"; }

@test "those an opener waits for come first at the processors, the others do not" {
	[ "$(nice -n -14 nice 2>/dev/null)" = -14 ] || skip "priorities cannot be raised here"
	configure_tee
	start_service
	is "$(nice_of "$loader") $(nice_of "$(child monitor)") $(nice_of "$(child decider)")" "-14 -14 -14"
	is "$(nice_of "$(child store)") $(nice_of "$(child query)")" "0 0"
}
