/* SPDX-License-Identifier: Apache-2.0 */
#include "store/policy_body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/cbor.h"

#define BODY_VERSION 1
#define BODY_FIELDS 8

/* ---- writing ---- */

static void
put_string(struct cbor_writer *w, const struct compiled_header *c,
    struct compiled_str s)
{
	cbor_bytes(w, compiled_string(c, s), s.len);
}

static void
put_watches(struct cbor_writer *w, const struct compiled_header *c)
{
	cbor_head(w, CBOR_ARRAY, c->nwatches);
	for (uint32_t i = 0; i < c->nwatches; i++) {
		const struct compiled_watch *x = compiled_watch(c, i);

		cbor_head(w, CBOR_ARRAY, 8);
		put_string(w, c, x->name);
		cbor_number(w, x->mode);
		cbor_number(w, x->on_timeout);
		cbor_number(w, x->deadline_ms);
		cbor_number(w, x->file);
		cbor_number(w, x->line);
		cbor_number(w, x->first_rule);
		cbor_number(w, x->nrules);
	}
}

static uint32_t
watch_of(const struct compiled_header *c, uint32_t rule)
{
	for (uint32_t i = 0; i < c->nwatches; i++) {
		const struct compiled_watch *x = compiled_watch(c, i);

		if (rule >= x->first_rule && rule - x->first_rule < x->nrules)
			return i;
	}
	return WATCH_NONE;
}

static void
put_rules(struct cbor_writer *w, const struct compiled_header *c)
{
	cbor_head(w, CBOR_ARRAY, c->nrules);
	for (uint32_t i = 0; i < c->nrules; i++) {
		const struct compiled_rule *x = compiled_rule(c, i);

		cbor_head(w, CBOR_ARRAY, 12);
		cbor_number(w, watch_of(c, i));
		cbor_number(w, x->verdict);
		cbor_number(w, x->ops);
		cbor_number(w, x->quiet);
		cbor_number(w, x->seal);
		cbor_number(w, x->file);
		cbor_number(w, x->line);
		cbor_number(w, x->column);
		put_string(w, c, x->message);
		put_string(w, c, x->text);
		cbor_number(w, x->first_condition);
		cbor_number(w, x->nconditions);
	}
}

static void
put_conditions(struct cbor_writer *w, const struct compiled_header *c)
{
	cbor_head(w, CBOR_ARRAY, c->nconditions);
	for (uint32_t i = 0; i < c->nconditions; i++) {
		const struct compiled_condition *x = compiled_condition(c, i);
		bool exe = x->kind == COND_EXE || x->kind == COND_ANCESTOR_EXE;

		cbor_head(w, CBOR_ARRAY, 5);
		cbor_number(w, x->kind);
		cbor_number(w, x->group);
		cbor_number(w, x->negated);
		cbor_number(w, exe ? 0 : x->value);
		if (exe)
			put_string(w, c, compiled_exe(c, x->value)->pattern);
		else
			put_string(w, c, x->text);
	}
}

static void
put_body(struct cbor_writer *w, const struct compiled_header *c)
{
	cbor_head(w, CBOR_ARRAY, BODY_FIELDS);
	cbor_number(w, BODY_VERSION);
	cbor_number(w, c->settings.mode);
	cbor_number(w, c->settings.deadline_ms);
	cbor_number(w, c->settings.on_timeout);
	cbor_head(w, CBOR_ARRAY, c->nfiles);
	for (uint32_t i = 0; i < c->nfiles; i++) {
		cbor_head(w, CBOR_ARRAY, 2);
		put_string(w, c, compiled_file(c, i)->name);
		put_string(w, c, compiled_file(c, i)->text);
	}
	put_watches(w, c);
	put_rules(w, c);
	put_conditions(w, c);
}

