/* SPDX-License-Identifier: Apache-2.0 */
#include "store/labels.h"

#include <stdlib.h>
#include <string.h>

/* Spreads inode and process numbers, which come in runs. */
static uint64_t
mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

static struct label *
label_set(struct labels *l, uint64_t dev, uint64_t ino)
{
	return l->set[mix(ino ^ mix(dev)) % LABEL_SETS];
}

void
labels_put(struct labels *l, uint64_t dev, uint64_t ino, const char *path)
{
	struct label *set = label_set(l, dev, ino), *to = &set[0];
	char *copy = strdup(path);

	if (copy == NULL)
		return;
	for (int i = 0; i < LABEL_WAYS; i++) {
		if (set[i].path != NULL && set[i].dev == dev &&
		    set[i].ino == ino) {
			to = &set[i];
			break;
		}
		if (set[i].used < to->used)
			to = &set[i];
	}
	free(to->path);
	*to = (struct label){dev, ino, ++l->clock, copy};
}

const char *
labels_get(struct labels *l, uint64_t dev, uint64_t ino)
{
	struct label *set = label_set(l, dev, ino);

	for (int i = 0; i < LABEL_WAYS; i++)
		if (set[i].path != NULL && set[i].dev == dev &&
		    set[i].ino == ino) {
			set[i].used = ++l->clock;
			return set[i].path;
		}
	return NULL;
}

void
actors_clear(struct actors *a)
{
	memset(a, 0, sizeof(*a));
}

struct actor *
actors_find(struct actors *a, const struct rec_SUBJECT *s, bool labelled,
    bool *ret_known)
{
	uint64_t hash = mix(s->start_ns ^ mix(s->exe_ino ^ mix(s->pid)));
	struct actor *at = &a->slot[hash % ACTOR_SLOTS];

	*ret_known = at->used && at->pid == s->pid &&
		     at->start_ns == s->start_ns && at->exe_dev == s->exe_dev &&
		     at->exe_ino == s->exe_ino && (at->labelled || !labelled);
	if (!*ret_known)
		*at = (struct actor){.start_ns = s->start_ns,
		    .exe_dev = s->exe_dev,
		    .exe_ino = s->exe_ino,
		    .pid = s->pid,
		    .used = true,
		    .labelled = labelled};
	return at;
}
