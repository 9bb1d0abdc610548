/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Merkle tree of RFC 6962 section 2.1, kept as its frontier: the roots of
 * the complete subtrees that make up the leaves so far, at most one per height.
 * Appending costs one hash on average, a root at most 64.
 *
 * Pure. Not for: storing nodes (the caller of tree_append does).
 */
#ifndef DOORWARD_STORE_TREE_H
#define DOORWARD_STORE_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/wire/words.h"

#define TREE_HEIGHTS 64
#define TREE_FRONTIER_MAX (TREE_HEIGHTS * HASH_BYTES)
#define TREE_STORED_STEP 8 /* heights 8, 16, 24 ... are stored */

struct tree {
	uint64_t size;
	/* node[h]: root of a complete subtree of 2^h leaves iff bit h of size
	 * is set */
	uint8_t node[TREE_HEIGHTS][HASH_BYTES];
};

/* SHA-256(0x00 leaf), SHA-256(0x01 left right). */
void tree_leaf_hash(const uint8_t *leaf, size_t len, uint8_t ret[HASH_BYTES]);
void tree_node_hash(const uint8_t left[HASH_BYTES],
    const uint8_t right[HASH_BYTES], uint8_t ret[HASH_BYTES]);

/* A node of a stored height is complete: height h, index i from the left. */
typedef void tree_node_done(
    unsigned int h, uint64_t i, const uint8_t hash[HASH_BYTES], void *ctx);

void tree_clear(struct tree *t);
/* done may be NULL. */
void tree_append(struct tree *t, const uint8_t leaf_hash[HASH_BYTES],
    tree_node_done *done, void *ctx);
/* A whole complete subtree of 2^h leaves; size must be a multiple of 2^h. */
void tree_append_node(
    struct tree *t, unsigned int h, const uint8_t hash[HASH_BYTES]);
/* The root of all leaves; of no leaves: SHA-256 of nothing. */
void tree_root(const struct tree *t, uint8_t ret[HASH_BYTES]);

/* The frontier as bytes, left to right (highest first). Bytes written. */
size_t tree_frontier(const struct tree *t, uint8_t ret[TREE_FRONTIER_MAX]);
/* 0, or -EBADMSG when len is not what size demands. */
int tree_from_frontier(
    struct tree *t, uint64_t size, const uint8_t *bytes, size_t len);

#endif
