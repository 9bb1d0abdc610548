/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cadence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void
test_due(void **state)
{
	struct cadence c;
	struct cadence_load l = {0};
	uint64_t t = 1000 * SECOND;

	(void)state;
	cadence_init(&c, 60 * SECOND, t);
	assert_true(cadence_due(&c, &l, t) == t + 60 * SECOND);
	l.queued = 1;
	l.oldest = t;
	assert_true(cadence_due(&c, &l, t) == t + CADENCE_NORMAL);
	l.critical = 1;
	l.critical_since = t + MS;
	assert_true(cadence_due(&c, &l, t) == t + MS + CADENCE_CRITICAL);
	l.queued = BATCH_MAX;
	assert_true(cadence_due(&c, &l, t) == t);
}

static void
test_a_trickle_runs_out_of_tokens(void **state)
{
	struct cadence c;
	struct cadence_load l = {.queued = 1};
	uint64_t t = 1000 * SECOND;

	(void)state;
	cadence_init(&c, 60 * SECOND, t);
	for (int i = 0; i < CADENCE_BURST; i++) {
		l.oldest = t;
		assert_true(cadence_due(&c, &l, t) == t + CADENCE_NORMAL);
		cadence_sealed(&c, 0, t);
	}
	l.oldest = t;
	assert_true(cadence_due(&c, &l, t) == t + CADENCE_SLOW);
	/* One second, one token; critical seals take none. */
	t += SECOND;
	cadence_sealed(&c, 1, t);
	l.oldest = t;
	assert_true(cadence_due(&c, &l, t) == t + CADENCE_NORMAL);
	cadence_sealed(&c, 0, t);
	assert_true(cadence_due(&c, &l, t) == t + CADENCE_SLOW);
	/* Never more than the burst. */
	t += 10000 * SECOND;
	l.oldest = t;
	(void)cadence_due(&c, &l, t);
	assert_int_equal(c.tokens, CADENCE_BURST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_due),
	    cmocka_unit_test(test_a_trickle_runs_out_of_tokens),
	};

	return cmocka_run_group_tests_name("cadence", tests, NULL, NULL);
}
