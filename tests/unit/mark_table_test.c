/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/mark_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MANY 20000

static void
put(struct mark_table *t, uint64_t dev, uint64_t ino)
{
	struct mark *m = mark_obtain(t, dev, ino);

	assert_non_null(m);
	m->bits = MARK_CHILDREN;
}

static void
finds_what_was_put_and_nothing_else(void **state)
{
	struct mark_table t = {NULL, 0, 0};

	(void)state;
	assert_null(mark_find(&t, 1, 1));
	for (uint64_t i = 1; i <= MANY; i++)
		put(&t, i % 3, i);
	assert_int_equal(t.used, MANY);
	for (uint64_t i = 1; i <= MANY; i++) {
		assert_non_null(mark_find(&t, i % 3, i));
		assert_null(mark_find(&t, i % 3 + 1, i));
	}
	mark_table_free(&t);
}

static void
same_inode_is_one_entry(void **state)
{
	struct mark_table t = {NULL, 0, 0};

	(void)state;
	put(&t, 8, 42);
	assert_ptr_equal(mark_obtain(&t, 8, 42), mark_find(&t, 8, 42));
	assert_int_equal(t.used, 1);
	mark_table_free(&t);
}

/* Numbers that collide now and then, as inodes of a used file system do. */
static uint64_t
crowded(uint64_t i)
{
	return (i * i * 2654435761u) ^ (i << 20);
}

/* Entries that were pushed along by a removed one stay reachable. */
static void
forgetting_some_keeps_the_others(void **state)
{
	struct mark_table t = {NULL, 0, 0};

	(void)state;
	for (uint64_t i = 1; i <= MANY; i++)
		put(&t, 1, crowded(i));
	for (uint64_t i = 1; i <= MANY; i += 2)
		mark_forget(&t, mark_find(&t, 1, crowded(i)));
	assert_int_equal(t.used, MANY / 2);
	for (uint64_t i = 1; i <= MANY; i++) {
		if (i % 2 == 1)
			assert_null(mark_find(&t, 1, crowded(i)));
		else
			assert_non_null(mark_find(&t, 1, crowded(i)));
	}
	mark_table_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_what_was_put_and_nothing_else),
	    cmocka_unit_test(same_inode_is_one_entry),
	    cmocka_unit_test(forgetting_some_keeps_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