int
policy_body_make(
    const struct compiled_header *c, uint8_t **ret, size_t *ret_len)
{
	struct cbor_writer w = {0};

	/* Its size follows from the input's; grow until it fits. */
	for (w.cap = (size_t)c->bytes + 4096; w.cap <= 2 * POLICY_BODY_MAX;
	     w.cap *= 2) {
		w.buf = malloc(w.cap);
		if (w.buf == NULL)
			return -ENOMEM;
		w.len = 0;
		w.full = false;
		put_body(&w, c);
		if (!w.full && w.len <= POLICY_BODY_MAX) {
			*ret = w.buf;
			*ret_len = w.len;
			return 0;
		}
		free(w.buf);
	}
	return -EFBIG;
}

/* ---- reading ---- */

struct parse {
	struct cbor_reader r;
	struct policy_body *b;
	char *strings; /* where the next copy goes */
};

static int
get_u32(struct parse *p, uint32_t *ret)
{
	int64_t n;

	if (cbor_read_number(&p->r, &n) < 0 || n < 0 || n > UINT32_MAX)
		return -EBADMSG;
	*ret = (uint32_t)n;
	return 0;
}

static int
get_string(struct parse *p, const char **ret, size_t *ret_len)
{
	const uint8_t *bytes;
	size_t len;

	if (cbor_read_bytes(&p->r, &bytes, &len) < 0)
		return -EBADMSG;
	if (len > 0)
		memcpy(p->strings, bytes, len);
	p->strings[len] = '\0';
	*ret = p->strings;
	if (ret_len != NULL)
		*ret_len = len;
	p->strings += len + 1;
	return 0;
}

static int
expect_array(struct parse *p, uint64_t fields)
{
	uint64_t n;

	return cbor_read_head(&p->r, CBOR_ARRAY, &n) == 0 && n == fields
		   ? 0
		   : -EBADMSG;
}

/* An array of groups; each takes at least one byte, which bounds the count. */
static int
get_array(struct parse *p, size_t size, void **ret, size_t *ret_count)
{
	uint64_t n;

	if (cbor_read_head(&p->r, CBOR_ARRAY, &n) < 0 ||
	    n > (size_t)(p->r.end - p->r.at))
		return -EBADMSG;
	*ret = calloc((size_t)n + 1, size);
	if (*ret == NULL)
		return -ENOMEM;
	*ret_count = (size_t)n;
	return 0;
}

static int
get_files(struct parse *p)
{
	struct policy_body *b = p->b;
	void *array;
	int r = get_array(p, sizeof(*b->files), &array, &b->nfiles);

	if (r < 0)
		return r;
	b->files = array;
	for (size_t i = 0; r == 0 && i < b->nfiles; i++) {
		struct body_file *f = &b->files[i];

		r = expect_array(p, 2);
		if (r == 0)
			r = get_string(p, &f->name, NULL);
		if (r == 0)
			r = get_string(p, &f->text, &f->text_len);
	}
	return r;
}

static int
get_watches(struct parse *p)
{
	struct policy_body *b = p->b;
	void *array;
	int r = get_array(p, sizeof(*b->watches), &array, &b->nwatches);

	if (r < 0)
		return r;
	b->watches = array;
	for (size_t i = 0; i < b->nwatches; i++) {
		struct body_watch *w = &b->watches[i];

		if (expect_array(p, 8) < 0 ||
		    get_string(p, &w->name, NULL) < 0 ||
		    get_u32(p, &w->mode) < 0 ||
		    get_u32(p, &w->on_timeout) < 0 ||
		    get_u32(p, &w->deadline_ms) < 0 ||
		    get_u32(p, &w->file) < 0 || get_u32(p, &w->line) < 0 ||
		    get_u32(p, &w->first_rule) < 0 ||
		    get_u32(p, &w->nrules) < 0 || w->file >= b->nfiles)
			return -EBADMSG;
	}
	return 0;
}

