/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ipc/wire/words.h"

#include "decider/policy_compile.h"

/* Rules, patterns and watches know their lines; a warning needs an offset. */
static struct policy_at
at_line(const struct compiled_header *c, uint32_t file, uint32_t line,
    uint32_t column)
{
	const struct compiled_file *f = compiled_file(c, file);
	const char *text = compiled_string(c, f->text), *p = text;

	while (line-- > 1)
		p = strchr(p, '\n') + 1;
	/* Column 0: the first that is not blank. */
	p += column > 0 ? column - 1 : strspn(p, " \t");
	return (struct policy_at){
	    file, (uint32_t)(p - text), (uint32_t)(p - text) + 1};
}

static struct policy_at
at_rule(const struct compiled_header *c, const struct compiled_rule *r)
{
	return at_line(c, r->file, r->line, r->column);
}

static void
add_word(char *out, const char *word)
{
	size_t n = strlen(out);

	(void)snprintf(
	    out + n, DIAG_BYTES - n, "%s%s", n > 0 ? ", " : "", word);
}

/* The kinds of condition in a rule that nobody can evaluate yet. */
static void
unevaluated(const struct compiled_header *c, const struct compiled_rule *rule,
    char *out)
{
	static const char *const names[COND_MAX] = {
	    [COND_EXE_SHA256] = "exe sha256",
	    [COND_CONTAINER_NAME] = "container name",
	    [COND_CONTAINER_IMAGE] = "container image",
	    [COND_CONTAINER_ID] = "container id",
	    [COND_CONTAINER_LABEL] = "container label",
	    [COND_CONTAINER_ANY] = "container any",
	    [COND_POD] = "pod",
	};
	const struct compiled_condition *d;
	bool said[COND_MAX] = {false};

	for (uint32_t i = 0; i < rule->nconditions; i++) {
		d = compiled_condition(c, rule->first_condition + i);
		if (names[d->kind] == NULL || said[d->kind])
			continue;
		said[d->kind] = true;
		add_word(out, names[d->kind]);
	}
}

const char *
policy_rule_note(const struct compiled_header *c,
    const struct compiled_rule *rule, char *out)
{
	uint32_t blind = rule->ops & ~(uint32_t)POLICY_OPS_DECIDED;
	char conditions[DIAG_BYTES] = "", ops[DIAG_BYTES] = "";

	for (uint32_t bit = 1; bit <= OP_ANY; bit <<= 1)
		if ((blind & bit) != 0 && rule->verdict == VERDICT_DENY)
			add_word(ops, op_name(bit));
	/* Opening with O_TRUNC asks; truncate(2) does not. */
	if ((rule->ops & OP_TRUNCATE) != 0 && rule->verdict == VERDICT_DENY)
		add_word(ops, "truncate other than by opening");
	unevaluated(c, rule, conditions);
	*out = '\0';
	if (*ops != '\0')
		(void)snprintf(out, DIAG_BYTES,
		    "%.200s cannot be blocked yet: that needs the kernel tier, "
		    "which this version does not have",
		    ops);
	if (*conditions != '\0') {
		size_t n = strlen(out);

		(void)snprintf(out + n, DIAG_BYTES - n,
		    "%s%.150s not evaluated yet: treated as unknown (%s)",
		    n > 0 ? "; " : "", conditions,
		    rule->verdict == VERDICT_DENY ? "the denial holds"
						  : "this rule never allows");
	}
	return *out != '\0' ? out : NULL;
}

static bool
same_conditions(const struct compiled_header *c, const struct compiled_rule *a,
    const struct compiled_rule *b)
{
	const struct compiled_condition *x, *y;

	if (a->nconditions != b->nconditions)
		return false;
	for (uint32_t i = 0; i < a->nconditions; i++) {
		x = compiled_condition(c, a->first_condition + i);
		y = compiled_condition(c, b->first_condition + i);
		if (x->kind != y->kind || x->group != y->group ||
		    x->negated != y->negated || x->value != y->value ||
		    x->text.off != y->text.off)
			return false;
	}
	return true;
}

/*
 * A rule is never reached when earlier rules without conditions, or with the
 * very same ones, take all of its operations. Bounded: the last 256 rules.
 */
static void
lint_reach(const struct compiled_header *c, const struct compiled_watch *w,
    uint32_t i, struct policy_diags *diags)
{
	const struct compiled_rule *rule = compiled_rule(c, i), *before;
	uint32_t left = rule->ops, k = w->first_rule;

	if (i - k > 256)
		k = i - 256;
	for (; k < i && left != 0; k++) {
		before = compiled_rule(c, k);
		if (before->nconditions == 0 ||
		    same_conditions(c, before, rule))
			left &= ~before->ops;
		if (left == 0)
			diag_warning(diags, at_rule(c, rule),
			    "this rule is never reached: line %u decides all "
			    "it could",
			    before->line);
	}
}

