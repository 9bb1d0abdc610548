/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the grammar's actions call: they build the tree, name words, and put the
 * parser back on its feet after an error. For policy_parse.y only.
 */
#ifndef DOORWARD_DECIDER_POLICY_PARSER_H
#define DOORWARD_DECIDER_POLICY_PARSER_H

#include "decider/policy_lex.h"

struct policy_parser {
	struct policy_ast *ast;
	struct policy_diags *diags;
	const char *text;
	struct policy_tokens tokens;
	size_t next;	  /* token the scanner hands out next */
	size_t last;	  /* the one handed out before */
	bool last_is_end; /* it was the end of a line, made up by recovery */
	size_t retried;	  /* token that was given a second chance last */
	bool end_line;	  /* hand out the end of a line first */
	bool quoted;	  /* the last value was a string */
	struct ast_watch *watch; /* being read */
};

void parser_set(struct policy_parser *p, struct policy_str name,
    struct policy_str value, struct policy_str format);
/* atoms NULL: the list was not understood; it exists all the same. */
void parser_list(
    struct policy_parser *p, struct policy_str name, struct ast_atoms *atoms);
void parser_watch(struct policy_parser *p, struct policy_str name);
void parser_watch_end(struct policy_parser *p);
void parser_watch_setting(struct policy_parser *p, const char *name,
    struct policy_at at, struct policy_str value);
void parser_pattern(struct policy_parser *p, struct policy_str text,
    bool except, uint32_t field, struct policy_str glob);
void parser_rule(struct policy_parser *p, struct ast_rule *rule);
uint32_t parser_op(struct policy_parser *p, struct policy_str word);
struct ast_atom *
parser_atom(struct policy_parser *p, uint32_t kind, struct policy_str value);
struct ast_atoms *parser_first(struct policy_parser *p, struct ast_atom *atom);
/* A function: the queue's macro looks at what it is given several times. */
struct ast_atoms *parser_more(struct ast_atoms *atoms, struct ast_atom *atom);
struct ast_atoms *parser_kind(struct ast_atoms *atoms, uint32_t kind);
/* Of atoms, or of one atom. */
struct ast_alts *parser_alts(
    struct policy_parser *p, struct ast_atoms *atoms, struct ast_atom *one);
struct policy_str parser_word(struct policy_parser *p, struct policy_at at);

/*
 * Reports the last token handed out as wrong and moves on to where parsing can
 * start again: the end of the line, the '}' or the '{' that matters. whole: the
 * statement before it is complete.
 */
void
parser_syntax_error(struct policy_parser *p, bool whole, const char *expected);

#endif
