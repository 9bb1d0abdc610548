/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/note.h"
#include "store/row.h"
#include "store/segments.h"

struct segment {
	char *path;
	sqlite3 *db;
	uint64_t first, end; /* indexes it holds, as of log_begin */
	bool has_seal;
};

struct log_reader {
	char *dir;
	bool live;
	bool begun;
	size_t count;
	struct segment *segments;
};

struct log_cursor {
	struct log_reader *r;
	uint64_t first, last;
	bool reverse;
	size_t at; /* segment */
	sqlite3_stmt *st;
};

static int
to_errno(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR: /* no such table: not ours */
		return -EBADMSG;
	default:
		return -EIO;
	}
}

static int
number_of(sqlite3 *db, const char *sql, int64_t *ret)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? -ENOENT : to_errno(rc);
}

static void
drop_segments(struct log_reader *r)
{
	for (size_t i = 0; i < r->count; i++) {
		(void)sqlite3_close(r->segments[i].db);
		free(r->segments[i].path);
	}
	free(r->segments);
	r->segments = NULL;
	r->count = 0;
}

/* Opens what is new; the older ones stay open. */
static int
open_segments(struct log_reader *r)
{
	struct segment_list l;
	struct segment *more;
	int rc = segments_find(r->dir, &l);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < l.count; i++) {
		struct segment *s;

		if (i < r->count &&
		    strcmp(r->segments[i].path, l.paths[i]) == 0)
			continue;
		if (i < r->count) {
			/* One was put away or pruned: look at all of them anew.
			 */
			drop_segments(r);
			i = 0;
		}
		more = realloc(r->segments, (i + 1) * sizeof(*more));
		if (more == NULL) {
			rc = -ENOMEM;
			break;
		}
		r->segments = more;
		s = &more[i];
		*s = (struct segment){.path = strdup(l.paths[i])};
		if (s->path == NULL)
			rc = -ENOMEM;
		else
			rc = segment_read(s->path, r->live, &s->db);
		if (rc < 0)
			free(s->path);
		else
			r->count = i + 1;
	}
	segments_free(&l);
	return rc;
}

int
log_open(const char *dir, bool live, struct log_reader **ret)
{
	struct log_reader *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return -ENOMEM;
	r->live = live;
	r->dir = strdup(dir);
	rc = r->dir == NULL ? -ENOMEM : open_segments(r);
	if (rc < 0) {
		log_close(&r);
		return rc;
	}
	*ret = r;
	return 0;
}

void
log_close(struct log_reader **r)
{
	if (*r == NULL)
		return;
	drop_segments(*r);
	free((*r)->dir);
	free(*r);
	*r = NULL;
}

static int
look_at(struct segment *s)
{
	int64_t n = 0;
	int r;

	r = number_of(s->db,
	    "SELECT coalesce((SELECT min(idx) FROM rec),"
	    " (SELECT n FROM note WHERE kind = 5), 0)",
	    &n);
	s->first = (uint64_t)n;
	if (r == 0)
		r = number_of(
		    s->db, "SELECT coalesce(max(idx) + 1, 0) FROM rec", &n);
	s->end = (uint64_t)n < s->first ? s->first : (uint64_t)n;
	if (r == 0)
		r = number_of(s->db,
		    "SELECT count(*) FROM (SELECT 1 FROM seal LIMIT 1)", &n);
	s->has_seal = n != 0;
	return r;
}

int
log_begin(struct log_reader *r)
{
	int rc;

	if (r->begun)
		log_end(r);
	rc = open_segments(r);
	for (size_t i = 0; rc == 0 && i < r->count; i++) {
		rc = to_errno(
		    sqlite3_exec(r->segments[i].db, "BEGIN", NULL, NULL, NULL));
		if (rc == 0)
			rc = look_at(&r->segments[i]);
	}
	r->begun = true;
	if (rc < 0)
		log_end(r);
	return rc;
}

void
log_end(struct log_reader *r)
{
	for (size_t i = 0; i < r->count; i++)
		(void)sqlite3_exec(
		    r->segments[i].db, "ROLLBACK", NULL, NULL, NULL);
	r->begun = false;
}

