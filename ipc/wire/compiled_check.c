/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "ipc/wire/compiled.h"

/* What the checks below walk: the whole object and, once known, its strings. */
struct object {
	const char *bytes;
	size_t len;
	const char *strings;
	uint32_t nstrings;
	const struct compiled_header *c;
};

static bool
array_fits(const struct object *o, uint32_t offset, uint32_t count, size_t size,
    size_t align, uint32_t max)
{
	return count <= max && offset % align == 0 && offset <= o->len &&
	       count <= (o->len - offset) / size;
}

/* A string of the area: bounded, NUL-terminated, no NUL inside. */
static bool
string_ok(const struct object *o, struct compiled_str s, uint32_t max)
{
	const char *p;

	if (s.len == 0)
		return true;
	if (s.len > max || s.off >= o->nstrings || s.len >= o->nstrings - s.off)
		return false;
	p = o->strings + s.off;
	return p[s.len] == '\0' && memchr(p, '\0', s.len) == NULL;
}

static bool
path_ok(const struct object *o, struct compiled_str s)
{
	return string_ok(o, s, PATH_BYTES_MAX) &&
	       path_is_plain(o->strings + s.off, s.len);
}

static bool
place_ok(const struct object *o, uint32_t line, uint32_t file)
{
	return file < o->c->nfiles && line <= SOURCE_BYTES_MAX;
}

static bool
settings_ok(const struct object *o)
{
	const struct compiled_settings *s = &o->c->settings;

	return s->mode <= MODE_ENFORCE && s->deadline_ms >= 10 &&
	       s->deadline_ms <= 10000 && s->on_timeout <= VERDICT_DENY &&
	       s->events_format <= 2 && s->heartbeat_s >= 1 &&
	       s->heartbeat_s <= 3600 && s->reserved == 0 &&
	       path_ok(o, s->state_dir) && path_ok(o, s->run_dir) &&
	       path_ok(o, s->control) && path_ok(o, s->pin_dir) &&
	       (s->events.len == 0 || path_ok(o, s->events)) &&
	       (s->libexec_dir.len == 0 || path_ok(o, s->libexec_dir)) &&
	       s->group.len > 0 && string_ok(o, s->group, NAME_BYTES_MAX);
}

/* text must be literal, then rest: the loader marks by one, people read the
 * other. */
static bool
split_ok(const struct object *o, const struct compiled_pattern *p)
{
	const char *text = o->strings + p->text.off;
	const char *literal = o->strings + p->literal.off;
	uint32_t prefix =
	    p->literal.len == 1 && p->rest.len > 0 ? 0 : p->literal.len;

	if (memchr(literal, '*', p->literal.len) != NULL ||
	    memchr(literal, '?', p->literal.len) != NULL ||
	    memcmp(text, literal, prefix) != 0)
		return false;
	if (p->rest.len == 0)
		return p->text.len == prefix;
	return p->text.len == prefix + 1 + p->rest.len && text[prefix] == '/' &&
	       memcmp(text + prefix + 1, o->strings + p->rest.off,
		   p->rest.len) == 0;
}

static bool
container_field_ok(uint32_t field)
{
	return field == 0 ||
	       (field >= COND_CONTAINER_NAME && field <= COND_POD);
}

static bool
pattern_ok(const struct object *o, uint32_t i)
{
	const struct compiled_pattern *p = compiled_pattern(o->c, i);

	return path_ok(o, p->text) && path_ok(o, p->literal) &&
	       string_ok(o, p->rest, PATH_BYTES_MAX) && split_ok(o, p) &&
	       p->except <= 1 && container_field_ok(p->container_field) &&
	       string_ok(o, p->container_glob, NAME_BYTES_MAX) &&
	       place_ok(o, p->line, p->file);
}

static bool
condition_ok(const struct object *o, uint32_t i)
{
	const struct compiled_condition *d = compiled_condition(o->c, i);

	if (d->kind < COND_EXE || d->kind >= COND_MAX || d->negated > 1 ||
	    !string_ok(o, d->text, PATH_BYTES_MAX))
		return false;
	if (d->kind == COND_EXE || d->kind == COND_ANCESTOR_EXE)
		return d->value < o->c->nexes;
	return true;
}

