/* SPDX-License-Identifier: Apache-2.0 */
#include "store/verify_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/segments.h"

/* Made when a segment is closed; never while it is open. */
static const char closed_indexes[] =
    "CREATE INDEX rec_path ON rec(path);"
    "CREATE INDEX rec_hot ON rec(kind,verdict) WHERE verdict>0 OR kind<>1;";

#define SCHEMA_ROWS                                                            \
	"SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name, type"

static bool
same_text(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
	const unsigned char *x = sqlite3_column_text(a, column);
	const unsigned char *y = sqlite3_column_text(b, column);

	if (x == NULL || y == NULL)
		return x == y;
	return strcmp((const char *)x, (const char *)y) == 0;
}

/* Does every object of the file stand in a fresh one, and the other way? */
static int
same_schema(sqlite3 *file, sqlite3 *fresh, bool *ret_same)
{
	sqlite3_stmt *a = NULL, *b = NULL;
	int r = 0;

	*ret_same = false;
	if (sqlite3_prepare_v2(file, SCHEMA_ROWS, -1, &a, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(fresh, SCHEMA_ROWS, -1, &b, NULL) != SQLITE_OK)
		r = -EIO;
	while (r == 0) {
		int x = sqlite3_step(a), y = sqlite3_step(b);

		if (x != SQLITE_ROW || y != SQLITE_ROW) {
			*ret_same = x == SQLITE_DONE && y == SQLITE_DONE;
			break;
		}
		if (!same_text(a, b, 0) || !same_text(a, b, 1) ||
		    !same_text(a, b, 2) || !same_text(a, b, 3))
			break;
	}
	sqlite3_finalize(a);
	sqlite3_finalize(b);
	return r;
}

static int
check_schema(struct verify *v)
{
	sqlite3 *fresh = NULL;
	bool open_form = false, closed_form = false;
	int r = -ENOMEM;

	if (sqlite3_open(":memory:", &fresh) == SQLITE_OK &&
	    sqlite3_exec(fresh, segment_schema, NULL, NULL, NULL) == SQLITE_OK)
		r = same_schema(v->db, fresh, &open_form);
	if (r == 0 && !open_form &&
	    sqlite3_exec(fresh, closed_indexes, NULL, NULL, NULL) == SQLITE_OK)
		r = same_schema(v->db, fresh, &closed_form);
	(void)sqlite3_close(fresh);
	if (r == -EIO || (r == 0 && !open_form && !closed_form)) {
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_FILE, 0, 0,
		    "the schema is not the one of FORMAT.md");
		return -EBADMSG;
	}
	return r;
}

static int
check_number(struct verify *v, const char *pragma, int64_t expected)
{
	sqlite3_stmt *s = NULL;
	bool same;

	if (sqlite3_prepare_v2(v->db, pragma, -1, &s, NULL) != SQLITE_OK)
		return -EIO;
	same = sqlite3_step(s) == SQLITE_ROW &&
	       sqlite3_column_int64(s, 0) == expected;
	sqlite3_finalize(s);
	if (same)
		return 0;
	verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_FILE, 0, 0,
	    "%s is not %lld", pragma, (long long)expected);
	return -EBADMSG;
}

/* Pages, indexes, types: what SQL would show may differ from what is hashed. */
static void
check_integrity(struct verify *v)
{
	sqlite3_stmt *s = NULL;
	const unsigned char *said = NULL;
	int rc = sqlite3_prepare_v2(
	    v->db, "PRAGMA integrity_check(1)", -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		said = sqlite3_column_text(s, 0);
	if (said == NULL || strcmp((const char *)said, "ok") != 0)
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_FILE, 0, 0,
		    "integrity_check: %.300s",
		    said == NULL ? sqlite3_errmsg(v->db) : (const char *)said);
	sqlite3_finalize(s);
}

int
verify_file(struct verify *v, const char *path)
{
	char journal[SEGMENT_PATH_MAX];
	int r;

	/* Nothing of ours writes one: it would be played back into the file. */
	(void)snprintf(journal, sizeof(journal), "%s-journal", path);
	if (access(journal, F_OK) == 0)
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_FILE, 0, 0,
		    "a rollback journal lies beside it");
	r = check_number(v, "PRAGMA application_id", SEGMENT_APPLICATION_ID);
	if (r == 0)
		r = check_number(
		    v, "PRAGMA user_version", SEGMENT_USER_VERSION);
	if (r == 0)
		r = check_number(v, "PRAGMA page_size", 4096);
	if (r == 0)
		r = check_schema(v);
	if (r == 0 && !v->o->quick)
		check_integrity(v);
	return r;
}