int
log_bounds(struct log_reader *r, uint64_t *ret_first, uint64_t *ret_end)
{
	if (r->count == 0)
		return -ENOENT;
	*ret_first = r->segments[0].first;
	*ret_end = r->segments[r->count - 1].end;
	return 0;
}

static int
seal_row(sqlite3 *db, const char *sql, uint64_t parameter, struct log_seal *ret)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
	int r;

	if (rc == SQLITE_OK) {
		(void)sqlite3_bind_int64(s, 1, (sqlite3_int64)parameter);
		rc = sqlite3_step(s);
	}
	r = rc == SQLITE_DONE ? -ENOENT : to_errno(rc);
	if (rc == SQLITE_ROW && sqlite3_column_bytes(s, 2) != SIG_BYTES)
		r = -EBADMSG;
	if (rc == SQLITE_ROW && r == 0) {
		ret->n = (uint64_t)sqlite3_column_int64(s, 0);
		ret->size = (uint64_t)sqlite3_column_int64(s, 1);
		memcpy(ret->sig, sqlite3_column_blob(s, 2), SIG_BYTES);
	}
	sqlite3_finalize(s);
	return r;
}

static struct segment *
last_sealed(struct log_reader *r)
{
	for (size_t i = r->count; i-- > 0;)
		if (r->segments[i].has_seal)
			return &r->segments[i];
	return NULL;
}

int
log_last_seal(struct log_reader *r, struct log_seal *ret)
{
	struct segment *s = last_sealed(r);

	if (s == NULL)
		return -ENOENT;
	return seal_row(s->db,
	    "SELECT n, size, sig FROM seal WHERE n >= ? ORDER BY n DESC LIMIT 1",
	    0, ret);
}

/* Sizes grow with numbers: halve the range of numbers until one is left. */
static int
find_seal(sqlite3 *db, uint64_t index, struct log_seal *ret)
{
	struct log_seal low, high, middle;
	int r;

	r = seal_row(db,
	    "SELECT n, size, sig FROM seal WHERE n >= ? ORDER BY n LIMIT 1", 0,
	    &low);
	if (r == 0)
		r = seal_row(db,
		    "SELECT n, size, sig FROM seal WHERE n >= ?"
		    " ORDER BY n DESC LIMIT 1",
		    0, &high);
	if (r < 0)
		return r;
	if (high.size <= index)
		return -ENOENT;
	while (low.size <= index && high.n - low.n > 1) {
		r = seal_row(db,
		    "SELECT n, size, sig FROM seal WHERE n <= ?"
		    " ORDER BY n DESC LIMIT 1",
		    low.n + (high.n - low.n) / 2, &middle);
		if (r < 0)
			return r;
		if (middle.n == low.n) {
			/* A hole in the numbers: look above it. */
			r = seal_row(db,
			    "SELECT n, size, sig FROM seal WHERE n > ?"
			    " ORDER BY n LIMIT 1",
			    low.n, &middle);
			if (r < 0)
				return r;
			if (middle.n >= high.n)
				break;
		}
		if (middle.size <= index)
			low = middle;
		else
			high = middle;
	}
	*ret = low.size > index ? low : high;
	return 0;
}

int
log_seal_of(struct log_reader *r, uint64_t index, struct log_seal *ret)
{
	for (size_t i = 0; i < r->count; i++) {
		struct segment *s = &r->segments[i];

		if (s->has_seal && index >= s->first && index < s->end)
			return find_seal(s->db, index, ret);
	}
	return -ENOENT;
}

/* ---- records ---- */

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
	return to_errno(rc);
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
		r = to_errno(rc);
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

/* ---- policies ---- */

/* The first part of the newest policy at or below index, of one generation (or
 * any: < 0). */
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
			    (generation >= 0 &&
				ext_find_number(&l, EXT_POLICY_GENERATION,
				    -1) != generation))
				continue;
			*ret_index = l.index;
			found = true;
		}
		sqlite3_finalize(s);
		if (rc != SQLITE_OK)
			return to_errno(rc);
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

