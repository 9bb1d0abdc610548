/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner: source text to an array of tokens. The parser walks the array,
 * so that it can look around when it has to recover from an error.
 */
#ifndef DOORWARD_DECIDER_POLICY_LEX_H
#define DOORWARD_DECIDER_POLICY_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decider/policy_ast.h"

struct policy_token {
	int kind; /* of policy_parse.h */
	uint32_t begin, end;
	bool first; /* on its line */
};

struct policy_tokens {
	struct policy_token *list; /* the last one is the end of the file */
	size_t n, room;
	uint32_t offset;
	bool fresh_line;
	struct policy_ast *ast;
	struct policy_diags *diags;
	uint32_t file;
};

/*
 * Scans text (len ≤ SOURCE_BYTES_MAX) into t->list, taken from the tree's
 * arena; ast, diags and file of t are the caller's to set. Bytes that make no
 * token are reported and left out.
 */
void policy_scan(struct policy_tokens *t, const char *text, size_t len);

/*
 * Reports bytes no configuration may hold (NUL, control bytes, invalid UTF-8,
 * invisible direction marks). True if there were none.
 */
bool policy_text_clean(
    struct policy_diags *diags, const char *text, size_t len, uint32_t file);

/* Bytes of the UTF-8 sequence at s; 0 if it is none. *ret is the character. */
size_t policy_utf8(const unsigned char *s, size_t left, uint32_t *ret);

/* The text of a string token, its escapes resolved (\\ \" \n \t \xHH). */
struct policy_str policy_unescape(struct policy_ast *ast,
    struct policy_diags *diags, const char *text, struct policy_at at);

#endif
