/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/mark_table.h"

#include <stdlib.h>
#include <string.h>

static size_t
slot_of(const struct mark_table *t, uint64_t dev, uint64_t ino)
{
	uint64_t h = (ino ^ (dev << 32 | dev >> 32)) * 0x9e3779b97f4a7c15ULL;

	return (size_t)(h >> 20) & (t->cap - 1);
}

static struct mark *
probe(const struct mark_table *t, uint64_t dev, uint64_t ino)
{
	size_t i = slot_of(t, dev, ino);

	while (t->slots[i].bits != 0 &&
	       (t->slots[i].dev != dev || t->slots[i].ino != ino))
		i = (i + 1) & (t->cap - 1);
	return &t->slots[i];
}

struct mark *
mark_find(struct mark_table *t, uint64_t dev, uint64_t ino)
{
	struct mark *m;

	if (t->cap == 0)
		return NULL;
	m = probe(t, dev, ino);
	return m->bits != 0 ? m : NULL;
}

static int
grow(struct mark_table *t)
{
	struct mark_table bigger = {.cap = t->cap == 0 ? 256 : t->cap * 2};

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return -1;
	for (size_t i = 0; i < t->cap; i++) {
		if (t->slots[i].bits != 0)
			*probe(&bigger, t->slots[i].dev, t->slots[i].ino) =
			    t->slots[i];
	}
	free(t->slots);
	t->slots = bigger.slots;
	t->cap = bigger.cap;
	return 0;
}

struct mark *
mark_obtain(struct mark_table *t, uint64_t dev, uint64_t ino)
{
	struct mark *m = mark_find(t, dev, ino);

	if (m != NULL)
		return m;
	if ((t->used + 1) * 3 > t->cap * 2 && grow(t) != 0)
		return NULL;
	m = probe(t, dev, ino);
	memset(m, 0, sizeof(*m));
	m->dev = dev;
	m->ino = ino;
	t->used++;
	return m;
}

void
mark_forget(struct mark_table *t, struct mark *m)
{
	size_t hole = (size_t)(m - t->slots);
	size_t i = hole;

	/* Linear probing: what was pushed past the hole moves back into it. */
	for (;;) {
		size_t home;

		i = (i + 1) & (t->cap - 1);
		if (t->slots[i].bits == 0)
			break;
		home = slot_of(t, t->slots[i].dev, t->slots[i].ino);
		if (((i - home) & (t->cap - 1)) >=
		    ((i - hole) & (t->cap - 1))) {
			t->slots[hole] = t->slots[i];
			hole = i;
		}
	}
	memset(&t->slots[hole], 0, sizeof(t->slots[hole]));
	t->used--;
}

void
mark_table_free(struct mark_table *t)
{
	free(t->slots);
	memset(t, 0, sizeof(*t));
}
