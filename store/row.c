/* SPDX-License-Identifier: Apache-2.0 */
#include "store/row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/schema_text.h"

#define SEGMENT_PREFIX "seg-"
#define SEGMENT_PREFIX_LEN 4
#define SEGMENT_DIGITS 8

const char segment_schema[] = SCHEMA_TEXT;

bool
segment_number(
    const char *name, unsigned int *ret_number, const char **ret_rest)
{
	unsigned int n = 0;

	if (strncmp(name, SEGMENT_PREFIX, SEGMENT_PREFIX_LEN) != 0)
		return false;
	name += SEGMENT_PREFIX_LEN;
	for (unsigned int i = 0; i < SEGMENT_DIGITS; i++, name++) {
		if (*name < '0' || *name > '9')
			return false;
		n = n * 10 + (unsigned int)(*name - '0');
	}
	*ret_number = n;
	*ret_rest = name;
	return true;
}

int
row_bind(sqlite3_stmt *s, const struct leaf *l)
{
	int r = sqlite3_bind_int64(s, 1, (sqlite3_int64)l->index);

	for (enum leaf_column c = 0; r == SQLITE_OK && c < LEAF_COLUMNS; c++) {
		const struct leaf_value *v = &l->col[c];
		int at = 2 + (int)c;

		if (v->type == LEAF_NUMBER)
			r = sqlite3_bind_int64(s, at, v->number);
		else if (v->type == LEAF_NULL)
			r = sqlite3_bind_null(s, at);
		else if (v->len == 0)
			r = sqlite3_bind_zeroblob(s, at, 0);
		else
			r = sqlite3_bind_blob(
			    s, at, v->bytes, (int)v->len, SQLITE_STATIC);
	}
	return r;
}

int
row_leaf(sqlite3_stmt *s, struct leaf *ret)
{
	struct leaf l;

	leaf_clear(&l);
	if (sqlite3_column_type(s, 0) != SQLITE_INTEGER ||
	    sqlite3_column_int64(s, 0) < 0)
		return -EBADMSG;
	l.index = (uint64_t)sqlite3_column_int64(s, 0);
	for (enum leaf_column c = 0; c < LEAF_COLUMNS; c++) {
		int at = 1 + (int)c;
		int type = sqlite3_column_type(s, at);

		if (type == SQLITE_INTEGER)
			leaf_set_number(&l, c, sqlite3_column_int64(s, at));
		else if (type == SQLITE_BLOB)
			leaf_set_bytes(&l, c, sqlite3_column_blob(s, at),
			    (size_t)sqlite3_column_bytes(s, at));
		else if (type != SQLITE_NULL)
			return -EBADMSG;
	}
	*ret = l;
	return 0;
}

int
row_base(sqlite3 *db, struct tree *ret)
{
	sqlite3_stmt *s = NULL;
	int r, rc;

	if (sqlite3_prepare_v2(db, "SELECT n, body FROM note WHERE kind = 5",
		-1, &s, NULL) != SQLITE_OK)
		return -EIO;
	rc = sqlite3_step(s);
	r = rc == SQLITE_DONE ? -ENOENT : -EIO;
	if (rc == SQLITE_ROW) {
		const uint8_t *body = sqlite3_column_blob(s, 1);
		int len = sqlite3_column_bytes(s, 1);

		r = tree_from_frontier(ret,
		    (uint64_t)sqlite3_column_int64(s, 0), body, (size_t)len);
	}
	sqlite3_finalize(s);
	return r;
}

int
row_node(sqlite3 *db, unsigned int h, uint64_t i, uint8_t ret[HASH_BYTES])
{
	sqlite3_stmt *s = NULL;
	int r = -ENOENT;

	if (sqlite3_prepare_v2(db, "SELECT hash FROM node WHERE h=? AND i=?",
		-1, &s, NULL) == SQLITE_OK) {
		(void)sqlite3_bind_int64(s, 1, h);
		(void)sqlite3_bind_int64(s, 2, (sqlite3_int64)i);
		if (sqlite3_step(s) == SQLITE_ROW &&
		    sqlite3_column_type(s, 0) == SQLITE_BLOB &&
		    sqlite3_column_bytes(s, 0) == HASH_BYTES) {
			memcpy(ret, sqlite3_column_blob(s, 0), HASH_BYTES);
			r = 0;
		}
	}
	sqlite3_finalize(s);
	return r;
}

