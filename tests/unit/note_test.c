/* SPDX-License-Identifier: Apache-2.0 */
#include "store/note.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

/* The example of golang.org/x/mod/sumdb/note. */
static const char peter[] =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char peters_note[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNI"
    "uGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

static void
test_reads_gos_note(void **state)
{
	struct vkey key;
	struct note n;
	char again[VKEY_BYTES_MAX];

	(void)state;
	assert_int_equal(vkey_parse(peter, strlen(peter), &key), 0);
	assert_string_equal(key.name, "PeterNeumann");
	assert_int_equal(vkey_format(&key, again, sizeof(again)), 0);
	assert_string_equal(again, peter);
	assert_int_equal(note_parse(peters_note, strlen(peters_note), &n), 0);
	assert_int_equal(n.nsigs, 1);
	assert_int_equal(note_verify(peters_note, &n, key.name, key.pk), 0);
	assert_int_equal(
	    note_verify(peters_note, &n, "PeterNewmann", key.pk), -EBADMSG);
}

static void
test_any_changed_byte_is_noticed(void **state)
{
	char copy[sizeof(peters_note)];
	struct vkey key;
	struct note n;

	(void)state;
	assert_int_equal(vkey_parse(peter, strlen(peter), &key), 0);
	for (size_t i = 0; i + 1 < sizeof(peters_note); i++) {
		memcpy(copy, peters_note, sizeof(copy));
		copy[i] ^= 1;
		if (note_parse(copy, sizeof(copy) - 1, &n) == 0)
			assert_int_equal(
			    note_verify(copy, &n, key.name, key.pk), -EBADMSG);
	}
}

static void
test_one_spelling_of_a_vkey(void **state)
{
	static const char *const bad[] = {
	    "",
	    "PeterNeumann",
	    "PeterNeumann+c74f20a3",
	    "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	    "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
	    "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	    " PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	    "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	};
	struct vkey key;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (vkey_parse(bad[i], strlen(bad[i]), &key) != -EBADMSG)
			fail_msg("accepted: %s", bad[i]);
}

#define ROOT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void
test_one_spelling_of_a_checkpoint(void **state)
{
	static const char good[] = "h/doorward/0011\n42\n" ROOT "\n";
	static const char *const bad[] = {
	    "h/doorward/0011\n42\n" ROOT,	     /* no newline */
	    "h/doorward/0011\r\n42\r\n" ROOT "\r\n", /* CRLF */
	    "h/doorward/0011\n042\n" ROOT "\n",	     /* leading zero */
	    "h/doorward/0011\n+42\n" ROOT "\n",	     /* sign */
	    "h/doorward/0011\n99999999999999999999\n" ROOT "\n",
	    "h/doorward/0011\n\n" ROOT "\n",	     /* no size */
	    "\n42\n" ROOT "\n",			     /* no origin */
	    "h/doorward/0011\n42\n" ROOT "\nmore\n", /* extension */
	    "h/doorward/0011\n42\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n", /* spare bits */
	    "h/doorward/0011\n42\n"
	    "AAAAAAAAAAAAAAAA\xb3"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAA=\n", /* a letter to libsodium */
	    "h/doorward/0011\n42\nAAAA\n",   /* short root */
	};
	struct checkpoint c;
	char again[NOTE_BYTES_MAX];

	(void)state;
	assert_int_equal(checkpoint_parse(good, strlen(good), &c), 0);
	assert_int_equal(c.size, 42);
	assert_int_equal(checkpoint_format(&c, again), strlen(good));
	assert_string_equal(again, good);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (checkpoint_parse(bad[i], strlen(bad[i]), &c) != -EBADMSG)
			fail_msg("accepted: %s", bad[i]);
}

static void
test_key_notes_round_trip(void **state)
{
	struct key_note k = {.origin = "h/doorward/0011"}, back;
	char text[NOTE_BYTES_MAX];
	size_t len;

	(void)state;
	memset(k.root, 1, HASH_BYTES);
	memset(k.cert, 2, HASH_BYTES);
	memset(k.identity, 3, HASH_BYTES);
	for (k.block = 0; k.block < 2; k.block++) {
		len = key_note_format(&k, text);
		assert_int_equal(key_note_parse(text, len, &back), 0);
		assert_int_equal(back.block, k.block);
		assert_memory_equal(back.cert, k.cert, HASH_BYTES);
		assert_int_equal(
		    key_note_parse(text, len - 1, &back), -EBADMSG);
	}
}

static void
test_origin_holds_no_strange_bytes(void **state)
{
	uint8_t pk[HASH_BYTES] = {0};
	char origin[ORIGIN_BYTES_MAX + 1];

	(void)state;
	note_origin("host name+\xff\n.example", pk, origin);
	assert_string_equal(
	    origin, "host-name---.example/doorward/66687aadf862bd77");
	note_origin("", pk, origin);
	assert_string_equal(origin, "localhost/doorward/66687aadf862bd77");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_gos_note),
	    cmocka_unit_test(test_any_changed_byte_is_noticed),
	    cmocka_unit_test(test_one_spelling_of_a_vkey),
	    cmocka_unit_test(test_one_spelling_of_a_checkpoint),
	    cmocka_unit_test(test_key_notes_round_trip),
	    cmocka_unit_test(test_origin_holds_no_strange_bytes),
	};

	return sodium_init() < 0
		   ? 1
		   : cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
