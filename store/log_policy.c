/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/row.h"

/* The first part of the newest policy of this generation at or below index. */
static int
find_policy(struct log_reader *r, uint64_t index, int64_t generation,
    uint64_t *ret_index)
{
	for (size_t i = r->count; i-- > 0;) {
		sqlite3_stmt *s = NULL;
		int rc = sqlite3_prepare_v2(r->segments[i].db,
		    "SELECT " ROW_COLUMNS " FROM rec NOT INDEXED"
		    " WHERE kind = 7 AND idx <= ? ORDER BY idx DESC",
		    -1, &s, NULL);
		bool found = false;

		if (rc == SQLITE_OK)
			rc = sqlite3_bind_int64(s, 1, (sqlite3_int64)index);
		while (rc == SQLITE_OK && !found &&
		       sqlite3_step(s) == SQLITE_ROW) {
			struct leaf l;

			if (row_leaf(s, &l) < 0 ||
			    ext_find_number(&l, EXT_POLICY_PART, -1) != 0 ||
			    ext_find_number(&l, EXT_POLICY_GENERATION, -1) !=
				generation)
				continue;
			*ret_index = l.index;
			found = true;
		}
		sqlite3_finalize(s);
		if (rc != SQLITE_OK)
			return log_errno(rc);
		if (found)
			return 0;
	}
	return -ENOENT;
}

int
log_policy_index(
    struct log_reader *r, const struct leaf *event, uint64_t *ret_index)
{
	int64_t index = ext_find_number(event, EXT_EVENT_POLICY, -1);
	int64_t generation = ext_find_number(event, EXT_EVENT_GENERATION, -1);

	if (index >= 0) {
		*ret_index = (uint64_t)index;
		return 0;
	}
	if (generation < 0)
		return -ENOENT;
	return find_policy(r, event->index, generation, ret_index);
}

struct parts {
	uint8_t *body;
	size_t len;
	int64_t generation, count;
	uint8_t hash[HASH_BYTES];
};

/* Adds one POLICY leaf, which must be the next part. */
static int
add_part(struct parts *p, const struct leaf *l, int64_t part)
{
	struct leaf_value body, hash;
	uint8_t *more;

	if (leaf_number(l, LEAF_KIND, 0) != KIND_POLICY ||
	    ext_find_number(l, EXT_POLICY_PART, -1) != part ||
	    !ext_find(l, EXT_POLICY_BODY, &body) || body.type != LEAF_BYTES ||
	    !ext_find(l, EXT_POLICY_HASH, &hash) || hash.type != LEAF_BYTES ||
	    hash.len != HASH_BYTES)
		return -EBADMSG;
	if (part == 0) {
		p->count = ext_find_number(l, EXT_POLICY_PARTS, 0);
		p->generation = ext_find_number(l, EXT_POLICY_GENERATION, 0);
		memcpy(p->hash, hash.bytes, HASH_BYTES);
	}
	if (p->len + body.len > POLICY_BODY_MAX)
		return -EBADMSG;
	more = realloc(p->body, p->len + body.len + 1);
	if (more == NULL)
		return -ENOMEM;
	p->body = more;
	if (body.len > 0)
		memcpy(p->body + p->len, body.bytes, body.len);
	p->len += body.len;
	return 0;
}

int
log_policy(struct log_reader *r, uint64_t index, struct policy_body **ret,
    uint64_t *ret_generation, uint8_t ret_hash[HASH_BYTES])
{
	struct log_cursor *c = NULL;
	struct parts p = {.count = 1};
	struct leaf l;
	int rc;

	rc = log_seek(r, index, UINT64_MAX, false, &c);
	for (int64_t part = 0; rc == 0 && part < p.count; part++) {
		rc = log_next(c, &l);
		rc = rc == 1 ? add_part(&p, &l, part) : rc < 0 ? rc : -ENOENT;
	}
	log_cursor_close(&c);
	if (rc == 0)
		rc = policy_body_parse(p.body, p.len, ret);
	if (rc == 0) {
		*ret_generation = (uint64_t)p.generation;
		memcpy(ret_hash, p.hash, HASH_BYTES);
	}
	free(p.body);
	return rc;
}
