/* SPDX-License-Identifier: Apache-2.0 */
#include "decider/policy_parser.h"

#include <string.h>

#include "ipc/wire/words.h"

#include "decider/policy_compile.h"
#include "decider/policy_parse.h"

void
parser_set(struct policy_parser *p, struct policy_str name,
    struct policy_str value, struct policy_str format)
{
	struct ast_setting *s = ast_alloc(p->ast, sizeof(*s));

	s->name = name;
	s->value = value;
	s->format = format;
	s->quoted = p->quoted;
	STAILQ_INSERT_TAIL(&p->ast->settings, s, next);
}

void
parser_list(
    struct policy_parser *p, struct policy_str name, struct ast_atoms *atoms)
{
	struct ast_list *l = ast_alloc(p->ast, sizeof(*l));

	l->name = name;
	l->used = atoms == NULL;
	STAILQ_INIT(&l->atoms);
	if (atoms != NULL)
		STAILQ_CONCAT(&l->atoms, atoms);
	STAILQ_INSERT_TAIL(&p->ast->lists, l, next);
}

void
parser_watch(struct policy_parser *p, struct policy_str name)
{
	struct ast_watch *w = ast_alloc(p->ast, sizeof(*w));

	w->name = name;
	STAILQ_INIT(&w->patterns);
	STAILQ_INIT(&w->settings);
	STAILQ_INIT(&w->rules);
	STAILQ_INSERT_TAIL(&p->ast->watches, w, next);
	p->watch = w;
}

void
parser_watch_end(struct policy_parser *p)
{
	p->watch = NULL;
}

void
parser_watch_setting(struct policy_parser *p, const char *name,
    struct policy_at at, struct policy_str value)
{
	struct ast_setting *s = ast_alloc(p->ast, sizeof(*s));

	s->name = (struct policy_str){name, (uint32_t)strlen(name), at};
	s->value = value;
	s->quoted = p->quoted;
	STAILQ_INSERT_TAIL(&p->watch->settings, s, next);
}

void
parser_pattern(struct policy_parser *p, struct policy_str text, bool except,
    uint32_t field, struct policy_str glob)
{
	struct ast_pattern *a = ast_alloc(p->ast, sizeof(*a));

	a->text = text;
	a->except = except;
	a->container_field = field;
	a->container_glob = glob;
	STAILQ_INSERT_TAIL(&p->watch->patterns, a, next);
}

void
parser_rule(struct policy_parser *p, struct ast_rule *rule)
{
	STAILQ_INSERT_TAIL(&p->watch->rules, rule, next);
}

uint32_t
parser_op(struct policy_parser *p, struct policy_str word)
{
	uint32_t ops = policy_ops(word.s);
	char quoted[QUOTE_BYTES];

	if (ops != 0)
		return ops;
	diag_error(p->diags, word.at,
	    "unknown operation '%s', expected read, write, exec, create, "
	    "delete, rename, link, attrib, truncate, map, mount, change or any",
	    diag_quote(quoted, word.s, word.len));
	return OP_READ;
}

struct ast_atom *
parser_atom(struct policy_parser *p, uint32_t kind, struct policy_str value)
{
	struct ast_atom *a = ast_alloc(p->ast, sizeof(*a));

	a->kind = kind;
	a->value = value;
	return a;
}

struct ast_atoms *
parser_first(struct policy_parser *p, struct ast_atom *atom)
{
	struct ast_atoms *atoms = ast_alloc(p->ast, sizeof(*atoms));

	STAILQ_INIT(atoms);
	STAILQ_INSERT_TAIL(atoms, atom, next);
	return atoms;
}

struct ast_atoms *
parser_more(struct ast_atoms *atoms, struct ast_atom *atom)
{
	STAILQ_INSERT_TAIL(atoms, atom, next);
	return atoms;
}

struct ast_atoms *
parser_kind(struct ast_atoms *atoms, uint32_t kind)
{
	struct ast_atom *a;

	STAILQ_FOREACH(a, atoms, next)
	a->kind = kind;
	return atoms;
}

struct ast_alts *
parser_alts(
    struct policy_parser *p, struct ast_atoms *atoms, struct ast_atom *one)
{
	struct ast_alts *alts = ast_alloc(p->ast, sizeof(*alts));

	STAILQ_INIT(&alts->atoms);
	if (atoms != NULL)
		STAILQ_CONCAT(&alts->atoms, atoms);
	else
		STAILQ_INSERT_TAIL(&alts->atoms, one, next);
	return alts;
}

struct policy_str
parser_word(struct policy_parser *p, struct policy_at at)
{
	return ast_copy(p->ast, p->text + at.begin, at.end - at.begin, at);
}

int
policy_parse_lex(
    POLICY_PARSE_STYPE *value, struct policy_at *at, struct policy_parser *p)
{
	const struct policy_token *t = &p->tokens.list[p->next];

	*at = (struct policy_at){p->tokens.file, t->begin, t->end};
	p->last = p->next;
	p->last_is_end = p->end_line;
	if (p->end_line) {
		at->end = at->begin;
		p->end_line = false;
		return T_EOL;
	}
	if (t->kind == T_STRING)
		value->str = policy_unescape(p->ast, p->diags, p->text, *at);
	else if (t->kind == T_WORD)
		value->str = parser_word(p, *at);
	else if (t->kind == T_LISTNAME)
		value->str = ast_copy(p->ast, p->text + at->begin + 1,
		    at->end - at->begin - 1, *at);
	if (t->kind != T_EOF)
		p->next++;
	return t->kind;
}

