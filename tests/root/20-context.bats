#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The context recorder on the running kernel, at the best rung it has. The
# rungs it lacks are tested by tests/vm.

setup() {
	build=${DOORWARD_BUILD:-$BATS_TEST_DIRNAME/../../build}
	[ "$(id -u)" = 0 ] || skip "only root can load kernel programs"
	make -s -C "$build" tests/vm/context_test tests/vm/open_cost \
		>/dev/null 2>&1 || true
	[ -x "$build/tests/vm/context_test" ] ||
		skip "context_test is not built (cmocka, kernel programs)"
}

programs() {
	# Descriptors of kernel programs held by anybody.
	grep -ls '^prog_type:' /proc/[0-9]*/fdinfo/* 2>/dev/null | wc -l
}

@test "every open is recorded with its flags, user, program and file" {
	run timeout 150 "$build/tests/vm/context_test"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"20800 opens, 0 wrong"* ]]
}

@test "no kernel program and no file is left behind" {
	before=$(programs)
	run timeout 150 "$build/tests/vm/open_cost"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(programs)" -eq "$before" ]
	[ -z "$(compgen -G '/tmp/doorward-cost-*')" ]
}
