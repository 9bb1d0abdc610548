/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire/compiled.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/policy_text.h"

static const char text[] =
    "list people { uid 1, uid alice, exe \"/bin/*\" }\n"
    "watch docker {\n"
    "  path \"/etc/docker/**\" except \"/etc/docker/tmp/**\"\n"
    "  path \"/etc/docker.json\"\n"
    "  allow write by $people and not ancestor exe \"/usr/sbin/sshd\"\n"
    "  deny change message \"no\" seal\n"
    "}\n"
    "watch tls { path \"/etc/docker/tls/*.pem\" deny read }\n"
    "watch all { path \"/**\" }\n"
    "watch box { path \"/etc/docker/**\" in container image \"x:*\" }\n";

static struct compiled_header *
compiled(void)
{
	struct compiled_header *c = compile_text(text, sizeof(text) - 1);

	assert_non_null(c);
	return c;
}

static void
globs_match_names(void **state)
{
	static const struct {
		const char *glob, *path;
		bool match;
	} rows[] = {
	    {"/a", "/a", true},
	    {"/a", "/ab", false},
	    {"/a", "/a/b", false},
	    {"/a/*", "/a/b", true},
	    {"/a/*", "/a/b/c", false},
	    {"/a/*", "/a", false},
	    {"/a/*.conf", "/a/x.conf", true},
	    {"/a/*.conf", "/a/.conf", true},
	    {"/a/*.conf", "/a/x.conf.bak", false},
	    {"/a/?", "/a/b", true},
	    {"/a/?", "/a/", false},
	    {"/a?b", "/a/b", false},
	    {"/a/**", "/a/b", true},
	    {"/a/**", "/a/b/c/d", true},
	    {"/a/**", "/a", false},
	    {"/a/**", "/ab/c", false},
	    {"/a/**/z", "/a/z", true},
	    {"/a/**/z", "/a/b/c/z", true},
	    {"/a/**/z", "/a/b/c/y", false},
	    {"/a/**/b/*", "/a/b/b/c", true},
	    {"/a/**/b/**/c", "/a/x/b/y/b/c", true},
	    {"/**", "/x", true},
	    {"/*", "/x/y", false},
	    {"/a/*b*c", "/a/xbybzc", true},
	    {"/a/[b]", "/a/b", false},
	    {"/a/\xff?", "/a/\xff\xfe", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (path_glob_match(rows[i].glob, strlen(rows[i].glob),
			rows[i].path, strlen(rows[i].path)) != rows[i].match)
			fail_msg("%s on %s", rows[i].glob, rows[i].path);
}

/* Backtracking without a bound would not come back in this life. */
static void
stars_do_not_multiply(void **state)
{
	char glob[PATH_BYTES_MAX + 1], path[PATH_BYTES_MAX + 1];

	(void)state;
	memset(path, 'a', sizeof(path));
	for (size_t i = 0; i < sizeof(path); i += 2)
		path[i] = '/';
	for (size_t i = 0; i + 3 <= sizeof(glob); i += 3)
		memcpy(glob + i, "/**", 3);
	glob[PATH_BYTES_MAX - 1] = 'b';
	assert_false(
	    path_glob_match(glob, PATH_BYTES_MAX, path, PATH_BYTES_MAX));
	memset(path + 1, 'a', sizeof(path) - 1);
	for (size_t i = 1; i + 2 <= sizeof(glob); i += 2)
		memcpy(glob + i, "*a", 2);
	glob[PATH_BYTES_MAX - 1] = 'b';
	assert_false(
	    path_glob_match(glob, PATH_BYTES_MAX, path, PATH_BYTES_MAX));
}

static uint32_t
find(const struct compiled_header *c, const char *path)
{
	return compiled_find_watch(c, path, strlen(path));
}

static void
the_longest_literal_prefix_has_the_path(void **state)
{
	struct compiled_header *c = compiled();

	(void)state;
	assert_int_equal(find(c, "/etc/docker/daemon.json"), 0);
	assert_int_equal(find(c, "/etc/docker/a/b"), 0);
	assert_int_equal(find(c, "/etc/docker.json"), 0);
	assert_int_equal(find(c, "/etc/docker/tls/key.pem"), 1);
	assert_int_equal(find(c, "/etc/docker/tls/key.txt"), 0);
	/* Carved out of the first: then the next longest has it. */
	assert_int_equal(find(c, "/etc/docker/tmp/x"), 2);
	/* Below a directory is not the directory. */
	assert_int_equal(find(c, "/etc/docker"), 2);
	assert_int_equal(find(c, "/"), WATCH_NONE);
	assert_int_equal(find(c, "relative"), WATCH_NONE);
	assert_int_equal(find(c, ""), WATCH_NONE);
	free(c);
}

/* Everything an accessor could be asked, so that ASan sees any overrun. */
static unsigned int
walk(const struct compiled_header *c)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < c->nwatches; i++)
		n += (unsigned int)strlen(
		    compiled_string(c, compiled_watch(c, i)->name));
	for (uint32_t i = 0; i < c->npatterns; i++)
		n += pattern_match(
		    c, compiled_pattern(c, i), "/etc/docker/x", 13);
	for (uint32_t i = 0; i < c->nrules; i++) {
		const struct compiled_rule *r = compiled_rule(c, i);

		n += (unsigned int)strlen(compiled_string(c, r->message));
		for (uint32_t k = 0; k < r->nconditions; k++) {
			const struct compiled_condition *d =
			    compiled_condition(c, r->first_condition + k);

			if (d->kind == COND_EXE)
				n += compiled_exe(c, d->value)->literal;
		}
	}
	return n + find(c, "/etc/docker/tls/x.pem");
}

