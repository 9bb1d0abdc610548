/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts the decider gave before. Direct-mapped: two questions that fall on
 * one place replace each other, which costs a question, never a wrong answer,
 * because the whole key is compared. The key holds everything a rule can ask
 * about and nothing else: the file itself is in it only by its watch.
 */
#include "monitor/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_PLACES 8192 /* power of two; about 2.2 MiB, touched as used */

/* No padding: compared and hashed as bytes. */
struct key {
	uint64_t generation;
	uint64_t dev; /* WATCH_UNKNOWN only: which watches are candidates */
	uint64_t exe_dev, exe_ino;
	uint64_t cgroup;
	struct {
		uint64_t dev, ino;
	} ancestors[ANCESTORS_MAX];
	uint32_t watch;
	uint32_t uid, euid, gid, egid, auid;
	uint16_t ops;
	uint8_t known, nancestors;
	uint32_t whole_line; /* of ancestors, up to the first process */
};

_Static_assert(sizeof(struct key) == 5 * 8 + ANCESTORS_MAX * 16 + 8 * 4,
    "the key has no padding");

struct place {
	struct key key;
	struct judgement judged;
	bool used;
};

struct cache {
	struct place places[CACHE_PLACES];
	uint64_t entries;
};

int
cache_new(struct cache **ret)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	*ret = c;
	return 0;
}

/* A condition no ancestor fulfils is false, unless some were not seen. */
static bool
whole_line(const struct rec_SUBJECT *s)
{
	uint16_t n = s->ancestors_count;

	return s->pid == 1 || (n > 0 && s->ancestors[n - 1].pid <= 1);
}

static void
key_of(uint64_t generation, const struct opening *o, struct key *k)
{
	const struct rec_SUBJECT *s = &o->subject;

	memset(k, 0, sizeof(*k));
	k->generation = generation;
	k->watch = o->watch;
	k->dev = o->watch == WATCH_UNKNOWN ? o->look.dev : 0;
	k->ops = o->ops;
	k->known = s->known;
	if (s->known == 0)
		return; /* an unidentified subject is every subject */
	k->exe_dev = s->exe_dev;
	k->exe_ino = s->exe_ino;
	k->cgroup = s->cgroup;
	k->uid = s->uid;
	k->euid = s->euid;
	k->gid = s->gid;
	k->egid = s->egid;
	k->auid = s->auid;
	k->whole_line = whole_line(s);
	k->nancestors = (uint8_t)s->ancestors_count;
	for (uint16_t i = 0; i < s->ancestors_count; i++) {
		k->ancestors[i].dev = s->ancestors[i].dev;
		k->ancestors[i].ino = s->ancestors[i].ino;
	}
}

static size_t
place_of(const struct key *k)
{
	const uint8_t *bytes = (const uint8_t *)k;
	uint64_t h = 0x9e3779b97f4a7c15u;

	for (size_t i = 0; i < sizeof(*k); i += 8) {
		uint64_t word;

		memcpy(&word, bytes + i, 8);
		h = (h ^ word) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	return (size_t)h & (CACHE_PLACES - 1);
}

bool
cache_find(const struct cache *c, uint64_t generation, const struct opening *o,
    struct judgement *ret)
{
	struct key k;
	const struct place *p;

	key_of(generation, o, &k);
	p = &c->places[place_of(&k)];
	if (!p->used || memcmp(&p->key, &k, sizeof(k)) != 0)
		return false;
	*ret = p->judged;
	ret->tier = TIER_CACHE;
	return true;
}

void
cache_add(struct cache *c, uint64_t generation, const struct opening *o,
    const struct judgement *j)
{
	struct key k;
	struct place *p;

	key_of(generation, o, &k);
	p = &c->places[place_of(&k)];
	if (!p->used)
		c->entries++;
	p->used = true;
	p->key = k;
	p->judged = *j;
}

void
cache_flush(struct cache *c)
{
	for (size_t i = 0; i < CACHE_PLACES; i++)
		c->places[i].used = false;
	c->entries = 0;
}

uint64_t
cache_entries(const struct cache *c)
{
	return c->entries;
}
