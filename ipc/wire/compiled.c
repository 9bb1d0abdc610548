/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire/compiled.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const void *
at(const void *base, uint32_t offset)
{
	return (const char *)base + offset;
}

#define ENTRY(type, array, count)                                              \
	const struct type *type(const struct compiled_header *c, uint32_t i)   \
	{                                                                      \
		const struct type *all = at(c, c->array);                      \
                                                                               \
		return i < c->count ? &all[i] : NULL;                          \
	}

ENTRY(compiled_watch, watches, nwatches)
ENTRY(compiled_pattern, patterns, npatterns)
ENTRY(compiled_rule, rules, nrules)
ENTRY(compiled_condition, conditions, nconditions)
ENTRY(compiled_exe, exes, nexes)
ENTRY(compiled_file, files, nfiles)

const char *
compiled_string(const struct compiled_header *c, struct compiled_str s)
{
	const char *strings = at(c, c->strings);

	return s.len == 0 || s.off >= c->nstrings ? "" : strings + s.off;
}

/* Bytes as memcmp orders them, a prefix before what it begins. */
static int
compare_bytes(const char *a, size_t alen, const char *b, size_t blen)
{
	int d = memcmp(a, b, alen < blen ? alen : blen);

	return d != 0 ? d : (alen > blen) - (alen < blen);
}

/* First position in by_literal whose literal is not below the given one. */
static uint32_t
first_with_literal(const struct compiled_header *c, const char *s, size_t len)
{
	const struct compiled_pattern *patterns = at(c, c->patterns), *p;
	const uint32_t *index = at(c, c->by_literal);
	uint32_t low = 0, high = c->nby_literal, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		p = &patterns[index[mid]];
		if (compare_bytes(compiled_string(c, p->literal),
			p->literal.len, s, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
excepted(const struct compiled_header *c, uint32_t watch, const char *path,
    size_t len)
{
	const struct compiled_pattern *patterns = at(c, c->patterns), *p;
	const struct compiled_watch *w = compiled_watch(c, watch);

	assert(w != NULL); /* every pattern's watch was checked */
	for (uint32_t i = 0; i < w->npatterns; i++) {
		p = &patterns[w->first_pattern + i];
		if (p->except && p->container_field == 0 &&
		    pattern_match(c, p, path, len))
			return true;
	}
	return false;
}

/* The watch with a matching pattern whose literal is path[0..prefix). */
static uint32_t
watch_at(const struct compiled_header *c, const char *path, size_t prefix,
    size_t len)
{
	const struct compiled_pattern *patterns = at(c, c->patterns), *p;
	const uint32_t *index = at(c, c->by_literal);
	uint32_t i = first_with_literal(c, path, prefix);

	for (; i < c->nby_literal; i++) {
		p = &patterns[index[i]];
		if (p->literal.len != prefix ||
		    memcmp(compiled_string(c, p->literal), path, prefix) != 0)
			break;
		if (pattern_match(c, p, path, len) &&
		    !excepted(c, p->watch, path, len))
			return p->watch;
	}
	return WATCH_NONE;
}

uint32_t
compiled_find_watch(
    const struct compiled_header *c, const char *path, size_t len)
{
	uint32_t watch;

	if (len == 0 || len > PATH_BYTES_MAX || path[0] != '/')
		return WATCH_NONE;
	for (size_t prefix = len; prefix > 1; prefix--) {
		if (prefix != len && path[prefix] != '/')
			continue;
		watch = watch_at(c, path, prefix, len);
		if (watch != WATCH_NONE)
			return watch;
	}
	return watch_at(c, path, 1, len);
}

bool
resolved_exe_is(
    const struct resolved_header *r, uint32_t exe, uint64_t dev, uint64_t ino)
{
	const struct resolved_exe *all = at(r, r->exes), *e;
	uint32_t low = 0, high = r->nexes, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		e = &all[mid];
		if (e->exe == exe && e->dev == dev && e->ino == ino)
			return true;
		if (e->exe < exe ||
		    (e->exe == exe &&
			(e->dev < dev || (e->dev == dev && e->ino < ino))))
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* First place not below (dev, mnt_id). */
static uint32_t
first_place(const struct resolved_header *r, uint64_t dev, uint64_t mnt_id)
{
	const struct resolved_place *all = at(r, r->places), *p;
	uint32_t low = 0, high = r->nplaces, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		p = &all[mid];
		if (p->dev < dev || (p->dev == dev && p->mnt_id < mnt_id))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
resolved_mount_known(
    const struct resolved_header *r, uint64_t dev, uint64_t mnt_id)
{
	const struct resolved_place *all = at(r, r->places);
	uint32_t i = first_place(r, dev, mnt_id);

	return i < r->nplaces && all[i].dev == dev && all[i].mnt_id == mnt_id;
}

void
resolved_watches_on(const struct resolved_header *r, uint64_t dev,
    void (*each)(uint32_t watch, void *ctx), void *ctx)
{
	const struct resolved_place *all = at(r, r->places);
	uint8_t seen[WATCHES_MAX / 8] = {0};
	uint32_t i = first_place(r, dev, 0), w;

	for (; i < r->nplaces && all[i].dev == dev; i++) {
		w = all[i].watch;
		if (w >= WATCHES_MAX || (seen[w / 8] & 1u << w % 8) != 0)
			continue;
		seen[w / 8] |= (uint8_t)(1u << w % 8);
		each(w, ctx);
	}
}

/* A sealed memfd, mapped; *ret_len its size. 0 or -errno. */
static int
map_sealed(int fd, size_t max, const void **ret, size_t *ret_len)
{
	const int wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *p;

	if (seals < 0)
		return -errno;
	if ((seals & wanted) != wanted)
		return -EPERM;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || (size_t)st.st_size > max)
		return -EBADMSG;
	/*
	 * Private: kernels before 6.7 refuse a shared mapping of a write-sealed
	 * file even read-only. Populated: no page fault on the answer path.
	 */
	p = mmap(NULL, (size_t)st.st_size, PROT_READ,
	    MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*ret = p;
	*ret_len = (size_t)st.st_size;
	return 0;
}

static void
unmap(const void *p, size_t len)
{
	/* munmap takes what mmap gave: the const is ours, not the kernel's. */
	(void)munmap((void *)(uintptr_t)p, len);
}

int
policy_view_map(int compiled_fd, int resolved_fd, struct policy_view *ret)
{
	const void *compiled = NULL, *resolved = NULL;
	size_t compiled_len = 0, resolved_len = 0;
	int r;

	r = map_sealed(
	    compiled_fd, COMPILED_BYTES_MAX, &compiled, &compiled_len);
	if (r < 0)
		return r;
	r = compiled_check(compiled, compiled_len);
	if (r == 0 && resolved_fd >= 0)
		r = map_sealed(
		    resolved_fd, RESOLVED_BYTES_MAX, &resolved, &resolved_len);
	if (r == 0 && resolved != NULL)
		r = resolved_check(resolved, resolved_len, compiled);
	if (r < 0) {
		unmap(compiled, compiled_len);
		if (resolved != NULL)
			unmap(resolved, resolved_len);
		return r;
	}
	ret->compiled = compiled;
	ret->resolved = resolved;
	return 0;
}

void
policy_view_unmap(struct policy_view *v)
{
	if (v->compiled != NULL)
		unmap(v->compiled, v->compiled->bytes);
	if (v->resolved != NULL)
		unmap(v->resolved, v->resolved->bytes);
	v->compiled = NULL;
	v->resolved = NULL;
}
