/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a compiled policy: refused, or every accessor stays inside.
 */
#include <stdlib.h>
#include <string.h>

#include "decider/decide.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct compiled_header *c = malloc(len + 1);
	struct policy_view v = {.compiled = c};
	struct rec_ASK_ONE ask = {.ops = OP_WRITE, .subject = {.known = 1}};
	struct rec_VERDICT_ONE verdict;

	if (c == NULL)
		abort();
	memcpy(c, bytes, len);
	/* Guessing the size right is not what this is about. */
	if (len >= sizeof(*c))
		c->bytes = (uint32_t)len;
	if (compiled_check(c, len) == 0) {
		(void)compiled_find_watch(c, "/etc/docker/a.json", 18);
		for (uint32_t i = 0; i < c->nwatches; i++) {
			ask.watch = i;
			decide(&v, &ask, &verdict);
		}
	}
	free(c);
	return 0;
}