int
log_policy_before(struct log_reader *r, uint64_t index, uint64_t *ret_index)
{
	return find_policy(r, index, -1, ret_index);
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

/* ---- keys and checkpoints ---- */

/* A note's bytes as a string. -ENOENT, -EMSGSIZE. */
static int
note_text(sqlite3 *db, const char *sql, uint64_t parameter, char *buf,
    size_t cap, size_t *ret_len)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
	int r;

	if (rc == SQLITE_OK) {
		(void)sqlite3_bind_int64(s, 1, (sqlite3_int64)parameter);
		rc = sqlite3_step(s);
	}
	r = rc == SQLITE_DONE ? -ENOENT : to_errno(rc);
	if (rc == SQLITE_ROW) {
		size_t len = (size_t)sqlite3_column_bytes(s, 0);

		if (len >= cap)
			r = -EMSGSIZE;
		else if (len > 0)
			memcpy(buf, sqlite3_column_blob(s, 0), len);
		if (r == 0) {
			buf[len] = '\0';
			*ret_len = len;
		}
	}
	sqlite3_finalize(s);
	return r;
}

int
log_vkey(struct log_reader *r, char *buf, size_t cap)
{
	size_t len;

	if (r->count == 0)
		return -ENOENT;
	return note_text(r->segments[0].db,
	    "SELECT body FROM note WHERE kind = 1 AND id >= ? LIMIT 1", 0, buf,
	    cap, &len);
}

int
log_origin(struct log_reader *r, char *buf, size_t cap)
{
	char text[VKEY_BYTES_MAX + 1];
	struct vkey key;
	char *end;
	int rc;

	rc = log_vkey(r, text, sizeof(text));
	if (rc < 0)
		return rc;
	if (vkey_parse(text, strlen(text), &key) < 0)
		return -EBADMSG;
	end = strrchr(key.name, '/');
	if (end == NULL || strcmp(end, "/genesis") != 0)
		return -EBADMSG;
	*end = '\0';
	if (strlen(key.name) >= cap)
		return -EMSGSIZE;
	memcpy(buf, key.name, strlen(key.name) + 1);
	return 0;
}

static int
seal_key(sqlite3 *db, uint64_t n, uint8_t ret[HASH_BYTES])
{
	char sql[128], key[HASH_BYTES + 1];
	size_t len;
	int r;

	(void)snprintf(sql, sizeof(sql),
	    "SELECT substr(pks, %u, 32) FROM keyblk WHERE b = ?",
	    (unsigned int)(n % 4096) * HASH_BYTES + 1);
	r = note_text(db, sql, n / 4096, key, sizeof(key), &len);
	if (r == 0 && len != HASH_BYTES)
		r = -EBADMSG;
	if (r == 0)
		memcpy(ret, key, HASH_BYTES);
	return r;
}

int
log_checkpoint(struct log_reader *r, char *buf, size_t cap, size_t *ret_len)
{
	char name[NOTE_NAME_MAX + 1], text[NOTE_BYTES_MAX];
	struct segment *s = last_sealed(r);
	uint8_t pk[HASH_BYTES];
	struct checkpoint c;
	struct log_seal seal;
	struct tree t;
	size_t len;
	int rc;

	rc = log_last_seal(r, &seal);
	if (rc < 0)
		return rc;
	/* If it was published, the note is there with both signatures. */
	rc = note_text(s->db,
	    "SELECT body FROM note WHERE kind = 3 AND n = ? LIMIT 1", seal.n,
	    buf, cap, ret_len);
	if (rc != -ENOENT)
		return rc;
	rc = log_origin(r, c.origin, sizeof(c.origin));
	if (rc == 0)
		rc = row_tree(s->db, seal.size, &t);
	if (rc == 0)
		rc = seal_key(s->db, seal.n, pk);
	if (rc < 0)
		return rc;
	c.size = seal.size;
	tree_root(&t, c.root);
	len = checkpoint_format(&c, text);
	note_name_seal(c.origin, seal.n, name);
	rc = note_add_signature(text, sizeof(text), &len, name, pk, seal.sig);
	if (rc < 0 || len >= cap)
		return rc < 0 ? rc : -EMSGSIZE;
	memcpy(buf, text, len + 1);
	*ret_len = len;
	return 0;
}
