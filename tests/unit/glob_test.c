/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The state in a directory below the literal, given as names. */
static glob_state
at(const struct glob *g, const char *const *names)
{
	glob_state s = glob_start(g);

	for (; *names != NULL; names++)
		s = glob_step(g, s, *names, strlen(*names));
	return s;
}

static void
parse(struct glob *g, const char *rest)
{
	glob_parse(g, "/d", 2, rest);
}

static void
tree_holds_files_at_every_depth(void **state)
{
	struct glob g;

	(void)state;
	parse(&g, "**");
	assert_true(glob_has_files(&g, glob_start(&g)));
	assert_true(glob_goes_deeper(&g, glob_start(&g)));
	assert_true(
	    glob_has_files(&g, at(&g, (const char *[]){"a", "b", "c", NULL})));
}

static void
name_pattern_stays_in_its_directory(void **state)
{
	struct glob g;

	(void)state;
	parse(&g, "*.conf");
	assert_true(glob_has_files(&g, glob_start(&g)));
	assert_false(glob_goes_deeper(&g, glob_start(&g)));
	assert_true(glob_final(&g, at(&g, (const char *[]){"a.conf", NULL})));
	assert_int_equal(at(&g, (const char *[]){"a.txt", NULL}), 0);
}

static void
middle_component_selects_directories(void **state)
{
	struct glob g;

	(void)state;
	parse(&g, "v?/x*");
	assert_false(glob_has_files(&g, glob_start(&g)));
	assert_true(glob_goes_deeper(&g, glob_start(&g)));
	assert_true(glob_has_files(&g, at(&g, (const char *[]){"v1", NULL})));
	assert_int_equal(at(&g, (const char *[]){"v10", NULL}), 0);
	assert_int_equal(at(&g, (const char *[]){"v1", "y", NULL}), 0);
}

static void
any_depth_in_the_middle_matches_none_and_many(void **state)
{
	struct glob g;

	(void)state;
	parse(&g, "**/key.pem");
	assert_true(glob_final(&g, at(&g, (const char *[]){"key.pem", NULL})));
	assert_true(glob_final(
	    &g, at(&g, (const char *[]){"a", "b", "key.pem", NULL})));
	assert_false(
	    glob_final(&g, at(&g, (const char *[]){"a", "cert", NULL})));
	assert_true(glob_has_files(&g, at(&g, (const char *[]){"a", NULL})));
}

static void
too_many_names_become_a_tree(void **state)
{
	char rest[512] = "";
	const char *names[71];
	struct glob g;

	(void)state;
	for (int i = 0; i < 70; i++) {
		rest[2 * i] = '?';
		rest[2 * i + 1] = '/';
		names[i] = "a";
	}
	names[70] = NULL;
	rest[2 * 70 - 1] = '\0';
	parse(&g, rest);
	assert_true(g.n <= GLOB_NAMES_MAX);
	/* Wider than asked for, never narrower. */
	assert_true(glob_final(&g, at(&g, names)));
}

static void
split_finds_the_plain_part(void **state)
{
	char literal[64];
	struct glob g;

	(void)state;
	glob_split(&g, "/usr/lib*/x", literal, sizeof(literal));
	assert_int_equal(g.literal_len, 4);
	assert_memory_equal(g.literal, "/usr", 5);
	assert_int_equal(g.n, 2);
	glob_split(&g, "/*", literal, sizeof(literal));
	assert_memory_equal(g.literal, "/", 2);
	glob_split(&g, "/usr/bin/tee", literal, sizeof(literal));
	assert_int_equal(g.n, 0);
	assert_int_equal(g.literal_len, 12);
}

static void
within_ends_at_a_slash(void **state)
{
	(void)state;
	assert_true(path_is_within("/a", 2, "/a", 2));
	assert_true(path_is_within("/a", 2, "/a/b", 4));
	assert_false(path_is_within("/a", 2, "/ab", 3));
	assert_false(path_is_within("/a/b", 4, "/a", 2));
	assert_true(path_is_within("/", 1, "/a", 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tree_holds_files_at_every_depth),
	    cmocka_unit_test(name_pattern_stays_in_its_directory),
	    cmocka_unit_test(middle_component_selects_directories),
	    cmocka_unit_test(any_depth_in_the_middle_matches_none_and_many),
	    cmocka_unit_test(too_many_names_become_a_tree),
	    cmocka_unit_test(split_finds_the_plain_part),
	    cmocka_unit_test(within_ends_at_a_slash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
