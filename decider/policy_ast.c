/* SPDX-License-Identifier: Apache-2.0 */
#include "decider/policy_ast.h"

#include <stdlib.h>
#include <string.h>

#include "ipc/proc/log.h"

#define CHUNK_BYTES 65536

struct policy_arena_chunk {
	struct policy_arena_chunk *next;
	size_t used, size;
	max_align_t bytes[];
};

void
ast_init(struct policy_ast *ast)
{
	*ast = (struct policy_ast){.chunks = NULL};
	STAILQ_INIT(&ast->settings);
	STAILQ_INIT(&ast->lists);
	STAILQ_INIT(&ast->watches);
}

void
ast_free(struct policy_ast *ast)
{
	struct policy_arena_chunk *c, *next;

	for (c = ast->chunks; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	ast_init(ast);
}

void *
ast_alloc(struct policy_ast *ast, size_t size)
{
	struct policy_arena_chunk *c = ast->chunks;
	size_t want;
	void *p;

	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) *
	       sizeof(max_align_t);
	if (c == NULL || c->size - c->used < size) {
		want = size > CHUNK_BYTES ? size : CHUNK_BYTES;
		c = calloc(1, sizeof(*c) + want);
		if (c == NULL)
			fatalx("the configuration needs more memory than there "
			       "is");
		c->size = want;
		c->next = ast->chunks;
		ast->chunks = c;
	}
	p = (char *)c->bytes + c->used;
	c->used += size;
	return p;
}

struct policy_str
ast_copy(struct policy_ast *ast, const char *s, size_t len, struct policy_at at)
{
	char *copy = ast_alloc(ast, len + 1);

	memcpy(copy, s, len);
	return (struct policy_str){copy, (uint32_t)len, at};
}