static int
get_rules(struct parse *p)
{
	struct policy_body *b = p->b;
	void *array;
	int r = get_array(p, sizeof(*b->rules), &array, &b->nrules);

	if (r < 0)
		return r;
	b->rules = array;
	for (size_t i = 0; i < b->nrules; i++) {
		struct body_rule *x = &b->rules[i];

		if (expect_array(p, 12) < 0 || get_u32(p, &x->watch) < 0 ||
		    get_u32(p, &x->verdict) < 0 || get_u32(p, &x->ops) < 0 ||
		    get_u32(p, &x->quiet) < 0 || get_u32(p, &x->seal) < 0 ||
		    get_u32(p, &x->file) < 0 || get_u32(p, &x->line) < 0 ||
		    get_u32(p, &x->column) < 0 ||
		    get_string(p, &x->message, NULL) < 0 ||
		    get_string(p, &x->text, NULL) < 0 ||
		    get_u32(p, &x->first_condition) < 0 ||
		    get_u32(p, &x->nconditions) < 0 || x->file >= b->nfiles ||
		    (x->watch >= b->nwatches && x->watch != WATCH_NONE))
			return -EBADMSG;
	}
	return 0;
}

static int
get_conditions(struct parse *p)
{
	struct policy_body *b = p->b;
	void *array;
	int r = get_array(p, sizeof(*b->conditions), &array, &b->nconditions);

	if (r < 0)
		return r;
	b->conditions = array;
	for (size_t i = 0; i < b->nconditions; i++) {
		struct body_condition *x = &b->conditions[i];

		if (expect_array(p, 5) < 0 || get_u32(p, &x->kind) < 0 ||
		    get_u32(p, &x->group) < 0 || get_u32(p, &x->negated) < 0 ||
		    get_u32(p, &x->value) < 0 ||
		    get_string(p, &x->text, NULL) < 0)
			return -EBADMSG;
	}
	return 0;
}

/* Ranges that point from one table into another. */
static int
check_ranges(const struct policy_body *b)
{
	for (size_t i = 0; i < b->nwatches; i++)
		if (b->watches[i].first_rule > b->nrules ||
		    b->watches[i].nrules > b->nrules - b->watches[i].first_rule)
			return -EBADMSG;
	for (size_t i = 0; i < b->nrules; i++)
		if (b->rules[i].first_condition > b->nconditions ||
		    b->rules[i].nconditions >
			b->nconditions - b->rules[i].first_condition)
			return -EBADMSG;
	return 0;
}

static int
parse_body(struct parse *p)
{
	struct policy_body *b = p->b;
	int64_t version;
	int r;

	if (expect_array(p, BODY_FIELDS) < 0 ||
	    cbor_read_number(&p->r, &version) < 0 || version != BODY_VERSION ||
	    get_u32(p, &b->mode) < 0 || get_u32(p, &b->deadline_ms) < 0 ||
	    get_u32(p, &b->on_timeout) < 0)
		return -EBADMSG;
	r = get_files(p);
	if (r == 0)
		r = get_watches(p);
	if (r == 0)
		r = get_rules(p);
	if (r == 0)
		r = get_conditions(p);
	if (r == 0 && p->r.at != p->r.end)
		r = -EBADMSG;
	return r == 0 ? check_ranges(b) : r;
}

int
policy_body_parse(const uint8_t *bytes, size_t len, struct policy_body **ret)
{
	struct parse p = {.r = {bytes, bytes + len}};
	int r;

	if (len > POLICY_BODY_MAX)
		return -EBADMSG;
	/* A string of n bytes takes at least n + 1 in the input, as here. */
	p.b = calloc(1, sizeof(*p.b) + len + 1);
	if (p.b == NULL)
		return -ENOMEM;
	p.strings = (char *)(p.b + 1);
	r = parse_body(&p);
	if (r < 0)
		policy_body_free(&p.b);
	else
		*ret = p.b;
	return r;
}

void
policy_body_free(struct policy_body **b)
{
	if (*b == NULL)
		return;
	free((*b)->files);
	free((*b)->watches);
	free((*b)->rules);
	free((*b)->conditions);
	free(*b);
	*b = NULL;
}
