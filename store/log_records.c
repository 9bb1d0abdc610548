/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/row.h"

struct log_cursor {
	struct log_reader *r;
	uint64_t first, last;
	bool reverse;
	size_t at; /* segment */
	sqlite3_stmt *st;
};

static int
cursor_open(struct log_cursor *c)
{
	static const char *const sql[2] = {
	    "SELECT " ROW_COLUMNS " FROM rec NOT INDEXED"
	    " WHERE idx BETWEEN ? AND ? ORDER BY idx",
	    "SELECT " ROW_COLUMNS " FROM rec NOT INDEXED"
	    " WHERE idx BETWEEN ? AND ? ORDER BY idx DESC"};
	int rc = sqlite3_prepare_v2(
	    c->r->segments[c->at].db, sql[c->reverse], -1, &c->st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(c->st, 1, (sqlite3_int64)c->first);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(c->st, 2, (sqlite3_int64)c->last);
	return log_errno(rc);
}

int
log_seek(struct log_reader *r, uint64_t first, uint64_t last, bool reverse,
    struct log_cursor **ret)
{
	struct log_cursor *c;

	if (r->count == 0)
		return -ENOENT;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	*c = (struct log_cursor){.r = r,
	    .first = first,
	    .last = last > INT64_MAX ? INT64_MAX : last,
	    .reverse = reverse,
	    .at = reverse ? r->count - 1 : 0};
	*ret = c;
	return 0;
}

int
log_next(struct log_cursor *c, struct leaf *ret)
{
	for (;;) {
		int rc, r;

		if (c->st == NULL) {
			if (c->at >= c->r->count)
				return 0;
			r = cursor_open(c);
			if (r < 0)
				return r;
		}
		rc = sqlite3_step(c->st);
		if (rc == SQLITE_ROW) {
			r = row_leaf(c->st, ret);
			return r < 0 ? r : 1;
		}
		r = log_errno(rc);
		sqlite3_finalize(c->st);
		c->st = NULL;
		/* Below the first segment lies the largest number: the end. */
		c->at = c->reverse ? c->at - 1 : c->at + 1;
		if (r < 0)
			return r;
	}
}

void
log_cursor_close(struct log_cursor **c)
{
	if (*c == NULL)
		return;
	sqlite3_finalize((*c)->st);
	free(*c);
	*c = NULL;
}

/* Copies what the leaf borrows into one block. */
static int
hold(struct leaf *l, void **ret_hold)
{
	size_t total = 1, at = 0;
	uint8_t *copy;

	for (enum leaf_column c = 0; c < LEAF_COLUMNS; c++)
		total += l->col[c].len;
	copy = malloc(total);
	if (copy == NULL)
		return -ENOMEM;
	for (enum leaf_column c = 0; c < LEAF_COLUMNS; c++) {
		struct leaf_value *v = &l->col[c];

		if (v->type != LEAF_BYTES)
			continue;
		if (v->len > 0)
			memcpy(copy + at, v->bytes, v->len);
		v->bytes = copy + at;
		at += v->len;
	}
	*ret_hold = copy;
	return 0;
}

int
log_get(struct log_reader *r, uint64_t index, struct leaf *ret, void **ret_hold)
{
	struct log_cursor *c = NULL;
	struct leaf l;
	int rc;

	rc = log_seek(r, index, index, false, &c);
	if (rc < 0)
		return rc;
	rc = log_next(c, &l);
	if (rc == 1)
		rc = hold(&l, ret_hold);
	else if (rc == 0)
		rc = -ENOENT;
	log_cursor_close(&c);
	if (rc == 0)
		*ret = l;
	return rc;
}
