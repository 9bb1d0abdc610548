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
