/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled policy while it grows. Private to policy_compile(): its parts
 * are policy_settings.c, policy_lists.c, policy_compile.c; policy_build.c holds
 * the arrays and lays them out in the end.
 */
#ifndef DOORWARD_DECIDER_POLICY_BUILD_H
#define DOORWARD_DECIDER_POLICY_BUILD_H

#include "decider/policy_ast.h"
#include "decider/policy_compile.h"

/* An array that grows by doubling up to max elements. */
struct grown {
	char *bytes;
	uint32_t n, room, max;
	size_t size; /* of one element */
};

/* Open addressing: value + 1 in each used place. */
struct interned {
	uint32_t *slots;
	uint32_t n, room;
};

struct line_starts {
	uint32_t *starts;
	uint32_t n;
};

struct build {
	struct policy_ast *ast;
	struct policy_diags *diags;
	const struct policy_source *sources;
	size_t nsources;
	const struct policy_accounts *accounts;
	struct compiled_settings settings;
	struct grown watches, patterns, rules, conditions, exes, files, strings,
	    index, pattern_at; /* struct policy_at of each pattern */
	struct interned string_table, exe_table;
	struct line_starts *lines; /* one per source, made when asked for */
	bool uses_ancestors;
	bool full; /* some bound was hit and reported */
};

void build_init(struct build *b);
void build_free(struct build *b);

/* Room for one more, zeroed, or NULL (reported once) at the bound. */
void *build_add(
    struct build *b, struct grown *g, const char *what, struct policy_at at);

/* Each distinct string once. */
struct compiled_str
build_string(struct build *b, const char *s, size_t len, struct policy_at at);

/* The index of an exe pattern, made when new. */
uint32_t build_exe(struct build *b, const struct policy_str *pattern);

/* Line and column where at begins. */
void build_place(struct build *b, struct policy_at at, uint32_t *ret_line,
    uint32_t *ret_column);

/* One object of all arrays; NULL if it would be too large (reported). */
struct compiled_header *build_layout(struct build *b);

/* policy_settings.c */
void build_settings(struct build *b);
void build_watch_settings(
    struct build *b, const struct ast_watch *w, struct compiled_watch *out);
bool build_path_ok(struct build *b, const struct policy_str *s, bool wild);

/* policy_lists.c: every list gets its flat atoms. */
void build_lists(struct build *b);
struct ast_list *
build_find_list(struct build *b, const struct policy_str *name);

/* policy_conditions.c: one compiled condition per alternative. */
void build_conditions(
    struct build *b, const struct ast_rule *rule, struct compiled_rule *out);

#endif