/* A group is one run of conditions, all negated or none. */
static bool
groups_ok(const struct object *o, const struct compiled_rule *rule)
{
	const struct compiled_condition *d, *before;

	for (uint32_t i = 1; i < rule->nconditions; i++) {
		before =
		    compiled_condition(o->c, rule->first_condition + i - 1);
		d = compiled_condition(o->c, rule->first_condition + i);
		if (d->group < before->group ||
		    (d->group == before->group &&
			d->negated != before->negated))
			return false;
	}
	return true;
}

static bool
rule_ok(const struct object *o, uint32_t i, uint32_t *next_condition)
{
	const struct compiled_rule *rule = compiled_rule(o->c, i);

	if (rule->verdict > VERDICT_DENY || rule->ops == 0 ||
	    (rule->ops & ~OP_ANY) != 0 || rule->quiet > 1 || rule->seal > 1 ||
	    !string_ok(o, rule->message, NAME_BYTES_MAX) ||
	    !string_ok(o, rule->text, RULE_TEXT_MAX) ||
	    !place_ok(o, rule->line, rule->file) ||
	    rule->column > SOURCE_BYTES_MAX)
		return false;
	if (rule->first_condition != *next_condition ||
	    rule->nconditions > o->c->nconditions - *next_condition)
		return false;
	*next_condition += rule->nconditions;
	return groups_ok(o, rule);
}

/* Patterns and rules belong to the watches in order, none left over. */
static bool
watches_ok(const struct object *o)
{
	const struct compiled_header *c = o->c;
	const struct compiled_watch *w;
	uint32_t pattern = 0, rule = 0;

	for (uint32_t i = 0; i < c->nwatches; i++) {
		w = compiled_watch(c, i);
		if (w->name.len == 0 ||
		    !string_ok(o, w->name, NAME_BYTES_MAX) ||
		    w->mode > MODE_ENFORCE || w->on_timeout > VERDICT_DENY ||
		    w->deadline_ms < 10 || w->deadline_ms > 10000 ||
		    w->decide > DECIDE_USER || !place_ok(o, w->line, w->file) ||
		    w->first_pattern != pattern || w->first_rule != rule ||
		    w->npatterns > c->npatterns - pattern ||
		    w->nrules > c->nrules - rule)
			return false;
		for (uint32_t k = 0; k < w->npatterns; k++)
			if (compiled_pattern(c, pattern + k)->watch != i)
				return false;
		pattern += w->npatterns;
		rule += w->nrules;
	}
	return pattern == c->npatterns && rule == c->nrules;
}

static bool
exes_and_files_ok(const struct object *o)
{
	const struct compiled_exe *e;
	const struct compiled_file *f;

	for (uint32_t i = 0; i < o->c->nexes; i++) {
		e = compiled_exe(o->c, i);
		if (!path_ok(o, e->pattern) || e->literal > 1 ||
		    !place_ok(o, e->line, e->file))
			return false;
	}
	for (uint32_t i = 0; i < o->c->nfiles; i++) {
		f = compiled_file(o->c, i);
		if (f->name.len == 0 ||
		    !string_ok(o, f->name, PATH_BYTES_MAX) ||
		    !string_ok(o, f->text, SOURCE_BYTES_MAX))
			return false;
	}
	return true;
}

static bool
entries_ok(const struct object *o)
{
	uint32_t next_condition = 0;

	for (uint32_t i = 0; i < o->c->npatterns; i++)
		if (!pattern_ok(o, i))
			return false;
	for (uint32_t i = 0; i < o->c->nconditions; i++)
		if (!condition_ok(o, i))
			return false;
	for (uint32_t i = 0; i < o->c->nrules; i++)
		if (!rule_ok(o, i, &next_condition))
			return false;
	return next_condition == o->c->nconditions;
}

/* Strictly ascending by (literal, index), and exactly the patterns it is for.
 */
static bool
index_ok(const struct object *o)
{
	const uint32_t *index = (const void *)(o->bytes + o->c->by_literal);
	const struct compiled_pattern *p, *before = NULL;
	uint32_t wanted = 0, n;
	int d;

	for (uint32_t i = 0; i < o->c->npatterns; i++) {
		p = compiled_pattern(o->c, i);
		wanted += p->except == 0 && p->container_field == 0;
	}
	if (wanted != o->c->nby_literal)
		return false;
	for (uint32_t i = 0; i < o->c->nby_literal; i++, before = p) {
		p = compiled_pattern(o->c, index[i]);
		if (p == NULL || p->except || p->container_field != 0)
			return false;
		if (before == NULL)
			continue;
		n = p->literal.len < before->literal.len ? p->literal.len
							 : before->literal.len;
		d = memcmp(o->strings + before->literal.off,
		    o->strings + p->literal.off, n);
		if (d == 0)
			d = (before->literal.len > p->literal.len) -
			    (before->literal.len < p->literal.len);
		if (d > 0 || (d == 0 && before >= p))
			return false;
	}
	return true;
}

