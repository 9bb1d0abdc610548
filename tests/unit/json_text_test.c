/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/json_text.h"

/* The line an object becomes when its path is these bytes. */
static char *
line_of(const void *bytes, size_t len)
{
	json_t *o = json_object();
	char *line;

	assert_int_equal(json_set_bytes(o, "path", bytes, len), 0);
	line = json_line(o);
	assert_non_null(line);
	json_decref(o);
	return line;
}

static void
assert_line(const void *bytes, size_t len, const char *want)
{
	char *line = line_of(bytes, len);

	assert_string_equal(line, want);
	free(line);
}

static void
plain_names_stay_plain(void **state)
{
	(void)state;
	assert_line("/etc/passwd", 11, "{\"path\":\"/etc/passwd\"}");
	assert_line("", 0, "{\"path\":\"\"}");
	assert_line("a b~", 4, "{\"path\":\"a b~\"}");
}

static void
no_name_can_end_the_string_or_the_line(void **state)
{
	(void)state;
	assert_line(
	    "a\"},{\"x\":\"", 10, "{\"path\":\"a\\\"},{\\\"x\\\":\\\"\"}");
	assert_line("a\nb\r\t\x01\x1b[2J\\", 11,
	    "{\"path\":\"a\\nb\\r\\t\\u0001\\u001b[2J\\\\\"}");
}

static void
invisible_and_foreign_letters_are_escaped(void **state)
{
	(void)state;
	assert_line("\xe2\x80\xae"
		    "cod.exe",
	    10, "{\"path\":\"\\u202ecod.exe\"}");
	assert_line("\xc3\xa9", 2, "{\"path\":\"\\u00e9\"}");
	assert_line("\xf0\x9f\x98\x80", 4, "{\"path\":\"\\ud83d\\ude00\"}");
	assert_line("\xe2\x80\xa8", 3, "{\"path\":\"\\u2028\"}");
}

static void
bytes_that_are_no_text_are_kept_in_base64(void **state)
{
	(void)state;
	assert_line(
	    "a\xff", 2, "{\"path\":\"a\\\\xff\",\"path_bytes\":\"Yf8=\"}");
	assert_line("\xc0\xaf", 2,
	    "{\"path\":\"\\\\xc0\\\\xaf\",\"path_bytes\":\"wK8=\"}");
	assert_line("\xed\xa0\x80!", 4,
	    "{\"path\":\"\\\\xed\\\\xa0\\\\x80!\",\"path_bytes\":"
	    "\"7aCAIQ==\"}");
	assert_line("\xf4\x90\x80\x80", 4,
	    "{\"path\":\"\\\\xf4\\\\x90\\\\x80\\\\x80\",\"path_bytes\":"
	    "\"9JCAgA==\"}");
	assert_line("\xe2\x80", 2,
	    "{\"path\":\"\\\\xe2\\\\x80\",\"path_bytes\":\"4oA=\"}");
	assert_line(
	    "a\0b", 3, "{\"path\":\"a\\\\x00b\",\"path_bytes\":\"YQBi\"}");
}

/* Whatever the bytes: one line of printable ASCII that reads back. */
static void
every_byte_survives(void **state)
{
	uint8_t bytes[4096];
	json_t *back;
	char *line;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	line = line_of(bytes, sizeof(bytes));
	for (const char *p = line; *p != '\0'; p++)
		assert_in_range(*p, 0x20, 0x7f);
	back = json_loads(line, 0, NULL);
	assert_non_null(back);
	assert_int_equal(
	    json_string_length(json_object_get(back, "path_bytes")),
	    (sizeof(bytes) + 2) / 3 * 4);
	json_decref(back);
	free(line);
}

static void
utf8_is_what_rfc3629_says(void **state)
{
	static const struct {
		const char *bytes;
		bool valid;
	} all[] = {
	    {"\x7f", true},
	    {"\xc2\x80", true},
	    {"\xdf\xbf", true},
	    {"\xe0\xa0\x80", true},
	    {"\xed\x9f\xbf", true},
	    {"\xee\x80\x80", true},
	    {"\xf0\x90\x80\x80", true},
	    {"\xf4\x8f\xbf\xbf", true},
	    {"\x80", false},
	    {"\xc1\xbf", false},
	    {"\xe0\x9f\xbf", false},
	    {"\xed\xa0\x80", false},
	    {"\xf0\x8f\xbf\xbf", false},
	    {"\xf4\x90\x80\x80", false},
	    {"\xf5\x80\x80\x80", false},
	    {"\xc2", false},
	    {"\xe2\x82", false},
	    {"\xe2\x28\xa1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_int_equal(json_is_utf8((const uint8_t *)all[i].bytes,
				     strlen(all[i].bytes)),
		    all[i].valid);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_names_stay_plain),
	    cmocka_unit_test(no_name_can_end_the_string_or_the_line),
	    cmocka_unit_test(invisible_and_foreign_letters_are_escaped),
	    cmocka_unit_test(bytes_that_are_no_text_are_kept_in_base64),
	    cmocka_unit_test(every_byte_survives),
	    cmocka_unit_test(utf8_is_what_rfc3629_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
