/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decider/policy_build.h"

/* A number, or a name of passwd or group; *ret untouched on failure. */
static void
account_value(struct build *b, const struct ast_atom *a, uint32_t *ret)
{
	bool group = a->kind == COND_GID;
	const struct policy_accounts *known = b->accounts;
	const char *s = a->value.s;
	uint64_t n = 0;
	char q[QUOTE_BYTES];

	if (a->kind == COND_AUID && strcmp(s, "unset") == 0) {
		*ret = UINT32_MAX;
		return;
	}
	while (*s >= '0' && *s <= '9' && n < UINT32_MAX)
		n = n * 10 + (uint64_t)(*s++ - '0');
	if (s != a->value.s && *s == '\0' && n < UINT32_MAX) {
		*ret = (uint32_t)n;
		return;
	}
	if (s != a->value.s && (*s == '\0' || (*s >= '0' && *s <= '9')))
		diag_error(b->diags, a->value.at,
		    "the number is too large, expected less than %u",
		    UINT32_MAX);
	else if (strcmp(a->value.s, "root") == 0)
		*ret = 0;
	else if (policy_account_id(group ? known->group : known->passwd,
		     group ? known->group_len : known->passwd_len, a->value.s,
		     ret) < 0)
		diag_error(b->diags, a->value.at,
		    "unknown %s '%s', expected a name this host has or a "
		    "number",
		    group ? "group" : "user",
		    diag_quote(q, a->value.s, a->value.len));
}

static void
check_sha256(struct build *b, const struct policy_str *s)
{
	if (s->len != 64 || strspn(s->s, "0123456789abcdefABCDEF") != 64)
		diag_error(b->diags, s->at,
		    "this is no SHA-256, expected 64 hexadecimal digits");
}

static void
check_glob(struct build *b, const struct ast_atom *a)
{
	const struct policy_str *s = &a->value;

	if (s->len == 0 || s->len > NAME_BYTES_MAX)
		diag_error(b->diags, s->at,
		    "a pattern of %u bytes, expected 1 to %d", s->len,
		    NAME_BYTES_MAX);
	else if (a->kind == COND_POD && strchr(s->s, '/') == NULL)
		diag_error(b->diags, s->at,
		    "this names no pod, expected NAMESPACE/NAME");
}

/* One alternative. Errors are said at the place that is wrong, once. */
static void
add_atom(
    struct build *b, const struct ast_atom *a, uint32_t group, bool negated)
{
	struct compiled_condition *d =
	    build_add(b, &b->conditions, "conditions", a->value.at);
	uint32_t value = 0;

	if (d == NULL)
		return;
	switch (a->kind) {
	case COND_EXE:
	case COND_ANCESTOR_EXE:
		if (build_path_ok(b, &a->value, true))
			value = build_exe(b, &a->value);
		b->uses_ancestors |= a->kind == COND_ANCESTOR_EXE;
		break;
	case COND_UID:
	case COND_GID:
	case COND_AUID:
		account_value(b, a, &value);
		break;
	case COND_EXE_SHA256:
		check_sha256(b, &a->value);
		break;
	case COND_CONTAINER_ANY:
		break;
	default:
		check_glob(b, a);
		break;
	}
	d->kind = a->kind;
	d->group = group;
	d->negated = negated;
	d->value = value;
	if (a->value.s != NULL)
		d->text =
		    build_string(b, a->value.s, a->value.len, a->value.at);
}

static void
add_list(
    struct build *b, const struct ast_atom *use, uint32_t group, bool negated)
{
	struct ast_list *l = build_find_list(b, &use->value);
	char q[QUOTE_BYTES];

	if (l == NULL) {
		diag_error(b->diags, use->value.at,
		    "unknown list '$%s', expected one that is defined with "
		    "\"list %s { ... }\"",
		    diag_quote(q, use->value.s, use->value.len), q);
		return;
	}
	l->used = true;
	for (uint32_t i = 0; i < l->nflat; i++)
		add_atom(b, l->flat[i], group, negated);
}

void
build_conditions(
    struct build *b, const struct ast_rule *rule, struct compiled_rule *out)
{
	const struct ast_alts *alts;
	const struct ast_atom *a;
	uint32_t group = 0;

	out->first_condition = b->conditions.n;
	STAILQ_FOREACH(alts, &rule->conditions, next)
	{
		STAILQ_FOREACH(a, &alts->atoms, next)
		{
			if (a->kind == 0)
				add_list(b, a, group, alts->negated);
			else
				add_atom(b, a, group, alts->negated);
		}
		group++;
	}
	out->nconditions = b->conditions.n - out->first_condition;
}
