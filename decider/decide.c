/* SPDX-License-Identifier: Apache-2.0 */
#include "decider/decide.h"

/* False below unknown below true: and is the least, or the greatest. */
enum truth { FALSE_3 = 0, UNKNOWN_3 = 1, TRUE_3 = 2 };

static enum truth
of_bool(bool b)
{
	return b ? TRUE_3 : FALSE_3;
}

/* Is the program dev:ino one that the exe pattern names? */
static enum truth
is_exe(const struct policy_view *v, uint32_t exe, uint64_t dev, uint64_t ino)
{
	if (v->resolved == NULL || ino == 0)
		return UNKNOWN_3;
	return of_bool(resolved_exe_is(v->resolved, exe, dev, ino));
}

/*
 * One matching ancestor is enough. None matches only if the whole line up to
 * the first process is known; otherwise the one in question may be further up.
 */
static enum truth
has_ancestor(
    const struct policy_view *v, uint32_t exe, const struct rec_SUBJECT *s)
{
	enum truth t, best = FALSE_3;
	uint16_t n = s->ancestors_count;

	for (uint16_t i = 0; i < n && i < ANCESTORS_MAX; i++) {
		t = is_exe(v, exe, s->ancestors[i].dev, s->ancestors[i].ino);
		if (t > best)
			best = t;
	}
	if (best == FALSE_3 && (n == 0 || s->ancestors[n - 1].pid > 1) &&
	    s->pid != 1)
		return UNKNOWN_3;
	return best;
}

static enum truth
condition_holds(const struct policy_view *v, const struct compiled_condition *d,
    const struct rec_SUBJECT *s)
{
	if (!s->known)
		return UNKNOWN_3;
	switch (d->kind) {
	case COND_EXE:
		return is_exe(v, d->value, s->exe_dev, s->exe_ino);
	case COND_ANCESTOR_EXE:
		return has_ancestor(v, d->value, s);
	/* The ids whose rights the open uses. */
	case COND_UID:
		return of_bool(s->euid == d->value);
	case COND_GID:
		return of_bool(s->egid == d->value);
	case COND_AUID:
		return of_bool(s->auid == d->value);
	default:
		/* Digests and containers: nobody can tell yet. */
		return UNKNOWN_3;
	}
}

/* All groups of alternatives must hold; of a group, one alternative. */
static enum truth
conditions_hold(const struct policy_view *v, const struct compiled_rule *rule,
    const struct rec_SUBJECT *s)
{
	const struct compiled_condition *d, *next;
	enum truth all = TRUE_3, group = FALSE_3, t;

	for (uint32_t i = 0; i < rule->nconditions; i++) {
		d = compiled_condition(v->compiled, rule->first_condition + i);
		t = condition_holds(v, d, s);
		if (t > group)
			group = t;
		next = i + 1 < rule->nconditions ? d + 1 : NULL;
		if (next != NULL && next->group == d->group)
			continue;
		if (d->negated)
			group = TRUE_3 - group;
		if (group < all)
			all = group;
		group = FALSE_3;
	}
	return all;
}

/* What one operation comes to. rule: RULE_NONE if none matched. */
struct judged {
	uint32_t op, rule;
	uint8_t verdict, record;
};

static struct judged
judge_op(const struct policy_view *v, const struct compiled_watch *w,
    uint32_t op, const struct rec_SUBJECT *s)
{
	/* Truncating by open is writing, too: a rule for either names it. */
	uint32_t names = op == OP_TRUNCATE ? OP_TRUNCATE | OP_WRITE : op;
	const struct compiled_rule *rule;
	enum truth t;

	for (uint32_t i = w->first_rule; i < w->first_rule + w->nrules; i++) {
		rule = compiled_rule(v->compiled, i);
		if ((rule->ops & names) == 0)
			continue;
		t = conditions_hold(v, rule, s);
		if (t == FALSE_3 ||
		    (t == UNKNOWN_3 && rule->verdict == VERDICT_ALLOW))
			continue;
		return (struct judged){op, i, (uint8_t)rule->verdict,
		    rule->seal	  ? RECORD_SEAL
		    : rule->quiet ? RECORD_NO
				  : RECORD_YES};
	}
	return (struct judged){op, RULE_NONE, VERDICT_ALLOW,
	    (op & OP_CHANGE) != 0 ? RECORD_YES : RECORD_NO};
}

