/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs' names, and which of them the store has been told. A direct-mapped
 * table: a program that pushes another out makes the loader be asked again,
 * nothing worse.
 */
#include "monitor/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_PLACES 1024 /* power of two; 4.2 MiB, touched as used */

struct names {
	struct msg_LABEL places[NAMES_PLACES]; /* path_len 0: free */
	bool told[NAMES_PLACES];
	bool all_told;
};

int
names_new(struct names **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret == NULL ? -ENOMEM : 0;
}

static size_t
place_of(uint64_t dev, uint64_t ino)
{
	uint64_t h = (dev * 0x9e3779b97f4a7c15u) ^ ino;

	h *= 0xff51afd7ed558ccdu;
	return (size_t)(h >> 32) & (NAMES_PLACES - 1);
}

bool
names_known(const struct names *n, uint64_t dev, uint64_t ino)
{
	const struct msg_LABEL *p = &n->places[place_of(dev, ino)];

	return p->path_len > 0 && p->dev == dev && p->ino == ino;
}

void
names_add(struct names *n, const struct msg_LABEL *label)
{
	size_t i = place_of(label->dev, label->ino);
	struct msg_LABEL *p = &n->places[i];

	n->told[i] = false;
	n->all_told = false;
	p->dev = label->dev;
	p->ino = label->ino;
	p->path_len = label->path_len;
	memcpy(p->path, label->path, (size_t)label->path_len + 1);
}

void
names_repeat(struct names *n)
{
	memset(n->told, 0, sizeof(n->told));
	n->all_told = false;
}

bool
names_tell(struct names *n, struct to_store *s)
{
	for (size_t i = 0; i < NAMES_PLACES && !n->all_told; i++) {
		if (n->told[i] || n->places[i].path_len == 0)
			continue;
		if (to_store_label(s, &n->places[i]) < 0)
			return false;
		n->told[i] = true;
	}
	n->all_told = true;
	return true;
}
