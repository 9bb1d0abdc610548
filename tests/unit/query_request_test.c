/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ipc/wire/words.h"

#include "store/query_request.h"

#define NOW INT64_C(1795338843500000000)

static struct request
understood(const char *line)
{
	char error[REQUEST_ERROR_BYTES] = "";
	struct request r;

	if (request_parse(line, strlen(line), NOW, &r, error) != 0)
		fail_msg("%s: %s", line, error);
	return r;
}

static void
assert_refused(const char *line, size_t len, const char *because)
{
	char error[REQUEST_ERROR_BYTES] = "";
	struct request r;

	if (request_parse(line, len, NOW, &r, error) != -EINVAL)
		fail_msg("understood: %.100s", line);
	if (strstr(error, because) == NULL)
		fail_msg(
		    "%.100s: said \"%s\", not \"%s\"", line, error, because);
}

static void
every_verb_is_known(void **state)
{
	static const struct {
		const char *line;
		enum request_verb verb;
	} all[] = {
	    {"{\"do\":\"status\"}", REQUEST_STATUS},
	    {"{\"do\":\"query\"}", REQUEST_QUERY},
	    {"{\"do\":\"tail\"}", REQUEST_TAIL},
	    {"{\"do\":\"why\",\"index\":3}", REQUEST_WHY},
	    {"{\"do\":\"policy show\"}", REQUEST_POLICY_SHOW},
	    {"{\"do\":\"reload\"}", REQUEST_RELOAD},
	    {"{\"do\":\"checkpoint\"}", REQUEST_CHECKPOINT},
	    {"{\"do\":\"key\"}", REQUEST_KEY},
	    {" {\"do\" : \"metrics\"} \r", REQUEST_METRICS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct request r = understood(all[i].line);

		assert_int_equal(r.verb, all[i].verb);
		request_free(&r);
	}
}

static void
a_filter_says_what_was_asked(void **state)
{
	struct request r =
	    understood("{\"do\":\"query\",\"since\":\"2h\",\"until\":\"now\","
		       "\"path\":\"/etc/**\",\"op\":\"write,truncate\","
		       "\"verdict\":\"deny\",\"uid\":1000,\"exe\":\"tee\","
		       "\"watch\":\"w\",\"kind\":\"event\",\"limit\":5,"
		       "\"reverse\":true}");

	(void)state;
	assert_int_equal(r.filter.since_ns, NOW - INT64_C(7200000000000));
	assert_int_equal(r.filter.until_ns, NOW);
	assert_string_equal(r.filter.path, "/etc/**");
	assert_string_equal(r.filter.exe, "/**/tee");
	assert_string_equal(r.filter.watch, "w");
	assert_int_equal(r.filter.ops, OP_WRITE | OP_TRUNCATE);
	assert_int_equal(r.filter.kinds, 1u << KIND_EVENT);
	assert_int_equal(r.filter.verdict, VERDICT_DENY);
	assert_int_equal(r.filter.uid, 1000);
	assert_int_equal(r.filter.limit, 5);
	assert_true(r.filter.reverse);
	request_free(&r);
}

static void
without_fields_everything_is_asked_for(void **state)
{
	struct request r = understood("{\"do\":\"query\"}");

	(void)state;
	assert_int_equal(r.filter.since_ns, INT64_MIN);
	assert_int_equal(r.filter.until_ns, INT64_MAX);
	assert_string_equal(r.filter.path, "");
	assert_int_equal(r.filter.ops, 0);
	assert_int_equal(r.filter.kinds, 0);
	assert_int_equal(r.filter.verdict, -1);
	assert_int_equal(r.filter.uid, -1);
	assert_int_equal(r.filter.limit, 0);
	request_free(&r);
}

static void
what_is_not_understood_is_refused(void **state)
{
	static const struct {
		const char *line, *because;
	} all[] = {
	    {"", "not JSON"},
	    {"{", "not JSON"},
	    {"\xff\xfe", "not JSON"},
	    {"{\"do\":\"status\"} x", "not JSON"},
	    {"{\"do\":\"status\",\"do\":\"reload\"}", "not JSON"},
	    {"[]", "JSON object"},
	    {"{}", "\"do\" is missing"},
	    {"{\"do\":1}", "\"do\" is missing"},
	    {"{\"do\":\"drop\"}", "unknown request: drop"},
	    {"{\"do\":\"events\"}", "unknown request: events"},
	    {"{\"do\":\"status\",\"x\":1}", "unknown field: x"},
	    {"{\"do\":\"query\",\"sql\":\"SELECT 1\"}", "unknown field: sql"},
	    {"{\"do\":\"query\",\"since\":5}", "a time is a string"},
	    {"{\"do\":\"query\",\"since\":\"soon\"}", "not a time: soon"},
	    {"{\"do\":\"query\",\"op\":\"wrighte\"}", "unknown word: wrighte"},
	    {"{\"do\":\"query\",\"op\":\"read,\"}", "unknown word"},
	    {"{\"do\":\"query\",\"op\":\"\"}", "unknown word"},
	    {"{\"do\":\"query\",\"kind\":\"all\"}", "unknown word: all"},
	    {"{\"do\":\"query\",\"verdict\":\"maybe\"}", "verdict"},
	    {"{\"do\":\"query\",\"uid\":-1}", "whole number"},
	    {"{\"do\":\"query\",\"uid\":4294967296}", "whole number"},
	    {"{\"do\":\"query\",\"uid\":\"0\"}", "whole number"},
	    {"{\"do\":\"query\",\"limit\":1.5}", "whole number"},
	    {"{\"do\":\"query\",\"reverse\":1}", "true or false"},
	    {"{\"do\":\"query\",\"path\":\"\"}", "not empty"},
	    {"{\"do\":\"query\",\"path\":[\"/a\"]}", "not empty"},
	    {"{\"do\":\"query\",\"container\":\"\"}", "a name is a string"},
	    {"{\"do\":\"tail\",\"since\":\"2h\"}", "use query"},
	    {"{\"do\":\"why\"}", "\"index\" is missing"},
	    {"{\"do\":\"why\",\"index\":\"1\"}", "whole number"},
	    {"{\"do\":\"why\",\"index\":-1}", "whole number"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_refused(
		    all[i].line, strlen(all[i].line), all[i].because);
}

static void
sizes_have_bounds(void **state)
{
	static char line[REQUEST_BYTES_MAX + 1];
	int n;

	(void)state;
	memset(line, ' ', sizeof(line));
	memcpy(line, "{\"do\":\"status\"}", 15);
	assert_refused(line, sizeof(line), "at most 65536 bytes");
	n = snprintf(line, sizeof(line), "{\"do\":\"query\",\"path\":\"/");
	memset(line + n, 'a', 1024);
	memcpy(line + n + 1024, "\"}", 2);
	assert_refused(line, (size_t)n + 1026, "at most 1024 bytes");
	/* Deep nesting must not eat the stack. */
	memset(line, '[', sizeof(line));
	assert_refused(line, REQUEST_BYTES_MAX, "not JSON");
}

static void
bytes_after_nul_are_not_overlooked(void **state)
{
	static const char line[] = "{\"do\":\"status\"}\0{\"do\":\"reload\"}";

	(void)state;
	assert_refused(line, sizeof(line) - 1, "not JSON");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_verb_is_known),
	    cmocka_unit_test(a_filter_says_what_was_asked),
	    cmocka_unit_test(without_fields_everything_is_asked_for),
	    cmocka_unit_test(what_is_not_understood_is_refused),
	    cmocka_unit_test(sizes_have_bounds),
	    cmocka_unit_test(bytes_after_nul_are_not_overlooked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
