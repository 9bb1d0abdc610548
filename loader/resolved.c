/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "loader/memfd.h"

static int
by_number(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
order_exes(const void *a, const void *b)
{
	const struct resolved_exe *x = a, *y = b;
	int r = by_number(x->exe, y->exe);

	if (r == 0)
		r = by_number(x->dev, y->dev);
	return r != 0 ? r : by_number(x->ino, y->ino);
}

static int
order_places(const void *a, const void *b)
{
	const struct resolved_place *x = a, *y = b;
	int r = by_number(x->dev, y->dev);

	if (r == 0)
		r = by_number(x->mnt_id, y->mnt_id);
	return r != 0 ? r : by_number(x->watch, y->watch);
}

/* Sorts and leaves out what is there twice. */
static size_t
sort(void *at, size_t n, size_t size, int (*order)(const void *, const void *))
{
	uint8_t *bytes = at;
	size_t kept = 0;

	if (n == 0)
		return 0;
	qsort(at, n, size, order);
	for (size_t i = 1; i < n; i++) {
		if (order(bytes + kept * size, bytes + i * size) == 0)
			continue;
		kept++;
		memmove(bytes + kept * size, bytes + i * size, size);
	}
	return kept + 1;
}

static int
write_all(int fd, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n <= 0)
			return n == 0 ? -EIO : -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
write_table(int fd, const struct resolved_header *h,
    const struct exe_list *exes, const struct marks *m)
{
	int r = write_all(fd, h, sizeof(*h));

	if (r == 0)
		r = write_all(fd, exes->at, exes->n * sizeof(*exes->at));
	if (r == 0)
		r = write_all(fd, m->places, m->nplaces * sizeof(*m->places));
	return r == 0 ? memfd_seal(fd) : r;
}

int
resolved_make(struct loader *l, const struct compiled_header *c,
    uint64_t generation, int *ret_fd)
{
	int fd fd_cleanup = memfd_new("resolved");
	struct exe_list exes = {NULL, 0, 0};
	struct marks *m = &l->marks;
	struct resolved_header h = {
	    .magic = RESOLVED_MAGIC, .generation = generation};
	size_t bytes;
	int r;

	if (fd < 0)
		return fd;
	r = exes_resolve(c, &exes);
	if (r == 0) {
		exes.n = sort(exes.at, exes.n, sizeof(*exes.at), order_exes);
		m->nplaces = sort(
		    m->places, m->nplaces, sizeof(*m->places), order_places);
		bytes = sizeof(h) + exes.n * sizeof(*exes.at) +
			m->nplaces * sizeof(*m->places);
		h.exes = sizeof(h);
		h.nexes = (uint32_t)exes.n;
		h.places = (uint32_t)(sizeof(h) + exes.n * sizeof(*exes.at));
		h.nplaces = (uint32_t)m->nplaces;
		h.bytes = (uint32_t)bytes;
		r = bytes > RESOLVED_BYTES_MAX ? -E2BIG
					       : write_table(fd, &h, &exes, m);
	}
	free(exes.at);
	if (r == 0)
		*ret_fd = take_fd(&fd);
	return r;
}
