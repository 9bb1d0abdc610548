/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "store/query_when.h"

/* 2026-11-22T09:14:03.5Z */
#define NOW INT64_C(1795338843500000000)
#define SECOND INT64_C(1000000000)

static void
assert_when(const char *text, int64_t want)
{
	int64_t ns = 0;

	assert_int_equal(when_parse(text, NOW, &ns), 0);
	assert_int_equal(ns, want);
}

static void
absolute_times_mean_their_zone(void **state)
{
	(void)state;
	assert_when("2026-11-22T09:14:03.5Z", NOW);
	assert_when("2026-11-22t09:14:03.500000000z", NOW);
	assert_when("2026-11-22T10:14:03.5+01:00", NOW);
	assert_when("2026-11-22T03:44:03.5-05:30", NOW);
	assert_when("1970-01-01T00:00:00Z", 0);
	assert_when("2024-02-29T00:00:00Z", 1709164800 * SECOND);
	/* More digits than a nanosecond has. */
	assert_when("1970-01-01T00:00:00.1234567899Z", 123456789);
}

static void
times_without_a_zone_are_local(void **state)
{
	(void)state;
	assert_int_equal(setenv("TZ", "UTC-3", 1), 0);
	tzset();
	assert_when("2026-11-22T12:14:03.5", NOW);
	assert_when("2026-11-22 12:14", NOW - 3 * SECOND - SECOND / 2);
	assert_when("2026-11-22", 1795294800 * SECOND);
	assert_when("today", 1795294800 * SECOND);
	assert_when("yesterday", 1795294800 * SECOND - 86400 * SECOND);
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
}

static void
ages_count_back_from_now(void **state)
{
	(void)state;
	assert_when("now", NOW);
	assert_when("0s", NOW);
	assert_when("90s", NOW - 90 * SECOND);
	assert_when("15m", NOW - 15 * 60 * SECOND);
	assert_when("2h", NOW - 7200 * SECOND);
	assert_when("3d", NOW - 3 * 86400 * SECOND);
	assert_when("1w", NOW - 7 * 86400 * SECOND);
}

static void
what_is_no_time_is_refused(void **state)
{
	static const char *const bad[] = {"", "h", "2", "2 h", "2hh", "-2h",
	    "tomorrow", "2026", "2026-13-01", "2026-00-10", "2026-02-30",
	    "2026-11-22T", "2026-11-22T9:14", "2026-11-22T24:00",
	    "2026-11-22T09:60", "2026-11-22T09:14:61Z", "2026-11-22T09:14:03.Z",
	    "2026-11-22T09:14:03Zx", "2026-11-22T09:14:03+1:00",
	    "2026-11-22T09:14:03+24:00", "2026-11-22T09:14:03+01", "1e9s",
	    "\xff", "2026-11-22\n"};
	int64_t ns = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (when_parse(bad[i], NOW, &ns) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(ns, 77);
}

static void
times_out_of_range_are_refused(void **state)
{
	static const char *const bad[] = {"99999999999s", "9999999999d",
	    "30000w", "99999999999999999999999999s", "2300-01-01T00:00:00Z",
	    "9999-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00"};
	int64_t ns = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (when_parse(bad[i], NOW, &ns) != -ERANGE)
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(ns, 77);
}

static void
what_is_printed_is_read_back(void **state)
{
	static const int64_t times[] = {
	    0, 1, NOW, SECOND - 1, 1709164799 * SECOND + 999999999};
	char text[WHEN_BYTES];

	(void)state;
	assert_string_equal(
	    when_format(NOW, text), "2026-11-22T09:14:03.500000000Z");
	assert_string_equal(
	    when_format(-1, text), "1969-12-31T23:59:59.999999999Z");
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		assert_when(when_format(times[i], text), times[i]);
	assert_true(strlen(when_format(INT64_MAX, text)) < WHEN_BYTES);
	assert_true(strlen(when_format(INT64_MIN, text)) < WHEN_BYTES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(absolute_times_mean_their_zone),
	    cmocka_unit_test(times_without_a_zone_are_local),
	    cmocka_unit_test(ages_count_back_from_now),
	    cmocka_unit_test(what_is_no_time_is_refused),
	    cmocka_unit_test(times_out_of_range_are_refused),
	    cmocka_unit_test(what_is_printed_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
