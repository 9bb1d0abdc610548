/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/fake_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/log_read.h"

#define SEAL_EVERY 100

uint64_t *fake_log_size;

struct log_reader {
	int begun;
};

struct log_cursor {
	uint64_t next, last;
	bool reverse, done;
	char path[32];
	uint8_t ext[256];
};

static uint8_t static_ext[256];
static char static_path[32];

static void
make_leaf(uint64_t index, struct leaf *l, char path[32], uint8_t ext[256])
{
	struct ext_writer w;

	leaf_clear(l);
	l->index = index;
	leaf_set_number(l, LEAF_TS, (int64_t)index * 1000000000);
	ext_begin(&w, ext, 256);
	if (index == 0) {
		leaf_set_number(l, LEAF_KIND, KIND_ACTOR);
		leaf_set_number(l, LEAF_PID, 811);
		ext_bytes(&w, EXT_ACTOR_EXE, "/usr/bin/tee", 12);
	} else if (index % SEAL_EVERY == SEAL_EVERY - 1) {
		leaf_set_number(l, LEAF_KIND, KIND_SEAL);
		ext_number(&w, EXT_SEAL_N, (int64_t)(index / SEAL_EVERY));
	} else {
		(void)snprintf(path, 32, "/w/%llu", (unsigned long long)index);
		leaf_set_number(l, LEAF_KIND, KIND_EVENT);
		leaf_set_number(l, LEAF_ACT, OP_WRITE);
		leaf_set_number(l, LEAF_VERDICT, index % 2 ? 1 : 0);
		leaf_set_number(l, LEAF_ACTOR, 0);
		leaf_set_number(l, LEAF_UID, 1000);
		leaf_set_number(l, LEAF_PID, 811);
		leaf_set_bytes(l, LEAF_PATH, path, strlen(path));
		ext_number(&w, EXT_EVENT_TID, 812);
	}
	(void)ext_end(&w, l);
}

int
log_open(const char *dir, bool live, struct log_reader **ret)
{
	(void)dir;
	(void)live;
	if (*fake_log_size == 0)
		return -ENOENT; /* the store has not made a segment yet */
	*ret = calloc(1, sizeof(**ret));
	return *ret == NULL ? -ENOMEM : 0;
}

void
log_close(struct log_reader **r)
{
	free(*r);
	*r = NULL;
}

int
log_begin(struct log_reader *r)
{
	return r->begun++ == 0 ? 0 : -EBUSY;
}

void
log_end(struct log_reader *r)
{
	r->begun--;
}

int
log_bounds(struct log_reader *r, uint64_t *ret_first, uint64_t *ret_end)
{
	(void)r;
	*ret_first = 0;
	*ret_end = *fake_log_size;
	return 0;
}

int
log_last_seal(struct log_reader *r, struct log_seal *ret)
{
	(void)r;
	if (*fake_log_size < SEAL_EVERY)
		return -ENOENT;
	ret->n = *fake_log_size / SEAL_EVERY - 1;
	ret->size = *fake_log_size / SEAL_EVERY * SEAL_EVERY;
	return 0;
}

int
log_seal_of(struct log_reader *r, uint64_t index, struct log_seal *ret)
{
	(void)r;
	ret->n = index / SEAL_EVERY;
	ret->size = (ret->n + 1) * SEAL_EVERY;
	return ret->size <= *fake_log_size ? 0 : -ENOENT;
}

int
log_seek(struct log_reader *r, uint64_t first, uint64_t last, bool reverse,
    struct log_cursor **ret)
{
	struct log_cursor *c = calloc(1, sizeof(*c));

	if (c == NULL || r->begun != 1) {
		free(c);
		return -EINVAL;
	}
	c->next = reverse ? last : first;
	c->last = reverse ? first : last;
	c->reverse = reverse;
	*ret = c;
	return 0;
}

int
log_next(struct log_cursor *c, struct leaf *ret)
{
	if (c->done || c->next >= *fake_log_size)
		return 0;
	make_leaf(c->next, ret, c->path, c->ext);
	c->done = c->next == c->last;
	c->next += c->reverse ? (uint64_t)-1 : 1;
	return 1;
}

void
log_cursor_close(struct log_cursor **c)
{
	free(*c);
	*c = NULL;
}

int
log_get(struct log_reader *r, uint64_t index, struct leaf *ret, void **ret_hold)
{
	if (r->begun != 1)
		return -EINVAL;
	if (index >= *fake_log_size)
		return -ENOENT;
	*ret_hold = malloc(1);
	make_leaf(index, ret, static_path, static_ext);
	return *ret_hold == NULL ? -ENOMEM : 0;
}

int
log_policy_index(
    struct log_reader *r, const struct leaf *event, uint64_t *ret_index)
{
	(void)r;
	(void)event;
	(void)ret_index;
	return -ENOENT;
}

int
log_policy(struct log_reader *r, uint64_t index, struct policy_body **ret,
    uint64_t *ret_generation, uint8_t ret_hash[HASH_BYTES])
{
	(void)r;
	(void)index;
	(void)ret;
	(void)ret_generation;
	(void)ret_hash;
	return -ENOENT;
}

int
log_vkey(struct log_reader *r, char *buf, size_t cap)
{
	(void)r;
	(void)snprintf(buf, cap, "host/doorward/0+1+AAAA");
	return 0;
}

int
log_origin(struct log_reader *r, char *buf, size_t cap)
{
	(void)r;
	(void)snprintf(buf, cap, "host/doorward/0");
	return 0;
}

int
log_checkpoint(struct log_reader *r, char *buf, size_t cap, size_t *ret_len)
{
	(void)r;
	*ret_len = (size_t)snprintf(buf, cap, "host/doorward/0\n1\nAA=\n");
	return 0;
}