static void
corrupted_policies_are_refused_or_harmless(void **state)
{
	struct compiled_header *c = compiled(), *copy;
	unsigned int refused = 0, n = 0;
	uint8_t *bytes;

	(void)state;
	for (uint32_t i = 0; i < c->bytes; i++) {
		static const uint8_t masks[] = {0x01, 0x80, 0xff};

		for (size_t k = 0; k < sizeof(masks); k++) {
			copy = malloc(c->bytes);
			assert_non_null(copy);
			memcpy(copy, c, c->bytes);
			bytes = (uint8_t *)copy;
			bytes[i] ^= masks[k];
			if (compiled_check(copy, c->bytes) == 0)
				n += walk(copy);
			else
				refused++;
			free(copy);
		}
	}
	/* Every byte of magic, size and layout at the least. */
	assert_true(refused > 3 * 64);
	assert_true(n > 0);
	free(c);
}

static void
cut_policies_are_refused(void **state)
{
	struct compiled_header *c = compiled(), *copy;

	(void)state;
	for (uint32_t len = 0; len < c->bytes; len++) {
		copy = malloc(len + 1);
		assert_non_null(copy);
		memcpy(copy, c, len);
		if (len >= sizeof(*c))
			copy->bytes = len;
		assert_int_equal(compiled_check(copy, len), -EBADMSG);
		free(copy);
	}
	assert_int_equal(compiled_check(c, c->bytes), 0);
	free(c);
}

struct table {
	struct resolved_header h;
	struct resolved_exe exes[3];
	struct resolved_place places[3];
};

static struct table
table(void)
{
	struct table t = {
	    .h = {.magic = RESOLVED_MAGIC,
		.bytes = sizeof(t),
		.generation = 1,
		.exes = offsetof(struct table, exes),
		.nexes = 3,
		.places = offsetof(struct table, places),
		.nplaces = 3},
	    .exes = {{1, 5, 0, 0}, {2, 4, 0, 0}, {1, 5, 1, 0}},
	    .places = {{1, 7, 0, 0}, {1, 9, 2, 0}, {3, 7, 1, 0}},
	};

	return t;
}

