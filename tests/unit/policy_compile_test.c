/* SPDX-License-Identifier: Apache-2.0 */
#include "decider/policy_compile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/policy_text.h"

/* The printed diagnostics of a text. The caller frees. */
static char *
said(const char *text, size_t len)
{
	const struct policy_source source = {
	    "x.conf", "x.conf", text, (uint32_t)len};
	struct compiled_header *c = compile_text(text, len);
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	if (c != NULL)
		policy_lint(c, &text_diags);
	diag_print(f, &text_diags, &source, 1);
	(void)fclose(f);
	free(c);
	return out;
}

struct complaint {
	const char *text, *expected;
};

/* Each expected line is among what is said. */
static void
check_complaints(const struct complaint *rows, size_t n)
{
	char *out;

	for (size_t i = 0; i < n; i++) {
		out = said(rows[i].text, strlen(rows[i].text));
		if (strstr(out, rows[i].expected) == NULL)
			fail_msg("%s\nwanted %s\ngot %s", rows[i].text,
			    rows[i].expected, out);
		free(out);
	}
}

#define W(body) "watch w { path \"/p\"\n" body "\n}\n"

static void
mistakes_are_named_with_their_place(void **state)
{
	static const struct complaint rows[] = {
	    {"set mode loud", "x.conf:1:10: 'loud' is no mode, expected audit"},
	    {"set mode\nset deadline 1s", "x.conf:1:9: the statement ends too"},
	    {"set deadline 9ms", "expected 10ms to 10s"},
	    {"set deadline 11s", "expected 10ms to 10s"},
	    {"set deadline 99999999999999999999s", "expected 10ms to 10s"},
	    {"set deadline 250", "expected 10ms to 10s"},
	    {"set heartbeat 2h", "expected 1s to 1h"},
	    {"set on-timeout maybe", "expected allow or deny"},
	    {"set colour \"red\"", "1:5: unknown setting 'colour', expected"},
	    {"set state-dir \"var\"", "1:15: the path is not absolute"},
	    {"set state-dir /var", "1:15: a path without quotes"},
	    {"set run-dir \"/a/../b\"", "expected plain names"},
	    {"set events \"/a\" format xml", "expected json, ecs or ocsf"},
	    {"set mode audit\nset mode audit", "2:5: 'mode' is set a second"},
	    {W("allow"), "2:6: the statement ends too early, expected a word"},
	    {W("allow fly"), "2:7: unknown operation 'fly', expected read"},
	    {W("deny read by exe \"vim\""), "2:18: the path is not absolute"},
	    {W("deny read by uid nobody9"), "unknown user 'nobody9'"},
	    {W("deny read by uid broken"), "unknown user 'broken'"},
	    {W("deny read by gid alice"), "unknown group 'alice'"},
	    {W("deny read by uid 4294967296"), "the number is too large"},
	    {W("deny read by $them"), "2:14: unknown list '$them'"},
	    {W("deny read by exe sha256 \"12\""), "no SHA-256"},
	    {W("deny read by pod \"web\""), "expected NAMESPACE/NAME"},
	    {W("deny read seal quiet"), "quiet and seal in one rule"},
	    {W("deny read message \"a"), "2:19: the string is not closed"},
	    {W("deny read by exe \"/a\\d\""), "2:21: unknown escape"},
	    {W("deny read by exe \"/a\\x00\""), "2:21: unknown escape"},
	    {W("mode audit\nmode audit"), "3:1: 'mode' is set a second time"},
	    {"watch w { path \"/a/\" }", "1:16: the path ends in '/'"},
	    {"watch w { path \"/a**\" }", "\"**\" beside other characters"},
	    {"watch w { path \"/a//b\" }", "expected plain names"},
	    {"watch w { path \"\" }", "an empty path"},
	    {"watch w { deny read }", "1:7: the watch has no path"},
	    {"watch w { except \"/a\" }", "1:7: the watch has no path"},
	    {"watch { path \"/a\" }", "1:7: unexpected '{', expected a word"},
	    {"watch w { path \"/a\"", "1:20: the file ends here, expected"},
	    {"watch w { path \"/a\" }\nwatch w { path \"/b\" }",
		"2:7: a second watch 'w'"},
	    {"watch v { path \"/a/**\" }\nwatch w { path \"/a/*.c\" }",
		"2:16: watch 'v' (line 1) has a path with the same literal "
		"prefix \"/a\""},
	    {"list a { $b }\nlist b { $a }", "contains itself"},
	    {"list a { $a }", "1:10: list '$a' contains itself"},
	    {"list a { uid 1 }\nlist a { uid 2 }", "2:6: a second list 'a'"},
	    {"list a { }", "1:10: unexpected '}'"},
	    {"}", "1:1: unexpected '}'"},
	    {"set mode audit ;", "1:16: ';' means nothing here"},
	};

	(void)state;
	check_complaints(rows, sizeof(rows) / sizeof(rows[0]));
}

