/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tree.h"

#include <errno.h>
#include <string.h>

#include <sodium.h>

void
tree_leaf_hash(const uint8_t *leaf, size_t len, uint8_t ret[HASH_BYTES])
{
	static const uint8_t prefix = 0x00;
	crypto_hash_sha256_state s;

	crypto_hash_sha256_init(&s);
	crypto_hash_sha256_update(&s, &prefix, 1);
	crypto_hash_sha256_update(&s, leaf, len);
	crypto_hash_sha256_final(&s, ret);
}

void
tree_node_hash(const uint8_t left[HASH_BYTES], const uint8_t right[HASH_BYTES],
    uint8_t ret[HASH_BYTES])
{
	uint8_t both[1 + 2 * HASH_BYTES];

	both[0] = 0x01;
	memcpy(both + 1, left, HASH_BYTES);
	memcpy(both + 1 + HASH_BYTES, right, HASH_BYTES);
	crypto_hash_sha256(ret, both, sizeof(both));
}

void
tree_clear(struct tree *t)
{
	memset(t, 0, sizeof(*t));
}

void
tree_append(struct tree *t, const uint8_t leaf_hash[HASH_BYTES],
    tree_node_done *done, void *ctx)
{
	uint8_t hash[HASH_BYTES];
	unsigned int h = 0;

	memcpy(hash, leaf_hash, HASH_BYTES);
	for (; t->size >> h & 1; h++) {
		if (h > 0 && h % TREE_STORED_STEP == 0 && done != NULL)
			done(h, t->size >> h, hash, ctx);
		tree_node_hash(t->node[h], hash, hash);
	}
	if (h > 0 && h % TREE_STORED_STEP == 0 && done != NULL)
		done(h, t->size >> h, hash, ctx);
	memcpy(t->node[h], hash, HASH_BYTES);
	t->size++;
}

void
tree_append_node(struct tree *t, unsigned int h, const uint8_t hash[HASH_BYTES])
{
	uint8_t carry[HASH_BYTES];
	unsigned int at = h;

	memcpy(carry, hash, HASH_BYTES);
	for (; t->size >> at & 1; at++)
		tree_node_hash(t->node[at], carry, carry);
	memcpy(t->node[at], carry, HASH_BYTES);
	t->size += (uint64_t)1 << h;
}

void
tree_root(const struct tree *t, uint8_t ret[HASH_BYTES])
{
	uint8_t hash[HASH_BYTES];
	int have = 0;

	crypto_hash_sha256(hash, NULL, 0);
	for (unsigned int h = 0; h < TREE_HEIGHTS; h++) {
		if (!(t->size >> h & 1))
			continue;
		if (have)
			tree_node_hash(t->node[h], hash, hash);
		else
			memcpy(hash, t->node[h], HASH_BYTES);
		have = 1;
	}
	memcpy(ret, hash, HASH_BYTES);
}

size_t
tree_frontier(const struct tree *t, uint8_t ret[TREE_FRONTIER_MAX])
{
	size_t len = 0;

	for (unsigned int h = TREE_HEIGHTS; h-- > 0;) {
		if (!(t->size >> h & 1))
			continue;
		memcpy(ret + len, t->node[h], HASH_BYTES);
		len += HASH_BYTES;
	}
	return len;
}

int
tree_from_frontier(
    struct tree *t, uint64_t size, const uint8_t *bytes, size_t len)
{
	if (len != (size_t)__builtin_popcountll(size) * HASH_BYTES)
		return -EBADMSG;
	tree_clear(t);
	t->size = size;
	for (unsigned int h = TREE_HEIGHTS; h-- > 0;) {
		if (!(size >> h & 1))
			continue;
		memcpy(t->node[h], bytes, HASH_BYTES);
		bytes += HASH_BYTES;
	}
	return 0;
}
