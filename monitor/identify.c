/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/monitor.h"

#include <string.h>

#include "monitor/kernel.h"

void
identify_label(struct opening *o)
{
	static const char deleted[] = " (deleted)";
	size_t suffix = sizeof(deleted) - 1;
	ssize_t n;

	if (o->labelled)
		return;
	o->labelled = true;
	o->path_len = 0;
	o->path[0] = '\0';
	n = kernel_label(o->fd, o->path, PATH_BYTES_MAX);
	if (n <= 0 || o->path[0] != '/')
		return;
	/* The kernel's own remark, d_path(); a name of that form has a link. */
	if (o->look.nlink == 0 && (size_t)n > suffix &&
	    memcmp(o->path + (size_t)n - suffix, deleted, suffix) == 0)
		n -= (ssize_t)suffix;
	o->path_len = (uint16_t)n;
	o->path[n] = '\0';
}

static bool
watch_has_names(const struct compiled_header *c, const struct compiled_watch *w)
{
	for (uint32_t i = 0; i < w->npatterns; i++) {
		const struct compiled_pattern *p =
		    compiled_pattern(c, w->first_pattern + i);

		if (p->except != 0)
			return true;
		if (p->rest.len != 0 &&
		    strcmp(compiled_string(c, p->rest), "**") != 0)
			return true;
	}
	return false;
}

/* Is literal a directory above path? */
static bool
is_below(const char *literal, size_t len, const char *path, size_t path_len)
{
	if (len == 1)
		return true; /* "/" */
	return path_len > len && path[len] == '/' &&
	       memcmp(literal, path, len) == 0;
}

/*
 * Is there an honest reason why a file no pattern names raised an event: a
 * sibling in a directory that is marked for its other children?
 */
static bool
is_sibling(const struct compiled_header *c, const struct opening *o)
{
	for (uint32_t i = 0; i < c->npatterns; i++) {
		const struct compiled_pattern *p = compiled_pattern(c, i);

		if (p->rest.len != 0 &&
		    is_below(compiled_string(c, p->literal), p->literal.len,
			o->path, o->path_len))
			return true;
	}
	return false;
}

uint32_t
identify(const struct policy_view *policy, struct opening *o,
    const struct joined *joined)
{
	const struct compiled_header *c = policy->compiled;
	uint32_t watch;

	if (joined->watch != 0 && joined->watch <= c->nwatches &&
	    joined->generation == (uint32_t)policy->resolved->generation) {
		watch = joined->watch - 1;
		if (!watch_has_names(c, compiled_watch(c, watch)))
			return watch;
	}
	identify_label(o);
	if (o->path_len == 0 || !resolved_mount_known(policy->resolved,
				    o->look.dev, o->look.mnt_id))
		return WATCH_UNKNOWN;
	watch = compiled_find_watch(c, o->path, o->path_len);
	/* A marked file that was moved or linked elsewhere keeps its mark. */
	if (watch == WATCH_NONE && !is_sibling(c, o))
		return WATCH_UNKNOWN;
	return watch;
}

struct strictest {
	const struct compiled_header *compiled;
	struct opening *opening;
	bool any;
};

static void
stricter(uint32_t watch, void *ctx)
{
	struct strictest *s = ctx;
	const struct compiled_watch *w = compiled_watch(s->compiled, watch);
	uint64_t deadline =
	    s->opening->read_ns + (uint64_t)w->deadline_ms * 1000000u;

	s->any = true;
	if (w->mode == MODE_ENFORCE) {
		s->opening->mode = MODE_ENFORCE;
		if (w->on_timeout == VERDICT_DENY)
			s->opening->on_timeout = VERDICT_DENY;
	}
	if (deadline < s->opening->deadline_ns)
		s->opening->deadline_ns = deadline;
}

void
identify_settings(const struct policy_view *policy, struct opening *o)
{
	const struct compiled_header *c = policy->compiled;
	const struct compiled_settings *set = &c->settings;
	struct strictest s = {c, o, false};

	if (o->watch < c->nwatches) {
		const struct compiled_watch *w = compiled_watch(c, o->watch);

		o->mode = (uint8_t)w->mode;
		o->on_timeout = (uint8_t)w->on_timeout;
		o->deadline_ns =
		    o->read_ns + (uint64_t)w->deadline_ms * 1000000u;
		return;
	}
	o->mode = MODE_AUDIT;
	o->on_timeout = VERDICT_ALLOW;
	o->deadline_ns = o->read_ns + (uint64_t)set->deadline_ms * 1000000u;
	resolved_watches_on(policy->resolved, o->look.dev, stricter, &s);
	/* A device no mark of ours is known on: as decide() has it. */
	if (s.any)
		return;
	for (uint32_t i = 0; i < c->nwatches; i++)
		stricter(i, &s);
}