static void
doubts_are_warnings(void **state)
{
	static const struct complaint rows[] = {
	    {W("deny delete"), "2:1: warning: delete cannot be blocked yet"},
	    {W("deny read by container any"), "not evaluated yet: treated as "
					      "unknown (the denial holds)"},
	    {W("allow read by container any"), "(this rule never allows)"},
	    {W("deny read\nallow read by uid 1"),
		"3:1: warning: this rule is never reached: line 2"},
	    {W("allow read by uid 1\ndeny read by uid 1"),
		"3:1: warning: this rule is never reached: line 2"},
	    {W("except \"/q/**\""), "2:1: warning: the except \"/q/**\""},
	    {W("decide kernel"), "no kernel tier"},
	    {"watch w { path \"/a/**\" in container name \"x\" }",
		"warning: paths in containers are not evaluated yet"},
	    {"watch v { path \"/a/**\" }\nwatch w { path \"/a/b\" }",
		"2:1: warning: \"/a/b\" overlaps watch 'v' (line 1)"},
	    {"list a { uid 1 }", "1:6: warning: list 'a' is not used"},
	    {"set mode audit", "warning: there is no watch"},
	};

	(void)state;
	check_complaints(rows, sizeof(rows) / sizeof(rows[0]));
	assert_int_equal(text_diags.errors, 0);
}

static void
all_mistakes_of_a_file_at_once(void **state)
{
	static const char text[] = "set mode loud\n"
				   "set frob 1 2\n"
				   "watch a {\n"
				   "  path \"b\"\n"
				   "  allow fly by { uid 1, bogus }\n"
				   "  deny read by exe \"c\"\n"
				   "}\n"
				   "watch b c { path \"d\" }\n"
				   "junk uid more junk\n"
				   "watch e { path \"/e\" mode loud }\n";
	static const char *const places[] = {"x.conf:1:10:", "x.conf:2:12:",
	    "x.conf:4:8:", "x.conf:5:9:", "x.conf:5:25:", "x.conf:6:20:",
	    "x.conf:8:9:", "x.conf:8:18:", "x.conf:9:1:", "x.conf:10:26:"};
	char *out = said(text, sizeof(text) - 1);

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strstr(out, places[i]) == NULL)
			fail_msg("no %s in\n%s", places[i], out);
	/* And nothing else: one mistake is not two. */
	if (text_diags.errors != sizeof(places) / sizeof(places[0]))
		fail_msg("%zu errors in\n%s", text_diags.errors, out);
	free(out);
}

static void
hostile_text_is_refused_and_escaped(void **state)
{
	static const char nul[] = "set mode audit\0set", junk[] = "set \xff",
			  turned[] = "# \xe2\x80\xae", esc[] = "set mo\033[1m";
	char *out;
	char *line = malloc(SOURCE_BYTES_MAX);

	(void)state;
	out = said(nul, sizeof(nul) - 1);
	assert_non_null(strstr(out, "x.conf:1:15: control character 0x00"));
	free(out);
	out = said(junk, sizeof(junk) - 1);
	assert_non_null(strstr(out, "1:5: byte 0xff is not UTF-8"));
	assert_non_null(strstr(out, "set \\xff\n"));
	free(out);
	out = said(turned, sizeof(turned) - 1);
	assert_non_null(strstr(out, "direction mark U+202E"));
	free(out);
	out = said(esc, sizeof(esc) - 1);
	assert_null(strchr(out, '\033'));
	free(out);
	assert_non_null(line);
	memset(line, '{', SOURCE_BYTES_MAX);
	out = said(line, SOURCE_BYTES_MAX);
	assert_non_null(strstr(out, "1:1: unexpected '{'"));
	assert_true(strlen(out) < 100000);
	free(out);
	memset(line, 'a', SOURCE_BYTES_MAX);
	out = said(line, SOURCE_BYTES_MAX);
	assert_non_null(strstr(out, "1:1: unexpected 'aaaa"));
	assert_true(strlen(out) < 100000);
	free(out);
	free(line);
}

