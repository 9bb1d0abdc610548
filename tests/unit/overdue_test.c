/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/overdue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SLOTS 64
#define GRACE 10

static struct vitals_pending page[SLOTS];

static void
waits(size_t number, uint64_t deadline, uint8_t verdict)
{
	page[number] = (struct vitals_pending){.deadline_ns = deadline,
	    .on_timeout = verdict,
	    .state = PENDING_WAITING};
}

static int
clear(void **state)
{
	(void)state;
	memset(page, 0, sizeof(page));
	return 0;
}

static void
only_what_is_past_its_deadline_is_answered(void **state)
{
	struct overdue list[SLOTS];
	size_t at = 0;

	(void)state;
	waits(3, 100, VERDICT_DENY);
	waits(7, 200, VERDICT_ALLOW);
	waits(9, 100, VERDICT_ALLOW);
	page[9].state = PENDING_FREE;
	assert_int_equal(
	    overdue_find(page, SLOTS, 105, GRACE, &at, list, SLOTS), 0);
	at = 0;
	assert_int_equal(
	    overdue_find(page, SLOTS, 150, GRACE, &at, list, SLOTS), 1);
	assert_int_equal(list[0].number, 3);
	assert_int_equal(list[0].verdict, VERDICT_DENY);
	at = 0;
	assert_int_equal(
	    overdue_find(page, SLOTS, 300, GRACE, &at, list, SLOTS), 2);
	assert_int_equal(list[1].number, 7);
	assert_int_equal(list[1].verdict, VERDICT_ALLOW);
}

static void
all_that_wait_are_found_batch_by_batch(void **state)
{
	struct overdue list[5];
	size_t at = 0, total = 0, n;

	(void)state;
	for (size_t i = 0; i < SLOTS; i += 2)
		waits(i, UINT64_MAX, VERDICT_DENY);
	while ((n = overdue_find_waiting(page, SLOTS, &at, list, 5)) > 0) {
		assert_true(n <= 5);
		total += n;
	}
	assert_int_equal(total, SLOTS / 2);
}

/* The page belongs to a process that may be taken over. */
static void
nonsense_in_the_page_is_a_denial(void **state)
{
	struct overdue list[SLOTS];
	size_t at = 0;

	(void)state;
	memset(page, 0xff, sizeof(page));
	assert_int_equal(
	    overdue_find_waiting(page, SLOTS, &at, list, SLOTS), 0);
	waits(5, 0, 0xee);
	at = 0;
	assert_int_equal(
	    overdue_find_waiting(page, SLOTS, &at, list, SLOTS), 1);
	assert_int_equal(list[0].verdict, VERDICT_DENY);
}

static void
a_beat_or_no_work_is_not_stuck(void **state)
{
	struct stuck s = {0, 0};

	(void)state;
	assert_false(stuck_look(&s, 100, 1, true, 50));
	assert_false(stuck_look(&s, 140, 1, true, 50));
	assert_false(stuck_look(&s, 160, 2, true, 50)); /* it moved */
	assert_false(stuck_look(&s, 200, 2, true, 50));
	assert_true(stuck_look(&s, 210, 2, true, 50));
	/* Idle for long, then one event: it has the whole time from there. */
	assert_false(stuck_look(&s, 900, 2, false, 50));
	assert_false(stuck_look(&s, 1000, 2, true, 50));
	assert_false(stuck_look(&s, 1049, 2, true, 50));
	assert_true(stuck_look(&s, 1050, 2, true, 50));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(
		only_what_is_past_its_deadline_is_answered, clear),
	    cmocka_unit_test_setup(
		all_that_wait_are_found_batch_by_batch, clear),
	    cmocka_unit_test_setup(nonsense_in_the_page_is_a_denial, clear),
	    cmocka_unit_test(a_beat_or_no_work_is_not_stuck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
