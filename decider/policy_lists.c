/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decider/policy_build.h"

#define LIST_ATOMS_MAX 4096
#define LISTS_MAX 1024

struct ast_list *
build_find_list(struct build *b, const struct policy_str *name)
{
	struct ast_list *l;

	STAILQ_FOREACH(l, &b->ast->lists, next)
	if (l->name.s != NULL && l->name.len == name->len &&
	    memcmp(l->name.s, name->s, name->len) == 0)
		return l;
	return NULL;
}

static void flatten(struct build *b, struct ast_list *l);

/* The atoms a use of a list stands for; 0 after an error. */
static uint32_t
of_list(struct build *b, const struct policy_str *name,
    const struct ast_atom ***ret)
{
	struct ast_list *l = build_find_list(b, name);
	char q[QUOTE_BYTES];

	*ret = NULL;
	if (l == NULL) {
		diag_error(b->diags, name->at,
		    "unknown list '$%s', expected one that is defined with "
		    "\"list %s { ... }\"",
		    diag_quote(q, name->s, name->len), q);
		return 0;
	}
	l->used = true;
	if (l->state == LIST_OPEN) {
		diag_error(b->diags, name->at,
		    "list '$%s' contains itself, expected no circle",
		    diag_quote(q, name->s, name->len));
		return 0;
	}
	flatten(b, l);
	*ret = l->flat;
	return l->nflat;
}

/*
 * Each list is flattened once and has a bound of its own: lists of lists of
 * lists cannot multiply. Recursion is bounded by LISTS_MAX.
 */
static void
flatten(struct build *b, struct ast_list *l)
{
	const struct ast_atom **inner, **flat;
	const struct ast_atom *a;
	uint32_t n, room = 16, used = 0;

	if (l->state == LIST_DONE)
		return;
	l->state = LIST_OPEN;
	flat = ast_alloc(b->ast, room * sizeof(struct ast_atom *));
	STAILQ_FOREACH(a, &l->atoms, next)
	{
		n = 1;
		inner = &a;
		if (a->kind == 0)
			n = of_list(b, &a->value, &inner);
		if (used + n > LIST_ATOMS_MAX) {
			diag_error(b->diags, l->name.at,
			    "the list is too long, expected at most %d "
			    "conditions",
			    LIST_ATOMS_MAX);
			break;
		}
		while (used + n > room) {
			const struct ast_atom **more = ast_alloc(b->ast,
			    (size_t)room * 2 * sizeof(struct ast_atom *));

			for (uint32_t i = 0; i < used; i++)
				more[i] = flat[i];
			flat = more;
			room *= 2;
		}
		for (uint32_t i = 0; i < n; i++)
			flat[used++] = inner[i];
	}
	l->flat = flat;
	l->nflat = used;
	l->state = LIST_DONE;
}

void
build_lists(struct build *b)
{
	struct ast_list *l;
	unsigned int n = 0;
	char q[QUOTE_BYTES];

	STAILQ_FOREACH(l, &b->ast->lists, next)
	{
		if (++n > LISTS_MAX) {
			diag_error(b->diags, l->name.at,
			    "too many lists, expected at most %d", LISTS_MAX);
			/* The rest would only cost time. */
			STAILQ_NEXT(l, next) = NULL;
			b->ast->lists.stqh_last = &STAILQ_NEXT(l, next);
			break;
		}
		if (l->name.s != NULL && build_find_list(b, &l->name) != l)
			diag_error(b->diags, l->name.at,
			    "a second list '%s', expected another name",
			    diag_quote(q, l->name.s, l->name.len));
	}
	STAILQ_FOREACH(l, &b->ast->lists, next)
	flatten(b, l);
}
