/* SPDX-License-Identifier: Apache-2.0 */
#include "decider/policy_compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proc/log.h"

#include "decider/policy_build.h"

static void
add_files(struct build *b)
{
	struct policy_at at = {0, 0, 0};
	struct compiled_file *f;

	for (uint32_t i = 0; i < b->nsources; i++) {
		at.file = i;
		f = build_add(b, &b->files, "files", at);
		if (f == NULL)
			return;
		f->name = build_string(
		    b, b->sources[i].cite, strlen(b->sources[i].cite), at);
		f->text =
		    build_string(b, b->sources[i].text, b->sources[i].len, at);
	}
}

/* Where the literal part ends: before the first name with a wildcard in it. */
static uint32_t
literal_length(const struct policy_str *s)
{
	size_t n = strcspn(s->s, "*?");

	if (n == s->len)
		return s->len;
	while (s->s[n] != '/')
		n--;
	return n == 0 ? 1 : (uint32_t)n;
}

static void
add_pattern(struct build *b, const struct ast_pattern *a, uint32_t watch)
{
	struct compiled_pattern *p;
	struct policy_at *at;
	uint32_t literal, skip, column;

	if (!build_path_ok(b, &a->text, true))
		return;
	p = build_add(b, &b->patterns, "paths", a->text.at);
	at = build_add(b, &b->pattern_at, "paths", a->text.at);
	if (p == NULL || at == NULL)
		return;
	*at = a->text.at;
	literal = literal_length(&a->text);
	skip = literal == 1 ? 1 : literal + 1;
	p->text = build_string(b, a->text.s, a->text.len, a->text.at);
	p->literal = build_string(b, a->text.s, literal, a->text.at);
	if (literal < a->text.len && skip < a->text.len)
		p->rest = build_string(
		    b, a->text.s + skip, a->text.len - skip, a->text.at);
	p->except = a->except;
	p->watch = watch;
	p->container_field = a->container_field;
	if (a->container_glob.len > NAME_BYTES_MAX)
		diag_error(b->diags, a->container_glob.at,
		    "the pattern is too long, expected at most %d bytes",
		    NAME_BYTES_MAX);
	else if (a->container_glob.s != NULL)
		p->container_glob = build_string(b, a->container_glob.s,
		    a->container_glob.len, a->container_glob.at);
	p->file = a->text.at.file;
	build_place(b, a->text.at, &p->line, &column);
}

static void
add_rule(struct build *b, const struct ast_rule *a)
{
	const char *text = b->sources[a->at.file].text + a->at.begin;
	struct compiled_rule *out = build_add(b, &b->rules, "rules", a->at);

	if (out == NULL)
		return;
	out->verdict = a->verdict;
	out->ops = a->ops;
	out->quiet = a->quiet;
	out->seal = a->seal;
	out->file = a->at.file;
	build_place(b, a->at, &out->line, &out->column);
	if (a->at.end - a->at.begin > RULE_TEXT_MAX)
		diag_error(b->diags, a->at,
		    "a rule of more than %d bytes, expected a list for its "
		    "alternatives",
		    RULE_TEXT_MAX);
	else
		out->text =
		    build_string(b, text, a->at.end - a->at.begin, a->at);
	if (a->message.len > NAME_BYTES_MAX)
		diag_error(b->diags, a->message.at,
		    "the message is too long, expected at most %d bytes",
		    NAME_BYTES_MAX);
	else if (a->message.s != NULL)
		out->message = build_string(
		    b, a->message.s, a->message.len, a->message.at);
	if (a->quiet && a->seal)
		diag_error(b->diags, a->at,
		    "quiet and seal in one rule, expected one of them: what is "
		    "not recorded cannot be sealed");
	build_conditions(b, a, out);
}

static void
check_watch_name(struct build *b, const struct ast_watch *w)
{
	const struct ast_watch *other;
	char q[QUOTE_BYTES];

	if (w->name.s == NULL)
		return;
	if (w->name.len > NAME_BYTES_MAX)
		diag_error(b->diags, w->name.at,
		    "the name is too long, expected at most %d bytes",
		    NAME_BYTES_MAX);
	STAILQ_FOREACH(other, &b->ast->watches, next)
	{
		if (other == w)
			return;
		if (other->name.s != NULL &&
		    strcmp(other->name.s, w->name.s) == 0)
			break;
	}
	diag_error(b->diags, w->name.at,
	    "a second watch '%s', expected another name",
	    diag_quote(q, w->name.s, w->name.len));
}

static void
check_has_path(struct build *b, const struct ast_watch *w)
{
	const struct ast_pattern *a;

	STAILQ_FOREACH(a, &w->patterns, next)
	if (!a->except)
		return;
	diag_error(b->diags, w->name.at,
	    "the watch has no path, expected at least one path \"/...\"");
}

