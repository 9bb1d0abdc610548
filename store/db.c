/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum statement {
	PUT_LEAF,
	PUT_NODE,
	PUT_SEAL,
	PUT_KEYS,
	PUT_NOTE,
	BEGIN,
	COMMIT,
	STATEMENTS
};

static const char *const texts[STATEMENTS] = {
    /* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): a macro between */
    [PUT_LEAF] = "INSERT INTO rec(" ROW_COLUMNS
		 ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [PUT_NODE] = "INSERT INTO node(h,i,hash) VALUES(?,?,?)",
    [PUT_SEAL] = "INSERT INTO seal(n,size,sig) VALUES(?,?,?)",
    [PUT_KEYS] = "INSERT INTO keyblk(b,pks) VALUES(?,?)",
    [PUT_NOTE] = "INSERT INTO note(kind,n,body) VALUES(?,?,?)",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
};

struct db {
	sqlite3 *handle;
	sqlite3_stmt *st[STATEMENTS];
	int wal_pages;
};

static int
to_errno(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_BUSY:
		return -EBUSY;
	default:
		return -EIO;
	}
}

static int
exec(struct db *db, const char *sql)
{
	return to_errno(sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

static int
wal_grew(void *ctx, sqlite3 *handle, const char *name, int pages)
{
	struct db *db = ctx;

	(void)handle;
	(void)name;
	db->wal_pages = pages;
	return SQLITE_OK;
}

/* The first number of the first row. */
static int
number_of(struct db *db, const char *sql, int64_t *ret)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? -ENOENT : to_errno(rc);
}

static int
make_schema(struct db *db)
{
	char numbers[128];
	int r;

	(void)snprintf(numbers, sizeof(numbers),
	    "PRAGMA application_id=%d; PRAGMA user_version=%d;",
	    SEGMENT_APPLICATION_ID, SEGMENT_USER_VERSION);
	r = exec(db, "BEGIN EXCLUSIVE");
	if (r == 0)
		r = exec(db, numbers);
	if (r == 0)
		r = exec(db, segment_schema);
	return r == 0 ? exec(db, "COMMIT") : r;
}

static int
open_checked(struct db *db, bool *ret_new)
{
	int64_t n = 0;
	int r;

	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	r = exec(db, "PRAGMA page_size=4096; PRAGMA trusted_schema=OFF;"
		     "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;"
		     "PRAGMA cell_size_check=ON; PRAGMA cache_size=-8192;"
		     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		     "PRAGMA wal_autocheckpoint=0;");
	if (r == 0)
		r = number_of(db, "SELECT count(*) FROM sqlite_schema", &n);
	if (r < 0)
		return r;
	*ret_new = n == 0;
	if (n == 0)
		return make_schema(db);
	r = number_of(db, "PRAGMA application_id", &n);
	if (r == 0 && n != SEGMENT_APPLICATION_ID)
		r = -EUCLEAN;
	if (r == 0)
		r = number_of(db, "PRAGMA user_version", &n);
	if (r == 0 && n != SEGMENT_USER_VERSION)
		r = -EUCLEAN;
	return r;
}

int
db_open(const char *path, struct db **ret, bool *ret_new)
{
	struct db *db = calloc(1, sizeof(*db));
	int r;

	if (db == NULL)
		return -ENOMEM;
	r = to_errno(sqlite3_open_v2(path, &db->handle,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_NOFOLLOW,
	    NULL));
	if (r == 0)
		r = open_checked(db, ret_new);
	for (int i = 0; r == 0 && i < STATEMENTS; i++)
		r = to_errno(sqlite3_prepare_v3(db->handle, texts[i], -1,
		    SQLITE_PREPARE_PERSISTENT, &db->st[i], NULL));
	if (r < 0) {
		db_close(&db);
		return r;
	}
	sqlite3_wal_hook(db->handle, wal_grew, db);
	*ret = db;
	return 0;
}

void
db_close(struct db **db)
{
	if (*db == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize((*db)->st[i]);
	(void)sqlite3_close((*db)->handle);
	free(*db);
	*db = NULL;
}

sqlite3 *
db_handle(struct db *db)
{
	return db->handle;
}

static int
run(struct db *db, enum statement which)
{
	int rc = sqlite3_step(db->st[which]);

	(void)sqlite3_reset(db->st[which]);
	return to_errno(rc);
}

int
db_begin(struct db *db)
{
	return run(db, BEGIN);
}

int
db_commit(struct db *db)
{
	return run(db, COMMIT);
}

void
db_rollback(struct db *db)
{
	/* Fails only when an error has rolled back already. */
	(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

int
db_put_leaf(struct db *db, const struct leaf *l)
{
	int rc = row_bind(db->st[PUT_LEAF], l);

	return rc == SQLITE_OK ? run(db, PUT_LEAF) : to_errno(rc);
}

int
db_put_node(
    struct db *db, unsigned int h, uint64_t i, const uint8_t hash[HASH_BYTES])
{
	sqlite3_stmt *s = db->st[PUT_NODE];

	sqlite3_bind_int64(s, 1, h);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)i);
	sqlite3_bind_blob(s, 3, hash, HASH_BYTES, SQLITE_STATIC);
	return run(db, PUT_NODE);
}

int
db_put_seal(struct db *db, uint64_t n, uint64_t size, const uint8_t sig[64])
{
	sqlite3_stmt *s = db->st[PUT_SEAL];

	sqlite3_bind_int64(s, 1, (sqlite3_int64)n);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)size);
	sqlite3_bind_blob(s, 3, sig, 64, SQLITE_STATIC);
	return run(db, PUT_SEAL);
}

