/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/note.h"
#include "store/segments.h"

int
log_errno(int rc)
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
	return rc == SQLITE_DONE ? -ENOENT : log_errno(rc);
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
		rc = log_errno(
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
	r = rc == SQLITE_DONE ? -ENOENT : log_errno(rc);
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

struct segment *
log_last_sealed(struct log_reader *r)
{
	for (size_t i = r->count; i-- > 0;)
		if (r->segments[i].has_seal)
			return &r->segments[i];
	return NULL;
}

int
log_last_seal(struct log_reader *r, struct log_seal *ret)
{
	struct segment *s = log_last_sealed(r);

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