static bool
arrays_fit(const struct object *o)
{
	const struct compiled_header *c = o->c;

#define FITS(array, type, max)                                                 \
	array_fits(o, c->array, c->n##array, sizeof(type), _Alignof(type), max)
	return FITS(watches, struct compiled_watch, WATCHES_MAX) &&
	       FITS(patterns, struct compiled_pattern, PATTERNS_MAX) &&
	       FITS(rules, struct compiled_rule, RULES_MAX) &&
	       FITS(conditions, struct compiled_condition, CONDITIONS_MAX) &&
	       FITS(exes, struct compiled_exe, EXES_MAX) &&
	       FITS(files, struct compiled_file, FILES_MAX) &&
	       FITS(by_literal, uint32_t, PATTERNS_MAX) &&
	       FITS(strings, char, COMPILED_BYTES_MAX);
#undef FITS
}

int
compiled_check(const void *bytes, size_t len)
{
	const struct compiled_header *c = bytes;
	struct object o = {.bytes = bytes, .len = len, .c = c};

	if ((uintptr_t)bytes % _Alignof(struct compiled_header) != 0 ||
	    len < sizeof(*c) || len > COMPILED_BYTES_MAX ||
	    c->magic != COMPILED_MAGIC || c->bytes != len ||
	    c->uses_ancestors > 1 || c->reserved != 0)
		return -EBADMSG;
	if (!arrays_fit(&o) || c->nstrings == 0)
		return -EBADMSG;
	o.strings = o.bytes + c->strings;
	o.nstrings = c->nstrings;
	if (!settings_ok(&o) || !exes_and_files_ok(&o) || !entries_ok(&o) ||
	    !watches_ok(&o) || !index_ok(&o))
		return -EBADMSG;
	return 0;
}

static bool
exes_ascend(const struct resolved_exe *e, uint32_t n, uint32_t nexes)
{
	for (uint32_t i = 0; i < n; i++) {
		if (e[i].exe >= nexes || e[i].reserved != 0)
			return false;
		if (i == 0 || e[i - 1].exe < e[i].exe)
			continue;
		if (e[i - 1].exe > e[i].exe || e[i - 1].dev > e[i].dev ||
		    (e[i - 1].dev == e[i].dev && e[i - 1].ino >= e[i].ino))
			return false;
	}
	return true;
}

static bool
places_ascend(const struct resolved_place *p, uint32_t n, uint32_t nwatches)
{
	for (uint32_t i = 0; i < n; i++) {
		if (p[i].watch >= nwatches || p[i].reserved != 0)
			return false;
		if (i == 0 || p[i - 1].dev < p[i].dev)
			continue;
		if (p[i - 1].dev > p[i].dev || p[i - 1].mnt_id > p[i].mnt_id ||
		    (p[i - 1].mnt_id == p[i].mnt_id &&
			p[i - 1].watch >= p[i].watch))
			return false;
	}
	return true;
}

int
resolved_check(
    const void *bytes, size_t len, const struct compiled_header *compiled)
{
	const struct resolved_header *r = bytes;
	struct object o = {.bytes = bytes, .len = len};

	if ((uintptr_t)bytes % _Alignof(struct resolved_header) != 0 ||
	    len < sizeof(*r) || len > RESOLVED_BYTES_MAX ||
	    r->magic != RESOLVED_MAGIC || r->bytes != len)
		return -EBADMSG;
	if (!array_fits(&o, r->exes, r->nexes, sizeof(struct resolved_exe),
		_Alignof(struct resolved_exe), RESOLVED_BYTES_MAX) ||
	    !array_fits(&o, r->places, r->nplaces,
		sizeof(struct resolved_place), _Alignof(struct resolved_place),
		RESOLVED_BYTES_MAX))
		return -EBADMSG;
	if (!exes_ascend(
		(const void *)(o.bytes + r->exes), r->nexes, compiled->nexes) ||
	    !places_ascend((const void *)(o.bytes + r->places), r->nplaces,
		compiled->nwatches))
		return -EBADMSG;
	return 0;
}
