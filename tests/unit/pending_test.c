/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/monitor.h"

static struct pending *p;
static struct vitals_monitor *vitals;

static int
setup(void **state)
{
	(void)state;
	p = calloc(1, sizeof(*p));
	vitals = calloc(1, sizeof(*vitals));
	pending_init(p, vitals);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(p);
	free(vitals);
	return 0;
}

static void
release(struct opening *o)
{
	o->fd = -1;
	pending_release(p, o);
}

static void
take_find_release(void **state)
{
	struct opening *o = pending_take(p, 20);
	uint64_t id = o->id;

	(void)state;
	assert_int_equal(o->fd, 20);
	assert_ptr_equal(pending_find(p, id), o);
	assert_null(pending_find(p, id + ((uint64_t)1 << 16)));
	assert_null(pending_find(p, 0));
	assert_null(pending_find(p, UINT64_MAX));
	release(o);
	assert_null(pending_find(p, id));
	assert_int_equal(vitals->pending_now, 0);
	assert_int_equal(vitals->pending_max, 1);
}

static void
an_id_is_never_used_again(void **state)
{
	struct opening *o = pending_take(p, 20);
	uint64_t first = o->id, second;

	(void)state;
	pending_renew(p, o);
	second = o->id;
	assert_null(pending_find(p, first));
	assert_ptr_equal(pending_find(p, second), o);
	release(o);
	o = pending_take(p, 20);
	assert_null(pending_find(p, second));
	assert_ptr_equal(pending_find(p, o->id), o);
}

static void
nothing_is_left_of_the_last(void **state)
{
	struct opening *o = pending_take(p, 20);

	(void)state;
	o->recorded = true;
	o->labelled = true;
	o->token = 9;
	o->judged.answer = VERDICT_DENY;
	o->path[0] = 'x';
	release(o);
	o = pending_take(p, 21);
	assert_false(o->recorded);
	assert_false(o->labelled);
	assert_int_equal(o->token, 0);
	assert_int_equal(o->judged.answer, VERDICT_ALLOW);
	assert_int_equal(o->path[0], 0);
}

static void
full(void **state)
{
	struct opening *middle;
	uint64_t ids[OPENINGS_MAX];

	(void)state;
	for (int i = 0; i < OPENINGS_MAX; i++)
		ids[i] = pending_take(p, i)->id;
	assert_null(pending_take(p, 1));
	assert_int_equal(vitals->pending_now, OPENINGS_MAX);
	middle = pending_find(p, ids[OPENINGS_MAX / 2]);
	release(middle);
	assert_ptr_equal(pending_take(p, 1), middle);
	/* Every other one, so that the last moves up again and again. */
	for (int i = 0; i < OPENINGS_MAX; i += 2) {
		if (i != OPENINGS_MAX / 2)
			release(pending_find(p, ids[i]));
	}
	for (size_t i = 0; i < p->nactive; i++)
		assert_int_equal(p->at[p->active[i]], i);
	for (int i = 1; i < OPENINGS_MAX; i += 2)
		assert_non_null(pending_find(p, ids[i]));
	assert_int_equal(p->nactive, OPENINGS_MAX / 2 + 1);
}

static void
next_due(void **state)
{
	struct opening *a = pending_take(p, 20), *b = pending_take(p, 21);

	(void)state;
	a->deadline_ns = 500;
	b->deadline_ns = 300;
	assert_int_equal(pending_next_ns(p), 300);
	/* The wait for a name ends before its deadline, or with it. */
	a->state = OPENING_NAMED;
	a->wait_ns = 100;
	assert_int_equal(pending_next_ns(p), 100);
	a->wait_ns = 900;
	b->state = OPENING_ANSWERED;
	assert_int_equal(pending_next_ns(p), 500);
	a->state = OPENING_SEALED;
	a->wait_ns = 100;
	assert_int_equal(pending_next_ns(p), 500);
	a->state = OPENING_ANSWERED;
	assert_int_equal(pending_next_ns(p), UINT64_MAX);
}

static void
page(void **state)
{
	struct opening *o = pending_take(p, 20);

	(void)state;
	o->deadline_ns = 500;
	o->on_timeout = VERDICT_DENY;
	o->mode = MODE_ENFORCE;
	o->subject.tid = 7;
	pending_show(p, o);
	assert_int_equal(vitals->pending[20].state, PENDING_WAITING);
	assert_int_equal(vitals->pending[20].deadline_ns, 500);
	assert_int_equal(vitals->pending[20].on_timeout, VERDICT_DENY);
	assert_int_equal(vitals->pending[20].pid, 7);
	o->mode = MODE_AUDIT;
	pending_show(p, o);
	assert_int_equal(vitals->pending[20].on_timeout, VERDICT_ALLOW);
	/* A number the page does not have. */
	o->fd = PENDING_SLOTS;
	pending_show(p, o);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(take_find_release),
	    TEST(an_id_is_never_used_again),
	    TEST(nothing_is_left_of_the_last),
	    TEST(full),
	    TEST(next_due),
	    TEST(page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
