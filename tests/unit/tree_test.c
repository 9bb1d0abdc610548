/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

/* The test tree of certificate-transparency (RFC 6962's reference code). */
static const char *const inputs[] = {"", "00", "10", "2021", "3031", "40414243",
    "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
static const char *const roots[] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

static void
assert_root(const struct tree *t, const char *hex)
{
	uint8_t root[HASH_BYTES];
	char text[65];

	tree_root(t, root);
	sodium_bin2hex(text, sizeof(text), root, sizeof(root));
	assert_string_equal(text, hex);
}

static void
test_rfc6962(void **state)
{
	struct tree t;

	(void)state;
	tree_clear(&t);
	assert_root(&t,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < 8; i++) {
		uint8_t leaf[16], hash[HASH_BYTES];
		size_t len;

		assert_int_equal(sodium_hex2bin(leaf, sizeof(leaf), inputs[i],
				     strlen(inputs[i]), NULL, &len, NULL),
		    0);
		tree_leaf_hash(leaf, len, hash);
		tree_append(&t, hash, NULL, NULL);
		assert_root(&t, roots[i]);
	}
}

struct nodes {
	unsigned int count[3]; /* heights 8, 16, others */
	uint8_t first[HASH_BYTES], second[HASH_BYTES];
};

static void
on_node(unsigned int h, uint64_t i, const uint8_t hash[HASH_BYTES], void *ctx)
{
	struct nodes *n = ctx;

	n->count[h == 8 ? 0 : h == 16 ? 1 : 2]++;
	if (h == 8 && i == 0)
		memcpy(n->first, hash, HASH_BYTES);
	if (h == 8 && i == 1)
		memcpy(n->second, hash, HASH_BYTES);
}

static void
number_hash(uint64_t n, uint8_t ret[HASH_BYTES])
{
	tree_leaf_hash((const uint8_t *)&n, sizeof(n), ret);
}

/* Frontier, stored nodes and single leaves all lead to the same tree. */
static void
test_ways_to_the_same_tree(void **state)
{
	uint8_t hash[HASH_BYTES], frontier[TREE_FRONTIER_MAX], a[32], b[32];
	struct nodes n = {.count = {0}};
	struct tree t, u;
	size_t len;

	(void)state;
	tree_clear(&t);
	for (uint64_t i = 0; i < 600; i++) {
		number_hash(i, hash);
		tree_append(&t, hash, on_node, &n);
	}
	assert_int_equal(n.count[0], 2);
	assert_int_equal(n.count[1] + n.count[2], 0);
	tree_clear(&u);
	tree_append_node(&u, 8, n.first);
	tree_append_node(&u, 8, n.second);
	for (uint64_t i = 512; i < 600; i++) {
		number_hash(i, hash);
		tree_append(&u, hash, NULL, NULL);
	}
	tree_root(&t, a);
	tree_root(&u, b);
	assert_memory_equal(a, b, HASH_BYTES);
	len = tree_frontier(&t, frontier);
	assert_int_equal(len, 4 * HASH_BYTES); /* 600 = 512 + 64 + 16 + 8 */
	assert_int_equal(tree_from_frontier(&u, 600, frontier, len), 0);
	tree_root(&u, b);
	assert_memory_equal(a, b, HASH_BYTES);
	assert_int_equal(tree_from_frontier(&u, 601, frontier, len), -EBADMSG);
}

static void
test_stored_heights(void **state)
{
	uint8_t hash[HASH_BYTES];
	struct nodes n = {.count = {0}};
	struct tree t;

	(void)state;
	tree_clear(&t);
	for (uint64_t i = 0; i < 65536; i++) {
		number_hash(i, hash);
		tree_append(&t, hash, on_node, &n);
	}
	assert_int_equal(n.count[0], 256);
	assert_int_equal(n.count[1], 1);
	assert_int_equal(n.count[2], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rfc6962),
	    cmocka_unit_test(test_ways_to_the_same_tree),
	    cmocka_unit_test(test_stored_heights),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