static void
settings_have_defaults_and_watches_inherit(void **state)
{
	static const char text[] =
	    "set deadline 1s\nset on-timeout deny\nset run-dir \"/r\"\n"
	    "watch a { path \"/a\" }\n"
	    "watch b { path \"/b\" mode enforce on-timeout allow deadline 20ms "
	    "decide user }\n";
	struct compiled_header *c = compile_text(text, sizeof(text) - 1);
	const struct compiled_watch *w;

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->settings.mode, MODE_AUDIT);
	assert_int_equal(c->settings.heartbeat_s, 60);
	assert_string_equal(
	    compiled_string(c, c->settings.control), "/r/control.sock");
	assert_string_equal(
	    compiled_string(c, c->settings.events), "/r/events.sock");
	w = compiled_watch(c, 0);
	assert_int_equal(w->deadline_ms, 1000);
	assert_int_equal(w->on_timeout, VERDICT_DENY);
	assert_int_equal(w->mode, MODE_AUDIT);
	w = compiled_watch(c, 1);
	assert_int_equal(w->deadline_ms, 20);
	assert_int_equal(w->on_timeout, VERDICT_ALLOW);
	assert_int_equal(w->mode, MODE_ENFORCE);
	assert_int_equal(w->decide, DECIDE_USER);
	free(c);
}

static void
conditions_become_groups(void **state)
{
	static const char text[] =
	    "list in { uid 3, exe \"/x\" }\nlist out { $in, gid adm }\n"
	    "watch w { path \"/a\"\n"
	    "allow read, write by uid { alice, 7, 8, 9, } and not { $out, exe \"/x\" }\n"
	    "      and exe { \"/x\", \"/y/*\" } quiet message \"a\\x41\\n\\\"\" }\n";
	static const struct {
		uint32_t kind, group, negated, value;
	} wanted[] = {
	    {COND_UID, 0, 0, 1000},
	    {COND_UID, 0, 0, 7},
	    {COND_UID, 0, 0, 8},
	    {COND_UID, 0, 0, 9},
	    {COND_UID, 1, 1, 3},
	    {COND_EXE, 1, 1, 0},
	    {COND_GID, 1, 1, 4},
	    {COND_EXE, 1, 1, 0},
	    {COND_EXE, 2, 0, 0},
	    {COND_EXE, 2, 0, 1},
	};
	struct compiled_header *c = compile_text(text, sizeof(text) - 1);
	const struct compiled_condition *d;

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->nconditions, sizeof(wanted) / sizeof(wanted[0]));
	for (uint32_t i = 0; i < c->nconditions; i++) {
		d = compiled_condition(c, i);
		assert_int_equal(d->kind, wanted[i].kind);
		assert_int_equal(d->group, wanted[i].group);
		assert_int_equal(d->negated, wanted[i].negated);
		assert_int_equal(d->value, wanted[i].value);
	}
	assert_int_equal(c->nexes, 2);
	assert_true(compiled_exe(c, 0)->literal);
	assert_false(compiled_exe(c, 1)->literal);
	assert_int_equal(compiled_rule(c, 0)->ops, OP_READ | OP_WRITE);
	assert_true(compiled_rule(c, 0)->quiet);
	assert_int_equal(compiled_rule(c, 0)->line, 4);
	assert_string_equal(
	    compiled_string(c, compiled_rule(c, 0)->message), "aA\n\"");
	assert_false(c->uses_ancestors);
	free(c);
}

static void
lists_of_lists_do_not_multiply(void **state)
{
	char *text = NULL, *out;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	fprintf(f, "list l0 { uid 1, uid 2 }\n");
	for (int i = 1; i < 40; i++)
		fprintf(f, "list l%d { $l%d, $l%d }\n", i, i - 1, i - 1);
	fprintf(f, "watch w { path \"/a\" deny read by $l39 }\n");
	(void)fclose(f);
	out = said(text, size);
	assert_non_null(strstr(out, "the list is too long"));
	free(out);
	free(text);
}

static void
the_hash_names_the_text(void **state)
{
	static const char one[] = W("deny read"), two[] = W("deny  read");
	struct compiled_header *a = compile_text(one, sizeof(one) - 1);
	struct compiled_header *b = compile_text(one, sizeof(one) - 1);
	struct compiled_header *c = compile_text(two, sizeof(two) - 1);

	(void)state;
	assert_int_equal(a->bytes, b->bytes);
	assert_memory_equal(a, b, a->bytes);
	assert_memory_not_equal(a->hash, c->hash, HASH_BYTES);
	free(a);
	free(b);
	free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mistakes_are_named_with_their_place),
	    cmocka_unit_test(doubts_are_warnings),
	    cmocka_unit_test(all_mistakes_of_a_file_at_once),
	    cmocka_unit_test(hostile_text_is_refused_and_escaped),
	    cmocka_unit_test(settings_have_defaults_and_watches_inherit),
	    cmocka_unit_test(conditions_become_groups),
	    cmocka_unit_test(lists_of_lists_do_not_multiply),
	    cmocka_unit_test(the_hash_names_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