/* Is a to be told rather than b? A denial, then what must be recorded. */
static bool
outranks(const struct judged *a, const struct judged *b)
{
	if (a->verdict != b->verdict)
		return a->verdict == VERDICT_DENY;
	return a->record > b->record;
}

static void
judge_watch(const struct policy_view *v, const struct rec_ASK_ONE *ask,
    uint32_t watch, struct rec_VERDICT_ONE *ret)
{
	/* The most telling first: of equals, the first one is told. */
	static const uint32_t order[] = {OP_WRITE, OP_EXEC, OP_TRUNCATE,
	    OP_CREATE, OP_DELETE, OP_RENAME, OP_LINK, OP_ATTRIB, OP_MAP,
	    OP_MOUNT, OP_READ};
	const struct compiled_watch *w = compiled_watch(v->compiled, watch);
	uint32_t ops = ask->ops & OP_ANY;
	struct judged one, told = {0, RULE_NONE, VERDICT_ALLOW, RECORD_NO};

	if (ops == 0)
		ops = OP_WRITE;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if ((ops & order[i]) == 0)
			continue;
		one = judge_op(v, w, order[i], &ask->subject);
		if (told.op == 0 || outranks(&one, &told))
			told = one;
	}
	ret->verdict = told.verdict;
	ret->answer = w->mode == MODE_ENFORCE ? told.verdict : VERDICT_ALLOW;
	ret->record = told.record;
	ret->reason = told.rule == RULE_NONE ? REASON_DEFAULT : REASON_RULE;
	ret->op = (uint16_t)told.op;
	ret->watch = watch;
	ret->rule = told.rule;
}

/* Among the watches it could be, the strictest. */
struct strictest {
	const struct policy_view *v;
	const struct rec_ASK_ONE *ask;
	struct rec_VERDICT_ONE *best;
	bool any;
};

static void
try_watch(uint32_t watch, void *ctx)
{
	struct strictest *s = ctx;
	struct rec_VERDICT_ONE one = *s->best;

	judge_watch(s->v, s->ask, watch, &one);
	if (s->any && (one.answer < s->best->answer ||
			  (one.answer == s->best->answer &&
			      (one.verdict < s->best->verdict ||
				  (one.verdict == s->best->verdict &&
				      one.record <= s->best->record)))))
		return;
	*s->best = one;
	s->any = true;
}

static void
judge_unknown_watch(const struct policy_view *v, const struct rec_ASK_ONE *ask,
    struct rec_VERDICT_ONE *ret)
{
	struct strictest s = {v, ask, ret, false};

	if (v->resolved != NULL)
		resolved_watches_on(v->resolved, ask->dev, try_watch, &s);
	/* A device no mark of ours is known on: nothing can be ruled out. */
	if (s.any)
		return;
	for (uint32_t i = 0; i < v->compiled->nwatches; i++)
		try_watch(i, &s);
}

void
decide(const struct policy_view *v, const struct rec_ASK_ONE *ask,
    struct rec_VERDICT_ONE *ret)
{
	struct rec_VERDICT_ONE one = {
	    .id = ask->id,
	    .verdict = VERDICT_ALLOW,
	    .answer = VERDICT_ALLOW,
	    .record = RECORD_NO,
	    .reason = REASON_DEFAULT,
	    .op =
		(uint16_t)(ask->ops & OP_ANY ? ask->ops & -ask->ops : OP_WRITE),
	    .watch = ask->watch,
	    .rule = RULE_NONE,
	};

	if (ask->watch < v->compiled->nwatches) {
		judge_watch(v, ask, ask->watch, &one);
		one.cacheable = ask->subject.known != 0;
	} else if (ask->watch != WATCH_NONE) {
		judge_unknown_watch(v, ask, &one);
	}
	*ret = one;
}
