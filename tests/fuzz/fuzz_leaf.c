/* SPDX-License-Identifier: Apache-2.0 */
/* The leaf's decoder: what it takes has one spelling; and a policy's body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/leaf.h"
#include "store/policy_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t again[LEAF_BYTES_MAX];
	struct policy_body *body = NULL;
	struct leaf_value v;
	struct leaf l;
	size_t n;

	if (leaf_decode(data, len, &l) == 0) {
		for (unsigned int key = 0; key <= EXT_KEYS_MAX + 1; key++)
			(void)ext_find(&l, key, &v);
		if (leaf_encode(&l, again, sizeof(again), &n) < 0 || n != len ||
		    memcmp(again, data, n) != 0)
			abort();
	}
	if (policy_body_parse(data, len, &body) == 0)
		policy_body_free(&body);
	return 0;
}