static void
add_watch(struct build *b, const struct ast_watch *a)
{
	struct compiled_watch *w =
	    build_add(b, &b->watches, "watches", a->name.at);
	uint32_t index = b->watches.n - 1, column;
	const struct ast_pattern *pattern;
	const struct ast_rule *rule;

	if (w == NULL)
		return;
	check_watch_name(b, a);
	check_has_path(b, a);
	if (a->name.s != NULL && a->name.len <= NAME_BYTES_MAX)
		w->name = build_string(b, a->name.s, a->name.len, a->name.at);
	w->file = a->name.at.file;
	build_place(b, a->name.at, &w->line, &column);
	build_watch_settings(b, a, w);
	w->first_pattern = b->patterns.n;
	w->first_rule = b->rules.n;
	STAILQ_FOREACH(pattern, &a->patterns, next)
	add_pattern(b, pattern, index);
	STAILQ_FOREACH(rule, &a->rules, next)
	add_rule(b, rule);
	w->npatterns = b->patterns.n - w->first_pattern;
	w->nrules = b->rules.n - w->first_rule;
}

static struct policy_at
pattern_at(const struct build *b, uint32_t i)
{
	return ((const struct policy_at *)(const void *)b->pattern_at.bytes)[i];
}

static const char *
literal_of(const struct build *b, uint32_t i, uint32_t *ret_len)
{
	const struct compiled_pattern *p = &((
	    const struct compiled_pattern *)(const void *)b->patterns.bytes)[i];

	*ret_len = p->literal.len;
	return b->strings.bytes + p->literal.off;
}

static int
by_literal(const void *x, const void *y, void *ctx)
{
	const struct build *b = ctx;
	uint32_t i = *(const uint32_t *)x, k = *(const uint32_t *)y, il, kl;
	const char *is = literal_of(b, i, &il), *ks = literal_of(b, k, &kl);
	int d = memcmp(is, ks, il < kl ? il : kl);

	if (d == 0)
		d = (il > kl) - (il < kl);
	return d != 0 ? d : (i > k) - (i < k);
}

/*
 * The same literal prefix in two watches is an error: which of them a path
 * belongs to would be an accident.
 */
static void
check_same_prefix(struct build *b, uint32_t one, uint32_t two)
{
	const struct compiled_pattern *p = (const void *)b->patterns.bytes;
	const struct compiled_watch *w = (const void *)b->watches.bytes;
	struct policy_at at;
	char q[QUOTE_BYTES], name[QUOTE_BYTES];

	if (p[one].watch == p[two].watch ||
	    p[one].literal.off != p[two].literal.off)
		return;
	at = pattern_at(b, two);
	(void)diag_quote(
	    q, b->strings.bytes + p[two].literal.off, p[two].literal.len);
	(void)diag_quote(name, b->strings.bytes + w[p[one].watch].name.off,
	    w[p[one].watch].name.len);
	diag_error(b->diags, at,
	    "watch '%s' (line %u) has a path with the same literal prefix "
	    "\"%s\", expected prefixes that differ",
	    name, p[one].line, q);
}

static void
add_index(struct build *b)
{
	const struct compiled_pattern *p = (const void *)b->patterns.bytes;
	uint32_t *index, *at;

	for (uint32_t i = 0; i < b->patterns.n; i++) {
		if (p[i].except || p[i].container_field != 0)
			continue;
		at = build_add(b, &b->index, "paths", pattern_at(b, i));
		if (at == NULL)
			return;
		*at = i;
	}
	index = (void *)b->index.bytes;
	if (b->index.n == 0)
		return;
	qsort_r(index, b->index.n, sizeof(*index), by_literal, b);
	for (uint32_t i = 1; i < b->index.n; i++)
		check_same_prefix(b, index[i - 1], index[i]);
}

static void
build_all(struct build *b)
{
	const struct ast_watch *w;
	const struct ast_list *l;
	char q[QUOTE_BYTES];

	build_settings(b);
	add_files(b);
	build_lists(b);
	STAILQ_FOREACH(w, &b->ast->watches, next)
	add_watch(b, w);
	add_index(b);
	STAILQ_FOREACH(l, &b->ast->lists, next)
	if (!l->used && l->name.s != NULL)
		diag_warning(b->diags, l->name.at, "list '%s' is not used",
		    diag_quote(q, l->name.s, l->name.len));
}

int
policy_compile(const struct policy_source *sources, size_t nsources,
    const struct policy_accounts *accounts, struct policy_diags *diags,
    struct compiled_header **ret)
{
	struct policy_ast ast;
	struct build b = {.ast = &ast,
	    .diags = diags,
	    .sources = sources,
	    .nsources = nsources,
	    .accounts = accounts};
	struct compiled_header *c = NULL;

	ast_init(&ast);
	for (uint32_t i = 0; i < nsources; i++)
		policy_parse(&ast, diags, &sources[i], i);
	build_init(&b);
	build_all(&b);
	if (diags->errors == 0)
		c = build_layout(&b);
	build_free(&b);
	ast_free(&ast);
	if (c == NULL)
		return -EINVAL;
	/* What the receivers will refuse is our bug: say so here. */
	if (compiled_check(c, c->bytes) != 0)
		fatalx("the compiled policy does not pass its own check");
	*ret = c;
	return 0;
}
