/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];
static char seen[4096]; /* what the walk told, one line each */

static void
make_dir(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void
make_file(const char *name)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
}

static void
make_link(const char *target, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(symlink(target, path), 0);
}

static int
set_up(void **state)
{
	(void)state;
	(void)snprintf(root, sizeof(root), "/tmp/walk-test.XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	make_dir("a");
	make_dir("a/b");
	make_dir("a/b/c");
	make_dir("x");
	make_file("f.conf");
	make_file("a/g.conf");
	make_file("a/b/c/h.conf");
	make_link("a", "link");
	make_link("..", "a/up");
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
tear_down(void **state)
{
	(void)state;
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
tell(const char *kind, const char *path)
{
	size_t len = strlen(seen);

	(void)snprintf(seen + len, sizeof(seen) - len, "%s%s\n", kind,
	    path + strlen(root));
}

static int
enter(const struct walk_dir *d, void *ctx)
{
	const char *skip = ctx;

	tell("d", d->path);
	return skip != NULL && strcmp(d->path + strlen(root), skip) == 0;
}

static int
file(const struct walk_dir *d, const char *name, const char *path, void *ctx)
{
	(void)d;
	(void)name;
	(void)ctx;
	tell("f", path);
	return 0;
}

static int
run(const char *rest, const char *from, char *skip, uint64_t budget)
{
	char start[128];
	struct glob g;
	struct walk w = {.glob = &g,
	    .enter = enter,
	    .file = file,
	    .ctx = skip,
	    .budget = budget};

	seen[0] = '\0';
	glob_parse(&g, root, strlen(root), rest);
	if (from == NULL)
		return walk_run(&w, NULL);
	(void)snprintf(start, sizeof(start), "%s%s", root, from);
	return walk_run(&w, start);
}

static bool
told(const char *line)
{
	char whole[128];

	(void)snprintf(whole, sizeof(whole), "%s\n", line);
	return strstr(seen, whole) != NULL;
}

static unsigned int
lines(void)
{
	unsigned int n = 0;

	for (const char *p = seen; *p != '\0'; p++)
		n += *p == '\n';
	return n;
}

static void
tree_is_walked_whole_and_links_are_not_followed(void **state)
{
	(void)state;
	assert_int_equal(run("**", NULL, NULL, 1000), 0);
	assert_true(told("d"));
	assert_true(told("d/a"));
	assert_true(told("d/a/b/c"));
	assert_true(told("d/x"));
	assert_true(told("f/a/b/c/h.conf"));
	assert_true(told("f/link"));
	assert_false(told("d/link"));
	/* 5 directories, 3 files, 2 links: nothing twice. */
	assert_int_equal(lines(), 10);
}

static void
pattern_enters_only_what_can_match(void **state)
{
	(void)state;
	assert_int_equal(run("a/*.conf", NULL, NULL, 1000), 0);
	assert_true(told("d/a"));
	assert_true(told("f/a/g.conf"));
	assert_false(told("d/x"));
	assert_false(told("d/a/b"));
}

static void
left_out_subtrees_are_not_entered(void **state)
{
	char skip[] = "/a";

	(void)state;
	assert_int_equal(run("**", NULL, skip, 1000), 0);
	assert_true(told("d/a"));
	assert_false(told("d/a/b"));
	assert_true(told("d/x"));
}

static void
walk_may_begin_below(void **state)
{
	(void)state;
	assert_int_equal(run("**", "/a/b", NULL, 1000), 0);
	assert_true(told("d/a/b"));
	assert_true(told("d/a/b/c"));
	assert_int_equal(lines(), 3);
	/* Where nothing can match nothing is looked at. */
	assert_int_equal(run("x/*.conf", "/a", NULL, 1000), 0);
	assert_int_equal(lines(), 0);
}

static void
missing_start_is_an_error_and_the_budget_holds(void **state)
{
	(void)state;
	assert_int_equal(run("**", "/none", NULL, 1000), -ENOENT);
	assert_int_equal(run("**", "/f.conf", NULL, 1000), -ENOTDIR);
	assert_int_equal(run("**", NULL, NULL, 3), -E2BIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tree_is_walked_whole_and_links_are_not_followed),
	    cmocka_unit_test(pattern_enters_only_what_can_match),
	    cmocka_unit_test(left_out_subtrees_are_not_entered),
	    cmocka_unit_test(walk_may_begin_below),
	    cmocka_unit_test(missing_start_is_an_error_and_the_budget_holds),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