int
db_put_keys(struct db *db, uint64_t block, const void *pks, size_t len)
{
	sqlite3_stmt *s = db->st[PUT_KEYS];

	sqlite3_bind_int64(s, 1, (sqlite3_int64)block);
	sqlite3_bind_blob(s, 2, pks, (int)len, SQLITE_STATIC);
	return run(db, PUT_KEYS);
}

int
db_put_note(
    struct db *db, enum note_kind kind, int64_t n, const void *body, size_t len)
{
	sqlite3_stmt *s = db->st[PUT_NOTE];

	sqlite3_bind_int64(s, 1, kind);
	if (n < 0)
		sqlite3_bind_null(s, 2);
	else
		sqlite3_bind_int64(s, 2, n);
	sqlite3_bind_blob(s, 3, body, (int)len, SQLITE_STATIC);
	return run(db, PUT_NOTE);
}

int
db_end(struct db *db, uint64_t *ret)
{
	int64_t n = 0;
	int r;

	r = number_of(db,
	    "SELECT coalesce((SELECT max(idx) + 1 FROM rec),"
	    " (SELECT n FROM note WHERE kind = 5), 0)",
	    &n);
	if (r == 0)
		*ret = (uint64_t)n;
	return r;
}

int
db_last_seal(
    struct db *db, uint64_t *ret_n, uint64_t *ret_size, uint8_t ret_sig[64])
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db->handle,
	    "SELECT n, size, sig FROM seal ORDER BY n DESC LIMIT 1", -1, &s,
	    NULL);
	int r;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	r = rc == SQLITE_DONE ? -ENOENT : to_errno(rc);
	if (rc == SQLITE_ROW && sqlite3_column_bytes(s, 2) != 64)
		r = -EUCLEAN;
	if (rc == SQLITE_ROW && r == 0) {
		*ret_n = (uint64_t)sqlite3_column_int64(s, 0);
		*ret_size = (uint64_t)sqlite3_column_int64(s, 1);
		memcpy(ret_sig, sqlite3_column_blob(s, 2), 64);
	}
	sqlite3_finalize(s);
	return r;
}

static int
has(struct db *db, const char *sql)
{
	int64_t n = 0;
	int r = number_of(db, sql, &n);

	return r < 0 ? r : n != 0;
}

