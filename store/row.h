/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between a row of table rec and a leaf, and the numbers a segment file bears.
 * Shared by the writer (db.c) and the readers (log_read.c, verify*.c).
 */
#ifndef DOORWARD_STORE_ROW_H
#define DOORWARD_STORE_ROW_H

#include <stdbool.h>

#include <sqlite3.h>

#include "store/leaf.h"
#include "store/tree.h"

#define SEGMENT_APPLICATION_ID 0x46494d41
#define SEGMENT_USER_VERSION 1
#define SEGMENT_NAME "seg-%08u.db"
#define ROW_COLUMNS                                                            \
	"idx,ts,kind,act,verdict,rule,actor,uid,auid,pid,path,dev,ino,mode,"   \
	"size,hnew,hold,ext"

/* Column kind of table note. */
enum note_kind {
	NOTE_GENESIS = 1,    /* body: the genesis vkey; n null */
	NOTE_KEYS = 2,	     /* body: key note n */
	NOTE_CHECKPOINT = 3, /* body: a published checkpoint; n: its seal */
	NOTE_BASE =
	    4, /* body: checkpoint this segment goes on from; n: its seal */
	NOTE_FRONTIER = 5, /* body: frontier there; n: its size */
	NOTE_ANCHOR = 6,   /* body: what an anchor returned; n: its seal */
};

/*
 * The number in a name that begins like SEGMENT_NAME; *ret_rest is what follows
 * the digits. False: another kind of name.
 */
bool segment_number(
    const char *name, unsigned int *ret_number, const char **ret_rest);

/* The schema's text as this build writes it. */
extern const char segment_schema[];

/* Binds idx and all columns from parameter 1 on. SQLITE_OK or its error. */
int row_bind(sqlite3_stmt *s, const struct leaf *l);
/*
 * The row as a leaf borrowing the statement's bytes until its next step. A
 * value no leaf can hold (a real, a text, a negative idx): -EBADMSG.
 */
int row_leaf(sqlite3_stmt *s, struct leaf *ret);

/* The tree a segment goes on from. 0; -ENOENT: it begins the log; -EBADMSG. */
int row_base(sqlite3 *db, struct tree *ret);
/* A stored node. 0, -ENOENT. */
int row_node(sqlite3 *db, unsigned int h, uint64_t i, uint8_t ret[HASH_BYTES]);
/* The node of height 8 over 256 rows, from the rows alone. 0, -ENOENT,
 * -EBADMSG. */
int row_block(sqlite3 *db, uint64_t block, uint8_t ret[HASH_BYTES]);

/*
 * The tree of the first size leaves, from this segment's base, stored nodes and
 * rows. 0; -ENOENT a row or node is missing; -EBADMSG; -EIO.
 */
int row_tree(sqlite3 *db, uint64_t size, struct tree *ret);

#endif
