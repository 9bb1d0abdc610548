// SPDX-License-Identifier: Apache-2.0
/*
 * The recorder where it cannot work: no capability, or built without kernel
 * programs. It must start all the same, at rung none, and say why.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/proc/log.h"
#include "loader/bpf.h"

#ifdef WITH_BPF
#define WHY (-EPERM)
#else
#define WHY (-ENOSYS)
#endif

static int
give_up_root(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return 0;
	if (setresgid(65534, 65534, 65534) < 0 ||
	    setresuid(65534, 65534, 65534) < 0)
		return -1;
	return 0;
}

static void
every_rung_says_why_not(void **state)
{
	const struct bpf_options options = {CONTEXT_LSM, true};
	struct bpf_state *bpf = NULL;
	int32_t errors[CONTEXT_MAX];

	(void)state;
	assert_int_equal(bpf_start(&options, &bpf), 0);
	assert_int_equal(bpf_rung(bpf), CONTEXT_NONE);
	bpf_rung_errors(bpf, errors);
	assert_int_equal(errors[CONTEXT_NONE], 0);
	assert_int_equal(errors[CONTEXT_LSM], WHY);
	assert_int_equal(errors[CONTEXT_FENTRY], WHY);
	assert_int_equal(errors[CONTEXT_RAW_TP], WHY);
	bpf_stop(&bpf);
	assert_null(bpf);
	bpf_stop(&bpf);
}

static void
a_rung_not_asked_for_has_no_reason(void **state)
{
	const struct bpf_options options = {CONTEXT_RAW_TP, false};
	struct bpf_state *bpf = NULL;
	int32_t errors[CONTEXT_MAX];

	(void)state;
	assert_int_equal(bpf_start(&options, &bpf), 0);
	bpf_rung_errors(bpf, errors);
	assert_int_equal(errors[CONTEXT_LSM], 0);
	assert_int_equal(errors[CONTEXT_FENTRY], 0);
	assert_int_equal(errors[CONTEXT_RAW_TP], WHY);
	bpf_stop(&bpf);
}

static void
everything_else_succeeds_and_does_nothing(void **state)
{
	const struct bpf_options options = {CONTEXT_LSM, false};
	const struct bpf_watched inode = {.dev = 1, .ino = 2};
	struct bpf_state *bpf = NULL;
	uint64_t n = 1;

	(void)state;
	assert_int_equal(bpf_start(&options, &bpf), 0);
	assert_int_equal(bpf_slots_fd(bpf), -1);
	assert_int_equal(bpf_uses_ancestors(bpf, true), 0);
	assert_int_equal(bpf_objects_begin(bpf, 1, 10), 0);
	assert_int_equal(bpf_objects_add(bpf, &inode), 0);
	assert_int_equal(bpf_objects_commit(bpf), 0);
	assert_int_equal(bpf_objects_remove(bpf, &inode), 0);
	bpf_objects_abort(bpf);
	assert_int_equal(bpf_lost(bpf, &n), 0);
	assert_int_equal(n, 0);
	n = 1;
	assert_int_equal(bpf_counter(bpf, COUNTER_RECORDED, &n), 0);
	assert_int_equal(n, 0);
	bpf_stop(&bpf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_rung_says_why_not),
	    cmocka_unit_test(a_rung_not_asked_for_has_no_reason),
	    cmocka_unit_test(everything_else_succeeds_and_does_nothing),
	};

	log_start("bpf_none_test", LOG_LEVEL_WARN);
	return cmocka_run_group_tests_name(
	    "bpf none", tests, give_up_root, NULL);
}