static bool
starts_statement(int kind)
{
	return kind == T_SET || kind == T_LIST || kind == T_WATCH ||
	       kind == T_PATH || kind == T_EXCEPT || kind == T_MODE ||
	       kind == T_ON_TIMEOUT || kind == T_DEADLINE || kind == T_DECIDE ||
	       kind == T_ALLOW || kind == T_DENY;
}

/* What the brace that is open at token i belongs to. */
enum inside { INSIDE_NOTHING, INSIDE_WATCH, INSIDE_LIST, INSIDE_RULE };

static enum inside
inside(const struct policy_token *t, size_t i)
{
	unsigned int closed = 0;

	while (i-- > 0) {
		if (t[i].kind == T_CLOSE)
			closed++;
		if (t[i].kind != T_OPEN || closed-- > 0)
			continue;
		for (size_t back = 1; back <= 3 && back <= i; back++) {
			if (t[i - back].kind == T_WATCH)
				return INSIDE_WATCH;
			if (t[i - back].kind == T_LIST)
				return INSIDE_LIST;
		}
		return INSIDE_RULE;
	}
	return INSIDE_NOTHING;
}

/* The '}' for the brace open at i, or the end. */
static size_t
closing(const struct policy_token *t, size_t i)
{
	unsigned int open = 0;

	for (; t[i].kind != T_EOF; i++) {
		if (t[i].kind == T_OPEN)
			open++;
		else if (t[i].kind == T_CLOSE && open-- == 0)
			break;
	}
	return i;
}

/* Past token i to the next line, or to a '}' that ends what is around it. */
static size_t
line_end(const struct policy_token *t, size_t i)
{
	unsigned int open = t[i].kind == T_OPEN;

	if (t[i].kind == T_EOF)
		return i;
	for (i++; t[i].kind != T_EOF && !t[i].first; i++) {
		if (t[i].kind == T_OPEN)
			open++;
		else if (t[i].kind == T_CLOSE && open-- == 0)
			break;
	}
	return i;
}

static bool
heads_block(const struct policy_token *t, size_t i)
{
	for (size_t back = 1; back <= 2 && back <= i; back++)
		if (t[i - back].kind == T_WATCH || t[i - back].kind == T_LIST)
			return true;
	return false;
}

/* Is it the statement before i that ended too early? Then i starts a whole one.
 */
static bool
ended_early(const struct policy_parser *p, size_t i)
{
	const struct policy_token *t = p->tokens.list;

	if (p->retried == i || i == 0)
		return false;
	return (t[i].first && starts_statement(t[i].kind)) ||
	       (t[i].kind == T_CLOSE && inside(t, i) == INSIDE_WATCH);
}

static void
recover(struct policy_parser *p, size_t i)
{
	const struct policy_token *t = p->tokens.list;
	enum inside where = inside(t, i);
	size_t brace = i;

	if (where == INSIDE_LIST) {
		p->next = closing(t, i);
		return;
	}
	if (where == INSIDE_NOTHING && heads_block(t, i)) {
		while (t[brace].kind != T_OPEN && t[brace].kind != T_EOF &&
		       (brace == i || !t[brace].first))
			brace++;
		if (t[brace].kind == T_OPEN) {
			/* If it is the token at fault, the parser has it. */
			if (brace != i)
				p->next = brace;
			return;
		}
	}
	p->end_line = true;
	if (where == INSIDE_RULE) {
		p->next = closing(t, i);
		if (t[p->next].kind == T_CLOSE)
			p->next = line_end(t, p->next);
		return;
	}
	/* The statement before it is what ended too early: this one is whole.
	 */
	if (p->retried != i &&
	    ((t[i].first && starts_statement(t[i].kind)) ||
		(t[i].kind == T_CLOSE && where == INSIDE_WATCH))) {
		p->retried = i;
		p->next = i;
		return;
	}
	p->next = line_end(t, i);
}

void
parser_syntax_error(struct policy_parser *p, bool whole, const char *expected)
{
	const struct policy_token *t = &p->tokens.list[p->last];
	struct policy_at at;
	char quoted[QUOTE_BYTES];

	/* The end of a line is ours: it follows from an error, it is none. */
	if (p->last_is_end)
		return;
	at = (struct policy_at){p->tokens.file, t->begin, t->end};
	if (t->kind == T_EOF)
		diag_error(p->diags, at, "the file ends here, expected %s",
		    *expected != '\0' ? expected : "more");
	else if (!whole && ended_early(p, p->last))
		diag_error(p->diags,
		    (struct policy_at){p->tokens.file, t[-1].end, t[-1].end},
		    "the statement ends too early, expected %s",
		    *expected != '\0' ? expected : "more");
	else
		diag_error(p->diags, at, "unexpected '%s', expected %s",
		    diag_quote(quoted, p->text + t->begin, t->end - t->begin),
		    *expected != '\0' ? expected : "something else");
	recover(p, p->last);
}

void
policy_parse(struct policy_ast *ast, struct policy_diags *diags,
    const struct policy_source *source, uint32_t file)
{
	struct policy_parser p = {
	    .ast = ast,
	    .diags = diags,
	    .text = source->text,
	    .retried = SIZE_MAX,
	    .tokens = {.ast = ast, .diags = diags, .file = file},
	};

	if (!policy_text_clean(diags, source->text, source->len, file))
		return;
	policy_scan(&p.tokens, source->text, source->len);
	/* What it returns says less than what diags has. */
	(void)policy_parse_parse(&p);
}