int
db_has_note(struct db *db, enum note_kind kind, int64_t n)
{
	char sql[96];

	(void)snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM note WHERE kind = %d AND n = %lld", kind,
	    (long long)n);
	return has(db, sql);
}

static int
note_body(
    struct db *db, const char *sql, int64_t parameter, char *buf, size_t cap)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL);
	int r;

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(s, 1, parameter);
		rc = sqlite3_step(s);
	}
	r = rc == SQLITE_DONE ? -ENOENT : to_errno(rc);
	if (rc == SQLITE_ROW) {
		size_t len = (size_t)sqlite3_column_bytes(s, 0);

		if (len >= cap)
			r = -EMSGSIZE;
		else if (len > 0)
			memcpy(buf, sqlite3_column_blob(s, 0), len);
		if (r == 0)
			buf[len] = '\0';
	}
	sqlite3_finalize(s);
	return r;
}

int
db_note(struct db *db, enum note_kind kind, char *buf, size_t cap)
{
	return note_body(db,
	    "SELECT body FROM note WHERE kind = ? ORDER BY id DESC LIMIT 1",
	    kind, buf, cap);
}

int
db_key_note(struct db *db, uint64_t block, char *buf, size_t cap)
{
	return note_body(db,
	    "SELECT body FROM note WHERE kind = 2 AND n = ? LIMIT 1",
	    (int64_t)block, buf, cap);
}

int
db_base(struct db *db, uint64_t *ret_n, uint64_t *ret_size)
{
	int64_t n = 0, size = 0;
	int r = number_of(db, "SELECT n FROM note WHERE kind = 4", &n);

	if (r == 0)
		r = number_of(db, "SELECT n FROM note WHERE kind = 5", &size);
	if (r < 0)
		return r;
	*ret_n = (uint64_t)n;
	*ret_size = (uint64_t)size;
	return 0;
}

bool
db_is_bare(struct db *db)
{
	int64_t n = 1;

	return number_of(db,
		   "SELECT (SELECT count(*) FROM (SELECT 1 FROM rec LIMIT 1))"
		   " + (SELECT count(*) FROM note WHERE kind = 4)",
		   &n) == 0 &&
	       n == 0;
}

static int
each_row(struct db *db, const char *sql, int64_t parameter,
    int (*each)(const struct leaf *l, void *ctx), void *ctx)
{
	sqlite3_stmt *s = NULL;
	struct leaf l;
	int rc = sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL);
	int r = to_errno(rc), seen = 0;

	if (r == 0)
		sqlite3_bind_int64(s, 1, parameter);
	while (r == 0) {
		rc = sqlite3_step(s);
		if (rc != SQLITE_ROW) {
			r = to_errno(rc);
			break;
		}
		seen = 1;
		r = row_leaf(s, &l);
		if (r == 0)
			r = each(&l, ctx);
	}
	sqlite3_finalize(s);
	return r == 0 && !seen ? -ENOENT : r;
}

int
db_rows(struct db *db, uint64_t first,
    int (*each)(const struct leaf *l, void *ctx), void *ctx)
{
	int r = each_row(db,
	    "SELECT " ROW_COLUMNS
	    " FROM rec NOT INDEXED WHERE idx >= ? ORDER BY idx",
	    (int64_t)first, each, ctx);

	return r == -ENOENT ? 0 : r;
}

int
db_last_of_kind(struct db *db, enum record_kind kind,
    int (*each)(const struct leaf *l, void *ctx), void *ctx)
{
	return each_row(db,
	    "SELECT " ROW_COLUMNS " FROM rec NOT INDEXED"
	    " WHERE kind = ? ORDER BY idx DESC LIMIT 1",
	    kind, each, ctx);
}

int
db_checkpoint(struct db *db, bool truncate)
{
	int left = 0, done = 0;
	int rc = sqlite3_wal_checkpoint_v2(db->handle, NULL,
	    truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE,
	    &left, &done);

	if (rc == SQLITE_OK && left == done)
		db->wal_pages = 0;
	return to_errno(rc);
}

int
db_wal_pages(const struct db *db)
{
	return db->wal_pages;
}
