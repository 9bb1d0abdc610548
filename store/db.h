/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segment being written: one SQLite file in WAL mode, every commit synced
 * (synchronous=FULL, because a lost acknowledged commit would be a false hole).
 * One transaction shape: begin, puts, commit or rollback. No key, no policy.
 *
 * Only doorward-store writes; it is the directory's only writer.
 * Errors: -EIO and, for a file that cannot be believed any more, -EUCLEAN;
 * -ENOSPC disk full. After an error inside a transaction: db_rollback.
 */
#ifndef DOORWARD_STORE_DB_H
#define DOORWARD_STORE_DB_H

#include <stdbool.h>

#include "store/row.h"

struct db;

/* Opens the file, making it with its schema when it is not there (*ret_new). */
int db_open(const char *path, struct db **ret, bool *ret_new);
/* Checkpoints what it can; NULL is fine; leaves NULL behind. */
void db_close(struct db **db);
sqlite3 *db_handle(struct db *db); /* for row_tree */

int db_begin(struct db *db);
int db_commit(struct db *db);
void db_rollback(struct db *db);

int db_put_leaf(struct db *db, const struct leaf *l);
int db_put_node(
    struct db *db, unsigned int h, uint64_t i, const uint8_t hash[HASH_BYTES]);
int
db_put_seal(struct db *db, uint64_t n, uint64_t size, const uint8_t sig[64]);
int db_put_keys(struct db *db, uint64_t block, const void *pks, size_t len);
/* n < 0: null */
int db_put_note(struct db *db, enum note_kind kind, int64_t n, const void *body,
    size_t len);

/* Index after the last row; the base when there is none. */
int db_end(struct db *db, uint64_t *ret);
/* -ENOENT: none. */
int db_last_seal(
    struct db *db, uint64_t *ret_n, uint64_t *ret_size, uint8_t ret_sig[64]);
/* 1 the note is here, 0 not, -errno. */
int db_has_note(struct db *db, enum note_kind kind, int64_t n);
/* A note's body, NUL-terminated; -ENOENT, -EMSGSIZE. */
int db_note(struct db *db, enum note_kind kind, char *buf, size_t cap);
/* Key note of a block, NUL-terminated; -ENOENT, -EMSGSIZE. */
int db_key_note(struct db *db, uint64_t block, char *buf, size_t cap);
/* What the segment goes on from: a seal's number and size. -ENOENT: nothing. */
int db_base(struct db *db, uint64_t *ret_n, uint64_t *ret_size);
/* Neither rows nor a base yet. */
bool db_is_bare(struct db *db);
/* Calls back for each row from first on, ascending, until not 0. */
int db_rows(struct db *db, uint64_t first,
    int (*each)(const struct leaf *l, void *ctx), void *ctx);
/* Calls back with the newest row of that kind; -ENOENT. */
int db_last_of_kind(struct db *db, enum record_kind kind,
    int (*each)(const struct leaf *l, void *ctx), void *ctx);

/* Moves the write-ahead file into the database; all waits for nobody. */
int db_checkpoint(struct db *db, bool truncate);
/* Pages in the write-ahead file since the last complete checkpoint. */
int db_wal_pages(const struct db *db);

#endif
