/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/monitor.h"

#define TID 1234

static struct slot *map;
static struct slots slots;
static struct rec_SUBJECT subject;
static struct joined joined;
static const struct look file = {.dev = (uint64_t)8 << 32 | 1, .ino = 77};

static int
setup(void **state)
{
	(void)state;
	map = calloc(SLOT_COUNT, sizeof(*map));
	memset(&slots, 0, sizeof(slots));
	slots.map = map;
	slots.rung = CONTEXT_LSM;
	map[TID & SLOT_MASK] = (struct slot){.tid = TID,
	    .counter = 1,
	    .ino = 77,
	    .dev = 8u << 20 | 1,
	    .flags = O_WRONLY,
	    .pid = 1200,
	    .uid = 5,
	    .exe_dev = 259u << 20 | 3,
	    .exe_ino = 99,
	    .watch = 4,
	    .generation = 7,
	    .nancestors = 1,
	    .ancestors = {{.ino = 50, .dev = 8u << 20 | 2, .pid = 1}}};
	map[TID & SLOT_MASK].sum = slot_sum(&map[TID & SLOT_MASK]);
	return 0;
}

/* The writer left another value: everything else of the slot is right. */
#define LEFT(field, value)                                                     \
	do {                                                                   \
		map[TID & SLOT_MASK].field = (value);                          \
		map[TID & SLOT_MASK].sum = slot_sum(&map[TID & SLOT_MASK]);    \
	} while (0)

static int
teardown(void **state)
{
	(void)state;
	free(map);
	return 0;
}

static bool
join(void)
{
	return slots_join(&slots, TID, &file, &subject, &joined);
}

static void
ops_of_flags(void **state)
{
	(void)state;
	assert_int_equal(slots_ops(O_RDONLY), OP_READ);
	assert_int_equal(slots_ops(O_WRONLY), OP_WRITE);
	assert_int_equal(slots_ops(O_RDWR), OP_READ | OP_WRITE);
	assert_int_equal(slots_ops(O_ACCMODE), OP_READ | OP_WRITE);
	assert_int_equal(slots_ops(O_WRONLY | O_APPEND), OP_WRITE);
	assert_int_equal(slots_ops(O_WRONLY | O_TRUNC), OP_WRITE | OP_TRUNCATE);
	/* Linux truncates for O_RDONLY | O_TRUNC, too. */
	assert_int_equal(
	    slots_ops(O_RDONLY | O_TRUNC), OP_READ | OP_WRITE | OP_TRUNCATE);
	assert_int_equal(slots_ops(SLOT_EXEC), OP_EXEC);
	assert_int_equal(slots_ops(SLOT_EXEC | O_RDWR), OP_EXEC);
}

static void
join_fills_the_subject(void **state)
{
	(void)state;
	assert_true(join());
	assert_int_equal(subject.known, 1);
	assert_int_equal(subject.tid, TID);
	assert_int_equal(subject.pid, 1200);
	assert_int_equal(subject.uid, 5);
	assert_int_equal(subject.exe_dev, (uint64_t)259 << 32 | 3);
	assert_int_equal(subject.exe_ino, 99);
	assert_int_equal(subject.ancestors_count, 1);
	assert_int_equal(subject.ancestors[0].dev, (uint64_t)8 << 32 | 2);
	assert_int_equal(joined.oflags, O_WRONLY);
	assert_int_equal(joined.watch, 4);
	assert_int_equal(joined.generation, 7);
}

/* Nothing of a slot that is not believed may show. */
static void
assert_unknown(void)
{
	static const struct joined nothing;
	struct rec_SUBJECT nobody = {.tid = TID, .pid = TID};

	assert_false(join());
	assert_memory_equal(&subject, &nobody, sizeof(nobody));
	assert_memory_equal(&joined, &nothing, sizeof(nothing));
}

static void
another_thread(void **state)
{
	(void)state;
	LEFT(tid, TID + SLOT_COUNT);
	assert_unknown();
}

static void
another_inode(void **state)
{
	(void)state;
	LEFT(ino, 78);
	assert_unknown();
}

static void
another_device(void **state)
{
	(void)state;
	LEFT(dev, 8u << 20 | 2);
	assert_unknown();
}

static void
consumed_once(void **state)
{
	(void)state;
	assert_true(join());
	assert_unknown();
	LEFT(counter, 2);
	assert_true(join());
}

/* What is refused for its file must not be consumed for the right one. */
static void
refused_is_not_consumed(void **state)
{
	(void)state;
	LEFT(ino, 78);
	assert_unknown();
	LEFT(ino, 77);
	assert_true(join());
}

static void
half_written(void **state)
{
	(void)state;
	LEFT(tid, 0);
	assert_unknown();
}

static void
does_not_add_up(void **state)
{
	(void)state;
	map[TID & SLOT_MASK].uid = 6;
	assert_unknown();
}

static void
no_rung(void **state)
{
	(void)state;
	slots.rung = CONTEXT_NONE;
	assert_unknown();
}

static void
raw_tp_knows_no_file(void **state)
{
	(void)state;
	slots.rung = CONTEXT_RAW_TP;
	LEFT(ino, 0);
	LEFT(dev, 0);
	assert_true(join());
	assert_unknown();
	/* An exec opens several files. */
	LEFT(flags, SLOT_EXEC);
	assert_true(join());
	assert_true(join());
}

static void
too_many_ancestors(void **state)
{
	(void)state;
	LEFT(nancestors, 4000000000u);
	assert_true(join());
	assert_int_equal(subject.ancestors_count, ANCESTORS_MAX);
}

static void
thread_zero_is_nobody(void **state)
{
	(void)state;
	map[0] = (struct slot){
	    .counter = 1, .ino = 77, .dev = 8u << 20 | 1, .uid = 5};
	map[0].sum = slot_sum(&map[0]);
	assert_false(slots_join(&slots, 0, &file, &subject, &joined));
	assert_int_equal(subject.known, 0);
	assert_int_equal(subject.uid, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ops_of_flags),
	    TEST(join_fills_the_subject),
	    TEST(another_thread),
	    TEST(another_inode),
	    TEST(another_device),
	    TEST(consumed_once),
	    TEST(refused_is_not_consumed),
	    TEST(half_written),
	    TEST(does_not_add_up),
	    TEST(no_rung),
	    TEST(raw_tp_knows_no_file),
	    TEST(too_many_ancestors),
	    TEST(thread_zero_is_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