/* Adds the largest stored node that starts at t->size and stays below size. */
static int
add_node(sqlite3_stmt *nodes, struct tree *t, uint64_t size)
{
	for (unsigned int h = 56; h >= TREE_STORED_STEP;
	     h -= TREE_STORED_STEP) {
		uint64_t width = (uint64_t)1 << h;
		int rc;

		if (t->size % width != 0 || size - t->size < width)
			continue;
		sqlite3_bind_int64(nodes, 1, h);
		sqlite3_bind_int64(nodes, 2, (sqlite3_int64)(t->size >> h));
		rc = sqlite3_step(nodes);
		if (rc == SQLITE_ROW &&
		    sqlite3_column_bytes(nodes, 0) == HASH_BYTES) {
			tree_append_node(t, h, sqlite3_column_blob(nodes, 0));
			sqlite3_reset(nodes);
			return 1;
		}
		sqlite3_reset(nodes);
	}
	return 0;
}

static int
row_hash(sqlite3_stmt *rows, uint64_t index, uint8_t hash[HASH_BYTES])
{
	uint8_t bytes[LEAF_BYTES_MAX];
	struct leaf l;
	size_t len;
	int r;

	sqlite3_bind_int64(rows, 1, (sqlite3_int64)index);
	if (sqlite3_step(rows) != SQLITE_ROW)
		r = -ENOENT;
	else
		r = row_leaf(rows, &l);
	if (r == 0)
		r = leaf_encode(&l, bytes, sizeof(bytes), &len);
	if (r == 0)
		tree_leaf_hash(bytes, len, hash);
	sqlite3_reset(rows);
	return r;
}

static int
add_row(sqlite3_stmt *rows, struct tree *t)
{
	uint8_t hash[HASH_BYTES];
	int r = row_hash(rows, t->size, hash);

	if (r == 0)
		tree_append(t, hash, NULL, NULL);
	return r;
}

static int
last_of_block(sqlite3_stmt *rows, const struct tree *t, uint8_t ret[HASH_BYTES])
{
	int r = row_hash(rows, t->size, ret);

	for (unsigned int h = 0; r == 0 && h < 8; h++)
		tree_node_hash(t->node[h], ret, ret);
	return r;
}

int
row_block(sqlite3 *db, uint64_t block, uint8_t ret[HASH_BYTES])
{
	sqlite3_stmt *rows = NULL;
	/* As if everything before were there: only the new subtree is read. */
	struct tree t = {.size = block << 8};
	int r = 0;

	if (sqlite3_prepare_v2(db,
		"SELECT " ROW_COLUMNS " FROM rec NOT INDEXED WHERE idx=?", -1,
		&rows, NULL) != SQLITE_OK)
		return -EIO;
	for (int i = 0; r == 0 && i < 255; i++)
		r = add_row(rows, &t);
	/* The last one completes it: combine the eight subtrees by hand. */
	if (r == 0)
		r = last_of_block(rows, &t, ret);
	sqlite3_finalize(rows);
	return r;
}

int
row_tree(sqlite3 *db, uint64_t size, struct tree *ret)
{
	sqlite3_stmt *nodes = NULL, *rows = NULL;
	struct tree t;
	int r;

	tree_clear(&t);
	r = row_base(db, &t);
	if (r < 0 && r != -ENOENT)
		return r;
	r = 0;
	if (sqlite3_prepare_v2(db, "SELECT hash FROM node WHERE h=? AND i=?",
		-1, &nodes, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db,
		"SELECT " ROW_COLUMNS " FROM rec NOT INDEXED WHERE idx=?", -1,
		&rows, NULL) != SQLITE_OK)
		r = -EIO;
	if (t.size > size)
		r = -ENOENT;
	while (r == 0 && t.size < size)
		if (!add_node(nodes, &t, size))
			r = add_row(rows, &t);
	sqlite3_finalize(nodes);
	sqlite3_finalize(rows);
	if (r == 0)
		*ret = t;
	return r;
}