static void
note(uint32_t watch, void *ctx)
{
	*(uint32_t *)ctx |= 1u << watch;
}

static void
resolved_answers(void **state)
{
	struct table t = table();
	uint32_t seen = 0;

	(void)state;
	assert_true(resolved_exe_is(&t.h, 0, 1, 5));
	assert_true(resolved_exe_is(&t.h, 0, 2, 4));
	assert_true(resolved_exe_is(&t.h, 1, 1, 5));
	assert_false(resolved_exe_is(&t.h, 1, 2, 4));
	assert_false(resolved_exe_is(&t.h, 2, 1, 5));
	assert_true(resolved_mount_known(&t.h, 1, 9));
	assert_false(resolved_mount_known(&t.h, 1, 8));
	assert_false(resolved_mount_known(&t.h, 2, 7));
	resolved_watches_on(&t.h, 1, note, &seen);
	assert_int_equal(seen, 1u << 0 | 1u << 2);
	seen = 0;
	resolved_watches_on(&t.h, 4, note, &seen);
	assert_int_equal(seen, 0);
}

static void
resolved_tables_are_checked(void **state)
{
	struct compiled_header *c = compiled();
	struct table good = table(), t;

	(void)state;
	assert_int_equal(resolved_check(&good, sizeof(good), c), 0);
#define REFUSED(change)                                                        \
	do {                                                                   \
		t = good;                                                      \
		change;                                                        \
		assert_int_equal(resolved_check(&t, sizeof(t), c), -EBADMSG);  \
	} while (0)
	REFUSED(t.h.magic++);
	REFUSED(t.h.bytes--);
	REFUSED(t.h.nexes = 1u << 30);
	REFUSED(t.h.exes = 4);
	REFUSED(t.h.places = sizeof(t));
	REFUSED(t.exes[0].dev = 2);		       /* the same twice */
	REFUSED(t.exes[0].ino = 9; t.exes[1].dev = 1); /* out of order */
	REFUSED(t.exes[2].exe = c->nexes);
	REFUSED(t.places[0].dev = 4);
	REFUSED(t.places[2].watch = c->nwatches);
	REFUSED(t.places[1].mnt_id = 7; t.places[1].watch = 0);
#undef REFUSED
	assert_int_equal(resolved_check(&good, sizeof(good) - 1, c), -EBADMSG);
	free(c);
}

static int
memfd_of(const void *bytes, size_t len, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void
only_sealed_policies_are_mapped(void **state)
{
	const int all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	struct compiled_header *c = compiled();
	struct policy_view v = {NULL, NULL};
	struct table t = table();
	int fd, rfd = memfd_of(&t, sizeof(t), all);

	(void)state;
	fd = memfd_of(c, c->bytes, F_SEAL_SHRINK | F_SEAL_GROW);
	assert_int_equal(policy_view_map(fd, -1, &v), -EPERM);
	(void)close(fd);
	fd = memfd_of(c, c->bytes - 1, all);
	assert_int_equal(policy_view_map(fd, -1, &v), -EBADMSG);
	assert_null(v.compiled);
	(void)close(fd);
	fd = memfd_of(c, c->bytes, all);
	assert_int_equal(policy_view_map(fd, rfd, &v), 0);
	assert_memory_equal(v.compiled, c, c->bytes);
	assert_int_equal(v.resolved->nexes, 3);
	policy_view_unmap(&v);
	assert_null(v.compiled);
	(void)close(fd);
	(void)close(rfd);
	free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(globs_match_names),
	    cmocka_unit_test(stars_do_not_multiply),
	    cmocka_unit_test(the_longest_literal_prefix_has_the_path),
	    cmocka_unit_test(corrupted_policies_are_refused_or_harmless),
	    cmocka_unit_test(cut_policies_are_refused),
	    cmocka_unit_test(resolved_answers),
	    cmocka_unit_test(resolved_tables_are_checked),
	    cmocka_unit_test(only_sealed_policies_are_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
