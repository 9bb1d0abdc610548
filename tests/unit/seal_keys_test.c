/* SPDX-License-Identifier: Apache-2.0 */
#include "store/ratchet.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/slot.h"

static struct ratchet r;
static uint8_t pks[3][BLOCK_BYTES];

/* Two blocks of seals: each verifies under the key committed for its number. */
static void
test_each_number_has_its_committed_key(void **state)
{
	static uint8_t released[BLOCK_BYTES];
	uint8_t sig[SIG_BYTES];

	(void)state;
	ratchet_new(&r);
	ratchet_block_keys(r.s, pks[0]);
	ratchet_block_keys(r.next, pks[1]);
	for (uint64_t n = 0; n < BLOCK_KEYS + 3; n++) {
		const uint8_t *pk =
		    pks[n / BLOCK_KEYS] + (n % BLOCK_KEYS) * (size_t)HASH_BYTES;
		bool rolled;

		assert_int_equal(r.n, n);
		ratchet_sign(&r, "text", 4, sig);
		assert_int_equal(crypto_sign_verify_detached(
				     sig, (const uint8_t *)"text", 4, pk),
		    0);
		rolled = ratchet_step(&r, released);
		assert_int_equal(rolled, n == BLOCK_KEYS - 1);
		if (rolled)
			ratchet_block_keys(r.next, pks[2]);
	}
	assert_memory_equal(released, pks[2], BLOCK_BYTES);
}

static void
test_a_used_secret_is_gone(void **state)
{
	uint8_t before[SECRET_BYTES], sig[SIG_BYTES], again[SIG_BYTES];

	(void)state;
	memcpy(before, r.s, SECRET_BYTES);
	ratchet_sign(&r, "text", 4, sig);
	(void)ratchet_step(&r, pks[2]);
	assert_memory_not_equal(r.s, before, SECRET_BYTES);
	ratchet_sign(&r, "text", 4, again);
	assert_memory_not_equal(sig, again, SIG_BYTES);
	assert_null(memmem(&r, sizeof(r), before, SECRET_BYTES));
}

static int
slots_file(void)
{
	return memfd_create("slots", MFD_CLOEXEC);
}

static void
fill(struct sealer_state *s, uint64_t n)
{
	static const uint8_t hash[HASH_BYTES] = {7};

	memset(s, 0, sizeof(*s));
	s->keys.n = n;
	memset(s->keys.s, (int)n + 1, SECRET_BYTES);
	memset(s->last_sig, 9, SIG_BYTES);
	memcpy(s->origin, "h/doorward/0011", 16);
	tree_append(&s->tree, hash, NULL, NULL);
}

static void
test_slots_replace_and_forget(void **state)
{
	static struct sealer_state s, back;
	uint8_t both[2 * SLOT_BYTES], secret[SECRET_BYTES];
	int fd = slots_file();

	(void)state;
	assert_int_equal(slot_load(fd, &back), -ENOENT);
	assert_int_equal(slot_begin(fd), 0);
	assert_int_equal(slot_load(fd, &back), -ENODATA);
	fill(&s, 0);
	assert_int_equal(slot_store(fd, &s), 0);
	memset(secret, 1, sizeof(secret)); /* what fill gave number 0 */
	s.keys.n = 1;
	memset(s.keys.s, 2, SECRET_BYTES);
	assert_int_equal(slot_store(fd, &s), 0);
	assert_int_equal(pread(fd, both, sizeof(both), 0), sizeof(both));
	assert_non_null(memmem(both, sizeof(both), secret, SECRET_BYTES));
	assert_int_equal(slot_load(fd, &back), 0);
	assert_int_equal(back.keys.n, 1);
	assert_string_equal(back.origin, s.origin);
	assert_int_equal(back.tree.size, 1);
	/* Loading forgets what the newer slot replaced. */
	assert_int_equal(pread(fd, both, sizeof(both), 0), sizeof(both));
	assert_null(memmem(both, sizeof(both), secret, SECRET_BYTES));
	(void)close(fd);
}

static void
test_a_torn_slot_leaves_the_older(void **state)
{
	static struct sealer_state s, back;
	uint8_t byte;
	int fd = slots_file();
	off_t newer;

	(void)state;
	fill(&s, 0);
	assert_int_equal(slot_store(fd, &s), 0);
	s.keys.n = 1;
	assert_int_equal(slot_store(fd, &s), 0);
	newer = (off_t)(s.sequence & 1) * SLOT_BYTES;
	assert_int_equal(pread(fd, &byte, 1, newer + 100), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, newer + 100), 1);
	assert_int_equal(slot_load(fd, &back), 0);
	assert_int_equal(back.keys.n, 0);
	assert_int_equal(pwrite(fd, "x", 1, SLOT_BYTES - newer + 100), 1);
	assert_int_equal(slot_load(fd, &back), -EBADMSG);
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_number_has_its_committed_key),
	    cmocka_unit_test(test_a_used_secret_is_gone),
	    cmocka_unit_test(test_slots_replace_and_forget),
	    cmocka_unit_test(test_a_torn_slot_leaves_the_older),
	};

	return sodium_init() < 0 ? 1
				 : cmocka_run_group_tests_name(
				       "seal_keys", tests, NULL, NULL);
}
