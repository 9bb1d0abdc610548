/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/monitor.h"

static struct cache *cache;
static struct opening o;
static const struct judgement deny = {.verdict = VERDICT_DENY,
    .answer = VERDICT_DENY,
    .record = 1,
    .tier = TIER_DECIDER,
    .rule = 3};
static struct judgement found;

static int
setup(void **state)
{
	(void)state;
	assert_int_equal(cache_new(&cache), 0);
	memset(&o, 0, sizeof(o));
	o.ops = OP_WRITE;
	o.look.dev = 1;
	o.subject.known = 1;
	o.subject.pid = o.subject.tid = 500;
	o.subject.ancestors_count = 1;
	o.subject.ancestors[0].ino = 9;
	o.subject.ancestors[0].pid = 1;
	cache_add(cache, 1, &o, &deny);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(cache);
	return 0;
}

static bool
find(void)
{
	return cache_find(cache, 1, &o, &found);
}

static void
the_same_question(void **state)
{
	(void)state;
	/* What no rule asks about is not in the key. */
	o.look.ino = 12;
	o.look.dev = 2;
	o.subject.pid = o.subject.tid = 501;
	o.subject.ppid = 7;
	o.subject.start_ns = 8;
	o.subject.mntns = 9;
	memcpy(o.subject.comm, "other", 6);
	assert_true(find());
	assert_int_equal(found.verdict, VERDICT_DENY);
	assert_int_equal(found.rule, 3);
	assert_int_equal(found.record, 1);
	assert_int_equal(found.tier, TIER_CACHE);
	assert_int_equal(cache_entries(cache), 1);
}

#define ANOTHER(field)                                                         \
	do {                                                                   \
		assert_true(find());                                           \
		o.field++;                                                     \
		assert_false(find());                                          \
		o.field--;                                                     \
	} while (0)

static void
every_part_of_the_key(void **state)
{
	(void)state;
	ANOTHER(watch);
	ANOTHER(ops);
	ANOTHER(subject.exe_dev);
	ANOTHER(subject.exe_ino);
	ANOTHER(subject.uid);
	ANOTHER(subject.euid);
	ANOTHER(subject.gid);
	ANOTHER(subject.egid);
	ANOTHER(subject.auid);
	ANOTHER(subject.cgroup);
	ANOTHER(subject.ancestors_count);
	ANOTHER(subject.ancestors[0].dev);
	ANOTHER(subject.ancestors[0].ino);
	ANOTHER(subject.ancestors[0].pid); /* the line does not end in it */
	assert_false(cache_find(cache, 2, &o, &found));
	o.subject.known = 0;
	assert_false(find());
}

static void
unknown_watch_is_one_a_device(void **state)
{
	(void)state;
	o.watch = WATCH_UNKNOWN;
	cache_add(cache, 1, &o, &deny);
	assert_true(find());
	o.look.dev++;
	assert_false(find());
}

static void
flush_forgets(void **state)
{
	(void)state;
	cache_flush(cache);
	assert_false(find());
	assert_int_equal(cache_entries(cache), 0);
}

/* More questions than places: some are forgotten, none gets another's answer.
 */
static void
collisions(void **state)
{
	struct judgement j = deny;
	unsigned int hits = 0;

	(void)state;
	for (uint32_t uid = 0; uid < 50000; uid++) {
		o.subject.uid = uid;
		j.rule = uid;
		cache_add(cache, 1, &o, &j);
	}
	for (uint32_t uid = 0; uid < 50000; uid++) {
		o.subject.uid = uid;
		if (!find())
			continue;
		assert_int_equal(found.rule, uid);
		hits++;
	}
	assert_int_equal(hits, cache_entries(cache));
	assert_true(hits > 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_same_question),
	    TEST(every_part_of_the_key),
	    TEST(unknown_watch_is_one_a_device),
	    TEST(flush_forgets),
	    TEST(collisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
