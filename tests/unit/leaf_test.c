/* SPDX-License-Identifier: Apache-2.0 */
#include "store/leaf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/tree.h"

/* FORMAT.md, "Vectors". */
static const char small_hex[] = "92010104f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6";
static const char small_hash[] =
    "839641c63fcc453ce87bf5d10dbd3b0f539302d0ea6109af234a99c95e7e7c93";
static const char event_hex[] =
    "92011b17979cfe362a0000010201f6f6002019032b4b2f6574632f736861646f77"
    "f6f6f6f6f6f647a2021902410300";
static const char event_hash[] =
    "164715386f9bc8d6abf130f8fa6d62427f4343cdc4196c6a27f6b4f7a148a6e0";

static void
fill_event(struct leaf *l, uint8_t *ext, size_t cap)
{
	struct ext_writer w;

	leaf_clear(l);
	leaf_set_number(l, LEAF_TS, 1700000000000000000);
	leaf_set_number(l, LEAF_KIND, KIND_EVENT);
	leaf_set_number(l, LEAF_ACT, OP_WRITE);
	leaf_set_number(l, LEAF_VERDICT, VERDICT_DENY);
	leaf_set_number(l, LEAF_UID, 0);
	leaf_set_number(l, LEAF_AUID, -1);
	leaf_set_number(l, LEAF_PID, 811);
	leaf_set_bytes(l, LEAF_PATH, "/etc/shadow", 11);
	ext_begin(&w, ext, cap);
	ext_number(&w, EXT_EVENT_OFLAGS, 577);
	ext_number(&w, EXT_EVENT_REASON, REASON_RULE);
	assert_int_equal(ext_end(&w, l), 0);
}

static void
assert_vector(const struct leaf *l, const char *hex, const char *hash_hex)
{
	uint8_t bytes[256], hash[HASH_BYTES];
	char text[513];
	size_t len;

	assert_int_equal(leaf_encode(l, bytes, sizeof(bytes), &len), 0);
	sodium_bin2hex(text, sizeof(text), bytes, len);
	assert_string_equal(text, hex);
	tree_leaf_hash(bytes, len, hash);
	sodium_bin2hex(text, sizeof(text), hash, sizeof(hash));
	assert_string_equal(text, hash_hex);
}

static void
test_vectors(void **state)
{
	uint8_t ext[64];
	struct leaf l;

	(void)state;
	leaf_clear(&l);
	leaf_set_number(&l, LEAF_TS, 1);
	leaf_set_number(&l, LEAF_KIND, KIND_CLOSE);
	assert_vector(&l, small_hex, small_hash);
	fill_event(&l, ext, sizeof(ext));
	assert_vector(&l, event_hex, event_hash);
}

static void
test_numbers_at_every_width(void **state)
{
	static const int64_t numbers[] = {0, 23, 24, 255, 256, 65535, 65536,
	    4294967295, 4294967296, INT64_MAX, -1, -24, -25, -256, -257, -65536,
	    -65537, -4294967296, -4294967297, INT64_MIN};
	uint8_t bytes[256];
	struct leaf l, back;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		leaf_clear(&l);
		leaf_set_number(&l, LEAF_TS, numbers[i]);
		leaf_set_number(&l, LEAF_KIND, KIND_CLOSE);
		assert_int_equal(leaf_encode(&l, bytes, 256, &len), 0);
		assert_int_equal(leaf_decode(bytes, len, &back), 0);
		assert_true(back.col[LEAF_TS].number == numbers[i]);
	}
}