/*
 * The watch that would have this pattern's literal if this were not there.
 * Every pattern against every other: not for policies of thousands.
 */
static uint32_t
covering_watch(
    const struct compiled_header *c, const struct compiled_pattern *p)
{
	const struct compiled_pattern *q;

	for (uint32_t i = 0; i < c->npatterns && c->npatterns <= 4096; i++) {
		q = compiled_pattern(c, i);
		if (q->watch != p->watch && !q->except &&
		    q->container_field == 0 &&
		    q->literal.len < p->literal.len &&
		    pattern_match(
			c, q, compiled_string(c, p->literal), p->literal.len))
			return q->watch;
	}
	return WATCH_NONE;
}

static void
lint_pattern(
    const struct compiled_header *c, uint32_t i, struct policy_diags *diags)
{
	const struct compiled_pattern *p = compiled_pattern(c, i);
	const struct compiled_watch *w;
	uint32_t other;
	char q[QUOTE_BYTES], name[QUOTE_BYTES];

	(void)diag_quote(q, compiled_string(c, p->text), p->text.len);
	if (p->container_field != 0) {
		diag_warning(diags, at_line(c, p->file, p->line, 0),
		    "paths in containers are not evaluated yet: \"%s\" guards "
		    "nothing",
		    q);
		return;
	}
	if (p->except)
		return;
	other = covering_watch(c, p);
	if (other == WATCH_NONE)
		return;
	w = compiled_watch(c, other);
	diag_warning(diags, at_line(c, p->file, p->line, 0),
	    "\"%s\" overlaps watch '%s' (line %u); the longer literal prefix "
	    "decides: this one",
	    q, diag_quote(name, compiled_string(c, w->name), w->name.len),
	    w->line);
}

/* An except that lies under none of its watch's paths. */
static void
lint_except(const struct compiled_header *c, const struct compiled_watch *w,
    const struct compiled_pattern *e, struct policy_diags *diags)
{
	const struct compiled_pattern *p;
	const char *mine = compiled_string(c, e->literal), *theirs;
	uint32_t n;
	char q[QUOTE_BYTES];

	for (uint32_t i = 0; i < w->npatterns; i++) {
		p = compiled_pattern(c, w->first_pattern + i);
		theirs = compiled_string(c, p->literal);
		n = p->literal.len < e->literal.len ? p->literal.len
						    : e->literal.len;
		if (!p->except && memcmp(mine, theirs, n) == 0)
			return;
	}
	diag_warning(diags, at_line(c, e->file, e->line, 0),
	    "the except \"%s\" is under none of the watch's paths",
	    diag_quote(q, compiled_string(c, e->text), e->text.len));
}

static void
lint_rules(const struct compiled_header *c, const struct compiled_watch *w,
    struct policy_diags *diags)
{
	const struct compiled_rule *rule;
	char note[DIAG_BYTES];

	for (uint32_t i = w->first_rule;
	     i < w->first_rule + w->nrules && diags->n < DIAGS_MAX; i++) {
		rule = compiled_rule(c, i);
		lint_reach(c, w, i, diags);
		if (policy_rule_note(c, rule, note) != NULL)
			diag_warning(diags, at_rule(c, rule), "%s", note);
	}
	if (w->decide == DECIDE_KERNEL)
		diag_warning(diags, at_line(c, w->file, w->line, 0),
		    "decide kernel: this version has no kernel tier; the "
		    "decider decides");
}

void
policy_lint(const struct compiled_header *c, struct policy_diags *diags)
{
	const struct compiled_pattern *p;
	const struct compiled_watch *w;

	/* What is not kept is not looked for: each place costs a search. */
	for (uint32_t i = 0; i < c->nwatches && diags->n < DIAGS_MAX; i++) {
		w = compiled_watch(c, i);
		for (uint32_t k = 0; k < w->npatterns && diags->n < DIAGS_MAX;
		     k++) {
			p = compiled_pattern(c, w->first_pattern + k);
			lint_pattern(c, w->first_pattern + k, diags);
			if (p->except)
				lint_except(c, w, p, diags);
		}
		lint_rules(c, w, diags);
	}
	if (c->nwatches == 0)
		diag_warning(diags, (struct policy_at){0, 0, 0},
		    "there is no watch: nothing is guarded");
}
