/* SPDX-License-Identifier: Apache-2.0 */
#include "store/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct queue q;

static void
put(uint64_t ts, bool deny)
{
	static struct rec_EVENT e;

	e.ts = ts;
	e.verdict = deny ? VERDICT_DENY : VERDICT_ALLOW;
	memcpy(e.path, "/x", 3);
	e.path_len = 2;
	(void)queue_put_event(&q, &e, 5);
}

/* What did not fit is counted exactly and said where it is missing. */
static void
test_missed_events_become_a_gap(void **state)
{
	struct item *i;

	(void)state;
	queue_init(&q);
	for (uint64_t n = 0; n < QUEUE_EVENTS_MAX; n++)
		put(n, false);
	assert_int_equal(q.missed.count, 0);
	put(900000, false);
	put(800000, true);
	put(850000, false);
	assert_int_equal(q.missed.count, 3);
	assert_int_equal(q.count, QUEUE_EVENTS_MAX);
	item_free(queue_take(&q));
	item_free(queue_take(&q));
	put(900001, true);
	assert_int_equal(q.missed.count, 0);
	for (size_t n = QUEUE_EVENTS_MAX - 2; n > 0; n--)
		item_free(queue_take(&q));
	i = queue_take(&q);
	assert_int_equal(i->kind, KIND_GAP);
	assert_int_equal(i->gap.source, GAP_STORE_QUEUE);
	assert_int_equal(i->gap.count, 3);
	assert_int_equal(i->gap.from, 800000);
	assert_int_equal(i->gap.to, 900000);
	item_free(i);
	i = queue_take(&q);
	assert_int_equal(i->kind, KIND_EVENT);
	assert_int_equal(i->event.ts, 900001);
	assert_true(i->critical);
	item_free(i);
	assert_null(queue_take(&q));
	assert_int_equal(q.bytes, 0);
	assert_int_equal(q.critical, 0);
	assert_int_equal(q.refused, 3);
}

static void
test_what_clients_cause_is_bounded_too(void **state)
{
	size_t taken = 0;
	struct item *i;

	(void)state;
	queue_init(&q);
	for (size_t n = 0; n < QUEUE_EVENTS_MAX + 10; n++) {
		i = item_make(KIND_ACCESS, (int64_t)n, 1);
		assert_non_null(i);
		taken += queue_offer(&q, i);
	}
	assert_int_equal(taken, QUEUE_EVENTS_MAX);
	assert_int_equal(q.missed.count, 10);
	while ((i = queue_take(&q)) != NULL)
		item_free(i);
}

static void
test_keeps_the_whole_path(void **state)
{
	static struct rec_EVENT e;
	struct item *i;

	(void)state;
	queue_init(&q);
	memset(e.path, 'p', PATH_BYTES_MAX);
	e.path_len = PATH_BYTES_MAX;
	assert_true(queue_put_event(&q, &e, 1));
	i = queue_take(&q);
	assert_int_equal(strlen(i->event.path), PATH_BYTES_MAX);
	item_free(i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_missed_events_become_a_gap),
	    cmocka_unit_test(test_what_clients_cause_is_bounded_too),
	    cmocka_unit_test(test_keeps_the_whole_path),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
