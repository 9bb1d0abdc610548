/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store and sealer stopped, killed, replaced and robbed of their files: what
 * the log then says, as the verifier sees it. Needs root.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/verify.h"
#include "tests/log/harness.h"

static const char *bin;
static char dir[256], log_dir[300], keys_dir[300];
static struct harness h;
static struct verify_report report;

static int
make_folder(void **state)
{
	(void)state;
	harness_folder(dir, sizeof(dir));
	(void)snprintf(log_dir, sizeof(log_dir), "%s/log", dir);
	(void)snprintf(keys_dir, sizeof(keys_dir), "%s/keys", dir);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	harness_remove(dir);
	return 0;
}

static void
copy(const char *from, const char *to)
{
	char command[1200];

	(void)snprintf(command, sizeof(command),
	    "rm -rf '%s' && cp -a '%s' '%s'", to, from, to);
	assert_int_equal(system(command), 0);
}

/* The verdict over log_dir under its own log.pub. */
static enum verify_verdict
verdict(void)
{
	static char key[512];
	const char *path = log_dir;
	struct verify_options o = {.paths = &path, .npaths = 1, .key = key};
	char name[340];
	FILE *f;
	size_t n;

	(void)snprintf(name, sizeof(name), "%s/log.pub", log_dir);
	f = fopen(name, "re");
	assert_non_null(f);
	n = fread(key, 1, sizeof(key) - 1, f);
	key[n] = '\0';
	(void)fclose(f);
	assert_int_equal(verify_log(&o, &report), 0);
	for (size_t i = 0; i < report.nfindings; i++)
		print_message("%s %llu %llu %s\n",
		    verify_word(report.findings[i].verdict),
		    (unsigned long long)report.findings[i].first,
		    (unsigned long long)report.findings[i].last,
		    report.findings[i].text);
	return report.verdict;
}

static void
run(uint64_t events, bool clean)
{
	harness_start(&h, dir, bin, clean);
	harness_events(&h, events, 100);
	harness_wait_sealed(&h);
}

static void
test_orderly_restarts(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		run(700, i > 0);
		assert_int_equal(harness_stop(&h), 0);
		assert_int_equal(verdict(), VERIFY_INTACT);
		assert_int_equal(report.nnotes, 0);
	}
	assert_true(report.records > 2100);
}

static void
test_killed_any_number_of_times(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		harness_start(&h, dir, bin, false);
		harness_events(&h, 300u * (unsigned int)i, 7);
		harness_event(&h, true, NULL);
		harness_kill(&h);
		/* The last seal's row may be missing: a restart finds it. */
	}
	run(10, false);
	assert_int_equal(harness_stop(&h), 0);
	assert_int_equal(verdict(), VERIFY_INTACT);
}

static void
test_sealer_replaced(void **state)
{
	(void)state;
	run(100, false);
	for (int i = 0; i < 3; i++) {
		harness_events(&h, 2000, 0);
		harness_replace_sealer(&h);
		harness_event(&h, true, NULL);
		harness_wait_sealed(&h);
	}
	assert_int_equal(harness_stop(&h), 0);
	assert_int_equal(verdict(), VERIFY_INTACT);
}

static void
test_store_replaced(void **state)
{
	(void)state;
	run(100, false);
	for (int i = 0; i < 3; i++) {
		harness_events(&h, 2000, 0);
		harness_replace_store(&h);
		harness_event(&h, true, NULL);
		harness_wait_sealed(&h);
	}
	assert_int_equal(harness_stop(&h), 0);
	assert_int_equal(verdict(), VERIFY_INTACT);
}

/* An older copy of the log under the newer keys: the hole stays. */
static void
test_rolled_back_log_is_a_hole(void **state)
{
	char old[300];
	uint64_t seals;

	(void)state;
	(void)snprintf(old, sizeof(old), "%s/old", dir);
	run(100, false);
	assert_int_equal(harness_stop(&h), 0);
	assert_int_equal(verdict(), VERIFY_INTACT);
	seals = report.last_seal;
	copy(log_dir, old);
	run(2000, true);
	assert_int_equal(harness_stop(&h), 0);
	assert_int_equal(verdict(), VERIFY_INTACT);
	copy(old, log_dir);
	run(50, false);
	assert_int_equal(harness_stop(&h), 0);
	assert_int_equal(verdict(), VERIFY_HOLE);
	assert_int_equal(report.exit, 2);
	assert_int_equal(report.findings[0].place, VERIFY_PLACE_SEALS);
	assert_int_equal(report.findings[0].first, seals + 1);
}

/* A damaged file is put away; the next one goes on and says what is missing. */
static void
test_corrupt_head(void **state)
{
	char name[340];
	FILE *f;

	(void)state;
	run(300, false);
	assert_int_equal(harness_stop(&h), 0);
	(void)snprintf(name, sizeof(name), "%s/seg-00000000.db", log_dir);
	f = fopen(name, "r+e");
	assert_non_null(f);
	assert_int_equal(fputs("not a database any more", f) == EOF, 0);
	(void)fclose(f);
	run(300, false);
	assert_int_equal(harness_stop(&h), 0);
	assert_int_equal(verdict(), VERIFY_MISSING_SEGMENT);
	assert_int_equal(report.nfindings, 1);
	assert_int_equal(report.findings[0].first, 0);
	assert_true(report.records > 300);
}

/* The log's folder emptied: what the keys signed is known to be missing. */
static void
test_emptied_folder(void **state)
{
	(void)state;
	run(300, false);
	assert_int_equal(harness_stop(&h), 0);
	harness_remove(log_dir);
	run(10, false);
	assert_int_equal(harness_stop(&h), 0);
	assert_int_equal(verdict(), VERIFY_MISSING_SEGMENT);
}

/* Other keys beside an old log are no fresh start: nothing is sealed. */
static void
test_other_keys(void **state)
{
	(void)state;
	run(300, false);
	assert_int_equal(harness_stop(&h), 0);
	assert_int_equal(verdict(), VERIFY_INTACT);
	harness_remove(keys_dir);
	harness_start(&h, dir, bin, false);
	harness_event(&h, true, NULL);
	assert_int_equal(harness_stop(&h), 0);
	assert_int_equal(verdict(), VERIFY_UNSEALED_TAIL);
	assert_int_equal(report.last_seal + 1, report.seals);
	assert_int_equal(report.unsealed, 4); /* OPEN, ACTOR, EVENT, CLOSE */
}

static void
test_gap_has_its_count(void **state)
{
	(void)state;
	run(10, false);
	harness_lost(&h, GAP_RECORD_QUEUE, 4711);
	harness_wait_seal(&h);
	assert_int_equal(harness_stop(&h), 0);
	assert_int_equal(verdict(), VERIFY_INTACT);
	assert_int_equal(report.gaps, 1);
	assert_int_equal(report.lost, 4711);
}

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_orderly_restarts),
	    T(test_killed_any_number_of_times),
	    T(test_sealer_replaced),
	    T(test_store_replaced),
	    T(test_rolled_back_log_is_a_hole),
	    T(test_corrupt_head),
	    T(test_emptied_folder),
	    T(test_other_keys),
	    T(test_gap_has_its_count),
	};
	static char where[600];
	char here[512];

	if (geteuid() != 0) {
		printf("needs root: store and sealer change root directory\n");
		return 77;
	}
	if (getcwd(here, sizeof(here)) == NULL)
		return 1;
	(void)snprintf(where, sizeof(where), "%s/store", here);
	bin = where;
	return cmocka_run_group_tests_name("restart", tests, NULL, NULL);
}
