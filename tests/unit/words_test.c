/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire/words.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct vocabulary {
	const char *what;
	const char *(*name)(unsigned int);
	unsigned int first, end; /* numbers first .. end - 1 have names */
};

static const struct vocabulary vocabularies[] = {
    {"process", process_name, PROCESS_LOADER, PROCESS_MAX},
    {"verdict", verdict_name, VERDICT_ALLOW, VERDICT_DENY + 1},
    {"mode", mode_name, MODE_AUDIT, MODE_ENFORCE + 1},
    {"reason", reason_name, REASON_RULE, REASON_MAX},
    {"tier", tier_name, TIER_KERNEL, TIER_MAX},
    {"context", context_name, CONTEXT_NONE, CONTEXT_MAX},
    {"kind", kind_name, KIND_EVENT, KIND_MAX},
    {"admin", admin_name, ADMIN_STARTED, ADMIN_MAX},
    {"gap", gap_name, GAP_RECORD_QUEUE, GAP_MAX},
    {"coverage", coverage_name, COVERAGE_OFF, COVERAGE_MAX},
};

#define VOCABULARIES (sizeof(vocabularies) / sizeof(vocabularies[0]))

static void
every_number_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (size_t v = 0; v < VOCABULARIES; v++) {
		const struct vocabulary *voc = &vocabularies[v];

		for (unsigned int i = voc->first; i < voc->end; i++) {
			if (voc->name(i) == NULL)
				fail_msg("%s %u has no name", voc->what, i);
			for (unsigned int j = voc->first; j < i; j++) {
				if (strcmp(voc->name(i), voc->name(j)) == 0)
					fail_msg("%s %u and %u are both %s",
					    voc->what, j, i, voc->name(i));
			}
		}
	}
}

static void
no_number_beyond_has_a_name(void **state)
{
	(void)state;
	for (size_t v = 0; v < VOCABULARIES; v++) {
		const struct vocabulary *voc = &vocabularies[v];

		for (unsigned int i = 0; i < voc->first; i++)
			assert_null(voc->name(i));
		for (unsigned int i = voc->end; i < voc->end + 300; i++)
			assert_null(voc->name(i));
		assert_null(voc->name(UINT_MAX));
	}
}

static void
operations_are_named_by_single_bits(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < OP_COUNT; i++)
		assert_non_null(op_name(1u << i));
	assert_string_equal(op_name(OP_READ), "read");
	assert_string_equal(op_name(OP_MOUNT), "mount");
	assert_null(op_name(0));
	assert_null(op_name(OP_READ | OP_WRITE));
	for (unsigned int i = OP_COUNT; i < 32; i++)
		assert_null(op_name(1u << i));
}

static void
change_is_everything_but_read_and_exec(void **state)
{
	(void)state;
	assert_int_equal(
	    OP_CHANGE, OP_ANY & ~(unsigned int)(OP_READ | OP_EXEC));
}

/*
 * The log outlives the program: these numbers are in files. A failure here is
 * a change of the format, not a test to adjust.
 */
static void
released_numbers_keep_their_meaning(void **state)
{
	(void)state;
	assert_string_equal(kind_name(1), "event");
	assert_string_equal(kind_name(2), "seal");
	assert_string_equal(kind_name(14), "admin");
	assert_string_equal(verdict_name(1), "deny");
	assert_string_equal(reason_name(2), "timeout");
	assert_string_equal(tier_name(3), "watchdog");
	assert_string_equal(op_name(256), "truncate");
}

static void
device_numbers_do_not_depend_on_libc(void **state)
{
	(void)state;
	assert_true(wire_dev(makedev(8, 1)) == ((uint64_t)8 << 32 | 1));
	assert_true(wire_dev(makedev(0xabcde, 0xfffff)) ==
		    ((uint64_t)0xabcde << 32 | 0xfffff));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_number_has_a_name_of_its_own),
	    cmocka_unit_test(no_number_beyond_has_a_name),
	    cmocka_unit_test(operations_are_named_by_single_bits),
	    cmocka_unit_test(change_is_everything_but_read_and_exec),
	    cmocka_unit_test(released_numbers_keep_their_meaning),
	    cmocka_unit_test(device_numbers_do_not_depend_on_libc),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
