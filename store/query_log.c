/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Actors repeat within a short distance: a small direct-mapped cache serves. */
#define ACTORS 256
/* Seals heard of, the newest ones: the log lacks the last of them at most. */
#define SEALS_HEARD 64

struct actor_slot {
	uint64_t index;
	struct leaf leaf;
	void *hold; /* NULL: free slot */
};

struct log_source {
	struct log_reader *reader;
	struct actor_slot actors[ACTORS];
	struct policy_body *policy;
	uint64_t policy_index, policy_generation; /* of policy, when not NULL */
	uint8_t policy_hash[HASH_BYTES];
	/* Records [seal_from, seal_to) are first covered by this seal. */
	uint64_t seal_from, seal_to, seal;
	struct log_seal
	    heard[SEALS_HEARD]; /* ring; size grows with the count */
	uint64_t nheard;
};

struct log_scan {
	struct log_source *source;
	const struct filter *filter;
	uint64_t first, end; /* still to look at */
	bool done;
};

int
log_source_open(const char *dir, struct log_source **ret)
{
	struct log_source *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL)
		return -ENOMEM;
	r = log_open(dir, true, &s->reader);
	if (r < 0) {
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void
log_source_close(struct log_source **source)
{
	struct log_source *s = *source;

	if (s == NULL)
		return;
	for (size_t i = 0; i < ACTORS; i++)
		free(s->actors[i].hold);
	policy_body_free(&s->policy);
	log_close(&s->reader);
	free(s);
	*source = NULL;
}

struct log_reader *
log_source_reader(struct log_source *s)
{
	return s->reader;
}

/* ---- what explains a record ---- */

static const struct leaf *
find_actor(struct log_source *s, const struct leaf *l)
{
	int64_t n = leaf_number(l, LEAF_ACTOR, -1);
	struct actor_slot *slot;
	struct leaf leaf;
	void *hold = NULL;

	if (leaf_number(l, LEAF_KIND, 0) == KIND_ACTOR)
		return l;
	if (n < 0)
		return NULL;
	slot = &s->actors[(uint64_t)n % ACTORS];
	if (slot->hold != NULL && slot->index == (uint64_t)n)
		return &slot->leaf;
	if (log_get(s->reader, (uint64_t)n, &leaf, &hold) < 0)
		return NULL;
	if (leaf_number(&leaf, LEAF_KIND, 0) != KIND_ACTOR) {
		free(hold);
		return NULL;
	}
	free(slot->hold);
	*slot = (struct actor_slot){(uint64_t)n, leaf, hold};
	return &slot->leaf;
}

static void
find_policy(struct log_source *s, const struct leaf *l, struct json_record *r)
{
	uint64_t index;

	if (leaf_number(l, LEAF_KIND, 0) != KIND_EVENT ||
	    log_policy_index(s->reader, l, &index) < 0)
		return;
	if (s->policy == NULL || s->policy_index != index) {
		policy_body_free(&s->policy);
		if (log_policy(s->reader, index, &s->policy,
			&s->policy_generation, s->policy_hash) < 0)
			return;
		s->policy_index = index;
	}
	r->policy = s->policy;
	r->policy_hash = s->policy_hash;
	r->policy_generation = s->policy_generation;
}

void
log_source_sealed(struct log_source *s, uint64_t n, uint64_t size)
{
	s->heard[s->nheard++ % SEALS_HEARD] =
	    (struct log_seal){.n = n, .size = size};
}

/* The oldest seal heard of that covers the record. */
static bool
heard_seal(const struct log_source *s, uint64_t index, struct log_seal *ret)
{
	uint64_t first = s->nheard > SEALS_HEARD ? s->nheard - SEALS_HEARD : 0;

	for (uint64_t i = first; i < s->nheard; i++)
		if (s->heard[i % SEALS_HEARD].size > index) {
			*ret = s->heard[i % SEALS_HEARD];
			return true;
		}
	return false;
}

static void
find_seal(struct log_source *s, uint64_t index, struct json_record *r)
{
	struct log_seal seal;

	if (index < s->seal_from || index >= s->seal_to) {
		if (log_seal_of(s->reader, index, &seal) < 0 &&
		    !heard_seal(s, index, &seal))
			return;
		s->seal_from = index;
		s->seal_to = seal.size;
		s->seal = seal.n;
	}
	r->sealed = true;
	r->seal = s->seal;
}

/*
 * Going backwards, a record right below what the known seal covers is covered
 * by it too, unless it is a SEAL: that one ends the range of the seal before.
 */
static void
note_seal(struct log_source *s, const struct leaf *l)
{
	if (l->index + 1 == s->seal_from &&
	    leaf_number(l, LEAF_KIND, 0) != KIND_SEAL)
		s->seal_from = l->index;
}

static void
explain(struct log_source *s, const struct leaf *l, struct json_record *ret)
{
	*ret = (struct json_record){.leaf = l, .actor = find_actor(s, l)};
	find_policy(s, l, ret);
}

/* ---- one ---- */

static int
show_one(struct log_source *s, uint64_t index, log_each *each, void *ctx)
{
	struct json_record r;
	struct leaf leaf;
	void *hold = NULL;
	int err;

	err = log_get(s->reader, index, &leaf, &hold);
	if (err < 0)
		return err;
	explain(s, &leaf, &r);
	find_seal(s, index, &r);
	(void)each(&r, ctx);
	free(hold);
	return 0;
}

int
log_one(struct log_source *s, uint64_t index, log_each *each, void *ctx)
{
	int r = log_begin(s->reader);

	if (r < 0)
		return r;
	r = show_one(s, index, each, ctx);
	log_end(s->reader);
	return r;
}

/* ---- many ---- */

static int
scan_new(struct log_source *s, const struct filter *f, uint64_t first,
    uint64_t end, struct log_scan **ret)
{
	struct log_scan *scan = calloc(1, sizeof(*scan));

	if (scan == NULL)
		return -ENOMEM;
	*scan = (struct log_scan){s, f, first, end, false};
	*ret = scan;
	return 0;
}

int
log_scan_open(
    struct log_source *s, const struct filter *filter, struct log_scan **ret)
{
	uint64_t first = 0, end = 0;
	int r;

	r = log_begin(s->reader);
	if (r < 0)
		return r;
	r = log_bounds(s->reader, &first, &end);
	log_end(s->reader);
	if (r < 0)
		return r;
	return scan_new(s, filter, first, end, ret);
}

int
log_scan_open_range(struct log_source *s, const struct filter *filter,
    uint64_t first, uint64_t end, struct log_scan **ret)
{
	return scan_new(s, filter, first, end, ret);
}

void
log_scan_close(struct log_scan **scan)
{
	free(*scan);
	*scan = NULL;
}

/* Takes the next rows indexes off what is still to look at. */
static void
take_range(struct log_scan *scan, unsigned int rows, uint64_t *ret_first,
    uint64_t *ret_last)
{
	uint64_t n = scan->end - scan->first;

	if (n > rows)
		n = rows;
	if (scan->filter->reverse) {
		*ret_first = scan->end - n;
		*ret_last = scan->end - 1;
	} else {
		*ret_first = scan->first;
		*ret_last = scan->first + n - 1;
	}
}

/* What comes after leaf is still to look at. */
static void
leave_at(struct log_scan *scan, uint64_t index)
{
	if (scan->filter->reverse)
		scan->end = index;
	else
		scan->first = index + 1;
}

static int
look(struct log_scan *scan, struct log_cursor *cursor, const bool *pause,
    log_each *each, void *ctx)
{
	struct log_source *s = scan->source;
	struct json_record r;
	struct leaf leaf;
	int err;

	while ((err = log_next(cursor, &leaf)) == 1) {
		note_seal(s, &leaf);
		explain(s, &leaf, &r);
		leave_at(scan, leaf.index);
		if (!filter_match(scan->filter, &r))
			continue;
		find_seal(s, leaf.index, &r);
		if (!each(&r, ctx)) {
			scan->done = true;
			return 0;
		}
		if (pause != NULL && *pause)
			return 1;
	}
	return err;
}

int
log_scan_piece(struct log_scan *scan, unsigned int rows, const bool *pause,
    log_each *each, void *ctx)
{
	struct log_source *s = scan->source;
	struct log_cursor *cursor = NULL;
	uint64_t first, last;
	int r;

	if (scan->done || scan->first >= scan->end)
		return 0;
	r = log_begin(s->reader);
	if (r < 0)
		return r;
	take_range(scan, rows, &first, &last);
	r = log_seek(s->reader, first, last, scan->filter->reverse, &cursor);
	if (r == 0)
		r = look(scan, cursor, pause, each, ctx);
	log_cursor_close(&cursor);
	log_end(s->reader);
	if (r < 0)
		return r;
	if (r == 0)
		leave_at(scan, scan->filter->reverse ? first : last);
	return !scan->done && scan->first < scan->end;
}
