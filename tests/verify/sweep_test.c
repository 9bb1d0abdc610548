/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small real log, then one bit at a time of what is stored beside the
 * records turned over in the file: each must be noticed. Needs root.
 */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/verify.h"
#include "tests/log/harness.h"

#define EVENTS 300 /* more than 256: a node is stored */

static char bin[600], dir[256], log_dir[300], segment[340], key[512];
static uint8_t *file; /* the segment, as it lies on the disk */
static size_t file_len;
static struct verify_report report;

static int
verdict_exit(bool quick)
{
	const char *path = log_dir;
	struct verify_options o = {
	    .paths = &path, .npaths = 1, .key = key, .quick = quick};

	assert_int_equal(verify_log(&o, &report), 0);
	return report.exit;
}

static void
read_key(void)
{
	char name[340];
	size_t n;
	FILE *f;

	(void)snprintf(name, sizeof(name), "%s/log.pub", log_dir);
	f = fopen(name, "re");
	assert_non_null(f);
	n = fread(key, 1, sizeof(key) - 1, f);
	key[n] = '\0';
	(void)fclose(f);
}

static void
map_segment(void)
{
	struct stat st;
	int fd;

	(void)snprintf(segment, sizeof(segment), "%s/seg-00000000.db", log_dir);
	fd = open(segment, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	file_len = (size_t)st.st_size;
	file = mmap(NULL, file_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(file != MAP_FAILED);
	(void)close(fd);
}

static int
make_log(void **state)
{
	struct harness h;

	(void)state;
	harness_folder(dir, sizeof(dir));
	(void)snprintf(log_dir, sizeof(log_dir), "%s/log", dir);
	harness_start(&h, dir, bin, false);
	harness_events(&h, EVENTS, 0);
	harness_event(&h, true, "/etc/shadow");
	harness_wait_sealed(&h);
	assert_int_equal(harness_stop(&h), 0);
	read_key();
	map_segment();
	return 0;
}

static int
remove_log(void **state)
{
	(void)state;
	(void)munmap(file, file_len);
	harness_remove(dir);
	return 0;
}

/* Turns each step-th bit of these bytes; the verdict is never a good one. */
static size_t
sweep(const char *what, const uint8_t *bytes, size_t len, size_t step,
    size_t begin, bool quick)
{
	uint8_t *at = memmem(file, file_len, bytes, len);
	size_t unnoticed = 0;

	assert_non_null(at);
	for (size_t bit = begin; bit < len * 8; bit += step) {
		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (verdict_exit(quick) == 0 && unnoticed++ < 8)
			print_error("%s: byte %zu bit %zu: nothing is said\n",
			    what, bit / 8, bit % 8);
		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	return unnoticed;
}

static sqlite3_stmt *
query(sqlite3 **ret, const char *sql)
{
	char uri[400];
	sqlite3_stmt *s = NULL;

	(void)snprintf(uri, sizeof(uri), "file:%s?immutable=1", segment);
	assert_int_equal(sqlite3_open_v2(uri, ret,
			     SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL),
	    SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(*ret, sql, -1, &s, NULL), SQLITE_OK);
	return s;
}

/* Sweeps the blobs of column 1; column 0 names them. */
static void
sweep_all(const char *sql, size_t step, bool quick)
{
	uint8_t bytes[4096];
	size_t blobs = 0, unnoticed = 0;
	sqlite3_stmt *s;
	sqlite3 *db;

	assert_int_equal(verdict_exit(quick), 0);
	for (s = query(&db, sql); sqlite3_step(s) == SQLITE_ROW; blobs++) {
		size_t len = (size_t)sqlite3_column_bytes(s, 1);

		assert_true(len > 0 && len <= sizeof(bytes));
		memcpy(bytes, sqlite3_column_blob(s, 1), len);
		unnoticed += sweep((const char *)sqlite3_column_text(s, 0),
		    bytes, len, step, blobs % step, quick);
	}
	sqlite3_finalize(s);
	(void)sqlite3_close(db);
	assert_true(blobs > 0);
	assert_int_equal(unnoticed, 0);
	assert_int_equal(verdict_exit(quick), 0);
}

static void
test_key_notes(void **state)
{
	(void)state;
	sweep_all(
	    "SELECT 'note ' || id, body FROM note WHERE kind < 3", 3, true);
}

/* Each turn is a whole walk: every third bit, so some of every byte. */
static void
test_identity_line(void **state)
{
	(void)state;
	sweep_all("SELECT 'the end of note ' || id, substr(body, -130) "
		  "FROM note WHERE kind = 3 ORDER BY id DESC LIMIT 1",
	    3, true);
}

static void
test_published_checkpoints(void **state)
{
	(void)state;
	sweep_all(
	    "SELECT 'note ' || id, body FROM note WHERE kind = 3", 11, true);
}

static void
test_seals(void **state)
{
	(void)state;
	sweep_all("SELECT 'seal ' || n, sig FROM seal", 61, false);
}

static void
test_nodes(void **state)
{
	(void)state;
	sweep_all("SELECT 'node ' || h || ' ' || i, hash FROM node", 9, false);
}

static void
test_key_blocks(void **state)
{
	(void)state;
	sweep_all("WITH RECURSIVE k(i) AS (SELECT 0 UNION ALL "
		  "SELECT i + 1 FROM k WHERE i < 4095) "
		  "SELECT 'block ' || b || ' key ' || i, "
		  "substr(pks, 32 * i + 1, 4) FROM keyblk, k "
		  "WHERE i % 911 = 3 OR i = 4095",
	    11, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_key_notes),
	    cmocka_unit_test(test_identity_line),
	    cmocka_unit_test(test_published_checkpoints),
	    cmocka_unit_test(test_seals),
	    cmocka_unit_test(test_nodes),
	    cmocka_unit_test(test_key_blocks),
	};
	char here[512];

	if (geteuid() != 0) {
		printf("needs root: store and sealer change root directory\n");
		return 77;
	}
	if (getcwd(here, sizeof(here)) == NULL)
		return 1;
	(void)snprintf(bin, sizeof(bin), "%s/store", here);
	return cmocka_run_group_tests_name(
	    "sweep", tests, make_log, remove_log);
}