/* Whatever decodes, encodes to the same bytes: there is one spelling. */
static void
test_no_second_spelling(void **state)
{
	uint8_t ext[64], bytes[256], again[256], damaged[256];
	struct leaf l, back;
	size_t len, len2;
	unsigned int decoded = 0;

	(void)state;
	fill_event(&l, ext, sizeof(ext));
	assert_int_equal(leaf_encode(&l, bytes, sizeof(bytes), &len), 0);
	for (size_t bit = 0; bit < len * 8; bit++) {
		memcpy(damaged, bytes, len);
		damaged[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (leaf_decode(damaged, len, &back) < 0)
			continue;
		decoded++;
		assert_int_equal(
		    leaf_encode(&back, again, sizeof(again), &len2), 0);
		assert_int_equal(len2, len);
		assert_memory_equal(again, damaged, len);
		assert_memory_not_equal(again, bytes, len);
	}
	assert_true(decoded > 0);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(leaf_decode(bytes, cut, &back), -EBADMSG);
	bytes[len] = 0;
	assert_int_equal(leaf_decode(bytes, len + 1, &back), -EBADMSG);
}

static void
test_refuses_what_no_row_holds(void **state)
{
	static const struct {
		const char *why;
		uint8_t ext[8];
		size_t len;
	} maps[] = {
	    {"empty map", {0xa0}, 1},
	    {"key 0", {0xa1, 0, 0}, 3},
	    {"key 24", {0xa1, 0x18, 24, 0}, 4},
	    {"keys descend", {0xa2, 2, 0, 1, 0}, 5},
	    {"key twice", {0xa2, 1, 0, 1, 0}, 5},
	    {"long spelling", {0xa1, 1, 0x18, 5}, 4},
	    {"null value", {0xa1, 1, 0xf6}, 3},
	    {"text", {0xa1, 1, 0x61, 'a'}, 4},
	    {"float", {0xa1, 1, 0xf9, 0, 0}, 5},
	    {"indefinite", {0xbf, 1, 0, 0xff}, 4},
	    {"tail", {0xa1, 1, 0, 0}, 4},
	};
	uint8_t bytes[256];
	struct leaf l;
	size_t len;

	(void)state;
	leaf_clear(&l);
	leaf_set_number(&l, LEAF_KIND, KIND_CLOSE);
	assert_int_equal(leaf_encode(&l, bytes, 256, &len), -EBADMSG);
	leaf_set_number(&l, LEAF_TS, 1);
	leaf_set_bytes(&l, LEAF_UID, "5", 1);
	assert_int_equal(leaf_encode(&l, bytes, 256, &len), -EBADMSG);
	leaf_clear(&l);
	leaf_set_number(&l, LEAF_TS, 1);
	leaf_set_number(&l, LEAF_KIND, KIND_CLOSE);
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		leaf_set_bytes(&l, LEAF_EXT, maps[i].ext, maps[i].len);
		if (leaf_encode(&l, bytes, 256, &len) != -EBADMSG)
			fail_msg("accepted: %s", maps[i].why);
	}
}

static void
test_empty_is_not_null(void **state)
{
	uint8_t a[256], b[256];
	size_t alen, blen;
	struct leaf l;

	(void)state;
	leaf_clear(&l);
	leaf_set_number(&l, LEAF_TS, 1);
	leaf_set_number(&l, LEAF_KIND, KIND_EVENT);
	assert_int_equal(leaf_encode(&l, a, 256, &alen), 0);
	leaf_set_bytes(&l, LEAF_PATH, "", 0);
	assert_int_equal(leaf_encode(&l, b, 256, &blen), 0);
	assert_int_equal(alen, blen);
	assert_memory_not_equal(a, b, alen);
}

static void
test_ext_is_read_back(void **state)
{
	uint8_t ext[64];
	struct leaf_value v;
	struct ext_writer w;
	struct leaf l;

	(void)state;
	leaf_clear(&l);
	ext_begin(&w, ext, sizeof(ext));
	ext_number(&w, 2, -7);
	ext_bytes(&w, 23, "x\0y", 3);
	assert_int_equal(ext_end(&w, &l), 0);
	assert_int_equal(ext_find_number(&l, 2, 0), -7);
	assert_int_equal(ext_find_number(&l, 3, 99), 99);
	assert_true(ext_find(&l, 23, &v));
	assert_int_equal(v.len, 3);
	assert_memory_equal(v.bytes, "x\0y", 3);
	ext_begin(&w, ext, sizeof(ext));
	ext_number(&w, 5, 1);
	ext_number(&w, 4, 1);
	assert_int_equal(ext_end(&w, &l), -EINVAL);
	ext_begin(&w, ext, 3);
	ext_number(&w, 1, 1000);
	assert_int_equal(ext_end(&w, &l), -EMSGSIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_numbers_at_every_width),
	    cmocka_unit_test(test_no_second_spelling),
	    cmocka_unit_test(test_refuses_what_no_row_holds),
	    cmocka_unit_test(test_empty_is_not_null),
	    cmocka_unit_test(test_ext_is_read_back),
	};

	return cmocka_run_group_tests_name("leaf", tests, NULL, NULL);
}
