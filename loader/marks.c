/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands where. A pattern becomes marks:
 *   one file    the file; its directory in the notification group
 *   a tree      each directory of it: its files, and its names for new ones
 *   name.*      the directory: its files
 * and the directories above the plain part of a pattern are in the notification
 * group, so that what is missing, or is put in place of something, is found.
 * No mark ever stands for a mount or a whole file system.
 */
#include "loader/mark_pattern.h"

#include <fcntl.h>
#include <unistd.h>

#include "loader/glob.h"

static void
count_missing(struct loader *l, const struct compiled_header *c)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < c->npatterns; i++) {
		const struct compiled_pattern *p = compiled_pattern(c, i);

		if (pattern_is_place(p) &&
		    faccessat(AT_FDCWD, compiled_string(c, p->literal), F_OK,
			AT_SYMLINK_NOFOLLOW) == -1)
			n++;
	}
	l->marks.missing = n;
}

int
marks_sweep(
    struct loader *l, const struct compiled_header *c, uint64_t generation)
{
	struct marks *m = &l->marks;
	int r = bpf_objects_begin(
	    l->bpf, (uint32_t)generation, m->table.used + c->npatterns);

	if (r < 0)
		return r;
	m->sweep++;
	m->failed = 0;
	m->vanished = 0;
	m->nplaces = 0;
	for (uint32_t i = 0; r == 0 && i < c->nwatches; i++) {
		const struct compiled_watch *w = compiled_watch(c, i);

		for (uint32_t j = 0; r == 0 && j < w->npatterns; j++) {
			const struct compiled_pattern *p =
			    compiled_pattern(c, w->first_pattern + j);

			if (pattern_is_place(p))
				r = pattern_place(l, c, i, p, false);
		}
	}
	for (uint32_t i = 0; r == 0 && i < c->nexes; i++)
		mark_names_exe(l, c, compiled_exe(c, i));
	if (r == 0)
		r = bpf_objects_commit(l->bpf);
	else
		bpf_objects_abort(l->bpf);
	m->places_grew = false;
	count_missing(l, c);
	marks_publish(l);
	return r;
}

void
marks_drop_stale(struct loader *l)
{
	struct marks *m = &l->marks;

	for (size_t i = 0; i < m->table.cap;) {
		struct mark *e = &m->table.slots[i];
		unsigned int stale =
		    e->wanted == m->sweep
			? e->bits & ~(unsigned int)e->wanted_bits
			: e->bits;

		if (stale == 0 || e->bits == 0) {
			i++;
			continue;
		}
		/* Dropping may move another entry into this slot. */
		if (stale == e->bits) {
			mark_drop(l, e, stale);
		} else {
			mark_drop(l, e, stale);
			i++;
		}
	}
	marks_publish(l);
}

bool
marks_touch(struct loader *l, const struct compiled_header *c, const char *path,
    size_t len, bool appeared, bool is_dir)
{
	bool plain = false;

	l->marks.touch++;
	for (uint32_t i = 0; i < c->nwatches; i++) {
		const struct compiled_watch *w = compiled_watch(c, i);

		for (uint32_t j = 0; j < w->npatterns; j++) {
			const struct compiled_pattern *p =
			    compiled_pattern(c, w->first_pattern + j);
			const char *literal = compiled_string(c, p->literal);

			if (!pattern_is_place(p))
				continue;
			if (path_is_within(
				path, len, literal, p->literal.len)) {
				plain = true;
				if (appeared)
					(void)pattern_place(l, c, i, p, true);
			} else if (appeared && is_dir && p->rest.len != 0 &&
				   path_is_within(
				       literal, p->literal.len, path, len)) {
				pattern_touch_below(l, c, i, p, path);
			}
		}
	}
	if (!appeared)
		l->marks.vanished++;
	if (plain)
		count_missing(l, c);
	marks_publish(l);
	return plain;
}
