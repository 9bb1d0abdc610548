/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy as parsed: the grammar's shape with places, before names are
 * resolved and lists put in. One arena holds it all and is freed at once.
 *
 * Not for: anything after policy_compile(); the compiled form is
 * ipc/wire/compiled.h.
 */
#ifndef DOORWARD_DECIDER_POLICY_AST_H
#define DOORWARD_DECIDER_POLICY_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "decider/policy_diag.h"

/* Text with its place. s: len bytes and a NUL; s NULL: not given. */
struct policy_str {
	const char *s;
	uint32_t len;
	struct policy_at at;
};

/* One condition. kind: enum condition_kind, or 0: value names a list. */
struct ast_atom {
	uint32_t kind;
	struct policy_str value;
	STAILQ_ENTRY(ast_atom) next;
};
STAILQ_HEAD(ast_atoms, ast_atom);

/* Alternatives: one of atoms suffices. */
struct ast_alts {
	bool negated;
	struct ast_atoms atoms;
	struct policy_at at;
	STAILQ_ENTRY(ast_alts) next;
};
STAILQ_HEAD(ast_conditions, ast_alts);

struct ast_rule {
	uint32_t verdict, ops;
	bool quiet, seal;
	struct policy_str message;
	struct ast_conditions conditions; /* all must hold */
	struct policy_at at;
	STAILQ_ENTRY(ast_rule) next;
};
STAILQ_HEAD(ast_rules, ast_rule);

struct ast_pattern {
	struct policy_str text;
	bool except;
	uint32_t container_field; /* 0, or enum condition_kind */
	struct policy_str container_glob;
	STAILQ_ENTRY(ast_pattern) next;
};
STAILQ_HEAD(ast_patterns, ast_pattern);

/* "set name value format" at the top, "name value" in a watch. */
struct ast_setting {
	struct policy_str name, value, format;
	bool quoted; /* the value was a string */
	STAILQ_ENTRY(ast_setting) next;
};
STAILQ_HEAD(ast_settings, ast_setting);

struct ast_watch {
	struct policy_str name;
	struct ast_patterns patterns;
	struct ast_settings settings;
	struct ast_rules rules;
	STAILQ_ENTRY(ast_watch) next;
};
STAILQ_HEAD(ast_watches, ast_watch);

struct ast_list {
	struct policy_str name;
	struct ast_atoms atoms;
	/* Filled when lists are resolved (policy_lists.c). */
	enum { LIST_NEW, LIST_OPEN, LIST_DONE } state;
	const struct ast_atom **flat;
	uint32_t nflat;
	bool used;
	STAILQ_ENTRY(ast_list) next;
};
STAILQ_HEAD(ast_lists, ast_list);

struct policy_arena_chunk;

struct policy_ast {
	struct ast_settings settings;
	struct ast_lists lists;
	struct ast_watches watches;
	struct policy_arena_chunk *chunks;
};

void ast_init(struct policy_ast *ast);
/* Frees everything the parser and the compiler took from this tree. */
void ast_free(struct policy_ast *ast);
/* Zeroed, aligned for anything, freed with the tree. Fatal when memory is out.
 */
void *
ast_alloc(struct policy_ast *ast, size_t size) __attribute__((returns_nonnull));
struct policy_str ast_copy(
    struct policy_ast *ast, const char *s, size_t len, struct policy_at at);

/*
 * Parses one file into ast (several may follow one another). Everything that
 * is wrong goes to diags; what was understood is in ast all the same.
 */
void policy_parse(struct policy_ast *ast, struct policy_diags *diags,
    const struct policy_source *source, uint32_t file);

#endif
